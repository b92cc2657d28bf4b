/** Visiting the page-table entries of a range that hold something. */
import type { Kernel } from '../kernel.ts';
import type { AddressSpace } from './address-space.ts';
import { leafTableEnd, skippedEnd } from './tables.ts';
import { splitStopped, stoppedAtSuperpage } from './transparent.ts';

/**
 * Call `visit` for each non-empty level-0 entry in [start, end), in order; superpages (not of MAP_HUGETLB areas) are split
 * first. `visit` may empty the entry, and must not free tables.
 */
export function eachEntry(
  kernel: Kernel,
  space: AddressSpace,
  start: number,
  end: number,
  visit: (address: number, entry: number) => void,
): void {
  const { pageTable, pageBytes, format } = kernel;
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
      if (!pageTable.isEmpty(entry)) visit(address, entry);
    }
  }
}
