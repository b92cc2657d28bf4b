/**
 * The swap cache: frames that hold the same page as a swap slot. It lets two processes that share a swapped page share
 * the frame again, and lets a page that did not change since it was read back leave without being written.
 *
 * A cached frame is FRAME_ANON with FLAG_SWAP_CACHE; the cache holds one reference on it.
 */
import { FLAG_DIRTY, FLAG_SWAP_CACHE, FRAME_ANON, FRAME_SHARED } from '../frames/frame-table.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { unchargeSlot } from '../memory-group.ts';
import type { MemoryObject } from '../memory-object.ts';

export function addToSwapCache(kernel: Kernel, pfn: number, slot: number): void {
  const { frames, swap } = kernel;
  frames.set(pfn, FLAG_SWAP_CACHE);
  frames.swapSlot[pfn] = slot + 1;
  swap.cached[slot] = pfn + 1;
  if (swap.counts[slot] === 0) swap.noteIdle(slot);
  kernel.swapCacheFrames++;
  holdFrame(kernel, pfn);
}

/** Read the slot into a new frame, which joins the cache. */
export function readIntoSwapCache(kernel: Kernel, pfn: number, slot: number): void {
  const { swap, frames, memory } = kernel;
  swap.read(slot, memory, pfn);
  if (!swap.keepsCopy(slot)) frames.set(pfn, FLAG_DIRTY);
  if (kernel.sink !== null) kernel.emit({ type: 'SwapIn', slot, pfn });
  addToSwapCache(kernel, pfn, slot);
}

/** Part the frame from its slot. The slot is freed when no entry names it; the frame when nobody maps it. */
export function removeFromSwapCache(kernel: Kernel, pfn: number): void {
  const { frames, swap } = kernel;
  const slot = frames.swapSlot[pfn]! - 1;
  frames.unset(pfn, FLAG_SWAP_CACHE);
  frames.swapSlot[pfn] = 0;
  swap.cached[slot] = 0;
  kernel.swapCacheFrames--;
  if (swap.counts[slot] === 0) {
    releaseSlot(kernel, slot);
    // Its only copy is the frame now.
    frames.set(pfn, FLAG_DIRTY);
  }
  putFrame(kernel, pfn);
}

/** Free a slot that nobody names and no frame caches. */
export function releaseSlot(kernel: Kernel, slot: number): void {
  unchargeSlot(kernel, slot);
  if (kernel.swap.shadows.size > 0) kernel.swap.shadows.delete(slot);
  kernel.swap.release(slot);
}

/** The frame of a shared-memory page that is swapped out (its object names the slot) and still in the cache; -1: read it. */
export function sharedSwapCacheFrame(kernel: Kernel, object: MemoryObject, page: number): number {
  const held = object.pages.get(page);
  return held === undefined || held >= 0 ? -1 : kernel.swap.cached[-held - 1]! - 1;
}

/**
 * The frame of a page of shared memory, just written to its slot, passes from the object to the swap cache
 * [mm/shmem.c:shmem_writeout]. The object's reference becomes the cache's.
 */
export function passToSwapCache(kernel: Kernel, pfn: number, slot: number): void {
  const { frames } = kernel;
  frames.use[pfn] = FRAME_ANON;
  frames.object[pfn] = 0;
  frames.objectPage[pfn] = 0;
  addToSwapCache(kernel, pfn, slot);
  putFrame(kernel, pfn);
}

/** The other way [mm/shmem.c:shmem_swapin_folio]: the slot is given up, and the caller has the cache's reference. */
export function takeFromSwapCache(kernel: Kernel, pfn: number): void {
  const { frames, swap } = kernel;
  holdFrame(kernel, pfn);
  swap.counts[frames.swapSlot[pfn]! - 1] = 0;
  removeFromSwapCache(kernel, pfn);
  frames.use[pfn] = FRAME_SHARED;
}

/** One swap entry that names the slot is gone (Linux swap_free, and free_swap_cache behind it). */
export function putSlot(kernel: Kernel, slot: number): void {
  const { swap, frames } = kernel;
  if (swap.unname(slot) !== 0) return;
  const cached = swap.cached[slot]!;
  if (cached === 0) releaseSlot(kernel, slot);
  else if (frames.mapCount[cached - 1] === 0) removeFromSwapCache(kernel, cached - 1);
}

/** A mapping of an anonymous frame is gone: a frame kept only by the cache of an unnamed slot is no use to anyone. */
export function releaseIdleSwapCache(kernel: Kernel, pfn: number): void {
  const { frames, swap } = kernel;
  if (!frames.has(pfn, FLAG_SWAP_CACHE) || frames.mapCount[pfn] !== 0) return;
  if (swap.counts[frames.swapSlot[pfn]! - 1] === 0) removeFromSwapCache(kernel, pfn);
}

/** Linux vm_swap_full: past half, slots of resident pages are given up as soon as possible. */
export function isSwapHalfFull(kernel: Kernel): boolean {
  return kernel.swap.free * 2 < kernel.swap.slots;
}

/** A slot to write to, giving up the slot of some resident page when the device is full; -1 when there is none. */
export function takeSlot(kernel: Kernel): number {
  const { swap } = kernel;
  const slot = swap.allocate();
  if (slot >= 0) return slot;
  const idle = swap.findIdle();
  if (idle < 0) return -1;
  removeFromSwapCache(kernel, swap.cached[idle]! - 1);
  return swap.allocate();
}
