/**
 * Advice that takes pages away: MADV_DONTNEED, MADV_FREE, MADV_REMOVE [mm/madvise.c:madvise_dontneed_free,
 * madvise_free_pte_range, madvise_remove].
 *
 *     DONTNEED   the mappings go at once; a private page is zero again, a file's page comes back from the file
 *     FREE       the frame stays, clean and marked: reclaim drops it without saving it, a write before that keeps it
 *     REMOVE     the pages go from the file or shared memory itself, and so from everybody's mappings
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../../mmu/pte-flags.ts';
import { hugePageBytes, unmapHugeRange } from '../fault/huge.ts';
import { FLAG_DIRTY, FLAG_SWAP_CACHE, ZERO_PFN } from '../frames/frame-table.ts';
import { drainBatches, markLazyFree } from '../frames/lru-batches.ts';
import { Inode } from '../fs/inode.ts';
import { dropPages } from '../fs/page-cache.ts';
import { punchHole, unmapPages } from '../fs/truncate.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_LOCKED, VM_MAYWRITE, VM_SHARED } from '../linux-abi.ts';
import { removeFromSwapCache } from '../swap/swap-cache.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { zapEntry } from './mapping.ts';
import { freeEmptyLeafTables } from './tables.ts';
import { flushRange } from './tlb-flush.ts';
import { zapContents } from './unmap.ts';
import { eachEntry } from './walk.ts';

/** MADV_DONTNEED and, for locked areas too, MADV_DONTNEED_LOCKED: 0 or -EINVAL. */
export function discard(
  kernel: Kernel,
  space: AddressSpace,
  area: Area,
  start: number,
  end: number,
  lockedToo: boolean,
): number {
  if (area.has(VM_HUGETLB)) {
    const huge = hugePageBytes(kernel);
    if (start % huge !== 0) return kernel.refuse('EINVAL', 'the range starts inside of a superpage');
    const stop = end - (end % huge);
    if (stop > start) unmapHugeRange(kernel, space, start, stop);
    return 0;
  }
  if (area.has(VM_LOCKED) && !lockedToo)
    return kernel.refuse(
      'EINVAL',
      'the area is locked in memory (mlock): MADV_DONTNEED_LOCKED discards its pages all the same',
    );
  zapContents(kernel, space, start, end);
  // Linux CONFIG_PT_RECLAIM: a table that this call emptied is of no use any more.
  freeEmptyLeafTables(kernel, space, start, end);
  return 0;
}

/** MADV_FREE, for private anonymous memory: 0 or -EINVAL. */
export function freeLazily(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  if (area.has(VM_LOCKED))
    return kernel.refuse('EINVAL', 'the area is locked in memory (mlock): its pages cannot be given up');
  if (area.has(VM_HUGETLB) || area.object !== null)
    return kernel.refuse(
      'EINVAL',
      'MADV_FREE is for private anonymous memory only: a file or shared memory is not the process’s to free',
    );
  const { pageTable, format } = kernel;
  drainBatches(kernel);
  eachEntry(kernel, space, start, end, (address, entry) => {
    const flags = pageTable.flags(entry);
    if ((flags & PTE_SWAP) !== 0) {
      zapEntry(kernel, space, address, entry);
      return;
    }
    // Without a dirty bit nobody would notice that the page was written again: it is kept.
    if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0 || !format.has.dirty) return;
    const pfn = pageTable.frame(entry);
    if (pfn === ZERO_PFN || !makeClean(kernel, pfn)) return;
    pageTable.setFlags(entry, flags & ~(PTE_ACCESSED | PTE_DIRTY));
    markLazyFree(kernel, pfn);
  });
  flushRange(kernel, space, start, end, kernel.pageBytes);
  return 0;
}

/** Give up what is kept of the page elsewhere; false when others still need it. */
function makeClean(kernel: Kernel, pfn: number): boolean {
  const { frames, swap } = kernel;
  const isCached = frames.has(pfn, FLAG_SWAP_CACHE);
  if (!isCached && !frames.has(pfn, FLAG_DIRTY)) return true;
  if (frames.mapCount[pfn] !== 1) return false;
  if (isCached) {
    if (swap.counts[frames.swapSlot[pfn]! - 1] !== 0) return false;
    removeFromSwapCache(kernel, pfn);
  }
  frames.unset(pfn, FLAG_DIRTY);
  return true;
}

/** MADV_REMOVE: 0, -EINVAL for locked or private anonymous memory, -EACCES for what the mapping could not write. */
export function removeFromObject(kernel: Kernel, area: Area, start: number, end: number): number {
  const { object } = area;
  if (area.has(VM_LOCKED))
    return kernel.refuse('EINVAL', 'the area is locked in memory (mlock): its pages cannot be removed');
  if (object === null && area.file === null)
    return kernel.refuse(
      'EINVAL',
      'MADV_REMOVE punches a hole into a file or shared memory, and there is none behind the area',
    );
  if (object === null || !area.has(VM_SHARED) || !area.has(VM_MAYWRITE))
    return kernel.refuse('EACCES', 'a hole is punched through a shared mapping that could write only');
  const { pageBytes } = kernel;
  const first = area.pageAt(start, pageBytes);
  if (object instanceof Inode) return punchHole(kernel, object, first * pageBytes, end - start);
  const stop = area.pageAt(end, pageBytes);
  unmapPages(kernel, object, first, stop, false);
  dropPages(kernel, object, first, stop);
  return 0;
}
