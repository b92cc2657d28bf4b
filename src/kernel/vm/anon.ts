/**
 * The identity of private pages (Linux anon_vma), which decides whether touched areas may merge.
 *
 * An area has none until its first private page is written. Then it takes over a neighbour's - the next area's first,
 * then the previous one's - if the two continue each other and the neighbour did not get its own by fork; otherwise it
 * gets a new one [mm/vma.c:find_mergeable_anon_vma, reusable_anon_vma, anon_vma_compatible].
 */
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_STICKY } from '../linux-abi.ts';
import { AnonVma, type Area } from './area.ts';

export function prepareAnon(kernel: Kernel, area: Area): void {
  if (area.anon !== null) return;
  area.anon = reusableFrom(kernel, area, area.next) ?? reusableFrom(kernel, area.previous, area) ?? newAnon(kernel);
}

export function newAnon(kernel: Kernel): AnonVma {
  return new AnonVma(kernel.nextAnonId++);
}

/** The identity of whichever of the two adjacent areas has one, if they are compatible. */
function reusableFrom(kernel: Kernel, left: Area | null, right: Area | null): AnonVma | null {
  if (left === null || right === null) return null;
  const owner = left.anon !== null ? left : right;
  if (owner.anon === null || owner.forkChild) return null;
  const continues =
    left.end === right.start &&
    left.object === right.object &&
    left.file === right.file &&
    ((left.flags ^ right.flags) & ~(VM_ACCESS | VM_STICKY)) === 0 &&
    left.pageAt(left.end, kernel.pageBytes) === right.pageOffset;
  return continues ? owner.anon : null;
}
