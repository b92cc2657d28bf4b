/**
 * Frames given up by MADV_FREE [mm/swap.c:lru_lazyfree; mm/rmap.c:try_to_unmap_one].
 *
 *     private page ──MADV_FREE: PTE clean──► in a batch ──batch moved──► lazy ──reclaim──► dropped, reads zero again
 *          ▲                                                             │
 *          └───────── reclaim finds it written again, or gone ───────────┘
 *
 * The batch is one of lru-batches.ts: until it is moved, a frame is like any other.
 *
 * I1: kernel.lazyFreeFrames = frames with FLAG_LAZY_FREE
 */
import type { Kernel } from '../kernel.ts';
import { FLAG_LAZY_FREE } from './frame-table.ts';

/** From now on reclaim drops the frame unless it is dirty. */
export function setLazyFree(kernel: Kernel, pfn: number): void {
  kernel.frames.set(pfn, FLAG_LAZY_FREE);
  kernel.lazyFreeFrames++;
}

/** It is an ordinary frame again: written since, or about to be freed. */
export function unsetLazyFree(kernel: Kernel, pfn: number): void {
  const { frames } = kernel;
  if (!frames.has(pfn, FLAG_LAZY_FREE)) return;
  kernel.lazyFreeFrames--;
  frames.unset(pfn, FLAG_LAZY_FREE);
  kernel.lru?.placeAgain(pfn);
}
