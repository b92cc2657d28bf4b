/**
 * Allocation by the watermarks, under the `linux` policy [mm/page_alloc.c:get_page_from_freelist, __alloc_pages_slowpath,
 * should_reclaim_retry].
 *
 *     free > low    taken                                                   the fast path
 *     free > min    kswapd is woken, taken
 *     free <= min   the task reclaims itself, priority 12 … 0, and tries again; after 16 rounds in a row that freed
 *                   nothing, or when all that could be freed would not do, there is no memory: somebody is killed
 *
 * So whatever is allocated leaves at least `min` pages free. Under any other policy there are no watermarks: memory is used
 * to the last frame, then one page is evicted for each that is needed (frames/page-allocator.ts).
 */
import type { Kernel } from '../kernel.ts';
import { tryToFree } from '../reclaim/shrink.ts';
import { RECLAIM_RETRIES, wakeKswapd } from './kswapd.ts';
import { SWAP_CLUSTER_MAX } from './watermarks.ts';

/** Blocks larger than this are not worth insisting on (Linux PAGE_ALLOC_COSTLY_ORDER). */
const COSTLY_ORDER = 3;

/** 2^order frames; -1 when memory is exhausted. */
export function allocateAboveMin(kernel: Kernel, order: number): number {
  const taken = takeSpare(kernel, order);
  if (taken >= 0) return taken;
  for (let fruitless = 0; fruitless <= RECLAIM_RETRIES; fruitless++) {
    const freed = reclaimDirectly(kernel);
    const pfn = takeAbove(kernel, 'min', order);
    if (pfn >= 0) return pfn;
    if (!isWorthRetrying(kernel)) return -1;
    if (freed > 0 && order <= COSTLY_ORDER) fruitless = -1;
  }
  return -1;
}

/** 2^order frames if they can be had without reclaiming anything; -1 otherwise. Below `low` it wakes kswapd. */
export function takeSpare(kernel: Kernel, order: number): number {
  const pfn = takeAbove(kernel, 'low', order);
  if (pfn >= 0) return pfn;
  wakeKswapd(kernel);
  return takeAbove(kernel, 'min', order);
}

function takeAbove(kernel: Kernel, mark: 'min' | 'low', order: number): number {
  const { zone, buddy } = kernel;
  return zone.allows(mark, buddy.free, order) ? buddy.allocate(order) : -1;
}

/** The task that wants memory stops to free some: how many pages. */
function reclaimDirectly(kernel: Kernel): number {
  const { vmstat, kswapd, buddy, zone } = kernel;
  const before = { free: buddy.free, scanned: vmstat.pgscan_direct };
  vmstat.allocstall_normal++;
  const reclaimed = tryToFree(kernel, null, SWAP_CLUSTER_MAX);
  if (reclaimed > 0 && kswapd !== null) kswapd.failures = 0;
  if (kernel.sink !== null) {
    const pid = kernel.running[kernel.activeCpu]?.pid ?? 0;
    const scanned = vmstat.pgscan_direct - before.scanned;
    kernel.emit({ type: 'DirectReclaim', pid, free: before.free, min: zone.watermarks.min, scanned, reclaimed });
  }
  return reclaimed;
}

/** Would there be enough if everything that can leave did? */
function isWorthRetrying(kernel: Kernel): boolean {
  if (kernel.lru === null) return false;
  const { inactiveAnon, activeAnon, inactiveFile, activeFile } = kernel.lru.totalsOf(0);
  const reclaimable = inactiveFile + activeFile + (kernel.lru.pages.canSwap ? inactiveAnon + activeAnon : 0);
  return kernel.zone.allows('min', kernel.buddy.free + reclaimable);
}
