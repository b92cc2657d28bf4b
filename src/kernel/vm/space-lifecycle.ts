/** The beginning and the end of an address space, and which ASID it runs under. */
import { putFrame } from '../frames/page-allocator.ts';
import { ASID_MAX, type Kernel } from '../kernel.ts';
import { AddressSpace } from './address-space.ts';
import { leaveObject } from './object-areas.ts';
import { freeTables, makeTable, tableOrder } from './tables.ts';
import { flushSpace } from './tlb-flush.ts';
import { emptyArea } from './unmap.ts';

/** An empty address space with a root table, or null when out of memory. */
export function makeSpace(kernel: Kernel): AddressSpace | null {
  const top = kernel.format.levels.length - 1;
  const rootPfn = makeTable(kernel, top);
  if (rootPfn < 0) return null;
  const id = kernel.idleSpaceIds.pop() ?? kernel.spaces.length;
  const space = new AddressSpace(id, rootPfn, rootPfn * kernel.pageBytes, kernel.stackGuardBytes);
  space.tableFrames = 1 << tableOrder(kernel, top);
  kernel.spaces[id] = space;
  return space;
}

/** Unmap everything and free the tables [mm/mmap.c:exit_mmap]. */
export function destroySpace(kernel: Kernel, space: AddressSpace): void {
  for (let area = space.areas.first; area !== null; area = area.next) {
    emptyArea(kernel, space, area);
    leaveObject(kernel, area);
  }
  space.areas.clear();
  freeTables(kernel, space, 0, kernel.format.userEnd, 0, Number.POSITIVE_INFINITY);
  flushSpace(kernel, space);
  putFrame(kernel, space.rootPfn);
  kernel.spaces[space.id] = null;
  kernel.idleSpaceIds.push(space.id);
}

/**
 * Make sure the space has an ASID of the current generation. When all are used up, a new generation begins: every TLB
 * is flushed and every running space gets a new ASID (as arch/riscv/mm/context.c does).
 */
export function ensureAsid(kernel: Kernel, space: AddressSpace): void {
  if (space.asidGeneration === kernel.asidGeneration) return;
  if (kernel.nextAsid > ASID_MAX) {
    kernel.asidGeneration++;
    kernel.nextAsid = 1;
    for (const cpu of kernel.cpus) {
      cpu.invalidateAll(false);
      const running = kernel.running[cpu.index]?.space;
      if (!running || running === space) continue;
      if (running.asidGeneration !== kernel.asidGeneration) giveAsid(kernel, running);
      cpu.setAddressSpace(running.root, running.asid);
    }
    if (space.asidGeneration === kernel.asidGeneration) return;
  }
  giveAsid(kernel, space);
}

function giveAsid(kernel: Kernel, space: AddressSpace): void {
  space.asid = kernel.nextAsid++;
  space.asidGeneration = kernel.asidGeneration;
  space.cpuMask = 0;
  for (const process of kernel.running) {
    if (process?.space === space) space.cpuMask |= 1 << process.cpu;
  }
}
