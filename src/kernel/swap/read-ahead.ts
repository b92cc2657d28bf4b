/**
 * Swap read-ahead [mm/swap_state.c:swap_cluster_readahead, __swapin_nr_pages].
 *
 * Pages that left together lie in neighbouring slots and may come back together: who reads one slot reads the aligned
 * window of up to 2^page-cluster slots around it into the swap cache, where the neighbours then cost a minor fault each.
 *
 *     slots    8   9  10  11  12  13  14  15      page-cluster 3: one window
 *              ·   r   r   ·   F   r   ·   r      F wanted, r read ahead; free slots and those in the cache already are not
 *
 * How far it reads depends on how many of the pages read ahead were used since (`hits`): none, and no slot next to the
 * last one: only the slot itself; else hits + 2, rounded up to a power of two, and at least half of the last window.
 *
 * Read-ahead takes no memory from anybody: without a frame to spare a neighbour stays where it is.
 */
import { FLAG_READ_AHEAD, FRAME_ANON } from '../frames/frame-table.ts';
import { allocateSpareFrame, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { readIntoSwapCache } from './swap-cache.ts';

/** A machine that has just booted trusts read-ahead this much. */
const FIRST_HITS = 4;
const LEAST_WINDOW = 4;
/** Numbers for pages whose owner is not known: below those of objects (fs/page-cache.ts). */
const SLOT_KEYS = -(2 ** 52);

/** vm.page-cluster at boot, for so many bytes of memory [mm/swap.c:swap_setup]. Only under the `linux` policy is it not 0. */
export function defaultPageCluster(memoryBytes: number): number {
  return memoryBytes < 16 * 2 ** 20 ? 2 : 3;
}

/** What is remembered of earlier swap-ins, machine-wide. */
export class SwapReadAhead {
  hits = FIRST_HITS;
  /** The slot last read without a hit since. */
  previous = 0;
  /** Slots of the last window. */
  window = 0;

  /** How many slots to read around this one: a power of two, at most `most`. */
  windowFor(slot: number, most: number): number {
    if (most <= 1) return 1;
    const { hits, previous } = this;
    this.hits = 0;
    let window: number;
    if (hits === 0) {
      window = Math.abs(slot - previous) === 1 ? 2 : 1;
      this.previous = slot;
    } else {
      window = LEAST_WINDOW;
      while (window < hits + 2) window *= 2;
    }
    window = Math.max(Math.min(window, most), this.window >> 1);
    this.window = window;
    return window;
  }
}

/** Read the slot into the frame, for the page of that number, and its neighbours into frames of their own. */
export function swapIn(kernel: Kernel, slot: number, pfn: number, page: number): void {
  const window = windowAround(kernel, slot);
  const first = slot - (slot % window);
  // In the order of the slots, so that those behind the page wanted leave after it.
  readSlots(kernel, first, slot);
  readIntoSwapCache(kernel, pfn, slot);
  trackFrame(kernel, pfn, page);
  readSlots(kernel, slot + 1, first + window);
  // It is this one that the access wants, not the one that was read last.
  kernel.admittedFrame = pfn;
}

/** Read the slot's neighbours, but not the slot itself: for shared memory, whose page goes to its object. */
export function swapInNeighbours(kernel: Kernel, slot: number): void {
  const window = windowAround(kernel, slot);
  const first = slot - (slot % window);
  readSlots(kernel, first, slot);
  readSlots(kernel, slot + 1, first + window);
}

function windowAround(kernel: Kernel, slot: number): number {
  return kernel.swapReadAhead.windowFor(slot, 2 ** kernel.sysctl['page-cluster']);
}

/** Slots [first, end) that hold a page and are not in the cache yet. */
function readSlots(kernel: Kernel, first: number, end: number): void {
  const { swap } = kernel;
  for (let slot = first; slot < Math.min(end, swap.slots); slot++) {
    if (swap.counts[slot] === 0 || swap.cached[slot] !== 0) continue;
    const pfn = allocateSpareFrame(kernel, FRAME_ANON, swap.group[slot]!);
    if (pfn < 0) continue;
    readIntoSwapCache(kernel, pfn, slot);
    trackFrame(kernel, pfn, SLOT_KEYS - slot);
    kernel.frames.set(pfn, FLAG_READ_AHEAD);
    kernel.vmstat.swap_ra++;
  }
}

/** The frame was found in the swap cache by somebody who wanted it. */
export function noteSwapCacheHit(kernel: Kernel, pfn: number): void {
  if (!kernel.frames.has(pfn, FLAG_READ_AHEAD)) return;
  kernel.frames.unset(pfn, FLAG_READ_AHEAD);
  kernel.swapReadAhead.hits++;
  kernel.vmstat.swap_ra_hit++;
}
