/**
 * Growing a stack [mm/mmap.c:expand_downwards, acct_stack_growth]: an access below a VM_GROWSDOWN area extends it down
 * to the page accessed, if the stack limit and the promise of memory allow it and the area below, when it is
 * accessible and not itself a stack, stays a guard gap away. There is no check of the stack pointer.
 */
import { accountPages, mayCommit } from '../accounting.ts';
import type { Kernel } from '../kernel.ts';
import { mayExpand, mayLock } from '../limits.ts';
import { VM_ACCESS, VM_GROWSDOWN, VM_LOCKED } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { prepareAnon } from '../vm/anon.ts';
import type { Area } from '../vm/area.ts';
import { MMAP_MIN_PAGES } from '../vm/placement.ts';

/** The accessible area below that a stack reaching down to `page` would come too close to, or null. */
function guardedAgainst(kernel: Kernel, area: Area, page: number): Area | null {
  const { previous } = area;
  if (!previous?.has(VM_ACCESS) || previous.has(VM_GROWSDOWN)) return null;
  return page - previous.end < kernel.stackGuardBytes ? previous : null;
}

/** For a person: why the stack did not grow down to `page`; null when it is no question of growing. */
export function whyNotGrown(kernel: Kernel, process: Process, area: Area, page: number): string | null {
  const { pageBytes, options } = kernel;
  if (!area.has(VM_GROWSDOWN) || page < MMAP_MIN_PAGES * pageBytes) return null;
  const limit = process.limits.stack;
  if (area.end - page > limit) {
    return `the stack would have 0x${(area.end - page).toString(16)} bytes, and its limit is 0x${limit.toString(16)}`;
  }
  const blocker = guardedAgainst(kernel, area, page);
  if (blocker !== null) {
    return `the stack must stay ${options.stackGuardPages} pages away from the area that ends at 0x${blocker.end.toString(16)}`;
  }
  return 'the limits on memory do not let the stack grow';
}

/** Extend `area` down to the page at `page`; false when it may not. */
export function growStack(kernel: Kernel, process: Process, area: Area, page: number): boolean {
  const { pageBytes } = kernel;
  const space = process.space!;
  if (!area.has(VM_GROWSDOWN) || page < MMAP_MIN_PAGES * pageBytes) return false;
  if (guardedAgainst(kernel, area, page) !== null) return false;
  // Also an expansion that the limits then refuse leaves the area with an identity.
  prepareAnon(kernel, area);
  const pages = (area.start - page) / pageBytes;
  if (!mayExpand(kernel, process.limits, space, area.flags, pages)) return false;
  if (area.end - page > process.limits.stack) return false;
  if (area.has(VM_LOCKED) && !mayLock(kernel, process.limits, space, pages)) return false;
  if (!mayCommit(kernel, space, pages)) return false;
  if (kernel.sink !== null) kernel.emit({ type: 'StackExpanded', pid: process.pid, from: area.start, to: page });
  area.pageOffset -= pages;
  area.start = page;
  space.areas.boundsChanged(area);
  accountPages(kernel, space, area.flags, pages);
  if (area.has(VM_LOCKED)) space.lockedPages += pages;
  return true;
}
