/**
 * What an address space may still take: overcommit and the memory promised so far [mm/util.c:__vm_enough_memory].
 *
 *     mode 0   refuse only a single request larger than all RAM and swap
 *     mode 1   never refuse
 *     mode 2   promised + request must stay below the limit, less what is kept back for an administrator and for the
 *              other processes of the user (at most a 32nd of what this one has)
 *
 * The limit is a part of RAM, or an amount, and swap. Promised is what VM_ACCOUNT areas have, and what shared objects
 * have as a whole, however often they are mapped.
 */
import { roughSizeText } from '../mmu/size-text.ts';
import type { Kernel } from './kernel.ts';
import { isData } from './limits.ts';
import { VM_ACCOUNT, VM_GROWSDOWN, VM_HUGETLB, VM_NORESERVE, VM_SHARED, VM_WRITE } from './linux-abi.ts';
import { commandOf } from './process.ts';
import type { AddressSpace } from './vm/address-space.ts';

/** A process keeps back this part of its own size, up to user_reserve_kbytes. */
const USER_RESERVED_PART = 32;

/** May `space` be promised so many more pages? No process here is privileged. The kernel's log tells of a refusal. */
export function mayCommit(kernel: Kernel, space: AddressSpace, pages: number): boolean {
  if (isAffordable(kernel, space, pages)) return true;
  const process = space.owner;
  if (process !== null) {
    const bytes = BigInt(pages) * BigInt(kernel.pageBytes);
    const who = `pid: ${process.pid}, comm: ${commandOf(process)}`;
    kernel.log.append(`__vm_enough_memory: ${who}, bytes: ${bytes} not enough memory for the allocation`);
  }
  return false;
}

function isAffordable(kernel: Kernel, space: AddressSpace, pages: number): boolean {
  const { sysctl } = kernel;
  if (sysctl.overcommit_memory === 1) return true;
  if (sysctl.overcommit_memory === 0) {
    const all = kernel.memory.frames + kernel.swap.slots;
    return pages <= all || kernel.deny(tooLarge(kernel, pages, all));
  }
  const ownReserve = Math.min(
    Math.floor(space.totalPages / USER_RESERVED_PART),
    pagesOf(kernel, sysctl.user_reserve_kbytes),
  );
  const allowed = commitLimit(kernel) - pagesOf(kernel, sysctl.admin_reserve_kbytes) - ownReserve;
  return kernel.committedPages + pages < allowed || kernel.deny(tooMuch(kernel, pages, allowed));
}

const bytesText = (kernel: Kernel, pages: number): string => roughSizeText(pages * kernel.pageBytes);

const tooLarge = (kernel: Kernel, pages: number, all: number): string =>
  `${bytesText(kernel, pages)} asked for, and one request may not exceed RAM and swap together, ${bytesText(kernel, all)} (overcommit_memory 0)`;

const tooMuch = (kernel: Kernel, pages: number, allowed: number): string =>
  `${bytesText(kernel, pages)} more cannot be promised: with the ${bytesText(kernel, kernel.committedPages)} promised already it must stay below ${bytesText(kernel, Math.max(0, allowed))} (overcommit_memory 2)`;

/** Pages that mode 2 promises at most (CommitLimit of /proc/meminfo). */
export function commitLimit(kernel: Kernel): number {
  const { overcommit_kbytes: amount, overcommit_ratio: percent } = kernel.sysctl;
  const ofRam = amount > 0 ? pagesOf(kernel, amount) : Math.floor((kernel.memory.frames * percent) / 100);
  return ofRam + kernel.swap.slots;
}

const pagesOf = (kernel: Kernel, kbytes: number): number => Math.floor((kbytes * 1024) / kernel.pageBytes);

/** Does an area with these flags get its pages promised? Private writable memory does. */
export function isAccountable(vmFlags: number): boolean {
  return (vmFlags & (VM_NORESERVE | VM_HUGETLB | VM_SHARED | VM_WRITE)) === VM_WRITE;
}

/** Add (or with a negative count take away) pages of an area with these flags to the figures of its space. */
export function accountPages(kernel: Kernel, space: AddressSpace, vmFlags: number, pages: number): void {
  if (pages < 0 && space.totalPages > space.peakTotalPages) space.peakTotalPages = space.totalPages;
  space.totalPages += pages;
  if ((vmFlags & VM_GROWSDOWN) !== 0) space.stackPages += pages;
  else if (isData(vmFlags)) space.dataPages += pages;
  if ((vmFlags & VM_ACCOUNT) !== 0) {
    space.committedPages += pages;
    kernel.committedPages += pages;
  }
}
