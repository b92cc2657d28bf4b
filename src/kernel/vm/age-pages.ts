/**
 * Advice on when pages will be used: MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED [mm/madvise.c:madvise_cold_or_pageout_pte_range,
 * madvise_willneed, swapin_walk_pmd_entry].
 *
 * COLD forgets that a page was used, PAGEOUT reclaims it now; both leave alone a page that others map as well. WILLNEED
 * brings pages into memory without mapping them: private ones into the swap cache, an object's into its page cache.
 */
import { PTE_ACCESSED, PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../../mmu/pte-flags.ts';
import { pageKey } from '../fault/anonymous.ts';
import { FRAME_ANON, ZERO_PFN } from '../frames/frame-table.ts';
import { drainBatches, markCold } from '../frames/lru-batches.ts';
import { allocateSpareFrame, trackFrame } from '../frames/page-allocator.ts';
import { cacheAhead, pagesIn } from '../fs/page-cache.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_LOCKED } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import { evict, FOR_ADVICE } from '../reclaim/reclaim.ts';
import { readIntoSwapCache } from '../swap/swap-cache.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { flushRange } from './tlb-flush.ts';
import { eachEntry } from './walk.ts';

/** Call `visit` for each page of the range that only this mapping has. */
function eachOwnPage(
  kernel: Kernel,
  space: AddressSpace,
  start: number,
  end: number,
  visit: (pfn: number, entry: number) => void,
): void {
  const { pageTable, frames } = kernel;
  eachEntry(kernel, space, start, end, (_address, entry) => {
    if ((pageTable.flags(entry) & (PTE_VALID | PTE_PROT_NONE)) === 0) return;
    const pfn = pageTable.frame(entry);
    if (pfn !== ZERO_PFN && frames.mapCount[pfn] === 1) visit(pfn, entry);
  });
}

/** MADV_COLD: 0, or -EINVAL for locked memory. */
export function coldPages(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  if (area.has(VM_LOCKED | VM_HUGETLB))
    return kernel.refuse(
      'EINVAL',
      'the area is locked in memory (mlock) or of superpages: its pages do not leave, so no advice makes them',
    );
  const { pageTable } = kernel;
  drainBatches(kernel);
  eachOwnPage(kernel, space, start, end, (pfn, entry) => {
    pageTable.setFlags(entry, pageTable.flags(entry) & ~PTE_ACCESSED);
    markCold(kernel, pfn);
  });
  // A translation still held would let uses go unseen.
  flushRange(kernel, space, start, end, kernel.pageBytes);
  return 0;
}

/** MADV_PAGEOUT: 0, whether or not pages could leave, or -EINVAL for locked memory. */
export function pageOut(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  if (area.has(VM_LOCKED | VM_HUGETLB))
    return kernel.refuse(
      'EINVAL',
      'the area is locked in memory (mlock) or of superpages: its pages cannot be paged out',
    );
  drainBatches(kernel);
  const pages: number[] = [];
  eachOwnPage(kernel, space, start, end, (pfn) => pages.push(pfn));
  for (const pfn of pages) evict(kernel, pfn, FOR_ADVICE);
  return 0;
}

/** MADV_WILLNEED: 0. What memory has no room for stays where it is. */
export function readAhead(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  const { object, file } = area;
  if (object === null) {
    // A private mapping of /dev/zero is asked as a file, which has nothing to read ahead.
    if (file !== null) return 0;
    readSwap(kernel, space, start, end);
    drainBatches(kernel);
  } else {
    readObject(kernel, object, area.pageAt(start, kernel.pageBytes), area.pageAt(end, kernel.pageBytes));
    if (object.kind === 'shared') drainBatches(kernel);
  }
  return 0;
}

function readSwap(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  const { pageTable, swap } = kernel;
  eachEntry(kernel, space, start, end, (address, entry) => {
    if ((pageTable.flags(entry) & PTE_SWAP) === 0) return;
    const slot = pageTable.frame(entry);
    if (swap.cached[slot] !== 0) return;
    const pfn = allocateSpareFrame(kernel, FRAME_ANON, swap.group[slot]!);
    if (pfn < 0) return;
    readIntoSwapCache(kernel, pfn, slot);
    trackFrame(kernel, pfn, pageKey(kernel, space, address));
  });
}

function readObject(kernel: Kernel, object: MemoryObject, first: number, end: number): void {
  const last = Math.min(end, object.pageCount(kernel.pageBytes));
  if (object.kind === 'shared') {
    // Holes stay holes, and are not even looked at: such an object may be larger than all memory.
    for (const page of pagesIn(object, first, last)) if (!cacheAhead(kernel, object, page)) return;
    return;
  }
  for (let page = first; page < last; page++) if (!cacheAhead(kernel, object, page)) return;
}
