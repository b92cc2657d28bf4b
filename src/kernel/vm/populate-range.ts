/**
 * MADV_POPULATE_READ and MADV_POPULATE_WRITE: fault in every page of a range, and say what could not be
 * [mm/madvise.c:madvise_populate, mm/gup.c:faultin_page_range]. Unlike with MAP_POPULATE, the area must grant the very
 * right: reading does not follow from writing.
 */
import { PTE_DIRTY } from '../../mmu/pte-flags.ts';
import { populatePage } from '../fault/populate.ts';
import { FLAG_DIRTY, ZERO_PFN } from '../frames/frame-table.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { fail, VM_READ, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';

/** 0, -ENOMEM at a hole, -EINVAL without the right, -EFAULT where an access would get a signal. What precedes is there. */
export function populateRange(kernel: Kernel, process: Process, start: number, end: number, write: boolean): number {
  const result = faultIn(kernel, process, start, end, write);
  drainBatches(kernel);
  return result;
}

function faultIn(kernel: Kernel, process: Process, start: number, end: number, write: boolean): number {
  for (let address = start; address < end; address += kernel.pageBytes) {
    const space = process.space;
    if (space === null) return kernel.refuse('EINTR', 'the process was killed meanwhile');
    const area = space.areas.at(address);
    if (area === null)
      return kernel.refuse('ENOMEM', 'a page of the range is in no area; those before it are there now');
    if (!area.has(write ? VM_WRITE : VM_READ))
      return kernel.refuse(
        'EINVAL',
        `the area does not allow to ${write ? 'write' : 'read'}: its pages cannot be made present so`,
      );
    if (!populatePage(kernel, process, area, address, write, true))
      return fail(process.space === null ? 'EINTR' : 'EFAULT');
    if (write) noteWrite(kernel, space.root, address);
  }
  return 0;
}

/** The page counts as written, although nothing was [mm/gup.c:follow_page_pte, FOLL_TOUCH]. */
function noteWrite(kernel: Kernel, root: number, address: number): void {
  const { pageTable, frames } = kernel;
  const entry = pageTable.find(root, address);
  if (entry < 0 || (pageTable.flags(entry) & PTE_DIRTY) !== 0) return;
  const pfn = pageTable.frame(entry);
  if (pfn !== ZERO_PFN) frames.set(pfn, FLAG_DIRTY);
}
