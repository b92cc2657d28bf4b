/**
 * The emulator's own shortcut in front of the exact TLB: direct-mapped, one for each access kind.
 *
 *     index = (page number ^ page number >>> 8) & 255
 *     tags[index]                  address of the page (NaN: empty, equal to nothing)
 *     places[index]                slot of the exact first-level TLB that maps it: a hit stamps that slot's `touched`
 *     places[index + SOFT_CHUNK], [… + SOFT_OFFSET]   where the frame is in host memory
 *     places[index + SOFT_NEAR]    the offset when that is chunk 0, else -1: the hit path then need not look up the chunk
 *
 * The fold keeps pages apart that lie a power of two from each other, as the headers of an allocator's pools do.
 * One array for four columns, as each array that the hit path reads costs it more than the read itself does.
 *
 * It holds no truth of its own: I1: every entry here is backed by a valid slot of the exact TLB that allows the access at
 * the current privilege in the current address space, A set, and D too for stores. So whatever drops or changes such a
 * slot, or the privilege, drops entries here; and statistics stay exact because hits are accesses minus misses.
 */
import { ALLOWED, refusal } from '../access-rights.ts';
import { PTE_DIRTY } from '../pte-flags.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../units.ts';
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
  readonly places = new Int32Array(4 * ENTRIES);
  /** The index is taken from the low 32 bits of addresses: this many low bits of the page number. */
  private readonly pageMask: number;
  private used = false;

  constructor(pageShift: number) {
    this.pageMask = 2 ** (32 - pageShift) - 1;
  }

  fill(page: number, pageAddress: number, slot: number, chunk: number, offset: number): void {
    const index = this.indexOf(page);
    this.tags[index] = pageAddress;
    this.places[index] = slot;
    this.places[index + SOFT_NEAR] = chunk === 0 ? offset : -1;
    this.places[index + SOFT_CHUNK] = chunk;
    this.places[index + SOFT_OFFSET] = offset;
    this.used = true;
  }

  /** Forget what a slot backs; `page` is the first base page the slot maps, `single` that it maps no more. */
  dropSlot(slot: number, page: number, single: boolean): void {
    if (!this.used) return;
    if (!single) {
      this.clear();
      return;
    }
    const index = this.indexOf(page);
    if (this.places[index] === slot) this.tags[index] = Number.NaN;
  }

  dropPage(page: number): void {
    this.tags[this.indexOf(page)] = Number.NaN;
  }

  private indexOf(page: number): number {
    const low = page & this.pageMask;
    return (low ^ (low >>> SOFT_FOLD)) & SOFT_INDEX_MASK;
  }

  clear(): void {
    if (!this.used) return;
    this.tags.fill(Number.NaN);
    this.used = false;
  }
}

/** The three of one processor. */
export class SoftTlbs {
  readonly loads: SoftTlb;
  readonly stores: SoftTlb;
  readonly fetches: SoftTlb;

  constructor(pageShift: number) {
    this.loads = new SoftTlb(pageShift);
    this.stores = new SoftTlb(pageShift);
    this.fetches = new SoftTlb(pageShift);
  }

  of(kind: AccessKind): SoftTlb {
    if (kind === LOAD) return this.loads;
    return kind === FETCH ? this.fetches : this.stores;
  }

  /**
   * Answer from now on: for this kind of access, and of load and store for the other too where the exact entry's flags allow
   * it, since who reads a word often writes it next. True: for stores.
   */
  fill(
    kind: AccessKind,
    flags: number,
    privilege: number,
    page: number,
    pageAddress: number,
    slot: number,
    chunk: number,
    offset: number,
  ): boolean {
    if (kind === FETCH) {
      this.fetches.fill(page, pageAddress, slot, chunk, offset);
      return false;
    }
    if (kind === LOAD || refusal(flags, LOAD, privilege) === ALLOWED) {
      this.loads.fill(page, pageAddress, slot, chunk, offset);
    }
    const stores = kind === STORE || ((flags & PTE_DIRTY) !== 0 && refusal(flags, STORE, privilege) === ALLOWED);
    if (stores) this.stores.fill(page, pageAddress, slot, chunk, offset);
    return stores;
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
