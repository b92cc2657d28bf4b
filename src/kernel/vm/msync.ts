/** msync(2) [mm/msync.c]: what shared mappings of files on a disk have changed is written back. */
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { writeBack } from '../fs/write-back.ts';
import type { Kernel } from '../kernel.ts';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC, VM_LOCKED, VM_SHARED } from '../linux-abi.ts';
import type { Process } from '../process.ts';

const HOLE = 'a page of the range is in no area; what else there is was written';

/** 0, -EINVAL, -EBUSY (MS_INVALIDATE of locked memory), -ENOMEM for holes: the rest of the range is done all the same. */
export function msync(kernel: Kernel, process: Process, address: Argument, length: Argument, flags: number): number {
  const { pageBytes } = kernel;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0)
    return kernel.refuse('EINVAL', 'flags has a bit that is not MS_ASYNC, MS_SYNC or MS_INVALIDATE');
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0)
    return kernel.refuse('EINVAL', 'MS_ASYNC and MS_SYNC exclude each other');
  const start = numberOf(address);
  // A length that wraps is none at all here.
  const end = start + alignLength(length, pageBytes);
  if (end >= TWO_64_NUMBER) return kernel.refuse('ENOMEM', 'the range reaches beyond 2^64');
  let result = 0;
  for (let at = start; at < end; ) {
    const area = process.space!.areas.find(at);
    if (area === null) return kernel.refuse('ENOMEM', HOLE);
    if (at < area.start) {
      // MS_ASYNC alone does nothing but look for holes.
      if (flags === MS_ASYNC || area.start >= end) return kernel.refuse('ENOMEM', HOLE);
      result = kernel.refuse('ENOMEM', HOLE);
      at = area.start;
    }
    if ((flags & MS_INVALIDATE) !== 0 && area.has(VM_LOCKED))
      return kernel.refuse('EBUSY', 'MS_INVALIDATE: the area is locked in memory (mlock)');
    const stop = Math.min(end, area.end);
    if ((flags & MS_SYNC) !== 0 && area.object !== null && area.has(VM_SHARED)) {
      writeBack(kernel, area.object, area.pageAt(at, pageBytes), area.pageAt(stop, pageBytes));
    }
    at = area.end;
  }
  return result;
}
