/**
 * remap_file_pages(2), which Linux emulates since 4.0: other pages of the object in the place of part of a shared mapping
 * [mm/mmap.c:remap_file_pages]. That part becomes an area of its own wherever the page numbers no longer continue.
 */
import { alignDown } from '../../mmu/units.ts';
import { type Argument, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { populate } from '../fault/populate.ts';
import type { Kernel } from '../kernel.ts';
import { MAP_NONBLOCK, VM_LOCKED, VM_SHARED } from '../linux-abi.ts';
import { holdObject, putObject } from '../objects.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { addAccounted } from './edit.ts';
import { FILE_BYTES_MAX } from './mmap-file.ts';
import { unmapRange } from './unmap.ts';

/** 0, -EINVAL where the range is not one shared mapping, -EOVERFLOW, or -errno of unmapping it. `page`: index in the object. */
export function remapFilePages(
  kernel: Kernel,
  process: Process,
  address: Argument,
  length: Argument,
  prot: number,
  page: Argument,
  flags: number,
): number {
  const { pageBytes } = kernel;
  const start = alignDown(numberOf(address), pageBytes);
  const end = start + alignDown(numberOf(length), pageBytes);
  const first = numberOf(page);
  if (prot !== 0) return kernel.refuse('EINVAL', 'prot must be 0: the rights stay');
  if (end <= start || end >= TWO_64_NUMBER)
    return kernel.refuse('EINVAL', 'the range has no whole page, or wraps around');
  if (first + (end - start) / pageBytes >= TWO_64_NUMBER)
    return kernel.refuse('EINVAL', 'the pages asked for are beyond the largest file');
  const space = process.space!;
  const area = space.areas.at(start);
  if (area === null) return kernel.refuse('EINVAL', 'nothing is mapped at the address');
  if (!area.has(VM_SHARED) || !isOneMapping(area, end))
    return kernel.refuse('EINVAL', 'the range is not one writable shared mapping of one file');
  // The object's pages end as those of any file [mm/mmap.c:file_mmap_ok].
  if (first * pageBytes > FILE_BYTES_MAX - (end - start) - pageBytes)
    return kernel.refuse('EOVERFLOW', 'the pages asked for are beyond the largest file there can be');

  const moved = area.copy();
  moved.start = start;
  moved.end = end;
  moved.pageOffset = first;
  // Held over the moment in which no area may refer to it.
  const object = area.object!;
  holdObject(object);
  const unmapped = replace(kernel, space, moved);
  putObject(kernel, object);
  if (unmapped < 0) return unmapped;
  if ((flags & MAP_NONBLOCK) === 0 || area.has(VM_LOCKED)) populate(kernel, process, start, end);
  return 0;
}

/** Do areas of the same backing and flags follow each other without a hole up to `end`? */
function isOneMapping(area: Area, end: number): boolean {
  for (let last = area; last.end < end; ) {
    const { next } = last;
    if (next === null || next.start !== last.end) return false;
    if (next.object !== area.object || next.file !== area.file || next.flags !== area.flags) return false;
    last = next;
  }
  return true;
}

function replace(kernel: Kernel, space: AddressSpace, area: Area): number {
  const unmapped = unmapRange(kernel, space, area.start, area.end);
  if (unmapped === 0) addAccounted(kernel, space, area);
  return unmapped;
}
