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
import { stoppedAtSuperpage } from './transparent.ts';

/** Pages answered at a time: what fits into the kernel's buffer, one page [mm/mincore.c:SYSCALL_DEFINE3(mincore)]. */
const chunkOf = (kernel: Kernel): number => kernel.pageBytes;

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
  for (let done = 0; done < pages; ) {
    const space = process.space!;
    const at = start + done * pageBytes;
    const area = space.areas.at(at);
    if (area === null)
      return kernel.refuse('ENOMEM', 'a page of the range is in no area; what lies before it was answered');
    const count = Math.min(pages - done, chunkOf(kernel), (area.end - at) / pageBytes);
    const bytes = Uint8Array.from({ length: count }, (_, i) =>
      isInCore(kernel, space, area, at + i * pageBytes) ? 1 : 0,
    );
    if (vector === null) into.push(...bytes);
    else if (!copyToUser(kernel, process, answer + done, bytes))
      return kernel.refuse('EFAULT', 'the vector cannot be written: it is not mapped, or has not the right');
    done += count;
  }
  return 0;
}

function isInCore(kernel: Kernel, space: AddressSpace, area: Area, address: number): boolean {
  const { pageTable, swap, pageBytes } = kernel;
  const entry = pageTable.find(space.root, address);
  if (entry < 0 && pageTable.stoppedLevel === 1 && stoppedAtSuperpage(kernel)) return true;
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
