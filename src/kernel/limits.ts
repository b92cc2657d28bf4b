/**
 * Resource limits of a process (rlimits), in bytes; Infinity: none. A child starts with its parent's.
 *
 *     AS        everything mapped                                        [mm/mmap.c:may_expand_vm]
 *     DATA      private writable memory that is no stack; the break      [mm/mmap.c:may_expand_vm, brk]
 *     STACK     how far a growing area may reach                         [mm/mmap.c:acct_stack_growth]
 *     MEMLOCK   locked memory; 0: no locking at all                      [mm/mlock.c:can_do_mlock, mlock_future_ok]
 *     FSIZE     how large a file may be written
 *
 * Soft limits are what counts; the process may set them up to its hard ones.
 */
import { sizeText } from '../mmu/size-text.ts';
import type { Kernel } from './kernel.ts';
import { VM_GROWSDOWN, VM_SHARED, VM_WRITE } from './linux-abi.ts';
import type { Process } from './process.ts';
import type { AddressSpace } from './vm/address-space.ts';

/** RLIMIT_MEMLOCK, bytes, soft and hard: Linux's default (MLOCK_LIMIT). */
const MEMLOCK_DEFAULT = 8 * 1024 * 1024;

/** As setrlimit(2) calls them, and where the soft limit is kept. */
const FIELD_OF = {
  AS: 'addressSpace',
  DATA: 'data',
  STACK: 'stack',
  MEMLOCK: 'memlock',
  FSIZE: 'fileSize',
} as const;
export type ResourceName = keyof typeof FIELD_OF;
export const RESOURCE_NAMES = Object.keys(FIELD_OF) as [ResourceName, ...ResourceName[]];

export class ResourceLimits {
  stack = Number.POSITIVE_INFINITY;
  addressSpace = Number.POSITIVE_INFINITY;
  data = Number.POSITIVE_INFINITY;
  memlock = MEMLOCK_DEFAULT;
  fileSize = Number.POSITIVE_INFINITY;
  readonly hard: Record<ResourceName, number> = {
    AS: Number.POSITIVE_INFINITY,
    DATA: Number.POSITIVE_INFINITY,
    STACK: Number.POSITIVE_INFINITY,
    MEMLOCK: MEMLOCK_DEFAULT,
    FSIZE: Number.POSITIVE_INFINITY,
  };

  copyFrom(other: ResourceLimits): void {
    for (const field of Object.values(FIELD_OF)) this[field] = other[field];
    Object.assign(this.hard, other.hard);
  }
}

/**
 * setrlimit(2) without CAP_SYS_RESOURCE: 0, or -EINVAL for an unknown resource or a soft limit above the hard one, -EPERM
 * for raising the hard one [kernel/sys.c:do_prlimit]. `hard` left out: it stays.
 */
export function setrlimit(
  kernel: Kernel,
  process: Process,
  resource: ResourceName,
  soft: number,
  hard?: number,
): number {
  const { limits } = process;
  if (!Object.hasOwn(FIELD_OF, resource)) return kernel.refuse('EINVAL', 'there is no such limit');
  const ceiling = hard ?? limits.hard[resource];
  if (soft > ceiling) return kernel.refuse('EINVAL', `the soft limit is above the hard one, ${sizeText(ceiling)}`);
  if (ceiling > limits.hard[resource])
    return kernel.refuse('EPERM', 'a hard limit once lowered cannot be raised again without privilege');
  limits[FIELD_OF[resource]] = soft;
  limits.hard[resource] = ceiling;
  return 0;
}

const OVER_AS = 'the process would map more than RLIMIT_AS allows';
const OVER_DATA = 'the process would have more private writable memory than RLIMIT_DATA allows';
const OVER_MEMLOCK = 'more would be locked than RLIMIT_MEMLOCK allows';

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
  if (space.totalPages + pages > Math.floor(limits.addressSpace / pageBytes)) return kernel.deny(OVER_AS);
  if (!isData(vmFlags) || space.dataPages + pages <= Math.floor(limits.data / pageBytes)) return true;
  // A soft limit of 0 is what old valgrinds set: Linux lets it pass where the hard limit allows.
  if (limits.data === 0 && space.dataPages + pages <= Math.floor(limits.hard.DATA / pageBytes)) return true;
  return kernel.deny(OVER_DATA);
}

/** May so many more pages of the space be locked? [mm/mmap.c:mlock_future_ok] */
export function mayLock(kernel: Kernel, limits: ResourceLimits, space: AddressSpace, pages: number): boolean {
  return space.lockedPages + pages <= Math.floor(limits.memlock / kernel.pageBytes) || kernel.deny(OVER_MEMLOCK);
}
