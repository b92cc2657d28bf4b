/** mprotect(2) [mm/mprotect.c:do_mprotect_pkey, change_pte_range, can_change_pte_writable]. */
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PROT_NONE,
  PTE_READ,
  PTE_VALID,
  PTE_WRITE,
} from '../../mmu/pte-flags.ts';
import { accountPages, isAccountable, mayCommit } from '../accounting.ts';
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { hugePageBytes, protectHugeRange } from '../fault/huge.ts';
import { populate } from '../fault/populate.ts';
import { FLAG_EXCLUSIVE, FRAME_ANON, ZERO_PFN } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import { mayExpand } from '../limits.ts';
import {
  fail,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
  VM_ACCESS,
  VM_ACCOUNT,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { isolateRange, mergeChanged, splitsTooMany } from './edit.ts';
import { pteFlagsOf } from './mapping.ts';
import { leafTableEnd, skippedEnd } from './tables.ts';
import { flushGained, flushRange } from './tlb-flush.ts';
import { splitStopped, stoppedAtSuperpage } from './transparent.ts';

/** What a TLB entry must not go on granting. */
const RIGHTS = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC;
const PROT_KNOWN = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;

/** 0, or -errno; areas before the one that failed stay changed. */
export function mprotect(
  kernel: Kernel,
  process: Process,
  address: Argument,
  length: Argument,
  protection: number,
): number {
  const space = process.space!;
  const { pageBytes } = kernel;
  const grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP);
  const prot = protection & ~(PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP))
    return kernel.refuse('EINVAL', 'PROT_GROWSDOWN and PROT_GROWSUP exclude each other');
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  if (numberOf(length) === 0) return 0;
  const bytes = alignLength(length, pageBytes);
  let start = numberOf(address);
  const end = start + bytes;
  if (bytes === 0 || end >= TWO_64_NUMBER) return kernel.refuse('ENOMEM', 'the range reaches beyond 2^64');
  // Bits are counted in 32; those from 32 up are no right either. (mmap ignores all that it does not know.)
  if ((prot & ~PROT_KNOWN) !== 0 || Math.floor(protection / 2 ** 32) !== 0)
    return kernel.refuse('EINVAL', 'prot has a bit that no right is');

  let area = space.areas.find(start);
  if (area === null) return kernel.refuse('ENOMEM', 'nothing is mapped at the start of the range, nor behind it');
  if ((grows & PROT_GROWSDOWN) !== 0) {
    if (area.start >= end) return kernel.refuse('ENOMEM', 'nothing is mapped in the range');
    start = area.start;
    if (!area.has(VM_GROWSDOWN))
      return kernel.refuse('EINVAL', 'PROT_GROWSDOWN: the area is no stack that grows downwards');
  } else {
    if (area.start > start) return kernel.refuse('ENOMEM', 'nothing is mapped at the start of the range');
    if ((grows & PROT_GROWSUP) !== 0) return kernel.refuse('EINVAL', 'PROT_GROWSUP: no area here grows upwards');
  }

  let at = start;
  while (at < end) {
    if (area === null || area.start > at)
      return kernel.refuse('ENOMEM', 'a page of the range is in no area; what lies before it has been changed');
    const stop = Math.min(end, area.end);
    const result = protectArea(kernel, process, area, at, stop, prot & VM_ACCESS);
    if (result < 0) return result;
    at = stop;
    area = space.areas.find(at);
  }
  return 0;
}

