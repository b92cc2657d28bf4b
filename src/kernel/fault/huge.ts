/**
 * Superpages: MAP_HUGETLB areas, mapped by leaves one level above the pages.
 *
 * A block of frames is one unit: its head carries the counts, its tail frames none. Blocks are never reclaimed. When no
 * block can be had the access ends in SIGBUS, as with an empty hugetlb pool [mm/hugetlb.c:hugetlb_no_page, hugetlb_wp].
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_PROT_NONE, PTE_VALID, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { allocateHuge, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { Area } from '../vm/area.ts';
import { forgetMapping, noteMapping, pteFlagsOf } from '../vm/mapping.ts';
import { skippedEnd } from '../vm/tables.ts';
import { flushGained, flushRange } from '../vm/tlb-flush.ts';
import { entryForFault } from './frame-for-fault.ts';
import { COPY_ON_WRITE, HUGE, KILLED, REFUSED_BUS, REUSE, SPURIOUS } from './outcome.ts';

/** Bytes of the format's smallest superpage, or 0 when it has none. */
export function hugePageBytes(kernel: Kernel): number {
  const level = kernel.format.levels[1];
  return level?.canBeLeaf ? level.pageBytes : 0;
}

const orderOf = (kernel: Kernel): number => Math.log2(hugePageBytes(kernel) / kernel.pageBytes);

export function faultHuge(kernel: Kernel, process: Process, area: Area, address: number, write: boolean): number {
  const { pageTable, frames, memory, pageBytes } = kernel;
  const space = process.space!;
  const bytes = hugePageBytes(kernel);
  const base = address - (address % bytes);
  const entry = entryForFault(kernel, process, space, base, 1);
  if (entry < 0) return KILLED;
  const writable = write ? PTE_WRITE : 0;
  const flags = pteFlagsOf(kernel, area.flags) | PTE_ACCESSED | writable | (write ? PTE_DIRTY : 0);
  if (pageTable.isEmpty(entry)) {
    const pfn = allocateHuge(kernel, orderOf(kernel));
    if (pfn < 0) return REFUSED_BUS;
    for (let i = 0; i < bytes / pageBytes; i++) memory.zeroFrame(pfn + i);
    pageTable.writeLeaf(entry, pfn, area.has(VM_WRITE) ? flags | PTE_WRITE : flags, 1);
    noteMapping(kernel, space, base, pfn);
    return HUGE;
  }
  const pfn = pageTable.frame(entry, 1);
  if (!write || (pageTable.flags(entry, 1) & PTE_WRITE) !== 0) {
    pageTable.setFlags(entry, pageTable.flags(entry, 1) | PTE_ACCESSED | (write ? PTE_DIRTY : 0), 1);
    flushGained(kernel, space, base, base + bytes, bytes);
    return SPURIOUS;
  }
  if (frames.references[pfn] === 1) {
    pageTable.setFlags(entry, flags, 1);
    flushGained(kernel, space, base, base + bytes, bytes);
    return REUSE;
  }
  const copy = allocateHuge(kernel, orderOf(kernel));
  if (copy < 0) return REFUSED_BUS;
  copyBlock(kernel, pfn, copy);
  forgetMapping(kernel, space, base, pfn);
  putFrame(kernel, pfn);
  pageTable.writeLeaf(entry, copy, flags, 1);
  noteMapping(kernel, space, base, copy);
  flushRange(kernel, space, base, base + bytes, bytes);
  if (kernel.sink !== null) kernel.emit({ type: 'CowCopy', pid: process.pid, address: base, from: pfn, to: copy });
  return COPY_ON_WRITE;
}

/** Call `visit` for each superpage entry in [start, end) that holds a block. */
function eachHuge(
  kernel: Kernel,
  space: AddressSpace,
  start: number,
  end: number,
  visit: (address: number, entry: number) => void,
): void {
  const { pageTable } = kernel;
  const bytes = hugePageBytes(kernel);
  let address = start;
  while (address < end) {
    const entry = pageTable.find(space.root, address, 1);
    if (entry < 0) {
      address = skippedEnd(kernel, address);
      continue;
    }
    if ((pageTable.flags(entry, 1) & (PTE_VALID | PTE_PROT_NONE)) !== 0) visit(address, entry);
    address += bytes;
  }
}

export function unmapHugeRange(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  const { pageTable } = kernel;
  eachHuge(kernel, space, start, end, (address, entry) => {
    const pfn = pageTable.frame(entry, 1);
    pageTable.clear(entry);
    forgetMapping(kernel, space, address, pfn);
    putFrame(kernel, pfn);
  });
  flushRange(kernel, space, start, end, hugePageBytes(kernel));
}

export function protectHugeRange(kernel: Kernel, space: AddressSpace, area: Area): void {
  const { pageTable, frames } = kernel;
  eachHuge(kernel, space, area.start, area.end, (_address, entry) => {
    const kept = pageTable.flags(entry, 1) & (PTE_ACCESSED | PTE_DIRTY);
    const alone = frames.references[pageTable.frame(entry, 1)] === 1;
    const write = area.has(VM_WRITE) && alone ? PTE_WRITE : 0;
    pageTable.setFlags(entry, pteFlagsOf(kernel, area.flags) | kept | write, 1);
  });
  flushRange(kernel, space, area.start, area.end, hugePageBytes(kernel));
}

function copyBlock(kernel: Kernel, from: number, to: number): void {
  for (let i = 0; i < hugePageBytes(kernel) / kernel.pageBytes; i++) kernel.memory.copyFrame(from + i, to + i);
}

function copyBlockNow(kernel: Kernel, space: AddressSpace, address: number, source: number, target: number): boolean {
  const { pageTable } = kernel;
  const copy = allocateHuge(kernel, orderOf(kernel));
  if (copy < 0) return false;
  copyBlock(kernel, pageTable.frame(source, 1), copy);
  pageTable.writeLeaf(target, copy, pageTable.flags(source, 1), 1);
  noteMapping(kernel, space, address, copy);
  return true;
}

/**
 * Give a forked child the blocks of an area: shared and write-protected on both sides, or (`eager`) copied. Their
 * number, or -1 when out of memory.
 */
export function copyHugeRange(
  kernel: Kernel,
  from: AddressSpace,
  to: AddressSpace,
  area: Area,
  ensure: (address: number) => number,
): number {
  const { pageTable } = kernel;
  let complete = true;
  let copied = 0;
  eachHuge(kernel, from, area.start, area.end, (address, entry) => {
    const target = complete ? ensure(address) : -1;
    if (target < 0) {
      complete = false;
      return;
    }
    copied++;
    const pfn = pageTable.frame(entry, 1);
    if (kernel.options.fork === 'eager') {
      complete = copyBlockNow(kernel, to, address, entry, target);
      return;
    }
    const flags = pageTable.flags(entry, 1) & ~PTE_WRITE;
    pageTable.setFlags(entry, flags, 1);
    pageTable.writeLeaf(target, pfn, flags & ~PTE_ACCESSED, 1);
    noteMapping(kernel, to, address, pfn);
  });
  return complete ? copied : -1;
}
