/** brk(2) and sbrk(3) [mm/mmap.c:brk, do_brk_flags]. */
import { sizeText } from '../../mmu/size-text.ts';
import { alignUp } from '../../mmu/units.ts';
import { accountPages, mayCommit } from '../accounting.ts';
import { type Argument, numberOf } from '../arguments.ts';
import { populate } from '../fault/populate.ts';
import type { Kernel } from '../kernel.ts';
import { mayExpand, mayLock } from '../limits.ts';
import {
  fail,
  VM_ACCOUNT,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { Area } from './area.ts';
import { addArea, mergeWithPrevious } from './edit.ts';
import { unmapRange } from './unmap.ts';

const BRK_FLAGS = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/** The raw system call: the new break, or the unchanged one on any failure. */
export function brk(kernel: Kernel, process: Process, address: Argument): number {
  const space = process.space!;
  const { pageBytes, format } = kernel;
  const wanted = numberOf(address);
  const old = space.brk;
  if (wanted < space.brkStart) return stay(kernel, old, 'the break cannot go below the start of the heap');
  if (wanted > format.userEnd) return stay(kernel, old, 'the break cannot go beyond user space');
  if (wanted - space.brkStart + space.dataBytes > process.limits.data)
    return stay(kernel, old, 'heap and data together would be more than RLIMIT_DATA allows');
  const oldEnd = alignUp(old, pageBytes);
  const newEnd = alignUp(wanted, pageBytes);
  if (newEnd < oldEnd) {
    const first = space.areas.find(newEnd);
    if (first === null || first.start >= oldEnd)
      return stay(kernel, old, 'nothing of the heap is mapped there any more');
    if (unmapRange(kernel, space, newEnd, oldEnd) < 0) return old;
  } else if (newEnd > oldEnd) {
    const next = space.areas.find(oldEnd);
    // One page is kept free before whatever comes next, more before a stack.
    if (next !== null && newEnd + pageBytes > next.startWithGap(kernel.stackGuardBytes))
      return stay(kernel, old, whyBlocked(kernel, next));
    if (newEnd > format.userEnd) return stay(kernel, old, 'the break cannot go beyond user space');
    const pages = (newEnd - oldEnd) / pageBytes;
    const isLocked = (space.defaultFlags & VM_LOCKED) !== 0;
    if (isLocked && !mayLock(kernel, process.limits, space, pages)) return old;
    if (!mayExpand(kernel, process.limits, space, BRK_FLAGS, pages)) return old;
    if (space.areas.count > kernel.sysctl.max_map_count)
      return stay(kernel, old, 'the process has more areas than max_map_count');
    if (!mayCommit(kernel, space, pages)) return old;
    const area = new Area(oldEnd, newEnd, BRK_FLAGS | space.defaultFlags, null, Math.floor(oldEnd / pageBytes));
    addArea(space, area);
    accountPages(kernel, space, area.flags, pages);
    if (isLocked) space.lockedPages += pages;
    // Never with bss, which ends where the heap starts (Linux looks back to start_brk only).
    if (oldEnd > alignUp(space.brkStart, pageBytes)) mergeWithPrevious(kernel, space, area);
    space.brk = wanted;
    if (isLocked) populate(kernel, process, oldEnd, newEnd);
  }
  space.brk = wanted;
  return wanted;
}

function whyBlocked({ stackGuardBytes }: Kernel, next: Area): string {
  const at = `at 0x${next.start.toString(16)}`;
  return next.has(VM_GROWSDOWN)
    ? `a stack begins ${at}, and ${sizeText(stackGuardBytes)} and a page below it stay free`
    : `an area begins ${at}, and the page before it stays free`;
}

/** The break stays as it is. */
function stay(kernel: Kernel, old: number, why: string): number {
  kernel.refusal = why;
  return old;
}

/** The C library's sbrk: the break as it was before, or -ENOMEM when it could not move. */
export function sbrk(kernel: Kernel, process: Process, delta: number): number {
  const space = process.space!;
  const old = space.brk;
  if (delta === 0) return old;
  const wanted = old + delta;
  if (wanted < 0) return kernel.refuse('ENOMEM', 'the break cannot go below the start of the heap');
  return brk(kernel, process, wanted) === wanted ? old : fail('ENOMEM');
}
