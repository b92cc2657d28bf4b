/**
 * What the `linux` policy must know of a page, and may note on it, beyond what every policy sees. A machine's kernel
 * answers from its frame table and page tables (frame-facts.ts); in a replay a page has a reference bit and no more.
 */
import type { ReferenceBits } from './policy.ts';

/** In the result of `takeReferences`: one of the mappings that used the page may execute it. */
export const EXECUTABLE = 2 ** 30;

/** Linux vm.swappiness at boot. */
export const DEFAULT_SWAPPINESS = 60;

export interface PageFacts {
  /** Index of the memory group that pays for the page. */
  groupOf(slot: number): number;
  /** Does it leave memory without swap: a page of a file, or one given up by MADV_FREE? */
  isFile(slot: number): boolean;
  /** Must it stay, because somebody locked it? */
  isLocked(slot: number): boolean;
  /** Does a file's page differ from the disk's? */
  isDirtyFile(slot: number): boolean;
  /** Write such a page to the disk. */
  clean(slot: number): void;
  /** Would the page have to be written before it leaves? */
  mustBeWritten(slot: number): boolean;
  /** Is there anywhere for anonymous pages to go? */
  readonly canSwap: boolean;
  /** How gladly they go there, 0 … 200, when it is for the group's limit (0: for all memory). */
  swappinessOf(group: number): number;
  /** Frames free beyond the zone's high watermark; below 0 when there are too few. */
  readonly freeAboveHigh: number;
  readonly pageBytes: number;
  /** Does the caller say `evicting` when a page is evicted? Otherwise the removal of a chosen page is its eviction. */
  readonly announcesEvictions: boolean;
  /**
   * Mappings that used the page since they were asked last, plus EXECUTABLE. Clears what it finds. `group`: only those
   * of the group's processes, whose limit it is about; -1: all.
   */
  takeReferences(slot: number, group: number): number;
  /** A mark on the page that it was found used once (PG_referenced). */
  testAndClearReferenced(slot: number): boolean;
  setReferenced(slot: number): void;
  /** The page went to an active list, or left one. */
  setActive(slot: number, active: boolean): void;
  isActive(slot: number): boolean;
  /** What was left where the page had been when it was evicted, taken away; 0 when there is nothing. */
  takeShadow(slot: number, page: number): number;
  /** The page is being evicted: leave this where it will be missed. */
  putShadow(slot: number, shadow: number): void;
}

/** Pages of a reference string: all anonymous, in one group, with one mapping each. */
export class ReplayedPages implements PageFacts {
  readonly canSwap = true;
  readonly freeAboveHigh = Number.POSITIVE_INFINITY;
  readonly pageBytes = 4096;
  readonly announcesEvictions = false;
  private readonly references: ReferenceBits;
  private readonly referenced = new Set<number>();
  private readonly active = new Set<number>();
  private readonly pages = new Map<number, number>();
  private readonly shadows = new Map<number, number>();

  constructor(references: ReferenceBits) {
    this.references = references;
  }

  groupOf(): number {
    return 0;
  }

  isFile(): boolean {
    return false;
  }

  isLocked(): boolean {
    return false;
  }

  isDirtyFile(): boolean {
    return false;
  }

  clean(): void {}

  mustBeWritten(): boolean {
    return false;
  }

  takeReferences(slot: number): number {
    return this.references.testAndClear(slot) ? 1 : 0;
  }

  testAndClearReferenced(slot: number): boolean {
    return this.referenced.delete(slot);
  }

  setReferenced(slot: number): void {
    this.referenced.add(slot);
  }

  setActive(slot: number, active: boolean): void {
    if (active) this.active.add(slot);
    else this.active.delete(slot);
  }

  isActive(slot: number): boolean {
    return this.active.has(slot);
  }

  swappinessOf(): number {
    return DEFAULT_SWAPPINESS;
  }

  takeShadow(slot: number, page: number): number {
    this.referenced.delete(slot);
    this.active.delete(slot);
    this.pages.set(slot, page);
    const shadow = this.shadows.get(page) ?? 0;
    this.shadows.delete(page);
    return shadow;
  }

  putShadow(slot: number, shadow: number): void {
    this.shadows.set(this.pages.get(slot)!, shadow);
  }
}
