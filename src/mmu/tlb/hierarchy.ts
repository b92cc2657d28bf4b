/**
 * A processor's TLBs together: the first level (one, or one for instructions and one for data), the optional second.
 *
 *     find:  L1 (or L1i / L1d)  --miss-->  L2  --miss-->  the caller walks, then `fill`s both
 *
 * The second level is asked only when the first misses; a hit there copies the entry up. An entry leaving the first
 * level stays in the second, and the other way round (neither includes the other), as in DynamoRIO's drcachesim.
 */
import { invariant } from '../invariant.ts';
import type { PageTableFormat } from '../page-table/formats.ts';
import { type AccessKind, FETCH } from '../units.ts';
import type { TlbConfig } from './config.ts';
import { NO_LEVEL, TlbSlots } from './slots.ts';
import { Tlb, type TlbEntryInfo, type TlbPreset } from './tlb.ts';

/** Seeds of the arrays differ, so that random replacement in one does not mirror the other. */
const SEED_STEP = 0x9e3779b9;

export class TlbHierarchy {
  readonly instructions: Tlb;
  /** The same array as `instructions` unless the configuration splits them. */
  readonly data: Tlb;
  readonly second: Tlb | null;
  /** Those of all arrays. */
  readonly slots: TlbSlots;
  /** Times of the last use of each slot of the first level: for the hit paths to stamp. */
  readonly touched: Float64Array;
  /** Slot of the first level whose entry the last `use` or `fill` threw out (its `lostLevel`, `lostPage`); -1: none. */
  evictedSlot = -1;
  /** Slots below this one are the first level's. */
  private readonly firstEntries: number;
  /**
   * Address, its space and the array of the last `find` that found nothing, while nothing has been entered since (else
   * NaN): it would find nothing again. A fault's retry asks just that.
   */
  absent = Number.NaN;
  private absentSpace = 0;
  private absentFrom: Tlb;

  constructor(config: TlbConfig, format: PageTableFormat, seed: number) {
    const split = config.split === true;
    const { entries, l2 } = config;
    this.firstEntries = split ? 2 * entries : entries;
    const slots = new TlbSlots(this.firstEntries + (l2?.entries ?? 0));
    this.slots = slots;
    this.touched = slots.touched;
    this.data = new Tlb(split ? 'L1d' : 'L1', config, format, seed + SEED_STEP, slots, 0, true);
    this.instructions = split ? new Tlb('L1i', config, format, seed + 2 * SEED_STEP, slots, entries, true) : this.data;
    this.absentFrom = this.data;
    this.second =
      l2 === undefined ? null : new Tlb('L2', l2, format, seed + 3 * SEED_STEP, slots, this.firstEntries, false);
  }

  firstLevel(kind: AccessKind): Tlb {
    return kind === FETCH ? this.instructions : this.data;
  }

  /** Slot of either level that maps `va`; -1: a walk is needed. An access goes on with `use`, or with `fill`. */
  find(va: number, kind: AccessKind, space: number): number {
    const first = this.firstLevel(kind);
    if (va === this.absent && space === this.absentSpace && first === this.absentFrom) return -1;
    const slot = first.find(va, space);
    if (slot !== -1) return slot;
    const below = this.second === null ? -1 : this.second.find(va, space);
    if (below !== -1) return below;
    this.absent = va;
    this.absentSpace = space;
    this.absentFrom = first;
    return -1;
  }

  /** What `find` notes of a load or store that it finds in no array, for who looked without it. */
  noteAbsent(va: number, space: number): void {
    this.absent = va;
    this.absentSpace = space;
    this.absentFrom = this.data;
  }

  /** Was it noted so of a load or store, and nothing entered since? */
  isAbsent(va: number, space: number): boolean {
    return va === this.absent && space === this.absentSpace && this.absentFrom === this.data;
  }

  /** Did `find` have to go to the second level for it? */
  isSecond(slot: number): boolean {
    return slot >= this.firstEntries;
  }

  /** An access uses the slot that `find` answered: the first level's slot, after any copy from the second. */
  use(slot: number, kind: AccessKind, time: number): number {
    if (slot < this.firstEntries) {
      this.touched[slot] = time;
      this.evictedSlot = -1;
      return slot;
    }
    this.second!.use(slot, time);
    return this.copyUp(this.firstLevel(kind), slot, time);
  }

  /** Enter a walk's result into both levels; answers the first level's slot. */
  fill(va: number, kind: AccessKind, level: number, space: number, pfn: number, flags: number, time: number): number {
    const first = this.firstLevel(kind);
    if (this.second !== null) this.second.enter(va, level, space, pfn, flags, time);
    const slot = first.enter(va, level, space, pfn, flags, time);
    this.noteEntered(first, slot);
    return slot;
  }

  private copyUp(first: Tlb, below: number, time: number): number {
    const slot = first.copyUp(below, time);
    this.noteEntered(first, slot);
    return slot;
  }

  private noteEntered(first: Tlb, slot: number): void {
    this.absent = Number.NaN;
    this.evictedSlot = first.lostLevel === NO_LEVEL ? -1 : slot;
  }

  /** Set a slot of the array of that name from outside, or empty it (null). */
  preset(name: string, set: number, way: number, preset: TlbPreset | null, time: number): void {
    const tlb = this.byName(name);
    invariant(tlb !== undefined, 'the TLB to preset exists');
    this.absent = Number.NaN;
    tlb.preset(set, way, preset, time);
  }

  /** Note that the page is now dirty, in every array that has it (the other first level too). */
  updateFlags(va: number, space: number, flags: number): void {
    for (let index = 0; index < this.count(); index++) {
      const tlb = this.array(index);
      const slot = tlb.find(va, space);
      if (slot !== -1) tlb.setFlags(slot, flags);
    }
  }

  invalidatePage(va: number, space: number): void {
    this.data.invalidatePage(va, space);
    if (this.instructions !== this.data) this.instructions.invalidatePage(va, space);
    if (this.second !== null) this.second.invalidatePage(va, space);
  }

  invalidateSpace(space: number): void {
    for (let index = 0; index < this.count(); index++) this.array(index).invalidateSpace(space);
  }

  invalidateAll(includeGlobal: boolean): void {
    for (let index = 0; index < this.count(); index++) this.array(index).invalidateAll(includeGlobal);
  }

  hasSuperpages(): boolean {
    const { data, instructions, second } = this;
    return data.hasSuperpages() || instructions.hasSuperpages() || second?.hasSuperpages() === true;
  }

  byName(name: string): Tlb | undefined {
    return this.arrays().find((tlb) => tlb.name === name);
  }

  list(): TlbEntryInfo[] {
    return this.arrays().flatMap((tlb) => tlb.list());
  }

  private arrays(): Tlb[] {
    return Array.from({ length: this.count() }, (_, index) => this.array(index));
  }

  private count(): number {
    return 1 + (this.instructions === this.data ? 0 : 1) + (this.second === null ? 0 : 1);
  }

  private array(index: number): Tlb {
    if (index === 0) return this.data;
    if (index === 1 && this.instructions !== this.data) return this.instructions;
    return this.second ?? this.data;
  }
}
