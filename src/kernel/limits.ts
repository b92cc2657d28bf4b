/**
 * Resource limits of a process (soft rlimits), in bytes; Infinity: none. A child starts with its parent's.
 *
 * RLIMIT_AS bounds everything mapped, RLIMIT_DATA private writable memory that is no stack, RLIMIT_STACK how far a
 * growing area may reach [mm/mmap.c:may_expand_vm, acct_stack_growth].
 */
import type { Kernel } from './kernel.ts';
import { VM_GROWSDOWN, VM_SHARED, VM_WRITE } from './linux-abi.ts';
import type { AddressSpace } from './vm/address-space.ts';

/** Soft RLIMIT_MEMLOCK, bytes: Linux's default. */
export const MEMLOCK_MAX = 8 * 1024 * 1024;

export class ResourceLimits {
  stack = Number.POSITIVE_INFINITY;
  addressSpace = Number.POSITIVE_INFINITY;
  data = Number.POSITIVE_INFINITY;

  copyFrom(other: ResourceLimits): void {
    this.stack = other.stack;
    this.addressSpace = other.addressSpace;
    this.data = other.data;
  }
}

/** Does an area with these flags count as data? */
export function isData(vmFlags: number): boolean {
  return (vmFlags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE;
}

/** May the space take so many more pages of an area with these flags? */
export function mayExpand(
  kernel: Kernel,
  limits: ResourceLimits,
  space: AddressSpace,
  vmFlags: number,
  pages: number,
): boolean {
  const { pageBytes } = kernel;
  if (space.totalPages + pages > Math.floor(limits.addressSpace / pageBytes)) return false;
  if (!isData(vmFlags) || space.dataPages + pages <= Math.floor(limits.data / pageBytes)) return true;
  // A soft limit of 0 is what old valgrinds set: Linux lets it pass where the hard limit (here: none) allows.
  return limits.data === 0;
}
