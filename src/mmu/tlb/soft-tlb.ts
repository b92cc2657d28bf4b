/**
 * The emulator's own shortcut in front of the exact TLB: direct-mapped, one for data and one for instructions.
 *
 *     index = (page number ^ page number >>> 10) & 1023
 *     tags[index]                  address of the page that may be loaded from (fetched from) (NaN: none; equal to nothing)
 *     storeTags[index]             address of the page that may be stored to (NaN: none); where neither is NaN, the same
 *     places[index]                slot of the exact first-level TLB that maps it: a hit stamps that slot's `touched`
 *     places[index + SOFT_CHUNK], [… + SOFT_OFFSET]   where the frame is in host memory
 *     places[index + SOFT_NEAR]    the offset when that is chunk 0, else -1: the hit path then need not look up the chunk
 *
 * The fold keeps pages apart that lie a power of two from each other, as the headers of an allocator's pools do.
 * One array for four columns, as each array that the hit path reads costs it more than the read itself does; and one place
 * for loads and stores, as each array that the miss path writes costs that.
 *
 * It holds no truth of its own: I1: every entry here is backed by a valid slot of the exact TLB that allows the access at
 * the current privilege in the current address space, A set, and D too for stores. So whatever drops or changes such a
 * slot, or the privilege, drops entries here; and statistics stay exact because hits are accesses minus misses.
 * I2: where a tag is not NaN, `places` is its page's.
 */
import { type AccessKind, FETCH } from '../units.ts';
import type { TlbHierarchy } from './hierarchy.ts';

const ENTRIES = 1024;
/** The index: a page number and the same shifted by `SOFT_FOLD`, xor, masked. */
export const SOFT_INDEX_MASK = ENTRIES - 1;
export const SOFT_FOLD = 10;
/** Where the columns of `places` after the first start. */
export const SOFT_NEAR = ENTRIES;
export const SOFT_CHUNK = 2 * ENTRIES;
export const SOFT_OFFSET = 3 * ENTRIES;

export class SoftTlb {
  readonly tags = new Float64Array(ENTRIES).fill(Number.NaN);
  readonly storeTags = new Float64Array(ENTRIES).fill(Number.NaN);
  readonly places = new Int32Array(4 * ENTRIES);
  private readonly pageShift: number;
  /** The index is taken from the low 32 bits of addresses: this many low bits of the page number. */
  private readonly pageMask: number;
  /** There may be tags. Whoever writes one past `fill` sets it. */
  used = false;

  constructor(pageShift: number) {
    this.pageShift = pageShift;
    this.pageMask = 2 ** (32 - pageShift) - 1;
  }

  /** Answer for the page from now on: loads and fetches from it, stores to it, or both. */
  fill(pageAddress: number, loads: boolean, stores: boolean, slot: number, chunk: number, offset: number): void {
    const index = this.indexOf((pageAddress | 0) >>> this.pageShift);
    this.tags[index] = loads ? pageAddress : Number.NaN;
    this.storeTags[index] = stores ? pageAddress : Number.NaN;
    this.places[index] = slot;
    this.places[index + SOFT_NEAR] = chunk === 0 ? offset : -1;
    this.places[index + SOFT_CHUNK] = chunk;
    this.places[index + SOFT_OFFSET] = offset;
    this.used = true;
  }

  /**
   * Forget what a slot backs; `page` is the first base page the slot maps (its low 32 bits do), `single` that it maps no
   * more.
   */
  dropSlot(slot: number, page: number, single: boolean): void {
    if (!this.used) return;
    if (single) {
      const index = this.indexOf(page & this.pageMask);
      if (this.places[index] === slot) this.drop(index);
    } else this.clear();
  }

  dropPage(page: number): void {
    this.drop(this.indexOf(page & this.pageMask));
  }

  clear(): void {
    if (!this.used) return;
    this.tags.fill(Number.NaN);
    this.storeTags.fill(Number.NaN);
    this.used = false;
  }

  /** `page`: what the low 32 bits of its address hold of the page's number. */
  private indexOf(page: number): number {
    return (page ^ (page >>> SOFT_FOLD)) & SOFT_INDEX_MASK;
  }

  private drop(index: number): void {
    this.tags[index] = Number.NaN;
    this.storeTags[index] = Number.NaN;
  }
}

/** The two of one processor. */
export class SoftTlbs {
  readonly data: SoftTlb;
  readonly fetches: SoftTlb;

  constructor(pageShift: number) {
    this.data = new SoftTlb(pageShift);
    this.fetches = new SoftTlb(pageShift);
  }

  of(kind: AccessKind): SoftTlb {
    return kind === FETCH ? this.fetches : this.data;
  }

  /** Stay within the exact TLB after an access of this kind threw an entry out of it. */
  dropEvicted(tlbs: TlbHierarchy, kind: AccessKind): void {
    const slot = tlbs.evictedSlot;
    if (slot === -1) return;
    const { lostLevel, lostPage } = tlbs.firstLevel(kind);
    const unified = tlbs.data === tlbs.instructions;
    if (unified || kind !== FETCH) this.data.dropSlot(slot, lostPage, lostLevel === 0);
    if (unified || kind === FETCH) this.fetches.dropSlot(slot, lostPage, lostLevel === 0);
  }

  dropPage(page: number): void {
    this.data.dropPage(page);
    this.fetches.dropPage(page);
  }

  clear(): void {
    this.data.clear();
    this.fetches.clear();
  }
}
