/**
 * What an address space may still take: overcommit and the memory promised so far [mm/util.c:__vm_enough_memory].
 *
 *     mode 0   refuse only a single request larger than all RAM and swap
 *     mode 1   never refuse
 *     mode 2   promised + request must stay below RAM/2 + swap
 *
 * Promised is what VM_ACCOUNT areas have, and what shared objects have as a whole, however often they are mapped.
 */
import type { Kernel } from './kernel.ts';
import { isData } from './limits.ts';
import { VM_ACCOUNT, VM_GROWSDOWN, VM_HUGETLB, VM_NORESERVE, VM_SHARED, VM_WRITE } from './linux-abi.ts';
import type { AddressSpace } from './vm/address-space.ts';

/** Linux vm.overcommit_ratio, percent. */
const OVERCOMMIT_RATIO = 50;

export function mayCommit(kernel: Kernel, pages: number): boolean {
  const ram = kernel.memory.frames;
  const swap = kernel.swap.slots;
  switch (kernel.options.overcommit) {
    case 0:
      return pages <= ram + swap;
    case 1:
      return true;
    case 2:
      return kernel.committedPages + pages < Math.floor((ram * OVERCOMMIT_RATIO) / 100) + swap;
  }
}

/** Does an area with these flags get its pages promised? Private writable memory does. */
export function isAccountable(vmFlags: number): boolean {
  return (vmFlags & (VM_NORESERVE | VM_HUGETLB | VM_SHARED | VM_WRITE)) === VM_WRITE;
}

/** Add (or with a negative count take away) pages of an area with these flags to the figures of its space. */
export function accountPages(kernel: Kernel, space: AddressSpace, vmFlags: number, pages: number): void {
  space.totalPages += pages;
  if ((vmFlags & VM_GROWSDOWN) !== 0) space.stackPages += pages;
  else if (isData(vmFlags)) space.dataPages += pages;
  if ((vmFlags & VM_ACCOUNT) !== 0) {
    space.committedPages += pages;
    kernel.committedPages += pages;
  }
}
