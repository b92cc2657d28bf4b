/** Touch every page of a range as MAP_POPULATE and mlock do [mm/gup.c:populate_vma_page_range]. */
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { chargeFault } from './charge.ts';
import { resolvePage } from './handler.ts';

/**
 * Pages of a private writable area are written, others read; each is a fault of the caller. A page that cannot be had
 * ends it silently: the mapping stands all the same.
 */
export function populate(kernel: Kernel, process: Process, start: number, end: number): void {
  const { pageTable, pageBytes } = kernel;
  let address = start;
  while (address < end) {
    const space = process.space;
    const area = space?.areas.at(address);
    if (!space || !area || !area.has(VM_ACCESS)) return;
    const write = (area.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
    const entry = pageTable.find(space.root, address);
    const step = entry < 0 && pageTable.stoppedLevel === 1 && !pageTable.isEmpty(pageTable.stoppedEntry);
    if (!step && (entry < 0 || pageTable.isEmpty(entry))) {
      const outcome = resolvePage(kernel, process, area, address, write);
      if (outcome < 0) return;
      chargeFault(kernel, process, outcome);
    }
    address += pageBytes;
  }
}
