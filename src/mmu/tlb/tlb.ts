/**
 * One TLB array: which frame is this page of that address space in?
 *
 *     slot = base + set * ways + way   set = page number % sets; `base`: the slots are those of TlbSlots, which all
 *                                      arrays of a processor share, one behind the other
 *     key       page number * 8 + level     (-Infinity: invalid; pages of the upper half have negative numbers)
 *     space     address-space id            (-1: global, matches all)
 *     frame     first frame of the mapped (super)page
 *     mark      its rights (pte-flags.ts), and from bit 16 its level (8: invalid)
 *     touched, filled     times of the last use and of the filling   (-1: invalid, so least of all)
 *
 * Inside, a page's number is signed as its address is (sign-extension.ts); sets, tags and what comes in or goes out take
 * it as the VPN field of the address, without sign. A power of two of sets sees no difference.
 *
 * Page sizes share the array: a page of level n is numbered in units of its own size, and a lookup probes one set for
 * each size that is present, smallest first (hash-rehash, as unified second-level TLBs do).
 *
 * Replacement: an invalid way first (the lowest), else the policy's victim. All four policies read time stamps, so a hit
 * only writes `touched`, whatever the policy:
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
import { Recency } from './recency.ts';
import { findIn, INVALID, LEVEL_SHIFT, LEVELS, leastOf, NEVER, NO_LEVEL, PER_LEVELS, type TlbSlots } from './slots.ts';

/** Space of entries that match every address space. */
export const GLOBAL_SPACE = -1;
const FLAGS_MASK = 2 ** LEVEL_SHIFT - 1;

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
  /** Level of what the last `enter` or `copyUp` replaced (NO_LEVEL: nothing), and the low 32 bits of its page number. */
  lostLevel = NO_LEVEL;
  lostPage = 0;
  /** First slot, and the first behind. */
  readonly base: number;
  private readonly end: number;
  private readonly slots: TlbSlots;
  private readonly isLru: boolean;
  /** The order of use; null where it takes time stamps to know it. */
  readonly recency: Recency | null;
  /** Times of the filling, by slot less `base`; of length 0 unless the policy asks for it. */
  private readonly filled: Float64Array;
  private readonly population: Int32Array;
  private readonly levels: number;
  /** One more than the highest level that has valid slots. */
  levelsInUse = 0;
  private readonly pageScale: Float64Array;
  /** The first of them. */
  private readonly smallScale: number;
  private readonly pagesInLeaf: Float64Array;
  private readonly pageBytes: number;
  /** Pages of each level's size in the whole address space: what a negative page number is short of its VPN. */
  private readonly pagesInSpace: Float64Array;
  private readonly signExtended: boolean;
  /** sets - 1 where that masks, else -1. */
  readonly setMask: number;
  private readonly random: Random;

  /** It takes the slots from `base` on. `stamped`: uses are stamped from outside, past `use`. */
  constructor(
    name: string,
    config: TlbLevelConfig,
    format: PageTableFormat,
    seed: number,
    slots: TlbSlots,
    base: number,
    stamped: boolean,
  ) {
    this.name = name;
    this.ways = config.ways;
    this.sets = config.entries / config.ways;
    this.policy = config.policy ?? 'lru';
    this.setMask = (this.sets & (this.sets - 1)) === 0 ? this.sets - 1 : -1;
    this.base = base;
    this.end = base + config.entries;
    this.slots = slots;
    this.isLru = this.policy === 'lru';
    this.recency = this.isLru && !stamped ? new Recency(this.sets, this.ways) : null;
    this.filled = new Float64Array(this.policy === 'fifo' ? config.entries : 0).fill(NEVER);
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
    return findIn(this.slots, this.startOf(page, 0), this.ways, page * LEVELS, space);
  }

  /** A lookup found what it wants in the slot. */
  use(slot: number, time: number): void {
    this.slots.touched[slot] = time;
    if (this.recency !== null) this.recency.use(slot - this.base);
  }

  /** Enter a page, used at `time`, in the place of an invalid way or of the policy's victim: the slot. */
  enter(va: number, level: number, space: number, pfn: number, flags: number, time: number): number {
    const page = Math.floor(va * (level === 0 ? this.smallScale : this.pageScale[level]!));
    const slot = this.victim(this.setOf(page, level));
    this.put(slot, page * LEVELS + level, space, pfn, flags | (level << LEVEL_SHIFT), time);
    return slot;
  }

  /** Enter what a slot of another array of the same processor holds. */
  copyUp(from: number, time: number): number {
    const { doubles, words, count } = this.slots;
    const key = doubles[from]!;
    const mark = words[count + from]!;
    const slot = this.victim(this.setOf(Math.floor(key * PER_LEVELS), mark >> LEVEL_SHIFT));
    this.put(slot, key, words[from]!, doubles[2 * count + from]!, mark, time);
    return slot;
  }

  /** Set a slot from outside, or empty it (null); `time` stamps it. The page must belong to the set. */
  preset(set: number, way: number, preset: TlbPreset | null, time: number): void {
    invariant(set >= 0 && set < this.sets && way >= 0 && way < this.ways, 'the TLB slot to preset exists');
    const slot = this.base + set * this.ways + way;
    if (preset === null) {
      this.invalidateSlot(slot);
      return;
    }
    const { pfn, flags, level = 0 } = preset;
    const page = this.signedPage(preset.page, level);
    invariant(this.setOf(page, level) === set, 'the page preset in a TLB belongs to that set');
    const space = preset.global === true ? GLOBAL_SPACE : (preset.asid ?? 0);
    this.put(slot, page * LEVELS + level, space, pfn, flags | (level << LEVEL_SHIFT), time);
  }

  /** Is a page above the smallest size present? */
  hasSuperpages(): boolean {
    return this.levelsInUse > 1;
  }

  levelOf(slot: number): number {
    return this.slots.words[this.slots.count + slot]! >> LEVEL_SHIFT;
  }

  /** Rights of the slot's page (pte-flags.ts). */
  flagsOf(slot: number): number {
    return this.slots.words[this.slots.count + slot]! & FLAGS_MASK;
  }

  setFlags(slot: number, flags: number): void {
    const { words, count } = this.slots;
    words[count + slot] = (words[count + slot]! & ~FLAGS_MASK) | flags;
  }

  /** First frame of the slot's (super)page. */
  baseFrame(slot: number): number {
    return this.slots.doubles[2 * this.slots.count + slot]!;
  }

  /** Frame that `va`, mapped by this slot, is in. */
  frameOf(slot: number, va: number): number {
    const level = this.levelOf(slot);
    const base = this.baseFrame(slot);
    return level === 0 ? base : base + floorRemainder(Math.floor(va / this.pageBytes), this.pagesInLeaf[level]!);
  }

  /** Way of its set that the slot is. */
  wayOf(slot: number): number {
    return (slot - this.base) % this.ways;
  }

  /** Signed number of the slot's page, in units of its own size. */
  pageOf(slot: number): number {
    return Math.floor(this.slots.doubles[slot]! * PER_LEVELS);
  }

  /** Signed number of the first base page the slot maps. */
  firstPage(slot: number): number {
    return this.pageOf(slot) * this.pagesInLeaf[this.levelOf(slot)]!;
  }

  private isValid(slot: number): boolean {
    return this.slots.doubles[slot] !== INVALID;
  }

  private invalidateSlot(slot: number): void {
    if (!this.isValid(slot)) return;
    this.recount(this.levelOf(slot), NO_LEVEL);
    const { doubles, words, count } = this.slots;
    doubles[slot] = INVALID;
    doubles[count + slot] = NEVER;
    words[count + slot] = NO_LEVEL << LEVEL_SHIFT;
    if (this.filled.length !== 0) this.filled[slot - this.base] = NEVER;
    if (this.recency !== null) this.recency.emptied(slot - this.base);
  }

  /** Drop the entries of all sizes that map `va` in `space`, global ones included. */
  invalidatePage(va: number, space: number): void {
    for (let slot = this.find(va, space); slot !== -1; slot = this.find(va, space)) this.invalidateSlot(slot);
  }

  /** Drop the entries of an address space; the global ones stay. */
  invalidateSpace(space: number): void {
    const { words } = this.slots;
    for (let slot = this.base; slot < this.end; slot++) if (words[slot] === space) this.invalidateSlot(slot);
  }

  invalidateAll(includeGlobal: boolean): void {
    const { words } = this.slots;
    for (let slot = this.base; slot < this.end; slot++) {
      if (includeGlobal || words[slot] !== GLOBAL_SPACE) this.invalidateSlot(slot);
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
    for (let slot = this.base; slot < this.end; slot++) {
      if (!this.isValid(slot)) continue;
      const global = this.slots.words[slot] === GLOBAL_SPACE;
      entries.push({
        tlb: this.name,
        set: Math.floor((slot - this.base) / this.ways),
        way: this.wayOf(slot),
        asid: global ? 0 : this.slots.words[slot]!,
        global,
        vpn: this.vpnOf(this.firstPage(slot), 0),
        pfn: this.baseFrame(slot),
        pageBytes: this.pagesInLeaf[this.levelOf(slot)]! * this.pageBytes,
        letters: pteLetters(this.flagsOf(slot)),
      });
    }
    return entries;
  }

  /** First slot of the set that a page (signed number) of that level belongs to. */
  private startOf(page: number, level: number): number {
    return this.base + this.setOf(page, level) * this.ways;
  }

  /** The first empty slot of a set that has one, taken by a page of the smallest size that the caller writes into it. */
  takeEmpty(set: number): number {
    const slot = this.firstEmpty(set);
    this.noteTaken(slot);
    return slot;
  }

  /** An empty slot is taken by a page of the smallest size, used last, that the caller writes into it. */
  noteTaken(slot: number): void {
    this.recount(NO_LEVEL, 0);
    if (this.recency === null) return;
    this.recency.filled(slot - this.base);
    this.recency.use(slot - this.base);
  }

  private firstEmpty(set: number): number {
    const { doubles } = this.slots;
    let slot = this.base + set * this.ways;
    while (doubles[slot] !== INVALID) slot++;
    return slot;
  }

  /** Slot that an entry takes in the set. */
  private victim(set: number): number {
    const { base, ways, recency } = this;
    if (recency !== null) return recency.hasEmpty(set) ? this.firstEmpty(set) : recency.last(set) + base;
    const { doubles, count } = this.slots;
    const start = base + set * ways;
    // Of empty slots, which were never used, the first.
    if (this.isLru) return leastOf(doubles, count + start, ways) - count;
    if (this.filled.length !== 0) return leastOf(this.filled, start - base, ways) + base;
    for (let slot = start; slot < start + ways; slot++) if (!this.isValid(slot)) return slot;
    if (ways === 1) return start;
    return this.policy === 'plru' ? this.treeVictim(start) : start + this.random.below(ways);
  }

  private put(slot: number, key: number, space: number, pfn: number, mark: number, time: number): void {
    const { doubles, words, count } = this.slots;
    const lost = words[count + slot]! >> LEVEL_SHIFT;
    this.lostLevel = lost;
    this.lostPage = (doubles[slot]! * PER_LEVELS) | 0;
    if (lost !== mark >> LEVEL_SHIFT) this.recount(lost, mark >> LEVEL_SHIFT);
    doubles[slot] = key;
    doubles[count + slot] = time;
    doubles[2 * count + slot] = pfn;
    words[slot] = space;
    words[count + slot] = mark;
    if (this.filled.length !== 0) this.filled[slot - this.base] = time;
    if (this.recency !== null) {
      if (lost === NO_LEVEL) this.recency.filled(slot - this.base);
      this.recency.use(slot - this.base);
    }
  }

  /** A slot goes from one level to the other. */
  private recount(from: number, to: number): void {
    const { population } = this;
    if (from !== NO_LEVEL) population[from] = population[from]! - 1;
    if (to !== NO_LEVEL) {
      population[to] = population[to]! + 1;
      if (to >= this.levelsInUse) this.levelsInUse = to + 1;
    }
    while (this.levelsInUse > 0 && population[this.levelsInUse - 1] === 0) this.levelsInUse--;
  }

  private findAmongSizes(va: number, space: number): number {
    for (let level = 0; level < this.levelsInUse; level++) {
      if (this.population[level] === 0) continue;
      const page = Math.floor(va * this.pageScale[level]!);
      const slot = findIn(this.slots, this.startOf(page, level), this.ways, page * LEVELS + level, space);
      if (slot !== -1) return slot;
    }
    return -1;
  }

  private treeVictim(start: number): number {
    const { touched } = this.slots;
    let from = start;
    let half = this.ways / 2;
    for (; half >= 1; half /= 2) {
      if (greatestOf(touched, from, half) > greatestOf(touched, from + half, half)) from += half;
    }
    return from;
  }
}

function greatestOf(times: Float64Array, start: number, count: number): number {
  let greatest = times[start]!;
  for (let slot = start + 1; slot < start + count; slot++) greatest = Math.max(greatest, times[slot]!);
  return greatest;
}
