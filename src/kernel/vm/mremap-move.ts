/**
 * What mremap does once it may: grow an area where it is, or make a second one and move the pages over
 * [mm/mremap.c:move_vma, copy_vma_and_data, dontunmap_complete, expand_vma_in_place; mm/vma.c:copy_vma].
 *
 *     source [....======....]  ──►  target [======++++]        the target may merge with what is around it, even with
 *            [....]    [....]                                   the source itself; then the source range is unmapped
 *
 * An area that has no private pages yet is numbered anew by its new address, so that it merges as one made there would.
 */
import { mayCommit } from '../accounting.ts';
import type { Kernel } from '../kernel.ts';
import {
  fail,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  VM_ACCOUNT,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_MAYSHARE,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { addAccounted, setFlags } from './edit.ts';
import { movePages } from './move-pages.ts';
import { findUnmapped, isPlacedByOffset, MMAP_MIN_PAGES, naturalAlignment, placeFile } from './placement.ts';
import { unmapRange } from './unmap.ts';

/** One remapping under way; lengths are bytes, whole pages. */
export interface Remap {
  readonly process: Process;
  readonly address: number;
  oldLength: number;
  newLength: number;
  readonly newAddress: number;
  readonly flags: number;
}

/** Where the moved area goes (`wanted` 0: anywhere), or -errno. */
export function placeMove(kernel: Kernel, remap: Remap, area: Area, wanted: number): number {
  const { pageBytes } = kernel;
  const { newLength, process } = remap;
  const space = process.space!;
  if ((remap.flags & MREMAP_FIXED) !== 0)
    return wanted < MMAP_MIN_PAGES * pageBytes
      ? kernel.refuse(
          'EPERM',
          'the lowest pages may not be mapped (mmap_min_addr); what was to be replaced is unmapped already',
        )
      : wanted;
  const offset = area.pageAt(remap.address, pageBytes) * pageBytes;
  const isPlain = area.object === null && area.file === null;
  const alignment = isPlain && wanted === 0 ? naturalAlignment(kernel, newLength) : pageBytes;
  const found = isPlacedByOffset(area.file, area.has(VM_MAYSHARE))
    ? placeFile(kernel, space, wanted, newLength, offset)
    : findUnmapped(kernel, space, wanted, newLength, alignment, false);
  return found < 0 ? kernel.refuse('ENOMEM', 'no gap in the address space is that long') : found;
}

/** Extend the area upwards by `delta` bytes of free addresses: 0 or -ENOMEM. */
export function growInPlace(kernel: Kernel, { process }: Remap, area: Area, delta: number): number {
  if (area.has(VM_ACCOUNT) && !mayCommit(kernel, process.space!, delta / kernel.pageBytes)) return fail('ENOMEM');
  const more = area.copy();
  more.pageOffset = area.pageAt(area.end, kernel.pageBytes);
  more.start = area.end;
  more.end = area.end + delta;
  addAccounted(kernel, process.space!, more);
  return 0;
}

/** Move [address, address + oldLength) of the area to `to`, newLength bytes there: `to`, or -ENOMEM. */
export function moveArea(kernel: Kernel, remap: Remap, area: Area, to: number): number {
  const { pageBytes } = kernel;
  const { process, address: from, oldLength, newLength } = remap;
  const space = process.space!;
  const keeps = (remap.flags & MREMAP_DONTUNMAP) !== 0;
  if (space.areas.count >= kernel.sysctl.max_map_count - 3)
    return kernel.refuse('ENOMEM', 'the process is too near max_map_count: a move may make three areas more');
  const added = (keeps ? newLength : newLength - oldLength) / pageBytes;
  if (area.has(VM_ACCOUNT) && !mayCommit(kernel, space, added)) return fail('ENOMEM');

  const twin = area.copy();
  twin.start = to;
  twin.end = to + newLength;
  const isUntouched = area.object === null && area.anon === null;
  twin.pageOffset = isUntouched ? Math.floor(to / pageBytes) : area.pageAt(from, pageBytes);
  const target = addAccounted(kernel, space, twin);
  const source = space.areas.at(from)!;
  const moved = movePages(kernel, space, { source, target, from, to, bytes: oldLength });
  if (moved < oldLength) {
    // The way back needs no new tables: they are still there, or move back as they came.
    movePages(kernel, space, { source: target, target: source, from: to, to: from, bytes: moved });
    unmapRange(kernel, space, to, to + newLength);
    return kernel.refuse(
      'ENOMEM',
      'no frame was left for the page tables of the new place; everything is where it was',
    );
  }
  if (keeps) leaveEmpty(kernel, space, source, target, from, oldLength);
  else if (oldLength > 0) unmapRange(kernel, space, from, from + oldLength);
  return to;
}

/**
 * MREMAP_DONTUNMAP: the source stays, unlocked - though still counted, as Linux does -, and without identity when all its
 * pages are gone.
 */
function leaveEmpty(kernel: Kernel, space: AddressSpace, source: Area, target: Area, from: number, bytes: number) {
  const counted = space.lockedPages;
  setFlags(kernel, space, source, source.flags & ~(VM_LOCKED | VM_LOCKONFAULT));
  space.lockedGhosts += counted - space.lockedPages;
  space.lockedPages = counted;
  if (source === target || source.start !== from || source.end !== from + bytes) return;
  source.anon = null;
  source.forkChild = false;
}
