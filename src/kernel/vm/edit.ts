/**
 * Splitting and merging areas [mm/vma.c].
 *
 * Two adjacent areas merge when flags and backing are the same, the second's page numbering continues the first's, and
 * the identities of their private pages (`anon`) are compatible: both none, or equal, or only one has one and did not
 * get it by fork. Every change of an area is: split it at the edges of the range, change the middle, merge it again
 * with its neighbours - both if all three fit together, else the left one, else the right one.
 */

import { accountPages } from '../accounting.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_LOCKED, VM_STICKY } from '../linux-abi.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { joinObject, leaveObject } from './object-areas.ts';

export function addArea(space: AddressSpace, area: Area): void {
  space.areas.insert(area);
  joinObject(space, area);
}

/** Put a new area into the space and its figures and merge it; what it is part of then. */
export function addAccounted(kernel: Kernel, space: AddressSpace, area: Area): Area {
  const pages = (area.end - area.start) / kernel.pageBytes;
  addArea(space, area);
  accountPages(kernel, space, area.flags, pages);
  if (area.has(VM_LOCKED)) space.lockedPages += pages;
  return mergeWithNeighbours(kernel, space, area);
}

/** Take an area out of its space; its object ends with the last area that refers to it. */
export function removeArea(kernel: Kernel, space: AddressSpace, area: Area): void {
  space.areas.remove(area);
  leaveObject(kernel, area);
}

/** Cut `area` at `address` (strictly inside it); returns the upper part. The lower part stays the same object. */
export function splitArea(kernel: Kernel, space: AddressSpace, area: Area, address: number): Area {
  const upper = area.copy();
  upper.start = address;
  upper.pageOffset = area.pageAt(address, kernel.pageBytes);
  area.end = address;
  space.areas.insertAfter(area, upper);
  joinObject(space, upper);
  return upper;
}

/** Cut so that [start, end) within `area` is an area of its own, and return that. */
export function isolateRange(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): Area {
  let middle = area;
  if (start > area.start) middle = splitArea(kernel, space, area, start);
  if (end < middle.end) splitArea(kernel, space, middle, end);
  return middle;
}

/** Do the two, which must be adjacent in the tree, continue each other in every respect but `anon`? */
function continues(kernel: Kernel, left: Area, right: Area): boolean {
  return (
    left.end === right.start &&
    ((left.flags ^ right.flags) & ~VM_STICKY) === 0 &&
    left.object === right.object &&
    left.file === right.file &&
    (left.flags & VM_HUGETLB) === 0 &&
    left.pageAt(left.end, kernel.pageBytes) === right.pageOffset
  );
}

function anonCompatible(left: Area, right: Area): boolean {
  if (left.anon === right.anon) return true;
  if (left.anon !== null && right.anon !== null) return false;
  return !(left.anon !== null ? left : right).forkChild;
}

/**
 * May the area be merged away? Not one that counts as an attachment of System V memory: its end would be a detachment
 * [mm/vma.c:can_merge_remove_vma].
 */
const mayVanish = (area: Area): boolean => area.object === null || area.object.segmentId === null;

const mergeable = (kernel: Kernel, left: Area | null, right: Area | null): boolean =>
  left !== null && right !== null && continues(kernel, left, right) && anonCompatible(left, right);

/** Merge an area that is in the tree with its neighbours as far as they allow; returns what it is part of now. */
export function mergeWithNeighbours(kernel: Kernel, space: AddressSpace, area: Area): Area {
  const { previous, next } = area;
  const withPrevious = mergeable(kernel, previous, area);
  const withNext = mergeable(kernel, area, next);
  if (
    withPrevious &&
    withNext &&
    mayVanish(next!) &&
    (previous!.anon === next!.anon || previous!.anon === null || next!.anon === null)
  ) {
    absorb(kernel, space, area, next!);
    return absorb(kernel, space, previous!, area);
  }
  if (withPrevious) return absorb(kernel, space, previous!, area);
  if (withNext) return absorb(kernel, space, area, next!);
  return area;
}

/**
 * The same for what was changed in place: a whole area (`isWhole`) vanishes when it merges, a part of one moves a
 * boundary [mm/vma.c:vma_merge_existing_range].
 */
export function mergeChanged(kernel: Kernel, space: AddressSpace, area: Area, isWhole: boolean): Area {
  return isWhole && !mayVanish(area) ? area : mergeWithNeighbours(kernel, space, area);
}

/**
 * Give [start, end) within the area these flags, keeping the space's figures true, and merge it with what it then fits
 * to [mm/vma.c:vma_modify_flags]. What it is part of now, or null when that would need a split at the limit on areas.
 */
export function changeFlags(
  kernel: Kernel,
  space: AddressSpace,
  area: Area,
  start: number,
  end: number,
  flags: number,
): Area | null {
  if (flags === area.flags) return area;
  if (splitsTooMany(kernel, space, area, start, end, flags)) return null;
  const isWhole = start <= area.start && end >= area.end;
  const middle = isolateRange(kernel, space, area, start, end);
  setFlags(kernel, space, middle, flags);
  return mergeChanged(kernel, space, middle, isWhole);
}

/** Give a whole area other flags, without merging. */
export function setFlags(kernel: Kernel, space: AddressSpace, area: Area, flags: number): void {
  const pages = (area.end - area.start) / kernel.pageBytes;
  accountPages(kernel, space, area.flags, -pages);
  const wasLocked = area.has(VM_LOCKED) ? pages : 0;
  area.flags = flags;
  accountPages(kernel, space, flags, pages);
  space.lockedPages += (area.has(VM_LOCKED) ? pages : 0) - wasLocked;
}

/**
 * Would giving [start, end) of the area these flags need a split at the limit on areas? A part that merges with the
 * neighbour it touches moves a boundary and needs none [mm/vma.c:vma_modify, __split_vma].
 */
export function splitsTooMany(
  kernel: Kernel,
  space: AddressSpace,
  area: Area,
  start: number,
  end: number,
  flags: number,
): boolean {
  const splits = (start > area.start ? 1 : 0) + (end < area.end ? 1 : 0);
  if (splits === 0 || space.areas.count + splits <= kernel.sysctl.max_map_count) return false;
  const part = area.copy();
  part.start = start;
  part.end = end;
  part.flags = flags;
  part.pageOffset = area.pageAt(start, kernel.pageBytes);
  const merges =
    (start === area.start && mergeable(kernel, area.previous, part)) ||
    (end === area.end && mergeable(kernel, part, area.next));
  return !merges && space.areas.count + splits - 1 >= kernel.sysctl.max_map_count;
}

/** Merge with the area before it only, as brk does. */
export function mergeWithPrevious(kernel: Kernel, space: AddressSpace, area: Area): Area {
  return mergeable(kernel, area.previous, area) ? absorb(kernel, space, area.previous!, area) : area;
}

function absorb(kernel: Kernel, space: AddressSpace, left: Area, right: Area): Area {
  if (left.anon === null) {
    left.anon = right.anon;
    left.forkChild = right.forkChild;
  }
  left.flags |= right.flags & VM_STICKY;
  // Before the right one goes, so that the gap behind them stays as it is.
  left.end = right.end;
  removeArea(kernel, space, right);
  return left;
}
