/**
 * One TLB array: which frame is this page of that address space in?
 *
 *     slot = set * ways + way          set = page number % sets
 *     keys[slot]    page number * 8 + level     (-Infinity: invalid; pages of the upper half have negative numbers)
 *     spaces[slot]  address-space id            (-1: global, matches all)
 *     frames[slot]  first frame of the mapped (super)page;   flags[slot]  its rights (pte-flags.ts)
 *     touched[slot], filled[slot]      times of the last use and of the filling   (-1: invalid, so least of all)
 *
 * Inside, a page's number is signed as its address is (sign-extension.ts); sets, tags and what comes in or goes out take
 * it as the VPN field of the address, without sign. A power of two of sets sees no difference.
 *
 * Page sizes share the array: a page of level n is numbered in units of its own size, and a lookup probes one set for
 * each size that is present, smallest first (hash-rehash, as unified second-level TLBs do).
 *
 * Replacement: an invalid way first (the lowest), else the policy's victim. All four policies read the same two time
 * stamps, so a hit only writes `touched`, whatever the policy:
 *   lru     least `touched`;   fifo  least `filled`;   random  any, by a seeded generator
 *   plru    at each node of a binary tree over the ways, away from the half used last. The node's bit of a real
 *           tree-PLRU says just that, and "the half with the greater maximum of `touched`" says it too, exactly.
 *
 * I1: a (page, level, space) is in at most one slot.  I2: population[level] counts the valid slots of that level.
 * Cost: lookup and victim O(ways); invalidating an address space O(entries).
 */
import { invariant } from '../invariant.ts';
import type { PageTableFormat } from '../page-table/formats.ts';
import { pteLetters } from '../pte-flags.ts';
import { Random } from '../random.ts';
import { floorRemainder } from '../sign-extension.ts';
import type { TlbLevelConfig, TlbPolicy } from './config.ts';

/** Space of entries that match every address space. */
export const GLOBAL_SPACE = -1;
/** Key of an empty slot: no page's. */
const INVALID = Number.NEGATIVE_INFINITY;
/** Time of an empty slot: before all others. */
const NEVER = -1;
/** Levels fit three bits. */
const LEVELS = 8;
/** Level of an empty slot. */
const NO_LEVEL = LEVELS;

/** A valid entry, for people and for checks. */
export interface TlbEntryInfo {
  /** `L1`, `L1i`, `L1d`, `L2`. */
  readonly tlb: string;
  readonly set: number;
  readonly way: number;
  readonly asid: number;
  readonly global: boolean;
  /** Page number (VPN: not negative) of the first base page mapped. */
  readonly vpn: number;
  readonly pfn: number;
  readonly pageBytes: number;
  readonly letters: string;
}

/** What `preset` puts into a slot: a page of the smallest size unless `level` says otherwise. */
export interface TlbPreset {
  /** Number of the page (VPN: not negative), in units of its own size. */
  readonly page: number;
  readonly pfn: number;
  /** Abstract flags (pte-flags.ts). */
  readonly flags: number;
  readonly asid?: number;
  readonly global?: boolean;
  readonly level?: number;
}

export class Tlb {
  readonly name: string;
  readonly sets: number;
  readonly ways: number;
  readonly policy: TlbPolicy;
  readonly keys: Float64Array;
  readonly spaces: Int32Array;
  /**
   * Level of each valid entry, NO_LEVEL of the others: in the key too, but a remainder of doubles costs as much as the
   * whole lookup.
   */
  private readonly levelOfSlot: Uint8Array;
  readonly frames: Float64Array;
  readonly flags: Uint16Array;
  readonly touched: Float64Array;
  private readonly filled: Float64Array;
  /** The time stamps of which the least one tells the victim; null: the policy needs more than that. */
  private readonly stamps: Float64Array | null;
  private readonly population: Int32Array;
  private readonly levels: number;
  /** One more than the highest level that has valid slots. */
  private levelsInUse = 0;
  private readonly pageScale: Float64Array;
  /** The first of them. */
  private readonly smallScale: number;
  private readonly pagesInLeaf: Float64Array;
  private readonly pageBytes: number;
  /** Pages of each level's size in the whole address space: what a negative page number is short of its VPN. */
  private readonly pagesInSpace: Float64Array;
  private readonly signExtended: boolean;
  /** sets - 1 where that masks, else -1. */
  private readonly setMask: number;
  private readonly random: Random;

