/**
 * The emulator's own shortcut in front of the exact TLB: direct-mapped, one for each access kind.
 *
 *     index = page number & 255
 *     tags[index]     address of the page (NaN: empty, equal to nothing)
 *     slots[index]    slot of the exact first-level TLB that maps it: a hit stamps that slot's `touched`
 *     chunks[index], offsets[index]   where the frame is in host memory
 *     near[index]     offsets[index] when that is chunk 0, else -1: the hit path then need not look up the chunk
 *
 * It holds no truth of its own: I1: every entry here is backed by a valid slot of the exact TLB that allows the access at
 * the current privilege in the current address space, A set, and D too for stores. So whatever drops or changes such a
 * slot, or the privilege, drops entries here; and statistics stay exact because hits are accesses minus misses.
 */
import { type AccessKind, FETCH, LOAD } from '../units.ts';
import type { TlbHierarchy } from './hierarchy.ts';

const ENTRIES = 256;
/** The part of a page number that is the index. */
export const SOFT_INDEX_MASK = ENTRIES - 1;

export class SoftTlb {
  readonly tags: Float64Array;
  readonly slots: Int32Array;
  readonly chunks: Int32Array;
  readonly offsets: Int32Array;
  readonly near: Int32Array;
  private used = false;

  constructor() {
    this.tags = new Float64Array(ENTRIES).fill(Number.NaN);
    this.slots = new Int32Array(ENTRIES);
    this.chunks = new Int32Array(ENTRIES);
    this.offsets = new Int32Array(ENTRIES);
    this.near = new Int32Array(ENTRIES);
  }

  fill(page: number, pageAddress: number, slot: number, chunk: number, offset: number): void {
    const index = page & SOFT_INDEX_MASK;
    this.tags[index] = pageAddress;
    this.slots[index] = slot;
    this.chunks[index] = chunk;
    this.offsets[index] = offset;
    this.near[index] = chunk === 0 ? offset : -1;
    this.used = true;
  }

  /** Forget what a slot backs; `page` is the first base page the slot maps, `single` that it maps no more. */
  dropSlot(slot: number, page: number, single: boolean): void {
    if (!this.used) return;
    if (!single) {
      this.clear();
      return;
    }
    const index = page & SOFT_INDEX_MASK;
    if (this.slots[index] === slot) this.tags[index] = Number.NaN;
  }

  dropPage(page: number): void {
    this.tags[page & SOFT_INDEX_MASK] = Number.NaN;
  }

  clear(): void {
    if (!this.used) return;
    this.tags.fill(Number.NaN);
    this.used = false;
  }
}

/** The three of one processor. */
export class SoftTlbs {
  readonly loads = new SoftTlb();
  readonly stores = new SoftTlb();
  readonly fetches = new SoftTlb();

  of(kind: AccessKind): SoftTlb {
    if (kind === LOAD) return this.loads;
    return kind === FETCH ? this.fetches : this.stores;
  }

  /** Stay within the exact TLB after an access of this kind threw an entry out of it. */
  dropEvicted(tlbs: TlbHierarchy, kind: AccessKind): void {
    const slot = tlbs.evictedSlot;
    if (slot === -1) return;
    const single = tlbs.evictedLevel === 0;
    const unified = tlbs.data === tlbs.instructions;
    if (unified || kind !== FETCH) {
      this.loads.dropSlot(slot, tlbs.evictedPage, single);
      this.stores.dropSlot(slot, tlbs.evictedPage, single);
    }
    if (unified || kind === FETCH) this.fetches.dropSlot(slot, tlbs.evictedPage, single);
  }

  dropPage(page: number): void {
    this.loads.dropPage(page);
    this.stores.dropPage(page);
    this.fetches.dropPage(page);
  }

  clear(): void {
    this.loads.clear();
    this.stores.clear();
    this.fetches.clear();
  }
}
