/**
 * mincore(2): which pages of a range are in memory, one byte each into the caller's vector [mm/mincore.c].
 *
 * A private page is when it is mapped - the zero page too - or its swap slot has a frame in the swap cache; an unmapped
 * page of an object when the page cache has it.
 */
import { PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../../mmu/pte-flags.ts';
import { STORE } from '../../mmu/units.ts';
import { type Argument, isAligned, numberOf } from '../arguments.ts';
import { isCached } from '../fs/page-cache.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { sharedSwapCacheFrame } from '../swap/swap-cache.ts';
import { asSupervisor, isInUserSpace } from '../user-copy.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { leafTableEnd, skippedEnd } from './tables.ts';
import { stoppedAtSuperpage } from './transparent.ts';

/** Pages answered at a time: what fits into the kernel's buffer, one page [mm/mincore.c:SYSCALL_DEFINE3(mincore)]. */
const chunkOf = (kernel: Kernel): number => kernel.pageBytes;

/** The vector of whoever asks without one has so many bytes: what a list can hold. */
const LIST_MAX = 2 ** 24;

/** 0, -EINVAL, -ENOMEM at a hole (what precedes it was answered), -EFAULT for the vector; `vector` null: bytes go to `into`. */
export function mincore(
  kernel: Kernel,
  process: Process,
  address: Argument,
  length: Argument,
  vector: Argument | null,
  into: number[] = [],
): number {
  const { pageBytes } = kernel;
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  const start = numberOf(address);
  if (!isInUserSpace(kernel, start, numberOf(length)))
    return kernel.refuse('ENOMEM', 'the range reaches beyond user space');
  const pages = Math.ceil(numberOf(length) / pageBytes);
  const answer = numberOf(vector ?? 0);
  if (vector !== null && !isInUserSpace(kernel, answer, pages))
    return kernel.refuse('EFAULT', 'the vector reaches beyond user space');
  if (vector === null && pages > LIST_MAX)
    return kernel.refuse('EFAULT', `without a vector of its own a call answers for ${LIST_MAX} pages at most`);
  for (let done = 0; done < pages; ) {
    const space = process.space!;
    const at = start + done * pageBytes;
    const area = space.areas.at(at);
    if (area === null)
      return kernel.refuse('ENOMEM', 'a page of the range is in no area; what lies before it was answered');
    const count = Math.min(pages - done, chunkOf(kernel), (area.end - at) / pageBytes);
    const bytes = inCore(kernel, space, area, at, count);
    if (vector === null) into.push(...bytes);
    else if (!copyToUser(kernel, process, answer + done, bytes))
      return kernel.refuse('EFAULT', 'the vector cannot be written: it is not mapped, or has not the right');
    done += count;
  }
  return 0;
}

/** A byte each for `count` pages of the area from `start` on: 1 when it is in memory. */
function inCore(kernel: Kernel, space: AddressSpace, area: Area, start: number, count: number): Uint8Array {
  const { pageTable, pageBytes, format } = kernel;
  const bytes = new Uint8Array(count);
  const end = start + count * pageBytes;
  for (let at = start; at < end; ) {
    let entry = pageTable.find(space.root, at);
    if (entry < 0 && area.object === null && !stoppedAtSuperpage(kernel)) {
      // Nothing of what the missing table would map is there.
      at = skippedEnd(kernel, at);
      continue;
    }
    const stop = Math.min(end, leafTableEnd(kernel, at));
    const isOfSuperpage = entry < 0 && pageTable.stoppedLevel === 1 && stoppedAtSuperpage(kernel);
    for (; at < stop; at += pageBytes) {
      if (isOfSuperpage || isInCore(kernel, area, at, entry)) bytes[(at - start) / pageBytes] = 1;
      if (entry >= 0) entry += format.pteBytes;
    }
  }
  return bytes;
}

/** `entry`: the page's, or -1 where there is no table for it. */
function isInCore(kernel: Kernel, area: Area, address: number, entry: number): boolean {
  const { pageTable, swap, pageBytes } = kernel;
  const flags = entry < 0 ? 0 : pageTable.flags(entry);
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) !== 0) return true;
  if ((flags & PTE_SWAP) !== 0) return swap.cached[pageTable.frame(entry)] !== 0;
  if (area.object === null) return false;
  const page = area.pageAt(address, pageBytes);
  return isCached(kernel, area.object, page) || sharedSwapCacheFrame(kernel, area.object, page) >= 0;
}

/** False when not all bytes could be written. */
function copyToUser(kernel: Kernel, process: Process, address: number, bytes: Uint8Array): boolean {
  const { pageBytes, memory } = kernel;
  const cpu = kernel.cpus[process.cpu]!;
  return asSupervisor(cpu, () => {
    for (let done = 0; done < bytes.length; ) {
      const count = Math.min(bytes.length - done, pageBytes - ((address + done) % pageBytes));
      const physical = cpu.translate(address + done, STORE);
      if (physical < 0) return false;
      memory.writeBytes(physical, bytes.subarray(done, done + count));
      done += count;
    }
    return true;
  });
}
