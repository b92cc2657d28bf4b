/**
 * mremap(2) as of Linux 6.17 [mm/mremap.c:check_mremap_params, check_prep_vma, remap_move, mremap_to, mremap_at].
 *
 *     old == new, at a given place     all areas of the range move there, their distances kept (`moveAll`)
 *     at a given place                 what is there is unmapped, the source cut to the new length, then moved
 *     shrink                           the tail is unmapped
 *     grow                             in place if nothing follows, else moved to where there is room
 *
 * The checks stand in the kernel's order, and what was done before one failed stays done.
 */
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { hugePageBytes } from '../fault/huge.ts';
import { populate } from '../fault/populate.ts';
import type { Kernel } from '../kernel.ts';
import { mayExpand, mayLock } from '../limits.ts';
import {
  fail,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_SEALED,
  VM_SHARED,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { Area } from './area.ts';
import { growInPlace, moveArea, placeMove, type Remap } from './mremap-move.ts';
import { munmap } from './unmap.ts';

export interface MremapArguments {
  readonly address: Argument;
  /** Bytes. */
  readonly oldLength: Argument;
  readonly newLength: Argument;
  /** MREMAP_* bits. */
  readonly flags: number;
  readonly newAddress: Argument;
}

/** Address of the mapping, or -errno. */
export function mremap(kernel: Kernel, process: Process, args: MremapArguments): number {
  const refused = checkArguments(kernel, process, args);
  if (refused < 0) return refused;
  const { pageBytes } = kernel;
  const remap: Remap = {
    process,
    address: numberOf(args.address),
    oldLength: alignLength(args.oldLength, pageBytes),
    newLength: alignLength(args.newLength, pageBytes),
    newAddress: numberOf(args.newAddress),
    flags: args.flags,
  };
  if ((args.flags & MREMAP_FIXED) !== 0 && remap.oldLength === remap.newLength) return moveAll(kernel, remap);
  const area = process.space!.areas.at(remap.address);
  const unfit = checkArea(kernel, remap, area);
  if (unfit < 0) return unfit;
  return hasTarget(args.flags) ? moveTo(kernel, remap) : resize(kernel, remap, area!);
}

const hasTarget = (flags: number): boolean => (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;

/** What can be said without looking at any area. */
function checkArguments(kernel: Kernel, process: Process, args: MremapArguments): number {
  const { pageBytes, format } = kernel;
  const { flags } = args;
  const newLength = alignLength(args.newLength, pageBytes);
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0)
    return kernel.refuse('EINVAL', 'flags has a bit that is not MREMAP_MAYMOVE, _FIXED or _DONTUNMAP');
  if (!isAligned(args.address, pageBytes)) return kernel.refuse('EINVAL', 'the old address is not page-aligned');
  if (newLength === 0) return kernel.refuse('EINVAL', 'the new length is zero');
  if (newLength > format.userEnd) return kernel.refuse('EINVAL', 'the new length is more than all of user space');
  if (!hasTarget(flags)) return 0;
  const target = numberOf(args.newAddress);
  if (target > format.userEnd - newLength) return kernel.refuse('EINVAL', 'the new range reaches beyond user space');
  if (!isAligned(args.newAddress, pageBytes)) return kernel.refuse('EINVAL', 'the new address is not page-aligned');
  if ((flags & MREMAP_MAYMOVE) === 0)
    return kernel.refuse('EINVAL', 'MREMAP_FIXED and MREMAP_DONTUNMAP move, so they need MREMAP_MAYMOVE');
  const oldLength = alignLength(args.oldLength, pageBytes);
  if ((flags & MREMAP_DONTUNMAP) !== 0 && oldLength !== newLength)
    return kernel.refuse('EINVAL', 'MREMAP_DONTUNMAP keeps the length: old and new must be equal');
  const start = numberOf(args.address);
  if (wrap(start + oldLength) > target && target + newLength > start)
    return kernel.refuse('EINVAL', 'the old range and the new one overlap');
  // A move may split both the source and what it replaces.
  return process.space!.areas.count + 2 >= kernel.sysctl.max_map_count - 3
    ? kernel.refuse('ENOMEM', 'the process is too near max_map_count: a move may make three areas more')
    : 0;
}

/** A sum of page-aligned 64-bit numbers, which a double holds exactly. */
const wrap = (sum: number): number => (sum >= TWO_64_NUMBER ? sum - TWO_64_NUMBER : sum);

/** May this area be remapped so? Also rounds the lengths of a mapping of superpages up. */
function checkArea(kernel: Kernel, remap: Remap, area: Area | null): number {
  if (area === null) return kernel.refuse('EFAULT', 'nothing is mapped at the old address');
  if (area.has(VM_SEALED))
    return kernel.refuse('EPERM', 'the area is sealed (mseal): it stays where and as large as it is');
  if (area.has(VM_HUGETLB) && !alignToSuperpages(kernel, remap))
    return kernel.refuse('EINVAL', 'a mapping of superpages neither grows nor is cut inside of one');
  const { address, oldLength, newLength, flags, process } = remap;
  if (newLength <= oldLength && !hasTarget(flags)) return 0;
  if ((flags & MREMAP_DONTUNMAP) !== 0 && area.has(VM_HUGETLB))
    return kernel.refuse('EINVAL', 'MREMAP_DONTUNMAP: not of superpages');
  if (oldLength === 0 && !area.has(VM_SHARED | VM_MAYSHARE))
    return kernel.refuse('EINVAL', 'an old length of 0 makes a second mapping, which only shared memory can have');
  if (Math.min(oldLength, newLength) > area.end - address)
    return kernel.refuse(
      'EFAULT',
      'the old range reaches past the end of the area: a mapping is grown or moved by itself',
    );
  if (newLength <= oldLength) return 0;
  // A page number that wraps would be EINVAL here: none comes near 2^64.
  const added = (newLength - oldLength) / kernel.pageBytes;
  const space = process.space!;
  if (area.has(VM_LOCKED) && !mayLock(kernel, process.limits, space, added)) return fail('EAGAIN');
  return mayExpand(kernel, process.limits, space, area.flags, added) ? 0 : fail('ENOMEM');
}

/** [mm/mremap.c:align_hugetlb]: such a mapping neither grows nor starts inside a superpage. */
function alignToSuperpages(kernel: Kernel, remap: Remap): boolean {
  const huge = hugePageBytes(kernel);
  remap.oldLength = alignLength(remap.oldLength, huge);
  remap.newLength = alignLength(remap.newLength, huge);
  if (remap.address % huge !== 0 || remap.newLength > remap.oldLength) return false;
  return !hasTarget(remap.flags) || remap.newAddress % huge === 0;
}

/** Every area of the range moves; the first must begin no later than the range. The new address of the first. */
function moveAll(kernel: Kernel, remap: Remap): number {
  const { areas } = remap.process.space!;
  const start = remap.address;
  const end = wrap(start + remap.oldLength);
  let answer = kernel.refuse('EFAULT', 'nothing is mapped in the old range');
  let target = remap.newAddress;
  // Where the last area ended, as it was before it moved.
  let lastEnd = -1;
  let at = start;
  while (at < end) {
    const area = areas.find(at);
    if (area === null || area.start >= end) break;
    if (lastEnd < 0 && area.start > start) return kernel.refuse('EFAULT', 'nothing is mapped at the old address');
    if (placesItself(area) && (lastEnd >= 0 || area.end < end))
      return kernel.refuse('EFAULT', 'System V memory and /dev/zero are moved alone, not together with other areas');
    const from = Math.max(area.start, at);
    const length = Math.min(area.end, end) - from;
    const offset = lastEnd < 0 ? 0 : area.start - lastEnd;
    const isFirst = lastEnd < 0;
    lastEnd = area.end;
    at = from + length;
    const part: Remap = { ...remap, address: from, oldLength: length, newLength: length, newAddress: target + offset };
    const unfit = checkArea(kernel, part, area);
    const moved = unfit < 0 ? unfit : moveTo(kernel, part);
    if (moved < 0) return moved;
    if (isFirst) answer = moved;
    target = moved + length;
  }
  return answer;
}

/** System V memory and /dev/zero choose their own place, so they move alone or not at all [mm/mremap.c:vma_multi_allowed]. */
function placesItself({ object, file }: Area): boolean {
  return object === null ? file !== null : object.segmentId !== null;
}

/** To a place the caller names (MREMAP_FIXED), or hints at (MREMAP_DONTUNMAP alone). */
function moveTo(kernel: Kernel, remap: Remap): number {
  const { process, flags } = remap;
  const space = process.space!;
  if ((flags & MREMAP_FIXED) !== 0) {
    const cleared = munmap(kernel, space, remap.newAddress, remap.newLength);
    if (cleared < 0) return cleared;
  }
  if (remap.newLength < remap.oldLength) {
    const cut = munmap(kernel, space, remap.address + remap.newLength, remap.oldLength - remap.newLength);
    if (cut < 0) return cut;
    remap.oldLength = remap.newLength;
  }
  const area = space.areas.at(remap.address);
  if (area === null)
    return kernel.refuse('EFAULT', 'nothing is mapped at the old address any more: the new range replaced it');
  const pages = remap.oldLength / kernel.pageBytes;
  const doubles = (flags & MREMAP_DONTUNMAP) !== 0;
  if (doubles && !mayExpand(kernel, process.limits, space, area.flags, pages)) return fail('ENOMEM');
  const placed = placeMove(kernel, remap, area, remap.newAddress);
  return placed < 0 ? placed : finish(kernel, remap, area, moveArea(kernel, remap, area, placed));
}

/** Where it is, or wherever there is room. */
function resize(kernel: Kernel, remap: Remap, area: Area): number {
  const { process, address, oldLength, newLength, flags } = remap;
  if (newLength === oldLength) return address;
  if (newLength < oldLength) {
    const cut = munmap(kernel, process.space!, address + newLength, oldLength - newLength);
    return cut < 0 ? cut : address;
  }
  const delta = newLength - oldLength;
  const isFree = area.next === null || area.end + delta <= area.next.start;
  if (area.end - address === oldLength && isFree && area.end + delta <= kernel.format.userEnd) {
    const grown = growInPlace(kernel, remap, area, delta);
    return finish(kernel, remap, area, grown < 0 ? grown : address);
  }
  if ((flags & MREMAP_MAYMOVE) === 0)
    return kernel.refuse(
      'ENOMEM',
      'there is no free space right behind the mapping, and without MREMAP_MAYMOVE it may not move',
    );
  const placed = placeMove(kernel, remap, area, 0);
  return placed < 0 ? placed : finish(kernel, remap, area, moveArea(kernel, remap, area, placed));
}

/** What was added to locked memory is populated. */
function finish(kernel: Kernel, { process, oldLength, newLength }: Remap, area: Area, result: number): number {
  if (result >= 0 && newLength > oldLength && area.has(VM_LOCKED)) {
    populate(kernel, process, result + oldLength, result + newLength);
  }
  return result;
}
