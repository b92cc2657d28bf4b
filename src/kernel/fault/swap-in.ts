/**
 * A page that was swapped out comes back [mm/memory.c:do_swap_page].
 *
 * The frame joins the swap cache - its neighbours too, read ahead (swap/read-ahead.ts) -, so that a sharer finds it and an unchanged page can leave without being written.
 * A write that is the page's only use, or a device more than half full, gives the slot up at once.
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_SWAP_EXCLUSIVE, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_EXCLUSIVE, FLAG_SWAP_CACHE, FLAG_UNLISTED, FRAME_ANON } from '../frames/frame-table.ts';
import { drainBatches, noteLockedMapping } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { VM_LOCKED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { noteSwapCacheHit, swapIn } from '../swap/read-ahead.ts';
import { isSwapHalfFull, removeFromSwapCache } from '../swap/swap-cache.ts';
import type { Area } from '../vm/area.ts';
import { mapFrame, pteFlagsOf } from '../vm/mapping.ts';
import { copyPage, pageKey } from './anonymous.ts';
import { frameForFault } from './frame-for-fault.ts';
import { KILLED, MAJOR, SWAP_CACHE, SWAP_IN } from './outcome.ts';

export function faultSwapped(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
  write: boolean,
): number {
  const { pageTable, swap, frames } = kernel;
  const space = process.space!;
  const slot = pageTable.frame(entry);
  const wasExclusive = (pageTable.flags(entry) & PTE_SWAP_EXCLUSIVE) !== 0;
  let pfn = swap.cached[slot]! - 1;
  const major = pfn < 0;
  if (major) {
    const page = pageKey(kernel, space, address);
    kernel.incomingPage = page;
    pfn = frameForFault(kernel, process, FRAME_ANON, swap.group[slot]!);
    if (pfn < 0) return KILLED;
    swapIn(kernel, slot, pfn, page);
  } else noteSwapCacheHit(kernel, pfn);

  const alone = frames.mapCount[pfn] === 0;
  pageTable.clear(entry);
  space.swapEntries--;
  mapFrame(kernel, space, address, entry, pfn, pteFlagsOf(kernel, area.flags) | PTE_ACCESSED);
  if (area.has(VM_LOCKED)) noteLockedMapping(kernel, pfn);
  const unnamed = swap.unname(slot) === 0;
  if (unnamed && ((write && alone) || isSwapHalfFull(kernel) || area.has(VM_LOCKED))) removeFromSwapCache(kernel, pfn);

  // A batch's reference is drained only for a write [mm/memory.c:do_swap_page].
  if (write && frames.has(pfn, FLAG_UNLISTED)) drainBatches(kernel);
  const isOnlyHere = alone && !frames.has(pfn, FLAG_SWAP_CACHE) && frames.batched[pfn] === 0;
  const exclusive = wasExclusive || isOnlyHere;
  if (exclusive) {
    frames.set(pfn, FLAG_EXCLUSIVE);
    if (area.has(VM_WRITE)) {
      const flags = pteFlagsOf(kernel, area.flags) | PTE_ACCESSED | PTE_WRITE;
      pageTable.setFlags(entry, write ? flags | PTE_DIRTY : flags);
    }
  } else if (write && !copyPage(kernel, process, area, address, entry, pfn)) {
    return KILLED;
  }
  return major ? SWAP_IN | MAJOR : SWAP_CACHE;
}
