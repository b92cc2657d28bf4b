/**
 * Guard markers: pages that may not be touched, without an area of their own [mm/madvise.c:madvise_guard_install,
 * madvise_guard_remove].
 *
 *     page table   | frame | GUARD | GUARD | frame |      one area, one flag (VM_MAYBE_GUARD), no split
 *
 * A marker is a page-table entry of its own kind. An access meets it as if nothing were mapped (SEGV_MAPERR). It outlives
 * MADV_DONTNEED, moves with mremap, is copied by fork, and goes with munmap or MADV_GUARD_REMOVE.
 */
import { PTE_GUARD } from '../../mmu/pte-flags.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_LOCKED, VM_MAYBE_GUARD } from '../linux-abi.ts';
import type { AddressSpace } from './address-space.ts';
import { prepareAnon } from './anon.ts';
import type { Area } from './area.ts';
import { ensureEntry, leafTableEnd } from './tables.ts';
import { zapContents } from './unmap.ts';
import { eachEntry } from './walk.ts';

/** Put a marker at every page of the range, in place of what is there: 0, -EINVAL for a locked area, -ENOMEM. */
export function installGuards(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  if (area.has(VM_LOCKED | VM_HUGETLB))
    return kernel.refuse(
      'EINVAL',
      'guard markers take the place of pages, and those of locked memory and superpages must stay',
    );
  const { pageTable, pageBytes, format } = kernel;
  area.flags |= VM_MAYBE_GUARD;
  // Its page table is not empty any more, so fork must see that there is something to copy.
  if (area.object === null) prepareAnon(kernel, area);
  zapContents(kernel, space, start, end);
  let address = start;
  while (address < end) {
    let entry = ensureEntry(kernel, space, address);
    if (entry < 0) return kernel.refuse('ENOMEM', 'no frame was left for a page table to put the marker into');
    const stop = Math.min(end, leafTableEnd(kernel, address));
    for (; address < stop; address += pageBytes, entry += format.pteBytes) pageTable.writeGuard(entry);
  }
  return 0;
}

/** Take the range's markers away; its pages are untouched then. */
export function removeGuards(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  if (area.has(VM_HUGETLB)) return kernel.refuse('EINVAL', 'superpages have no guard markers');
  const { pageTable } = kernel;
  eachEntry(kernel, space, start, end, (_address, entry) => {
    if ((pageTable.flags(entry) & PTE_GUARD) !== 0) pageTable.clear(entry);
  });
  return 0;
}
