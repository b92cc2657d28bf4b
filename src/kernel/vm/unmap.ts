/** Taking mappings away: munmap(2), and the same for MAP_FIXED, brk and exit [mm/vma.c:do_vmi_align_munmap]. */
import { PTE_GUARD, PTE_PROT_NONE, PTE_VALID } from '../../mmu/pte-flags.ts';
import { accountPages } from '../accounting.ts';
import { type Argument, alignLength, isAligned, numberOf } from '../arguments.ts';
import { unmapHugeRange } from '../fault/huge.ts';
import { FRAME_FILE, FRAME_SHARED } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_LOCKED, VM_SEALED } from '../linux-abi.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { removeArea, splitArea } from './edit.ts';
import { zapEntry } from './mapping.ts';
import { freeTables, leafTableEnd, skippedEnd } from './tables.ts';
import { flushRange } from './tlb-flush.ts';
import { splitStopped, stoppedAtSuperpage } from './transparent.ts';

const BEYOND_USER = 'the range reaches beyond user space';
const SEALED = 'an area of the range is sealed (mseal): it can neither be unmapped nor replaced nor cut';

/** munmap(2): 0, or -EINVAL, -ENOMEM, -EPERM (sealed). */
export function munmap(kernel: Kernel, space: AddressSpace, address: Argument, length: Argument): number {
  const { pageBytes, format } = kernel;
  const start = numberOf(address);
  const bytes = alignLength(length, pageBytes);
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  if (bytes === 0) {
    return kernel.refuse('EINVAL', numberOf(length) === 0 ? 'the length is zero' : 'the length wraps around 2^64');
  }
  if (start > format.userEnd || bytes > format.userEnd - start) return kernel.refuse('EINVAL', BEYOND_USER);
  return unmapRange(kernel, space, start, start + bytes);
}

/** Unmap the page-aligned [start, end): 0, or -ENOMEM when a split would exceed the limit on areas, -EINVAL for part of a superpage, -EPERM for a sealed area. */
export function unmapRange(kernel: Kernel, space: AddressSpace, start: number, end: number): number {
  const { areas } = space;
  const first = areas.find(start);
  if (first === null || first.start >= end) return 0;
  const cut = splitAtEnds(kernel, space, start, end);
  return cut < 0 ? cut : removeRange(kernel, space, start, end);
}

/**
 * Cut the areas that the page-aligned [start, end) cuts: the first step of unmapping, which stays done when a later one
 * fails [mm/vma.c:vms_gather_munmap_vmas]; so does the first cut when a sealed area is met behind it. 0 or -errno as
 * `unmapRange`.
 */
export function splitAtEnds(kernel: Kernel, space: AddressSpace, start: number, end: number): number {
  const { areas } = space;
  const first = areas.find(start);
  if (first === null || first.start >= end) return 0;
  const last = areas.below(end)!;
  for (const area of [first, last]) {
    if (!area.has(VM_HUGETLB)) continue;
    const huge = kernel.format.levels[1]!.pageBytes;
    const cutsLow = start > area.start && start % huge !== 0;
    const cutsHigh = end < area.end && end % huge !== 0;
    if (cutsLow || cutsHigh) return kernel.refuse('EINVAL', 'the range cuts a superpage in two');
  }
  if (start > first.start) {
    // Only a hole in the middle of one area adds to the count in the end, as Linux judges it.
    if (end < first.end && areas.count >= kernel.sysctl.max_map_count)
      return kernel.refuse(
        'ENOMEM',
        'a hole in the middle of an area would make one area more than max_map_count allows',
      );
    if (first.has(VM_SEALED)) return kernel.refuse('EPERM', SEALED);
    splitArea(kernel, space, first, start);
  }
  for (let area = areas.find(start); area !== null && area.start < end; area = area.next) {
    if (area.has(VM_SEALED)) return kernel.refuse('EPERM', SEALED);
  }
  const lastNow = areas.below(end)!;
  if (end < lastNow.end) splitArea(kernel, space, lastNow, end);
  return 0;
}

/** Drop the areas of [start, end), which lie wholly in it, and the tables nobody can use any more. */
function removeRange(kernel: Kernel, space: AddressSpace, start: number, end: number): number {
  const first = space.areas.find(start)!;
  const floor = first.previous === null ? 0 : first.previous.end;
  let area: Area | null = first;
  while (area !== null && area.start < end) {
    const { next }: Area = area;
    dropArea(kernel, space, area);
    area = next;
  }
  const ceiling = area === null ? kernel.format.userEnd : area.start;
  freeTables(kernel, space, start, end, floor, area === null ? Number.POSITIVE_INFINITY : ceiling);
  return 0;
}

/** Unmap the pages of an area and take it out of the space. Its tables stay: the caller frees them for the range. */
function dropArea(kernel: Kernel, space: AddressSpace, area: Area): void {
  emptyArea(kernel, space, area);
  removeArea(kernel, space, area);
}

/** Unmap the pages of an area, which counts no longer for the space's figures: it is to go. */
export function emptyArea(kernel: Kernel, space: AddressSpace, area: Area): void {
  const pages = (area.end - area.start) / kernel.pageBytes;
  if (area.has(VM_HUGETLB)) unmapHugeRange(kernel, space, area.start, area.end);
  else zapRange(kernel, space, area.start, area.end);
  accountPages(kernel, space, area.flags, -pages);
  if (area.has(VM_LOCKED)) space.lockedPages -= pages;
}

/** Empty every entry in [start, end), skipping missing tables, and flush what was present. */
export function zapRange(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  zapEntries(kernel, space, start, end, 'everything');
}

/** The same but for guard markers. */
export function zapContents(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  zapEntries(kernel, space, start, end, 'contents');
}

/** The same for entries that map pages of a file; private copies stay. */
export function zapFilePages(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  zapEntries(kernel, space, start, end, 'file pages');
}

type Zapped = 'everything' | 'contents' | 'file pages';

function zapEntries(kernel: Kernel, space: AddressSpace, start: number, end: number, what: Zapped): void {
  const { pageTable, pageBytes, format } = kernel;
  let present = false;
  let address = start;
  while (address < end) {
    let entry = pageTable.find(space.root, address);
    if (entry < 0) {
      if (stoppedAtSuperpage(kernel)) splitStopped(kernel, space, address);
      else address = skippedEnd(kernel, address);
      continue;
    }
    const stop = Math.min(end, leafTableEnd(kernel, address));
    for (; address < stop; address += pageBytes, entry += format.pteBytes) {
      if (pageTable.isEmpty(entry) || (what !== 'everything' && !isZapped(kernel, entry, what))) continue;
      if (zapEntry(kernel, space, address, entry)) present = true;
    }
  }
  if (present) flushRange(kernel, space, start, end, pageBytes);
}

function isZapped(kernel: Kernel, entry: number, what: Zapped): boolean {
  const { pageTable, frames } = kernel;
  const flags = pageTable.flags(entry);
  if (what === 'contents') return (flags & PTE_GUARD) === 0;
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) return false;
  const use = frames.use[pageTable.frame(entry)]!;
  return use === FRAME_SHARED || use === FRAME_FILE;
}
