/** Touch every page of a range as MAP_POPULATE and mlock do [mm/gup.c:populate_vma_page_range]. */
import { describeFault, Fault } from '../../mmu/cpu.ts';
import { PTE_VALID, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { LOAD, STORE } from '../../mmu/units.ts';
import { ZERO_PFN } from '../frames/frame-table.ts';
import { drainBatches, markAccessed } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { fail, VM_ACCESS, VM_LOCKONFAULT, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { Area } from '../vm/area.ts';
import { chargeFault } from './charge.ts';
import { notePageFault, resolvePage } from './handler.ts';
import { MAJOR } from './outcome.ts';

/**
 * Pages of a private writable area are written, others read; each is a fault of the caller. An area that is locked on
 * fault is left alone. A page that cannot be had ends it: 0, or -EFAULT, -ENOMEM for whoever asks - the mapping stands
 * all the same.
 */
export function populate(kernel: Kernel, process: Process, start: number, end: number): number {
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
    const stop = Math.min(end, area.end);
    const isDone = populateArea(kernel, process, area, address, stop);
    drainBatches(kernel);
    if (!isDone) return fail('EFAULT');
    address = stop;
  }
  return 0;
}

function populateArea(kernel: Kernel, process: Process, area: Area, start: number, end: number): boolean {
  const write = (area.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
  for (let address = start; address < end; address += kernel.pageBytes) {
    if (process.space === null || !populatePage(kernel, process, area, address, write)) return false;
  }
  return true;
}

/**
 * Touch one page, whose area grants the access, unless it is there already; false when it cannot be had. `goesOn`: the
 * caller keeps its place when waiting for a disk gives up the locks, so the fault that goes on is still the major one
 * [mm/gup.c:__get_user_pages_locked]; otherwise it starts anew and finds the page, a minor fault.
 */
export function populatePage(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  write: boolean,
  goesOn = false,
): boolean {
  const { pageTable } = kernel;
  const space = process.space!;
  const entry = pageTable.find(space.root, address);
  const isInSuperpage = entry < 0 && pageTable.stoppedLevel === 1 && !pageTable.isEmpty(pageTable.stoppedEntry);
  if (isInSuperpage) return true;
  const flags = entry < 0 ? 0 : pageTable.flags(entry);
  if ((flags & PTE_VALID) === 0 || (write && (flags & PTE_WRITE) === 0)) {
    const resolved = resolvePage(kernel, process, area, address, write);
    if (resolved < 0) return false;
    const outcome = area.object?.tracksWrites && !goesOn ? resolved & ~MAJOR : resolved;
    chargeFault(kernel, process, outcome);
    if (kernel.sink !== null) noteFault(kernel, process, address, write, outcome);
  }
  noteTouched(kernel, space, address);
  return true;
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
  const { pageTable } = kernel;
  const entry = pageTable.find(space.root, address);
  if (entry < 0) return;
  const pfn = pageTable.frame(entry);
  if (pfn !== ZERO_PFN) markAccessed(kernel, pfn);
}