  constructor(name: string, config: TlbLevelConfig, format: PageTableFormat, seed: number) {
    this.name = name;
    this.ways = config.ways;
    this.sets = config.entries / config.ways;
    this.policy = config.policy ?? 'lru';
    this.setMask = (this.sets & (this.sets - 1)) === 0 ? this.sets - 1 : -1;
    this.keys = new Float64Array(config.entries).fill(INVALID);
    this.spaces = new Int32Array(config.entries);
    this.levelOfSlot = new Uint8Array(config.entries).fill(NO_LEVEL);
    this.frames = new Float64Array(config.entries);
    this.flags = new Uint16Array(config.entries);
    this.touched = new Float64Array(config.entries).fill(NEVER);
    this.filled = new Float64Array(config.entries).fill(NEVER);
    this.stamps = this.policy === 'lru' ? this.touched : this.policy === 'fifo' ? this.filled : null;
    this.levels = format.levels.length;
    this.population = new Int32Array(this.levels);
    this.pageScale = Float64Array.from(format.levels, (level) => 1 / level.pageBytes);
    this.smallScale = 1 / format.pageBytes;
    this.pagesInLeaf = Float64Array.from(format.levels, (level) => level.pageBytes / format.pageBytes);
    this.pageBytes = format.pageBytes;
    this.pagesInSpace = Float64Array.from(format.levels, (level) => 2 ** (format.virtualBits - level.shift));
    this.signExtended = format.canonical === 'sign-extended';
    this.random = new Random(seed);
  }

  /** Slot that maps `va` in `space`, or -1. Changes nothing. */
  find(va: number, space: number): number {
    if (this.levelsInUse > 1) return this.findAmongSizes(va, space);
    const page = Math.floor(va * this.smallScale);
    return this.findInSet(this.setOf(page, 0) * this.ways, page * LEVELS, space);
  }

  /** Slot that an entry for `va` at `level` would take now: for an invalid way, or the policy's victim. */
  victim(va: number, level: number): number {
    const start = this.setOf(Math.floor(va * this.pageScale[level]!), level) * this.ways;
    if (this.stamps !== null) return leastOf(this.stamps, start, this.ways);
    for (let slot = start; slot < start + this.ways; slot++) if (this.keys[slot] === INVALID) return slot;
    if (this.ways === 1) return start;
    return this.policy === 'plru' ? this.treeVictim(start) : start + this.random.below(this.ways);
  }

  /** Put an entry into a slot (from `victim`), used at `time`. What was there is gone. */
  put(slot: number, va: number, level: number, space: number, pfn: number, flags: number, time: number): void {
    if (this.levelOfSlot[slot] !== level) this.changeLevel(slot, level);
    this.keys[slot] = Math.floor(va * this.pageScale[level]!) * LEVELS + level;
    this.spaces[slot] = space;
    this.frames[slot] = pfn;
    this.flags[slot] = flags;
    this.touched[slot] = time;
    this.filled[slot] = time;
  }

  /** Set a slot from outside, or empty it (null); `time` stamps it. The page must belong to the set. */
  preset(set: number, way: number, preset: TlbPreset | null, time: number): void {
    invariant(set >= 0 && set < this.sets && way >= 0 && way < this.ways, 'the TLB slot to preset exists');
    const slot = set * this.ways + way;
    if (preset === null) {
      this.invalidateSlot(slot);
      return;
    }
    const { pfn, flags, level = 0 } = preset;
    const page = this.signedPage(preset.page, level);
    invariant(this.setOf(page, level) === set, 'the page preset in a TLB belongs to that set');
    const space = preset.global === true ? GLOBAL_SPACE : (preset.asid ?? 0);
    this.put(slot, page / this.pageScale[level]!, level, space, pfn, flags, time);
  }

  /** Is a page above the smallest size present? */
  hasSuperpages(): boolean {
    return this.levelsInUse > 1;
  }

  isValid(slot: number): boolean {
    return this.keys[slot] !== INVALID;
  }

  levelOf(slot: number): number {
    return this.levelOfSlot[slot]!;
  }

  /** Frame that `va`, mapped by this slot, is in. */
  frameOf(slot: number, va: number): number {
    const level = this.levelOfSlot[slot]!;
    if (level === 0) return this.frames[slot]!;
    return this.frames[slot]! + floorRemainder(Math.floor(va / this.pageBytes), this.pagesInLeaf[level]!);
  }

  /** Signed number of the slot's page, in units of its own size. */
  pageOf(slot: number): number {
    return Math.floor(this.keys[slot]! / LEVELS);
  }

  /** Low 32 bits, signed, of the number of the page that a slot of the smallest size maps. */
  lowPage(slot: number): number {
    return (this.keys[slot]! * (1 / LEVELS)) | 0;
  }

  /** Signed number of the first base page the slot maps. */
  firstPage(slot: number): number {
    const level = this.levelOfSlot[slot]!;
    return this.pageOf(slot) * this.pagesInLeaf[level]!;
  }

