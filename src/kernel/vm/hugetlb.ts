/**
 * Mapping superpages: what mmap(MAP_HUGETLB) asks of an anonymous mapping beyond the rest [mm/hugetlb.c:
 * hugetlb_reserve_pages; fs/hugetlbfs/inode.c:hugetlbfs_file_mmap].
 *
 * The pool has `nr_hugepages` superpages; a mapping without MAP_NORESERVE is made only when all of its own are left. On
 * a machine whose administrator set no size the pool is whatever memory has free, and nothing is reserved.
 */

import { hugePageBytes } from '../fault/huge.ts';
import { MAX_ORDER } from '../frames/buddy.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB, VM_NORESERVE } from '../linux-abi.ts';

/** Bytes of one, or -EINVAL on a machine that has none to map. */
export function mappableSuperpage(kernel: Kernel): number {
  const bytes = hugePageBytes(kernel);
  return bytes === 0 || bytes / kernel.pageBytes > 2 ** MAX_ORDER
    ? kernel.refuse('EINVAL', 'MAP_HUGETLB: no superpage of this format fits into memory')
    : bytes;
}

/** 0, -EINVAL for an offset inside a superpage, -ENOMEM when the pool has not enough left. */
export function reserveSuperpages(kernel: Kernel, length: number, offset: number, vmFlags: number): number {
  const bytes = hugePageBytes(kernel);
  if (offset % bytes !== 0)
    return kernel.refuse('EINVAL', 'MAP_HUGETLB: the offset is not a whole number of superpages');
  const pool = kernel.sysctl.nr_hugepages;
  if (pool === Number.POSITIVE_INFINITY || (vmFlags & VM_NORESERVE) !== 0) return 0;
  return reservedBytes(kernel) + length > pool * bytes
    ? kernel.refuse('ENOMEM', 'MAP_HUGETLB: nr_hugepages has not as many superpages left')
    : 0;
}

function reservedBytes(kernel: Kernel): number {
  let bytes = 0;
  for (const space of kernel.spaces) {
    for (let area = space?.areas.first ?? null; area !== null; area = area.next) {
      if (area.has(VM_HUGETLB) && !area.has(VM_NORESERVE)) bytes += area.end - area.start;
    }
  }
  return bytes;
}
