/**
 * Where a mapping goes when the kernel chooses [mm/mmap.c:generic_get_unmapped_area_topdown].
 *
 * A hint is taken if the range is free. Otherwise the highest hole below `mmapBase` that fits; failing that, the lowest
 * one above a third of the space. Holes below a growing stack end a guard gap early. Private anonymous requests that
 * are a multiple of the format's first superpage size are aligned to it (transparent huge pages,
 * mm/mmap.c:__get_unmapped_area).
 */

import { alignUp } from '../../mmu/units.ts';
import type { OpenFile } from '../fs/inode.ts';
import type { Kernel } from '../kernel.ts';
import type { AddressSpace } from './address-space.ts';

/** Linux vm.mmap_min_addr as pages: nothing is mapped at address 0, so that null pointers fault. */
export const MMAP_MIN_PAGES = 1;

/** Largest superpage that plain requests are aligned to; bigger ones would waste the small spaces of coursework. */
const ALIGNMENT_MAX = 2 * 1024 * 1024;

/** Linux CONFIG_LSM_MMAP_MIN_ADDR, bytes. */
const HINT_MIN = 65536;

/**
 * What a lower hint is raised to [mm/mmap.c:round_hint_to_min]: the larger of vm.mmap_min_addr and the security
 * module's minimum. MAP_FIXED is held against vm.mmap_min_addr alone [security/commoncap.c:cap_mmap_addr].
 */
export function lowestHint(kernel: Kernel): number {
  const low = MMAP_MIN_PAGES * kernel.pageBytes;
  return kernel.format.family === 'custom' ? low : Math.max(low, HINT_MIN);
}

/** Start of `length` bytes of free addresses, or -1; aligned if that can be, or (`strict`) must be. */
export function findUnmapped(
  kernel: Kernel,
  space: AddressSpace,
  hint: number,
  length: number,
  alignment: number,
  strict: boolean,
): number {
  const { pageBytes, format } = kernel;
  const low = MMAP_MIN_PAGES * pageBytes;
  if (hint > 0 && hint + length <= format.userEnd && isFree(kernel, space, hint, length)) return hint;
  const search = alignment > pageBytes ? length + alignment - pageBytes : length;
  const top = space.areas.highestHole(search, low, space.mmapBase);
  if (top >= 0) return alignUp(top, alignment);
  const bottom = space.areas.lowestHole(search, alignUp(Math.floor(format.userEnd / 3), pageBytes), format.userEnd);
  if (bottom >= 0) return alignUp(bottom, alignment);
  // Alignment is a wish, except for superpages.
  return strict || alignment === pageBytes ? -1 : findUnmapped(kernel, space, 0, length, pageBytes, strict);
}

/** Do mappings of this file go by their offset? Those of ext4 do, and private ones of /dev/zero [drivers/char/mem.c]. */
export function isPlacedByOffset(file: OpenFile | null, shared: boolean): boolean {
  return file?.inode.type === 'disk' || (file?.inode.type === 'zero' && !shared);
}

/**
 * Where such a mapping goes [mm/huge_memory.c:__thp_get_unmapped_area]: if a superpage fits between its
 * offsets, its address is made congruent to its offset modulo the superpage's size, room permitting. -1 or an address.
 */
export function placeFile(kernel: Kernel, space: AddressSpace, hint: number, length: number, offset: number): number {
  const { pageBytes } = kernel;
  const huge = superpageBytes(kernel);
  const holdsSuperpage = huge > pageBytes && offset + length - alignUp(offset, huge) >= huge;
  if (holdsSuperpage) {
    const found = findUnmapped(kernel, space, hint, length + huge, pageBytes, false);
    if (found >= 0) {
      if (found === hint && hint !== 0) return found;
      const shift = (((offset - found) % huge) + huge) % huge;
      return found + (shift === 0 ? huge : shift);
    }
  }
  return findUnmapped(kernel, space, hint, length, pageBytes, false);
}

/** The alignment a private anonymous request of this length gets. */
export function naturalAlignment(kernel: Kernel, length: number): number {
  const huge = superpageBytes(kernel);
  return length % huge === 0 ? huge : kernel.pageBytes;
}

/** The superpage size that mappings are aligned to, or the page size when there is none. */
function superpageBytes(kernel: Kernel): number {
  const { format, pageBytes } = kernel;
  const level = format.levels[1];
  if (format.family === 'custom' || level === undefined || !level.canBeLeaf) return pageBytes;
  return level.pageBytes <= ALIGNMENT_MAX ? level.pageBytes : pageBytes;
}

function isFree(kernel: Kernel, space: AddressSpace, start: number, length: number): boolean {
  const next = space.areas.find(start);
  return next === null || start + length <= next.startWithGap(kernel.stackGuardBytes);
}
