/**
 * The page cache: the frames that hold pages of memory objects (memory-object.ts) [mm/filemap.c, mm/shmem.c].
 *
 * A cached frame knows its object and page, carries one reference of the cache, and is known to the replacement policy.
 * It is dirty when the store (or swap) does not have its bytes: by FLAG_DIRTY, or by a dirty bit of a PTE that maps it.
 */
import { FLAG_DIRTY, FLAG_UNREAD, FRAME_FILE, FRAME_SHARED } from '../frames/frame-table.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import { allocateSpareFrame, allocateUserFrame, holdFrame, putFrame, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import type { MemoryObject } from '../memory-object.ts';
import { noteSwapCacheHit, swapInNeighbours } from '../swap/read-ahead.ts';
import { putSlot, releaseSlot, sharedSwapCacheFrame, takeFromSwapCache } from '../swap/swap-cache.ts';

/** FRAME_* of the object's pages. */
export function frameUseOf(object: MemoryObject): number {
  return object.kind === 'shared' ? FRAME_SHARED : FRAME_FILE;
}

/** Does the page have bytes outside memory, so that having it takes reading a device? */
export function needsRead(kernel: Kernel, object: MemoryObject, page: number): boolean {
  const held = object.pages.get(page);
  if (held === undefined) return object.kind === 'file';
  return held < 0 && sharedSwapCacheFrame(kernel, object, page) < 0;
}

/** Page of shared memory that is swapped out, but whose frame is still in the swap cache: back into this cache. -1: no. */
export function recachePage(kernel: Kernel, object: MemoryObject, page: number): number {
  const pfn = sharedSwapCacheFrame(kernel, object, page);
  if (pfn < 0) return -1;
  noteSwapCacheHit(kernel, pfn);
  takeFromSwapCache(kernel, pfn);
  kernel.frames.object[pfn] = object.id + 1;
  kernel.frames.objectPage[pfn] = page;
  object.pages.set(page, pfn);
  return pfn;
}

/** The number by which a policy knows a page of an object: below -1, which is no page; those of processes are from 0 up. */
export const objectPageKey = (object: MemoryObject, page: number): number => -(object.id * 2 ** 32 + page + 2);

/** Fill a newly allocated frame with the object's page and put it into the cache. */
export function cachePage(kernel: Kernel, object: MemoryObject, page: number, pfn: number): void {
  const { frames, swap, memory, pageBytes } = kernel;
  const held = object.pages.get(page);
  if (held !== undefined && held < 0) {
    const slot = -held - 1;
    swap.read(slot, memory, pfn);
    if (kernel.sink !== null) kernel.emit({ type: 'SwapIn', slot, pfn });
    swap.counts[slot] = 0;
    const shadow = swap.shadows.get(slot);
    if (shadow !== undefined) object.shadows.set(page, shadow);
    releaseSlot(kernel, slot);
    frames.set(pfn, FLAG_DIRTY);
  } else {
    memory.zeroFrame(pfn);
    const bytes = object.store === null ? null : object.store.read(page);
    if (bytes !== null) memory.writeBytes(pfn * pageBytes, bytes);
  }
  frames.object[pfn] = object.id + 1;
  frames.objectPage[pfn] = page;
  holdFrame(kernel, pfn);
  object.pages.set(page, pfn);
  trackFrame(kernel, pfn, objectPageKey(object, page));
}

/** Does the cache have the page's bytes? */
export function isCached(kernel: Kernel, object: MemoryObject, page: number): boolean {
  const pfn = object.frameAt(page);
  return pfn >= 0 && !kernel.frames.has(pfn, FLAG_UNREAD);
}

/** The frame of the page, brought in if it is not there; -1 when memory is exhausted. */
export function frameOf(kernel: Kernel, object: MemoryObject, page: number): number {
  const cached = object.frameAt(page);
  if (cached >= 0) return cached;
  const swapCached = recachePage(kernel, object, page);
  if (swapCached >= 0) return swapCached;
  const pfn = allocateUserFrame(kernel, frameUseOf(object));
  const held = object.pages.get(page) ?? 0;
  if (held < 0) swapInNeighbours(kernel, -held - 1);
  if (pfn >= 0) cachePage(kernel, object, page, pfn);
  return pfn;
}

/** Bring the page in ahead of need: not at the price of another. False when there is no frame to spare. */
export function cacheAhead(kernel: Kernel, object: MemoryObject, page: number): boolean {
  if (object.frameAt(page) >= 0 || sharedSwapCacheFrame(kernel, object, page) >= 0) return true;
  const pfn = allocateSpareFrame(kernel, frameUseOf(object));
  if (pfn < 0) return false;
  cachePage(kernel, object, page, pfn);
  return true;
}

/** Forget pages [first, end) of the cache and of swap, changed or not. No PTE maps them any more. */
export function dropPages(kernel: Kernel, object: MemoryObject, first: number, end: number): void {
  let hadFrames = false;
  for (const page of pagesIn(object, first, end)) {
    if (object.frameAt(page) >= 0) hadFrames = true;
    dropPage(kernel, object, page);
  }
  for (const page of object.shadows.keys()) if (page >= first && page < end) object.shadows.delete(page);
  // [mm/swap.c:__folio_batch_release]
  if (hadFrames) drainBatches(kernel);
}

export function dropPage(kernel: Kernel, object: MemoryObject, page: number): void {
  const held = object.pages.get(page)!;
  object.pages.delete(page);
  if (held >= 0) {
    putFrame(kernel, held);
  } else {
    putSlot(kernel, -held - 1);
  }
}

/** Page indices in [first, end) that the object holds in memory or swap, ascending. */
export function pagesIn(object: MemoryObject, first: number, end: number): number[] {
  if (end - first <= object.pages.size) {
    const found: number[] = [];
    for (let page = first; page < end; page++) if (object.pages.has(page)) found.push(page);
    return found;
  }
  return [...object.pages.keys()].filter((page) => page >= first && page < end).sort((a, b) => a - b);
}
