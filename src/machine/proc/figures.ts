/**
 * What the pages of an area add up to: the figures of smaps, before they are text [fs/proc/task_mmu.c:smaps_account,
 * smaps_pte_entry, smaps_pmd_entry, smaps_hugetlb_range, smap_gather_stats].
 *
 *     page present   Rss + 1     Pss + 1/mappings     Shared_* or Private_* by whether it is mapped more than once,
 *                                                     *_Dirty or *_Clean by its dirty bits
 *     page swapped   Swap + 1    SwapPss + 1/entries that name the slot
 *     zero page, guard marker    nothing
 */
import {
  FLAG_DIRTY,
  FLAG_LAZY_FREE,
  FLAG_REFERENCED,
  FRAME_ANON,
  FRAME_FILE,
} from '../../kernel/frames/frame-table.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { VM_HUGETLB, VM_LOCKED, VM_SHARED, VM_WRITE } from '../../kernel/linux-abi.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { PTE_ACCESSED, PTE_DIRTY } from '../../mmu/pte-flags.ts';
import { entryState, forEachEntry } from './entries.ts';

/** Shares of pages are summed in parts of a byte, each rounded down (Linux PSS_SHIFT). */
const PSS_UNITS = 4096;

/** Bytes (Linux `mem_size_stats`); the fields of pss are in 1/4096 bytes, and `pssBytes` reads them. */
export class MemoryFigures {
  resident = 0;
  sharedClean = 0;
  sharedDirty = 0;
  privateClean = 0;
  privateDirty = 0;
  referenced = 0;
  anonymous = 0;
  lazyFree = 0;
  anonHuge = 0;
  sharedHugetlb = 0;
  privateHugetlb = 0;
  swap = 0;
  pss = 0;
  pssDirty = 0;
  pssAnon = 0;
  pssFile = 0;
  pssShared = 0;
  pssLocked = 0;
  swapPss = 0;
}

export const pssBytes = (units: number): number => units / PSS_UNITS;

const share = (bytes: number, holders: number): number => Math.floor((bytes * PSS_UNITS) / Math.max(1, holders));

/** Add the pages of an area to the figures. */
export function addArea(kernel: Kernel, space: AddressSpace, area: Area, figures: MemoryFigures): void {
  const { frames, pageTable, pageBytes, swap, format } = kernel;
  forEachEntry(kernel, space, area, (_address, entry, level) => {
    switch (entryState(kernel, entry, level)) {
      case 'swapped':
        figures.swap += pageBytes;
        figures.swapPss += share(pageBytes, swap.counts[pageTable.frame(entry)]!);
        return;
      case 'present':
        break;
      default:
        return;
    }
    const pfn = pageTable.frame(entry, level);
    const bytes = format.levels[level]!.pageBytes;
    if (area.has(VM_HUGETLB)) {
      if (frames.mapCount[pfn]! > 1) figures.sharedHugetlb += bytes;
      else figures.privateHugetlb += bytes;
      return;
    }
    if (level > 0) figures.anonHuge += bytes;
    const flags = pageTable.flags(entry, level);
    // A transparent superpage's frames are counted one by one, as ever.
    for (let i = 0; i < bytes / pageBytes; i++) addPage(kernel, pfn + i, flags, area.has(VM_LOCKED), figures);
  });
  figures.swap += sharedSwapOf(kernel, space, area) * pageBytes;
}

function addPage(kernel: Kernel, pfn: number, pteFlags: number, locked: boolean, figures: MemoryFigures): void {
  const { frames, pageBytes } = kernel;
  const use = frames.use[pfn]!;
  const mappings = frames.mapCount[pfn]!;
  const dirty = (pteFlags & PTE_DIRTY) !== 0 || frames.has(pfn, FLAG_DIRTY);
  const part = share(pageBytes, mappings);
  figures.resident += pageBytes;
  figures.pss += part;
  if (locked) figures.pssLocked += part;
  if (use === FRAME_ANON) figures.pssAnon += part;
  else if (use === FRAME_FILE) figures.pssFile += part;
  else figures.pssShared += part;
  if (dirty) figures.pssDirty += part;
  if (mappings > 1) figures[dirty ? 'sharedDirty' : 'sharedClean'] += pageBytes;
  else figures[dirty ? 'privateDirty' : 'privateClean'] += pageBytes;
  if ((pteFlags & PTE_ACCESSED) !== 0 || frames.has(pfn, FLAG_REFERENCED)) figures.referenced += pageBytes;
  if (use !== FRAME_ANON) return;
  figures.anonymous += pageBytes;
  if (frames.has(pfn, FLAG_LAZY_FREE) && !dirty) figures.lazyFree += pageBytes;
}

/** Swapped pages of shared memory that the area covers [fs/proc/task_mmu.c:shmem_swap_usage, smaps_pte_hole]. */
function sharedSwapOf(kernel: Kernel, space: AddressSpace, area: Area): number {
  const { object } = area;
  if (object?.kind !== 'shared') return 0;
  const { pageTable, pageBytes } = kernel;
  // A private copy hides the page behind it.
  const hasCopies = !area.has(VM_SHARED) && area.has(VM_WRITE);
  const isHidden = (address: number): boolean => {
    const entry = pageTable.find(space.root, address);
    return entry >= 0 && entryState(kernel, entry) !== 'empty';
  };
  let pages = 0;
  for (const [page, held] of object.pages) {
    const address = area.start + (page - area.pageOffset) * pageBytes;
    if (held >= 0 || address < area.start || address >= area.end) continue;
    if (!hasCopies || !isHidden(address)) pages++;
  }
  return pages;
}
