/**
 * Frames given up by MADV_FREE [mm/swap.c:folio_mark_lazyfree, lru_lazyfree; mm/rmap.c:try_to_unmap_one].
 *
 *     private page ──MADV_FREE: PTE clean──► pending ──list drained──► lazy ──reclaim──► dropped, reads zero again
 *          ▲                                    │                       │
 *          └───────── reclaim finds it written again, or gone ──────────┘
 *
 * The kernel puts such frames on a short list and marks them all when it is full or drained, by the next MADV_FREE,
 * MADV_COLD or MADV_PAGEOUT, or a write that wants to take a listed frame over. Until then a frame is like any other.
 *
 * I1: FLAG_LAZY_PENDING <=> on kernel.lazyFreePending      I2: kernel.lazyFreeFrames = frames with FLAG_LAZY_FREE
 */
import type { Kernel } from '../kernel.ts';
import { FLAG_ACTIVE, FLAG_LAZY_FREE, FLAG_LAZY_PENDING, FLAG_REFERENCED, FLAG_SWAP_CACHE } from './frame-table.ts';

/** Linux PAGEVEC_SIZE. */
const LIST_MAX = 31;

/** The page is clean and its contents are not needed any more. */
export function markLazyFree(kernel: Kernel, pfn: number): void {
  const { frames, lazyFreePending } = kernel;
  if (frames.has(pfn, FLAG_LAZY_FREE | FLAG_LAZY_PENDING | FLAG_SWAP_CACHE)) return;
  frames.set(pfn, FLAG_LAZY_PENDING);
  lazyFreePending.push(pfn);
  if (lazyFreePending.length === LIST_MAX) drainLazyFree(kernel);
}

/** Mark what is on the list (Linux lru_add_drain, as far as it concerns these). */
export function drainLazyFree(kernel: Kernel): void {
  const { frames, lazyFreePending } = kernel;
  for (const pfn of lazyFreePending) {
    frames.unset(pfn, FLAG_LAZY_PENDING);
    if (frames.has(pfn, FLAG_SWAP_CACHE)) continue;
    frames.unset(pfn, FLAG_ACTIVE | FLAG_REFERENCED);
    setLazyFree(kernel, pfn);
  }
  lazyFreePending.length = 0;
}

/** From now on reclaim drops the frame unless it is dirty. */
export function setLazyFree(kernel: Kernel, pfn: number): void {
  kernel.frames.set(pfn, FLAG_LAZY_FREE);
  kernel.lazyFreeFrames++;
}

/** It is an ordinary frame again: written since, or about to be freed. */
export function unsetLazyFree(kernel: Kernel, pfn: number): void {
  const { frames, lazyFreePending } = kernel;
  if (frames.has(pfn, FLAG_LAZY_FREE)) kernel.lazyFreeFrames--;
  if (frames.has(pfn, FLAG_LAZY_PENDING)) lazyFreePending.splice(lazyFreePending.indexOf(pfn), 1);
  frames.unset(pfn, FLAG_LAZY_FREE | FLAG_LAZY_PENDING);
}
