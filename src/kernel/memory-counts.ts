/**
 * What the machine's frames, or those of one memory group, are used for, counted by looking at each: the basis of meminfo,
 * zoneinfo, vmstat and the report of the OOM killer (Linux keeps these sums all the time, `enum node_stat_item`). Pages.
 *
 *     list           who is on it [include/linux/mm_inline.h:folio_lru_list]
 *     anon           private pages and shared memory: what can only go to swap
 *     file           pages of files, and private ones given up by MADV_FREE: what can be dropped
 *     unevictable    locked pages
 *
 * A page is active when it carries FLAG_ACTIVE (Linux PG_active). Only the `linux` policy moves pages between the lists by
 * scanning; with another one the flag is still set by uses that the kernel itself sees, and everything else is inactive.
 */
import {
  FLAG_ACTIVE,
  FLAG_DIRTY,
  FLAG_LAZY_FREE,
  FLAG_SWAP_CACHE,
  FRAME_ANON,
  FRAME_FILE,
  FRAME_FREE,
  FRAME_SHARED,
  FRAME_TABLE,
  FRAME_TAIL,
} from './frames/frame-table.ts';
import type { Kernel } from './kernel.ts';
import type { MemoryGroup } from './memory-group.ts';
import { isLockedInMemory } from './vm/unevictable.ts';

export class MemoryCounts {
  free = 0;
  inactiveAnon = 0;
  activeAnon = 0;
  inactiveFile = 0;
  activeFile = 0;
  unevictable = 0;
  /** Private pages that somebody maps, and pages of files and shared memory that somebody maps. */
  anonMapped = 0;
  fileMapped = 0;
  /** Everything in the page cache and the swap cache (nr_file_pages); the shared memory, the swap cache in it. */
  cached = 0;
  shared = 0;
  swapCached = 0;
  /** Pages of files that the disk has older. */
  dirty = 0;
  tables = 0;
  /** Superpages of plain private memory, and blocks of MAP_HUGETLB. */
  anonHuge = 0;
  hugetlb = 0;
}

/** Of the whole machine, or only what the group pays for (then without `free` and superpages, which nobody pays for). */
export function countMemory(kernel: Kernel, group: MemoryGroup | null = null): MemoryCounts {
  const { frames } = kernel;
  const counts = new MemoryCounts();
  if (group === null) {
    counts.free = kernel.buddy.free;
    counts.hugetlb = kernel.hugeBlocks;
    for (const space of kernel.spaces) counts.anonHuge += space?.deposits.length ?? 0;
  }
  let head = FRAME_FREE;
  let payer = 0;
  for (let pfn = 0; pfn < frames.frames; pfn++) {
    const use = frames.use[pfn]!;
    if (use !== FRAME_TAIL) {
      head = use;
      payer = frames.group[pfn]!;
    }
    if (group !== null && payer !== group.index) continue;
    if (use === FRAME_ANON || use === FRAME_SHARED || use === FRAME_FILE) countPage(kernel, pfn, use, counts);
    // A table may be larger than a page.
    else if (head === FRAME_TABLE) counts.tables++;
  }
  return counts;
}

function countPage(kernel: Kernel, pfn: number, use: number, counts: MemoryCounts): void {
  const { frames } = kernel;
  const isMapped = frames.mapCount[pfn]! > 0;
  const isInSwapCache = frames.has(pfn, FLAG_SWAP_CACHE);
  if (use === FRAME_ANON) {
    if (isMapped) counts.anonMapped++;
  } else {
    if (isMapped) counts.fileMapped++;
    if (use === FRAME_SHARED) counts.shared++;
    else if (frames.has(pfn, FLAG_DIRTY)) counts.dirty++;
  }
  if (isInSwapCache) counts.swapCached++;
  if (use !== FRAME_ANON || isInSwapCache) counts.cached++;
  const isActive = frames.has(pfn, FLAG_ACTIVE);
  if (isLockedInMemory(kernel, pfn)) counts.unevictable++;
  else if (use === FRAME_FILE || (use === FRAME_ANON && frames.has(pfn, FLAG_LAZY_FREE))) {
    counts[isActive ? 'activeFile' : 'inactiveFile']++;
  } else counts[isActive ? 'activeAnon' : 'inactiveAnon']++;
}
