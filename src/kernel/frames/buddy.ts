/**
 * The buddy allocator: which frames are free, in blocks of 2^order frames.
 *
 *     order 0   [5]              a block of order k starts at a multiple of 2^k; its buddy is the block whose start
 *     order 1   [6,7]            differs in bit k alone; two free buddies are one free block of order k+1
 *     order 2   [8..11]
 *     frontier  12 ───────►      frames never handed out yet; they join the lists a block at a time, on demand, so a
 *                                64 GiB machine builds no lists for memory that nobody uses
 *
 * A free block is linked into its order's list through `next`/`previous` (pfn plus one; 0 ends a list) and marked in
 * `freeOrder` (order plus one) at its first frame; both are meaningless for frames in use.
 *
 * I1: free = Σ 2^order over the lists + (frames - frontier)   I2: no two free buddies of one order below the top
 * I3: freeOrder[pfn] != 0 <=> pfn heads a block on that list
 *
 * allocate and release are O(MAX_ORDER). Like Linux's, the lists are last-in first-out and a split gives out the lower
 * half [mm/page_alloc.c:expand, __free_one_page].
 */
import { invariant } from '../../mmu/invariant.ts';

export const MAX_ORDER = 10;

export class BuddyAllocator {
  readonly frames: number;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly freeOrder: Uint8Array;
  private readonly heads = new Int32Array(MAX_ORDER + 1);
  private readonly counts = new Int32Array(MAX_ORDER + 1);
  private frontier: number;
  private freeFrames: number;

  /** Frames [0, reserved) are never handed out. */
  constructor(frames: number, reserved: number) {
    this.frames = frames;
    this.next = new Int32Array(frames);
    this.previous = new Int32Array(frames);
    this.freeOrder = new Uint8Array(frames);
    this.frontier = reserved;
    this.freeFrames = frames - reserved;
  }

  get free(): number {
    return this.freeFrames;
  }

  /** Start of a free block of 2^order frames, or -1. */
  allocate(order = 0): number {
    const { heads } = this;
    let found = order;
    while (heads[found] === 0) {
      if (found < MAX_ORDER) found++;
      else if (this.advanceFrontier()) found = order;
      else return -1;
    }
    const pfn = heads[found]! - 1;
    this.takeHead(pfn, found);
    while (found > order) {
      found--;
      this.link(pfn + (1 << found), found);
    }
    this.freeFrames -= 1 << order;
    return pfn;
  }

  /** Give back the block of 2^order frames that starts at `pfn`. */
  release(pfn: number, order = 0): void {
    invariant(this.freeOrder[pfn] === 0, 'a free frame is freed');
    this.freeFrames += 1 << order;
    let start = pfn;
    let size = order;
    while (size < MAX_ORDER) {
      const buddy = start ^ (1 << size);
      if (buddy >= this.frontier || this.freeOrder[buddy] !== size + 1) break;
      this.unlink(buddy, size);
      if (buddy < start) start = buddy;
      size++;
    }
    this.link(start, size);
  }

  /** Free blocks per order, as /proc/buddyinfo counts them; never-used memory counts as the blocks it would give. */
  freeBlocks(): number[] {
    const counts = Array.from(this.counts);
    let at = this.frontier;
    while (at < this.frames) {
      const order = this.frontierOrder(at);
      counts[order]!++;
      at += 1 << order;
    }
    return counts;
  }

  isFree(pfn: number): boolean {
    if (pfn >= this.frontier) return true;
    for (let order = 0; order <= MAX_ORDER; order++) {
      const start = pfn - (pfn % (1 << order));
      if (this.freeOrder[start] === order + 1) return true;
    }
    return false;
  }

  checkInvariants(): string[] {
    const broken: string[] = [];
    let total = this.frames - this.frontier;
    for (let order = 0; order <= MAX_ORDER; order++) {
      let count = 0;
      for (let at = this.heads[order]!; at !== 0; at = this.next[at - 1]!) {
        const pfn = at - 1;
        count++;
        total += 1 << order;
        if (this.freeOrder[pfn] !== order + 1) broken.push('buddy: block on a list is not marked free');
        if (pfn % (1 << order) !== 0) broken.push('buddy: block not aligned to its order');
        const buddy = pfn ^ (1 << order);
        if (order < MAX_ORDER && buddy < this.frontier && this.freeOrder[buddy] === order + 1) {
          broken.push('buddy: two free buddies were not merged');
        }
        if (count > this.frames) return [...broken, 'buddy: a list is a loop'];
      }
      if (count !== this.counts[order]) broken.push('buddy: list length differs from its count');
    }
    if (total !== this.freeFrames) broken.push('buddy: free count differs from the lists');
    return broken;
  }

  /** The largest aligned block that starts at `at` and fits. */
  private frontierOrder(at: number): number {
    let order = 0;
    while (order < MAX_ORDER && at % (2 << order) === 0 && at + (2 << order) <= this.frames) order++;
    return order;
  }

  private advanceFrontier(): boolean {
    if (this.frontier >= this.frames) return false;
    const order = this.frontierOrder(this.frontier);
    const pfn = this.frontier;
    this.frontier += 1 << order;
    // Through release, which merges it with a free buddy below.
    this.freeFrames -= 1 << order;
    this.release(pfn, order);
    return true;
  }

  private link(pfn: number, order: number): void {
    const head = this.heads[order]!;
    this.next[pfn] = head;
    this.previous[pfn] = 0;
    if (head !== 0) this.previous[head - 1] = pfn + 1;
    this.heads[order] = pfn + 1;
    this.freeOrder[pfn] = order + 1;
    this.counts[order]!++;
  }

  /** `unlink` for the first block of a list. */
  private takeHead(pfn: number, order: number): void {
    const next = this.next[pfn]!;
    this.heads[order] = next;
    if (next !== 0) this.previous[next - 1] = 0;
    this.freeOrder[pfn] = 0;
    this.counts[order]!--;
  }

  private unlink(pfn: number, order: number): void {
    const next = this.next[pfn]!;
    const previous = this.previous[pfn]!;
    if (previous === 0) this.heads[order] = next;
    else this.next[previous - 1] = next;
    if (next !== 0) this.previous[next - 1] = previous;
    this.freeOrder[pfn] = 0;
    this.counts[order]!--;
  }
}
