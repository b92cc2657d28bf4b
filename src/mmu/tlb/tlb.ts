/**
 * One TLB array: which frame is this page of that address space in?
 *
 *     slot = set * ways + way          set = page number % sets
 *     doubles   [ keys: a slot each | touched | frames ]         words   [ spaces: a slot each | marks ]
 *     key       page number * 8 + level     (-Infinity: invalid; pages of the upper half have negative numbers)
 *     space     address-space id            (-1: global, matches all)
 *     frame     first frame of the mapped (super)page
 *     mark      its rights (pte-flags.ts), and from bit 16 its level (8: invalid)
 *     touched, filled     times of the last use and of the filling   (-1: invalid, so least of all)
 *
 * Few arrays of several columns each, because to reach an array costs more than to read from it.
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

/** Space of entries that match every address space. */
export const GLOBAL_SPACE = -1;
/** Key of an empty slot: no page's. */
const INVALID = Number.NEGATIVE_INFINITY;
/** Time of an empty slot: before all others. */
const NEVER = -1;
/** Levels fit three bits. */
const LEVELS = 8;
const PER_LEVELS = 1 / LEVELS;
/** Level of an empty slot. */
export const NO_LEVEL = LEVELS;
/** A mark: the level above the flags. */
const LEVEL_SHIFT = 16;
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
  /** Times of the last use of each slot: for the hit paths to stamp. */
  readonly touched: Float64Array;
  /** Level of what the last `enter` or `enterFrom` replaced (NO_LEVEL: nothing), and the low 32 bits of its page number. */
  lostLevel = NO_LEVEL;
  lostPage = 0;
  private readonly entries: number;
  private readonly doubles: Float64Array;
  /** Where its third column starts. */
  private readonly framesAt: number;
  private readonly words: Int32Array;
  /** By slot; of length 0 unless the policy asks for it. */
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
    const { entries } = config;
    this.entries = entries;
    this.doubles = new Float64Array(3 * entries).fill(INVALID, 0, entries).fill(NEVER, entries, 2 * entries);
    this.framesAt = 2 * entries;
    this.touched = this.doubles.subarray(entries, 2 * entries);
    this.words = new Int32Array(2 * entries).fill(NO_LEVEL << LEVEL_SHIFT, entries);
    this.filled = new Float64Array(this.policy === 'fifo' ? entries : 0).fill(NEVER);
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

  /** Enter a page, used at `time`, in the place of an invalid way or of the policy's victim: the slot. */
  enter(va: number, level: number, space: number, pfn: number, flags: number, time: number): number {
    const page = Math.floor(va * (level === 0 ? this.smallScale : this.pageScale[level]!));
    const slot = this.victim(page, level);
    this.put(slot, page * LEVELS + level, space, pfn, flags | (level << LEVEL_SHIFT), time);
    return slot;
  }

  /** Enter what a slot of another array of the same processor holds. */
  enterFrom(other: Tlb, from: number, time: number): number {
    const key = other.doubles[from]!;
    const mark = other.words[other.entries + from]!;
    const slot = this.victim(Math.floor(key * PER_LEVELS), mark >> LEVEL_SHIFT);
    this.put(slot, key, other.words[from]!, other.doubles[other.framesAt + from]!, mark, time);
    return slot;
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
    this.put(slot, page * LEVELS + level, space, pfn, flags | (level << LEVEL_SHIFT), time);
  }

  /** Is a page above the smallest size present? */
  hasSuperpages(): boolean {
    return this.levelsInUse > 1;
  }

  levelOf(slot: number): number {
    return this.words[this.entries + slot]! >> LEVEL_SHIFT;
  }

  /** Rights of the slot's page (pte-flags.ts). */
  flagsOf(slot: number): number {
    return this.words[this.entries + slot]! & FLAGS_MASK;
  }

  setFlags(slot: number, flags: number): void {
    this.words[this.entries + slot] = (this.words[this.entries + slot]! & ~FLAGS_MASK) | flags;
  }

  /** First frame of the slot's (super)page. */
  baseFrame(slot: number): number {
    return this.doubles[this.framesAt + slot]!;
  }

  /** Frame that `va`, mapped by this slot, is in. */
  frameOf(slot: number, va: number): number {
    const level = this.levelOf(slot);
    const base = this.doubles[this.framesAt + slot]!;
    return level === 0 ? base : base + floorRemainder(Math.floor(va / this.pageBytes), this.pagesInLeaf[level]!);
  }

  /** Signed number of the slot's page, in units of its own size. */
  pageOf(slot: number): number {
    return Math.floor(this.doubles[slot]! * PER_LEVELS);
  }

  /** Signed number of the first base page the slot maps. */
  firstPage(slot: number): number {
    return this.pageOf(slot) * this.pagesInLeaf[this.levelOf(slot)]!;
  }

  private isValid(slot: number): boolean {
    return this.doubles[slot] !== INVALID;
  }

  private invalidateSlot(slot: number): void {
    if (!this.isValid(slot)) return;
    this.recount(this.levelOf(slot), NO_LEVEL);
    this.doubles[slot] = INVALID;
    this.words[this.entries + slot] = NO_LEVEL << LEVEL_SHIFT;
    this.touched[slot] = NEVER;
    if (this.filled.length !== 0) this.filled[slot] = NEVER;
  }

  /** Drop the entries of all sizes that map `va` in `space`, global ones included. */
  invalidatePage(va: number, space: number): void {
    for (let slot = this.find(va, space); slot !== -1; slot = this.find(va, space)) this.invalidateSlot(slot);
  }

  /** Drop the entries of an address space; the global ones stay. */
  invalidateSpace(space: number): void {
    for (let slot = 0; slot < this.entries; slot++) if (this.words[slot] === space) this.invalidateSlot(slot);
  }

  invalidateAll(includeGlobal: boolean): void {
    for (let slot = 0; slot < this.entries; slot++) {
      if (includeGlobal || this.words[slot] !== GLOBAL_SPACE) this.invalidateSlot(slot);
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
    for (let slot = 0; slot < this.entries; slot++) {
      if (!this.isValid(slot)) continue;
      const global = this.words[slot] === GLOBAL_SPACE;
      entries.push({
        tlb: this.name,
        set: Math.floor(slot / this.ways),
        way: slot % this.ways,
        asid: global ? 0 : this.words[slot]!,
        global,
        vpn: this.vpnOf(this.firstPage(slot), 0),
        pfn: this.baseFrame(slot),
        pageBytes: this.pagesInLeaf[this.levelOf(slot)]! * this.pageBytes,
        letters: pteLetters(this.flagsOf(slot)),
      });
    }
    return entries;
  }

  /** Slot that an entry for this page (signed number) at `level` takes. */
  private victim(page: number, level: number): number {
    const { ways } = this;
    const start = this.setOf(page, level) * ways;
    if (this.stamps !== null) return leastOf(this.stamps, start, ways);
    for (let slot = start; slot < start + ways; slot++) if (!this.isValid(slot)) return slot;
    if (ways === 1) return start;
    return this.policy === 'plru' ? this.treeVictim(start) : start + this.random.below(ways);
  }

  private put(slot: number, key: number, space: number, pfn: number, mark: number, time: number): void {
    const { doubles, words, entries } = this;
    const lost = words[entries + slot]! >> LEVEL_SHIFT;
    this.lostLevel = lost;
    this.lostPage = (doubles[slot]! * PER_LEVELS) | 0;
    if (lost !== mark >> LEVEL_SHIFT) this.recount(lost, mark >> LEVEL_SHIFT);
    doubles[slot] = key;
    doubles[entries + slot] = time;
    doubles[this.framesAt + slot] = pfn;
    words[slot] = space;
    words[entries + slot] = mark;
    if (this.filled.length !== 0) this.filled[slot] = time;
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
      const slot = this.findInSet(this.setOf(page, level) * this.ways, page * LEVELS + level, space);
      if (slot !== -1) return slot;
    }
    return -1;
  }

  private findInSet(start: number, key: number, space: number): number {
    const { doubles, words } = this;
    const end = start + this.ways;
    for (let slot = start; slot < end; slot++) {
      if (doubles[slot] === key && (words[slot] === space || words[slot] === GLOBAL_SPACE)) return slot;
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