  invalidateSlot(slot: number): void {
    if (this.keys[slot] === INVALID) return;
    this.changeLevel(slot, NO_LEVEL);
    this.keys[slot] = INVALID;
    this.touched[slot] = NEVER;
    this.filled[slot] = NEVER;
  }

  /** Drop the entries of all sizes that map `va` in `space`, global ones included. */
  invalidatePage(va: number, space: number): void {
    for (let slot = this.find(va, space); slot !== -1; slot = this.find(va, space)) this.invalidateSlot(slot);
  }

  /** Drop the entries of an address space; the global ones stay. */
  invalidateSpace(space: number): void {
    for (let slot = 0; slot < this.keys.length; slot++) if (this.spaces[slot] === space) this.invalidateSlot(slot);
  }

  invalidateAll(includeGlobal: boolean): void {
    for (let slot = 0; slot < this.keys.length; slot++) {
      if (includeGlobal || this.spaces[slot] !== GLOBAL_SPACE) this.invalidateSlot(slot);
    }
  }

  /** Set that a page (signed number) of that level is looked up in, and its tag: the VPN without the set. */
  setOf(page: number, level: number): number {
    return this.setMask >= 0 ? page & this.setMask : this.vpnOf(page, level) % this.sets;
  }

  tagOf(page: number, level: number): number {
    return Math.floor(this.vpnOf(page, level) / this.sets);
  }

  /** A signed page number as the VPN that the address's bits are. */
  private vpnOf(page: number, level: number): number {
    return page < 0 ? page + this.pagesInSpace[level]! : page;
  }

  private signedPage(vpn: number, level: number): number {
    const pages = this.pagesInSpace[level]!;
    return this.signExtended && vpn >= pages / 2 && vpn < pages ? vpn - pages : vpn;
  }

  /** The valid entries, by slot. */
  list(): TlbEntryInfo[] {
    const entries: TlbEntryInfo[] = [];
    for (let slot = 0; slot < this.keys.length; slot++) {
      if (!this.isValid(slot)) continue;
      const global = this.spaces[slot] === GLOBAL_SPACE;
      entries.push({
        tlb: this.name,
        set: Math.floor(slot / this.ways),
        way: slot % this.ways,
        asid: global ? 0 : this.spaces[slot]!,
        global,
        vpn: this.vpnOf(this.firstPage(slot), 0),
        pfn: this.frames[slot]!,
        pageBytes: this.pagesInLeaf[this.levelOf(slot)]! * this.pageBytes,
        letters: pteLetters(this.flags[slot]!),
      });
    }
    return entries;
  }

  /** Count the slot where it will belong. */
  private changeLevel(slot: number, level: number): void {
    const { population } = this;
    const old = this.levelOfSlot[slot]!;
    if (old !== NO_LEVEL) population[old] = population[old]! - 1;
    if (level !== NO_LEVEL) population[level] = population[level]! + 1;
    this.levelOfSlot[slot] = level;
    if (level !== NO_LEVEL && level >= this.levelsInUse) this.levelsInUse = level + 1;
    while (this.levelsInUse > 0 && population[this.levelsInUse - 1] === 0) this.levelsInUse--;
  }

  private findAmongSizes(va: number, space: number): number {
    for (let level = 0; level < this.levelsInUse; level++) {
      if (this.population[level] === 0) continue;
      const page = Math.floor(va * this.pageScale[level]!);
      const slot = this.findInSet(this.setOf(page, level) * this.ways, page * LEVELS + level, space);
      if (slot !== -1) return slot;
    }
    return -1;
  }

  private findInSet(start: number, key: number, space: number): number {
    const { keys, spaces } = this;
    const end = start + this.ways;
    for (let slot = start; slot < end; slot++) {
      if (keys[slot] === key && (spaces[slot] === space || spaces[slot] === GLOBAL_SPACE)) return slot;
    }
    return -1;
  }

  private treeVictim(start: number): number {
    let from = start;
    let half = this.ways / 2;
    for (; half >= 1; half /= 2) {
      if (greatestOf(this.touched, from, half) > greatestOf(this.touched, from + half, half)) from += half;
    }
    return from;
  }
}

function leastOf(times: Float64Array, start: number, count: number): number {
  let least = start;
  let time = times[start]!;
  for (let slot = start + 1; slot < start + count; slot++) {
    if (times[slot]! >= time) continue;
    time = times[slot]!;
    least = slot;
  }
  return least;
}

function greatestOf(times: Float64Array, start: number, count: number): number {
  let greatest = times[start]!;
  for (let slot = start + 1; slot < start + count; slot++) greatest = Math.max(greatest, times[slot]!);
  return greatest;
}
