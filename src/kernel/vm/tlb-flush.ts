/**
 * Keeping TLBs true to the page tables. Whenever a present PTE loses a right or changes its frame, every CPU that may
 * hold it drops it: the acting one at once, others by an inter-processor interrupt, a *shootdown*. Where a PTE only
 * gains rights the acting CPU alone forgets it: another one that still holds the old entry meets a fault there, which the
 * handler finds to be spurious (x86 Linux: pte_needs_flush in arch/x86/include/asm/tlbflush.h).
 *
 * `space.cpuMask` says who may hold entries: a CPU joins when it switches to the space. A range longer than
 * 33 pages drops the whole address space instead (Linux tlb_single_page_flush_ceiling, arch/x86/mm/tlb.c).
 */
import type { Kernel } from '../kernel.ts';
import type { AddressSpace } from './address-space.ts';

const SINGLE_PAGE_FLUSH_CEILING = 33;

export function flushPage(kernel: Kernel, space: AddressSpace, address: number): void {
  flushRange(kernel, space, address, address + kernel.pageBytes, kernel.pageBytes);
}

/** Drop translations of [start, end) everywhere; `step` is the page size of the mappings in it. */
export function flushRange(kernel: Kernel, space: AddressSpace, start: number, end: number, step: number): void {
  const { cpus, activeCpu } = kernel;
  for (let index = 0; index < cpus.length; index++) {
    if ((space.cpuMask & (1 << index)) === 0) continue;
    flushOn(kernel, space, index, start, end, step);
    if (index !== activeCpu) noteShootdown(kernel, space, index, start, Math.ceil((end - start) / step));
  }
}

/** Rights of [start, end) were only added: the acting CPU forgets the old ones. */
export function flushGained(kernel: Kernel, space: AddressSpace, start: number, end: number, step: number): void {
  if ((space.cpuMask & (1 << kernel.activeCpu)) !== 0) flushOn(kernel, space, kernel.activeCpu, start, end, step);
}

function flushOn(kernel: Kernel, space: AddressSpace, index: number, start: number, end: number, step: number): void {
  const cpu = kernel.cpus[index]!;
  const single = end - start <= SINGLE_PAGE_FLUSH_CEILING * step;
  if (single) for (let address = start; address < end; address += step) cpu.invalidatePage(address, space.asid);
  else cpu.invalidateAsid(space.asid);
  if (kernel.sink === null) return;
  kernel.emit({ type: 'TlbInvalidate', cpu: index, scope: single ? 'page' : 'asid', address: single ? start : null });
}

/** Drop everything of one address space, e.g. when it ends. */
export function flushSpace(kernel: Kernel, space: AddressSpace): void {
  const { cpus, activeCpu } = kernel;
  for (let index = 0; index < cpus.length; index++) {
    if ((space.cpuMask & (1 << index)) === 0) continue;
    cpus[index]!.invalidateAsid(space.asid);
    if (kernel.sink !== null) kernel.emit({ type: 'TlbInvalidate', cpu: index, scope: 'asid', address: null });
    if (index !== activeCpu) noteShootdown(kernel, space, index, 0, 0);
    if (kernel.running[index]?.space !== space) space.cpuMask &= ~(1 << index);
  }
}

function noteShootdown(kernel: Kernel, space: AddressSpace, to: number, address: number, pages: number): void {
  kernel.counters.tlbShootdowns++;
  if (kernel.sink === null) return;
  const pid = ownerOf(space);
  kernel.emit({ type: 'TlbShootdown', from: kernel.activeCpu, to, pid, address, pages });
}

/** The pid an address space is shown under: its process's; 0 for one that nobody runs in (any more). */
export function ownerOf(space: AddressSpace): number {
  return space.owner?.pid ?? 0;
}
