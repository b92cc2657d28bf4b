/**
 * Loads and stores inside one segment of 4 GiB, addressed by integers.
 *
 * An address above 2^31 is a double, and a double that goes through a call which the compiler does not inline is an object
 * on the host's heap. Code that follows many pointers a microsecond (allocators) therefore keeps the low 32 bits of its
 * addresses, as signed integers, and checks that their high 32 bits are those of `segment`.
 *
 *     address = segment + (low >>> 0)        segment: a multiple of 2^32, set by who runs on the processor
 *
 * The same soft TLB, the same counts and the same cold path as the accesses by full address (cpu.ts).
 *
 * Held pages. A hit of the soft TLB changes three things: the clock, the count of stores, and the time stamp of its page's
 * slot. No hit takes a page away; only an access that misses can. So whoever finds all the pages of a few accesses there
 * beforehand knows that every one of them will hit, and may do them in one go: words read and written in host memory, then
 * `count` what they were and `stamp` each page with its last access. All is as if they had been made one by one.
 *
 *     at = hold(low) …      look each page up once;  any -1: nothing has been counted yet, make the accesses one by one
 *     words[at + n] …       the accesses, in the program's order
 *     stamp(slot, nth) …    in the order of `nth`, since two pages may share a slot
 *     count(accesses, stores)
 */

import type { CpuOptions } from './cpu-options.ts';
import { MissUnit } from './miss-unit.ts';
import { SOFT_CHUNK, SOFT_FOLD, SOFT_INDEX_MASK, SOFT_NEAR, SOFT_OFFSET } from './tlb/soft-tlb.ts';

const INDEX_MASK = SOFT_INDEX_MASK;
const FOLD = SOFT_FOLD;
const NEAR = SOFT_NEAR;
const CHUNK = SOFT_CHUNK;
const OFFSET = SOFT_OFFSET;
/** Smaller pages are not held: what is aligned to so many bytes lies in one held page. */
const HELD_BYTES = 64;
const NOT_HELD = new Float64Array(INDEX_MASK + 1).fill(Number.NaN);

export abstract class SegmentUnit extends MissUnit {
  /** High word of the last `load64`, unsigned. */
  highWord = 0;
  /** First address of the segment. */
  segment = 0;
  /** High word of the last `loadPairIn`, signed. */
  high = 0;
  /** Slot of the page that was held last. */
  heldSlot = 0;

  protected readonly loadTags: Float64Array;
  protected readonly storeTags: Float64Array;
  protected readonly places: Int32Array;
  /** The same tags, or such as equal nothing. */
  private readonly holdableLoads: Float64Array;
  private readonly holdableStores: Float64Array;
  protected readonly pageShift: number;
  protected readonly wordMask: number;
  protected readonly doubleMask: number;

  constructor(options: CpuOptions) {
    super(options);
    this.loadTags = this.soft.data.tags;
    this.places = this.soft.data.places;
    this.storeTags = this.soft.data.storeTags;
    const isHeld = options.format.pageBytes >= HELD_BYTES;
    this.holdableLoads = isHeld ? this.loadTags : NOT_HELD;
    this.holdableStores = isHeld ? this.storeTags : NOT_HELD;
    this.pageShift = options.format.pageShift;
    this.wordMask = this.offsetMask & ~3;
    this.doubleMask = this.offsetMask & ~7;
  }

  protected abstract loadCold(va: number, size: number): number;
  protected abstract storeCold(va: number, size: number, low: number, high: number): void;

  /** 32 bits, signed. */
  loadWordIn(low: number): number {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.wordMask;
    if (this.loadTags[index] === this.segment + ((low - offset) >>> 0)) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) return this.memory.nearWords[(near + offset) >>> 2]! | 0;
      const at = (this.places[index + OFFSET]! + offset) >>> 2;
      return this.memory.wordsOf[this.places[index + CHUNK]!]![at]! | 0;
    }
    return this.loadCold(this.segment + (low >>> 0), 4) | 0;
  }

  /** The low word of 64 bits; the high one is left in `high`. Both signed. */
  loadPairIn(low: number): number {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.doubleMask;
    if (this.loadTags[index] === this.segment + ((low - offset) >>> 0)) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      const words = near >= 0 ? this.memory.nearWords : this.memory.wordsOf[this.places[index + CHUNK]!]!;
      const at = (this.places[index + OFFSET]! + offset) >>> 2;
      this.high = words[at + 1]! | 0;
      return words[at]! | 0;
    }
    const word = this.loadCold(this.segment + (low >>> 0), 8) | 0;
    this.high = this.highWord | 0;
    return word;
  }

  storeWordIn(low: number, value: number): void {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.wordMask;
    if (this.storeTags[index] === this.segment + ((low - offset) >>> 0)) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      const words = near >= 0 ? this.memory.nearWords : this.memory.wordsOf[this.places[index + CHUNK]!]!;
      words[(this.places[index + OFFSET]! + offset) >>> 2] = value;
    } else this.storeCold(this.segment + (low >>> 0), 4, value >>> 0, 0);
  }

  storePairIn(low: number, lowValue: number, highValue: number): void {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.doubleMask;
    if (this.storeTags[index] === this.segment + ((low - offset) >>> 0)) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      const words = near >= 0 ? this.memory.nearWords : this.memory.wordsOf[this.places[index + CHUNK]!]!;
      const at = (this.places[index + OFFSET]! + offset) >>> 2;
      words[at] = lowValue;
      words[at + 1] = highValue;
    } else this.storeCold(this.segment + (low >>> 0), 8, lowValue >>> 0, highValue >>> 0);
  }

  /**
   * Index in `memory.nearWords` of the word at `low`, a multiple of 8, when the soft TLB answers for loads and stores in its
   * page; `heldSlot` is the page's slot then. -1: it does not, or the page lies outside of the near chunk. Good until the
   * next access that is not made through held pages.
   */
  hold(low: number): number {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.doubleMask;
    const tag = this.segment + ((low - offset) >>> 0);
    if (this.holdableStores[index] !== tag || this.holdableLoads[index] !== tag) return -1;
    const near = this.places[index + NEAR]!;
    if (near < 0) return -1;
    this.heldSlot = this.places[index]!;
    return (near + offset) >>> 2;
  }

  /** The same when words there are only loaded. */
  holdForLoads(low: number): number {
    const page = low >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = low & this.doubleMask;
    if (this.holdableLoads[index] !== this.segment + ((low - offset) >>> 0)) return -1;
    const near = this.places[index + NEAR]!;
    if (near < 0) return -1;
    this.heldSlot = this.places[index]!;
    return (near + offset) >>> 2;
  }

  /** ... by a full address. */
  holdForLoadsAt(va: number): number {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.doubleMask;
    if (this.holdableLoads[index] !== va - offset) return -1;
    const near = this.places[index + NEAR]!;
    if (near < 0) return -1;
    this.heldSlot = this.places[index]!;
    return (near + offset) >>> 2;
  }

  /** The last access to the held page of this slot was the `nth` of those that are about to be counted. */
  stamp(slot: number, nth: number): void {
    this.dataTouched[slot] = this.clock + nth;
  }

  /** So many accesses to held pages were made, of which so many stored. */
  count(accesses: number, stores: number): void {
    this.clock += accesses;
    this.stores += stores;
  }
}
