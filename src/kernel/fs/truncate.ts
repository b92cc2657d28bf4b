/**
 * Files that lose pages: ftruncate and fallocate(PUNCH_HOLE) [mm/truncate.c, mm/shmem.c, fs/ext4/inode.c].
 *
 * Pages behind the new end go from the cache, the disk and every mapping, private copies included; what is left of the
 * last page is zeroed behind the end. A hole punched into the middle leaves private copies alone.
 */
import type { Kernel } from '../kernel.ts';
import type { MemoryObject } from '../memory-object.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { Area } from '../vm/area.ts';
import { zapContents, zapFilePages } from '../vm/unmap.ts';
import type { Inode } from './inode.ts';
import { dropPages } from './page-cache.ts';
import { zeroPart, zeroTail } from './zero-tail.ts';

const TOO_LARGE = 'that is more than the file system’s largest file has';

/** Give the file `size` bytes: 0, -EINVAL for one that has no bytes of its own, -EFBIG. */
export function truncateFile(kernel: Kernel, inode: Inode, size: number): number {
  if (!inode.isRegular) return kernel.refuse('EINVAL', 'only ordinary files have a size to set');
  if (size < 0) return kernel.refuse('EINVAL', 'the size is negative');
  const old = inode.size;
  if (size > old && size > inode.sizeMax) return kernel.refuse('EFBIG', TOO_LARGE);
  inode.size = size;
  if (size > old && inode.type === 'disk') zeroTail(kernel, inode, old);
  // The same size again still clears what mappings left behind the end.
  if (size > old) return 0;
  const first = inode.pageCount(kernel.pageBytes);
  unmapPages(kernel, inode, first, Number.POSITIVE_INFINITY, true);
  dropPages(kernel, inode, first, Number.POSITIVE_INFINITY);
  inode.store?.discard(first, Number.POSITIVE_INFINITY);
  zeroTail(kernel, inode, size);
  return 0;
}

/** Zero [offset, offset + length) and free its whole pages; the size stays. 0 or -EINVAL, -EOPNOTSUPP, -EFBIG. */
export function punchHole(kernel: Kernel, inode: Inode, offset: number, length: number): number {
  if (offset < 0 || length <= 0)
    return kernel.refuse('EINVAL', 'the offset is negative, or the length is not positive');
  if (!inode.isRegular) return kernel.refuse('EOPNOTSUPP', 'only ordinary files have holes');
  if (offset + length > inode.sizeMax) return kernel.refuse('EFBIG', TOO_LARGE);
  const { pageBytes } = kernel;
  if (inode.type === 'disk' && offset >= inode.size) return 0;
  // A hole that reaches behind the end of a file on a disk has all of the last page [fs/ext4/inode.c:ext4_punch_hole].
  const reachesEnd = inode.type === 'disk' && offset + length > inode.size;
  const end = reachesEnd ? inode.pageCount(pageBytes) * pageBytes : offset + length;
  const first = Math.ceil(offset / pageBytes);
  const last = Math.floor(end / pageBytes);
  // A hole that ends within the first page unmaps everything: its last page is number -1, unsigned
  // [mm/truncate.c:truncate_pagecache_range, mm/shmem.c:shmem_fallocate].
  if (last === 0) unmapPages(kernel, inode, first, Number.POSITIVE_INFINITY, false);
  else if (last > first) unmapPages(kernel, inode, first, last, false);
  if (first > last) {
    zeroPart(kernel, inode, offset, end);
  } else {
    zeroPart(kernel, inode, offset, first * pageBytes);
    zeroPart(kernel, inode, last * pageBytes, end);
  }
  if (last > first) {
    dropPages(kernel, inode, first, last);
    inode.store?.discard(first, last);
  }
  return 0;
}

/** Unmap pages [first, end) of the object from every address space; with `copies`, private copies of them as well. */
export function unmapPages(kernel: Kernel, object: MemoryObject, first: number, end: number, copies: boolean): void {
  for (let area = object.firstArea; area !== null; area = area.objectNext) {
    unmapFrom(kernel, area.space!, area, first, end, copies);
  }
}

function unmapFrom(kernel: Kernel, space: AddressSpace, area: Area, first: number, end: number, copies: boolean): void {
  const { pageBytes } = kernel;
  const start = Math.max(area.start, area.start + (first - area.pageOffset) * pageBytes);
  const stop = Math.min(area.end, area.start + (end - area.pageOffset) * pageBytes);
  if (start >= stop) return;
  if (copies) zapContents(kernel, space, start, stop);
  else zapFilePages(kernel, space, start, stop);
}