/** Change the rights of [start, end) within one area. */
function protectArea(kernel: Kernel, process: Process, area: Area, start: number, end: number, rights: number): number {
  const space = process.space!;
  let flags = (area.flags & ~VM_ACCESS) | rights;
  // Every VM_MAY* bit sits four above its right.
  if ((rights & ~(flags >> 4)) !== 0)
    return kernel.refuse(
      'EACCES',
      'the area may never have that right: it is shared, and its descriptor was not open for it',
    );
  if (area.has(VM_SEALED)) return kernel.refuse('EPERM', 'the area is sealed (mseal): its rights stay as they are');
  if (flags === area.flags) return 0;
  if (area.has(VM_HUGETLB)) {
    const huge = hugePageBytes(kernel);
    if (start % huge !== 0 || end % huge !== 0) return kernel.refuse('EINVAL', 'the range cuts a superpage in two');
  }
  const pages = (end - start) / kernel.pageBytes;
  const { limits } = process;
  // Only what becomes data by this change is held against the limits.
  const isTooMuch = (flags & VM_WRITE) !== 0 && !mayExpand(kernel, limits, space, flags, pages);
  if (isTooMuch && mayExpand(kernel, limits, space, area.flags, pages)) return fail('ENOMEM');
  if (!area.has(VM_ACCOUNT) && isAccountable(flags)) {
    if (!mayCommit(kernel, space, pages)) return fail('ENOMEM');
    flags |= VM_ACCOUNT;
  } else if (area.has(VM_ACCOUNT) && (flags & VM_WRITE) === 0 && area.object === null && area.anon === null) {
    flags &= ~VM_ACCOUNT;
  }
  if (splitsTooMany(kernel, space, area, start, end, flags))
    return kernel.refuse('ENOMEM', 'the area would be cut into more than max_map_count allows');
  const isWhole = start <= area.start && end >= area.end;
  const middle = isolateRange(kernel, space, area, start, end);
  const wasWritable = middle.has(VM_WRITE);
  accountPages(kernel, space, middle.flags, -pages);
  middle.flags = flags;
  accountPages(kernel, space, flags, pages);
  if (middle.has(VM_HUGETLB)) protectHugeRange(kernel, space, middle);
  else protectPages(kernel, space, middle);
  const becameWritable = !wasWritable && middle.has(VM_WRITE) && !middle.has(VM_SHARED) && middle.has(VM_LOCKED);
  mergeChanged(kernel, space, middle, isWhole);
  if (becameWritable) populate(kernel, process, start, end);
  return 0;
}

/** Give every mapped page of the area the rights it has now. */
function protectPages(kernel: Kernel, space: AddressSpace, area: Area): void {
  const { pageTable, pageBytes, format } = kernel;
  const base = pteFlagsOf(kernel, area.flags);
  let touched = false;
  let lost = false;
  let address = area.start;
  while (address < area.end) {
    let entry = pageTable.find(space.root, address);
    if (entry < 0) {
      if (stoppedAtSuperpage(kernel)) splitStopped(kernel, space, address);
      else address = skippedEnd(kernel, address);
      continue;
    }
    const stop = Math.min(area.end, leafTableEnd(kernel, address));
    for (; address < stop; address += pageBytes, entry += format.pteBytes) {
      const flags = pageTable.flags(entry);
      if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) continue;
      const write = mayBeWritable(kernel, area, pageTable.frame(entry), flags) ? PTE_WRITE : 0;
      const now = base | (flags & (PTE_ACCESSED | PTE_DIRTY)) | write;
      pageTable.setFlags(entry, now);
      touched = true;
      if ((flags & ~now & RIGHTS) !== 0) lost = true;
    }
  }
  if (lost) flushRange(kernel, space, area.start, area.end, pageBytes);
  else if (touched) flushGained(kernel, space, area.start, area.end, pageBytes);
}

/**
 * A page is made writable at once where a write would need nothing further: an exclusive frame, or shared memory whose
 * file system need not see the write, or has seen one already.
 */
function mayBeWritable(kernel: Kernel, area: Area, pfn: number, flags: number): boolean {
  if (!area.has(VM_WRITE)) return false;
  if (area.has(VM_SHARED)) return !area.object!.tracksWrites || (flags & PTE_DIRTY) !== 0;
  return pfn !== ZERO_PFN && kernel.frames.use[pfn] === FRAME_ANON && kernel.frames.has(pfn, FLAG_EXCLUSIVE);
}
