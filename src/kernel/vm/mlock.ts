/**
 * mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2) [mm/mlock.c].
 *
 *     area      VM_LOCKED                     its pages stay in memory, and are made present now
 *               VM_LOCKED | VM_LOCKONFAULT    they stay once they are there
 *     space     lockedPages                   pages of VM_LOCKED areas: bounded by RLIMIT_MEMLOCK
 *               defaultFlags                  of both flags, those that every later mapping gets: mlockall(MCL_FUTURE)
 *
 * Areas are changed one after another, and those before a hole stay changed. A fork's child has no locks.
 */
import { PTE_PROT_NONE, PTE_VALID } from '../../mmu/pte-flags.ts';
import { sizeText } from '../../mmu/size-text.ts';
import { alignDown } from '../../mmu/units.ts';
import { type Argument, alignLength, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { populate, populateAll } from '../fault/populate.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import {
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  VM_DROPPABLE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKONFAULT,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { LruState } from '../reclaim/lru-state.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { changeFlags } from './edit.ts';
import { eachEntry } from './walk.ts';

const NO_LOCKS = 'RLIMIT_MEMLOCK is 0: the process may not lock any memory';
const LOCK_FLAGS = VM_LOCKED | VM_LOCKONFAULT;

/** Lock [address, address + length), to whole pages: 0, or -EPERM, -ENOMEM, -EINVAL. */
export function mlock(kernel: Kernel, process: Process, address: Argument, length: Argument): number {
  return lockRange(kernel, process, address, length, VM_LOCKED);
}

/** As mlock; `flags` with MLOCK_ONFAULT: pages that are not there yet are locked when they come. */
export function mlock2(kernel: Kernel, process: Process, address: Argument, length: Argument, flags: number): number {
  if ((flags & ~MLOCK_ONFAULT) !== 0) return kernel.refuse('EINVAL', 'MLOCK_ONFAULT is the only flag');
  const onFault = (flags & MLOCK_ONFAULT) !== 0 ? VM_LOCKONFAULT : 0;
  return lockRange(kernel, process, address, length, VM_LOCKED | onFault);
}

export function munlock(kernel: Kernel, process: Process, address: Argument, length: Argument): number {
  const { start, bytes } = wholePages(kernel, address, length);
  return setLocks(kernel, process.space!, start, bytes, 0);
}

/** `flags`: MCL_CURRENT locks what is mapped, MCL_FUTURE what will be, MCL_ONFAULT as MLOCK_ONFAULT. 0 or -errno. */
export function mlockall(kernel: Kernel, process: Process, flags: number): number {
  const isKnown = (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) === 0;
  if (!isKnown || (flags & (MCL_CURRENT | MCL_FUTURE)) === 0)
    return kernel.refuse(
      'EINVAL',
      'the flags are MCL_CURRENT or MCL_FUTURE or both, and MCL_ONFAULT only with one of them',
    );
  const { limits } = process;
  if (limits.memlock === 0) return kernel.refuse('EPERM', NO_LOCKS);
  const space = process.space!;
  const current = (flags & MCL_CURRENT) !== 0;
  if (current && space.totalPages > Math.floor(limits.memlock / kernel.pageBytes))
    return kernel.refuse('ENOMEM', 'everything that is mapped is more than RLIMIT_MEMLOCK allows to lock');
  const locks = (flags & MCL_ONFAULT) !== 0 ? LOCK_FLAGS : VM_LOCKED;
  space.defaultFlags = (flags & MCL_FUTURE) !== 0 ? locks : 0;
  if (!current) return 0;
  setAllLocks(kernel, space, locks);
  populateAll(kernel, process);
  return 0;
}

export function munlockall(kernel: Kernel, process: Process): number {
  const space = process.space!;
  space.defaultFlags = 0;
  setAllLocks(kernel, space, 0);
  return 0;
}

function lockRange(kernel: Kernel, process: Process, address: Argument, length: Argument, flags: number): number {
  const { limits } = process;
  const space = process.space!;
  if (limits.memlock === 0) return kernel.refuse('EPERM', NO_LOCKS);
  const { start, bytes } = wholePages(kernel, address, length);
  const limit = Math.floor(limits.memlock / kernel.pageBytes);
  const pages = bytes / kernel.pageBytes + space.lockedPages;
  // Only over the limit is it worth knowing what is locked twice.
  if (pages > limit && pages - lockedPagesIn(kernel, space, start, start + bytes) > limit)
    return kernel.refuse(
      'ENOMEM',
      `${sizeText(pages * kernel.pageBytes)} would be locked, and RLIMIT_MEMLOCK is ${sizeText(limits.memlock)}`,
    );
  const result = setLocks(kernel, space, start, bytes, flags);
  if (result < 0) return result;
  // What cannot be made present is ENOMEM; the areas stay locked.
  return populate(kernel, process, start, start + bytes) < 0
    ? kernel.refuse(
        'ENOMEM',
        'a page cannot be made present (it has no rights, or lies past the end of its file), although it is locked now',
      )
    : 0;
}

/** The pages that [address, address + length) touches, modulo 2^64: `bytes` is 0 when the rounded length wraps. */
function wholePages(kernel: Kernel, address: Argument, length: Argument): { start: number; bytes: number } {
  const { pageBytes } = kernel;
  const into = Number(BigInt.asUintN(64, BigInt(address)) % BigInt(pageBytes));
  const reach = into === 0 ? length : BigInt.asUintN(64, BigInt(length) + BigInt(into));
  return { start: alignDown(numberOf(address), pageBytes), bytes: alignLength(reach, pageBytes) };
}

function lockedPagesIn(kernel: Kernel, space: AddressSpace, start: number, end: number): number {
  let bytes = 0;
  for (let area = space.areas.find(start); area !== null && area.start < end; area = area.next) {
    if (area.has(VM_LOCKED)) bytes += Math.min(end, area.end) - Math.max(start, area.start);
  }
  return bytes / kernel.pageBytes;
}

/** Give every area of the range these lock flags: 0, or -EINVAL, -ENOMEM for a hole or at the limit on areas. */
function setLocks(kernel: Kernel, space: AddressSpace, start: number, bytes: number, flags: number): number {
  const end = start + bytes;
  // At 2^64 the sum is 0 again, below every start.
  if (end >= TWO_64_NUMBER) return kernel.refuse('EINVAL', 'the range reaches beyond 2^64');
  let at = start;
  while (at < end) {
    const area = space.areas.at(at);
    if (area === null)
      return kernel.refuse('ENOMEM', 'a page of the range is in no area; what lies before it has been changed');
    const stop = Math.min(end, area.end);
    if (!relock(kernel, space, area, at, stop, flags))
      return kernel.refuse('ENOMEM', 'the area would be cut into more than max_map_count allows');
    at = stop;
  }
  return 0;
}

function setAllLocks(kernel: Kernel, space: AddressSpace, flags: number): void {
  for (let area = space.areas.first; area !== null; ) {
    const { end }: Area = area;
    relock(kernel, space, area, area.start, end, flags);
    area = space.areas.find(end);
  }
}

/** False when a split would exceed the limit on areas. Superpages and droppable memory have no locks. */
function relock(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number, flags: number): boolean {
  if (area.has(VM_HUGETLB | VM_DROPPABLE)) return true;
  // The pages go to the list of those that must stay, or come back from there.
  if (area.has(VM_LOCKED) !== ((flags & VM_LOCKED) !== 0)) drainBatches(kernel);
  if (changeFlags(kernel, space, area, start, end, (area.flags & ~LOCK_FLAGS) | flags) === null) return false;
  if (kernel.lru !== null) placeAgain(kernel, space, kernel.lru, start, end);
  return true;
}

/** The pages of the range have been locked or unlocked [mm/mlock.c:mlock_vma_pages_range]. */
function placeAgain(kernel: Kernel, space: AddressSpace, lru: LruState, start: number, end: number): void {
  const { pageTable } = kernel;
  eachEntry(kernel, space, start, end, (_address, entry) => {
    if ((pageTable.flags(entry) & (PTE_VALID | PTE_PROT_NONE)) !== 0) lru.placeAgain(pageTable.frame(entry));
  });
}
