/**
 * A debugger's access to one byte of a process, as through /proc/PID/mem or ptrace [fs/proc/base.c:mem_rw,
 * mm/gup.c:check_vma_flags with FOLL_FORCE].
 *
 * It may read whatever could be made readable and write wherever the process could have a private copy: into a
 * read-only private page, and even PROT_NONE ones. Faults are the debugger's own, not the process's.
 */
import { PTE_GUARD, PTE_PROT_NONE, PTE_SWAP, PTE_VALID, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FLAG_EXCLUSIVE, FRAME_ANON, ZERO_PFN } from '../frames/frame-table.ts';
import { markAccessed } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_MAYREAD, VM_MAYWRITE, VM_READ, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { Area } from '../vm/area.ts';
import { faultWriteProtected } from './anonymous.ts';
import { resolvePage } from './handler.ts';

/** The byte, or -EIO. */
export function peek(kernel: Kernel, process: Process, address: number): number {
  const physical = reach(kernel, process, address, false);
  return physical < 0
    ? kernel.refuse('EIO', 'nothing is mapped there that a debugger could read')
    : kernel.memory.readBytes(physical, 1)[0]!;
}

/** Write the byte: 1, or -EIO. */
export function poke(kernel: Kernel, process: Process, address: number, value: number): number {
  const physical = reach(kernel, process, address, true);
  if (physical < 0)
    return kernel.refuse(
      'EIO',
      'nothing is mapped there that a debugger could write, or the write would not end in a private copy',
    );
  kernel.memory.writeBytes(physical, Uint8Array.of(value));
  return 1;
}

/** Physical address of the byte, made accessible; -1 when it may not be. */
function reach(kernel: Kernel, process: Process, address: number, write: boolean): number {
  const { pageBytes, pageTable, frames } = kernel;
  const space = process.space!;
  const area = address < kernel.format.userEnd ? space.areas.at(address) : null;
  if (area === null || area.has(VM_HUGETLB) || !isAllowed(area, write)) return -1;
  const page = address - (address % pageBytes);
  // Twice at most: a page that comes back from swap may still have to be copied.
  for (let tries = 0; tries < 3; tries++) {
    const entry = pageTable.find(space.root, page);
    const flags = entry < 0 ? 0 : pageTable.flags(entry);
    if ((flags & PTE_GUARD) !== 0) return -1;
    if (entry < 0 || pageTable.isEmpty(entry) || (flags & PTE_SWAP) !== 0) {
      if (resolvePage(kernel, process, area, page, write) < 0) return -1;
      continue;
    }
    const pfn = pageTable.frame(entry);
    if (!write || mayWriteInPlace(kernel, area, pfn, flags)) {
      if (pfn !== ZERO_PFN) markAccessed(kernel, pfn);
      if (write) frames.set(pfn, FLAG_DIRTY);
      return pfn * pageBytes + (address % pageBytes);
    }
    const outcome = area.has(VM_SHARED)
      ? resolvePage(kernel, process, area, page, true)
      : faultWriteProtected(kernel, process, area, page, entry);
    if (outcome < 0) return -1;
  }
  return -1;
}

function isAllowed(area: Area, write: boolean): boolean {
  if (!write) return area.has(VM_READ | VM_MAYREAD);
  // Forced: only where the write ends in a private copy.
  return area.has(VM_WRITE) || (area.flags & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE;
}

/** [mm/gup.c:can_follow_write_pte] */
function mayWriteInPlace(kernel: Kernel, area: Area, pfn: number, flags: number): boolean {
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0 || pfn === ZERO_PFN) return false;
  if ((flags & PTE_WRITE) !== 0) return true;
  const { frames } = kernel;
  return !area.has(VM_SHARED) && frames.use[pfn] === FRAME_ANON && frames.has(pfn, FLAG_EXCLUSIVE);
}
