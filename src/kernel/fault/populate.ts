/** Touch every page of a range as MAP_POPULATE and mlock do [mm/gup.c:populate_vma_page_range]. */
import { describeFault, Fault } from '../../mmu/cpu.ts';
import { PTE_VALID, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { LOAD, STORE } from '../../mmu/units.ts';
import { FLAG_REFERENCED, ZERO_PFN } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import { fail, VM_ACCESS, VM_LOCKONFAULT, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { chargeFault } from './charge.ts';
import { notePageFault, resolvePage } from './handler.ts';

/**
 * Pages of a private writable area are written, others read; each is a fault of the caller. An area that is locked on
 * fault is left alone. A page that cannot be had ends it: 0, or -EFAULT, -ENOMEM for whoever asks - the mapping stands
 * all the same.
 */
export function populate(kernel: Kernel, process: Process, start: number, end: number): number {
  const { pageTable, pageBytes } = kernel;
  let address = start;
  while (address < end) {
    const space = process.space;
    const area = space?.areas.at(address);
    if (!space || area === null || area === undefined) return fail('ENOMEM');
    if (area.has(VM_LOCKONFAULT)) {
      address = area.end;
      continue;
    }
    if (!area.has(VM_ACCESS)) return fail('EFAULT');
    const write = (area.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
    const entry = pageTable.find(space.root, address);
    const step = entry < 0 && pageTable.stoppedLevel === 1 && !pageTable.isEmpty(pageTable.stoppedEntry);
    if (!step) {
      const flags = entry < 0 ? 0 : pageTable.flags(entry);
      if ((flags & PTE_VALID) === 0 || (write && (flags & PTE_WRITE) === 0)) {
        const outcome = resolvePage(kernel, process, area, address, write);
        if (outcome < 0) return fail('EFAULT');
        chargeFault(kernel, process, outcome);
        if (kernel.sink !== null) noteFault(kernel, process, address, write, outcome);
      }
      noteTouched(kernel, space, address);
    }
    address += pageBytes;
  }
  return 0;
}

/** Every area of the process, whatever becomes of the others [mm/gup.c:__mm_populate with ignore_errors]. */
export function populateAll(kernel: Kernel, process: Process): void {
  for (let area = process.space!.areas.first; area !== null && process.space !== null; area = area.next) {
    populate(kernel, process, area.start, area.end);
  }
}

/** No hardware refused anything here: the kernel goes to the page before the program does. */
function noteFault(kernel: Kernel, process: Process, address: number, write: boolean, outcome: number): void {
  const fault = new Fault();
  fault.address = address;
  fault.access = write ? STORE : LOAD;
  const sentence = `the kernel touches 0x${address.toString(16)} itself, before the program does`;
  const hardware = { ...describeFault(fault, kernel.format), sentence };
  notePageFault(kernel, process, kernel.cpus[process.cpu]!, hardware, outcome);
}

/** The kernel's own touch counts as a use of the frame, whoever maps it (mm/swap.c:folio_mark_accessed). */
function noteTouched(kernel: Kernel, space: AddressSpace, address: number): void {
  const { pageTable, frames } = kernel;
  const entry = pageTable.find(space.root, address);
  if (entry < 0) return;
  const pfn = pageTable.frame(entry);
  if (pfn !== ZERO_PFN) frames.set(pfn, FLAG_REFERENCED);
}
