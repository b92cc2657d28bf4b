/** msync(2) [mm/msync.c]: what shared mappings of files on a disk have changed is written back. */
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import { writeBack } from '../fs/write-back.ts';
import type { Kernel } from '../kernel.ts';
import { fail, MS_ASYNC, MS_INVALIDATE, MS_SYNC, VM_LOCKED, VM_SHARED } from '../linux-abi.ts';
import type { Process } from '../process.ts';

/** 0, -EINVAL, -EBUSY (MS_INVALIDATE of locked memory), -ENOMEM for holes: the rest of the range is done all the same. */
export function msync(kernel: Kernel, process: Process, address: Argument, length: Argument, flags: number): number {
  const { pageBytes } = kernel;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0 || !isAligned(address, pageBytes)) return fail('EINVAL');
  if ((flags & MS_ASYNC) !== 0 && (flags & MS_SYNC) !== 0) return fail('EINVAL');
  const start = numberOf(address);
  // A length that wraps is none at all here.
  const end = start + alignLength(length, pageBytes);
  if (end >= TWO_64_NUMBER) return fail('ENOMEM');
  let result = 0;
  for (let at = start; at < end; ) {
    const area = process.space!.areas.find(at);
    if (area === null) return fail('ENOMEM');
    if (at < area.start) {
      // MS_ASYNC alone does nothing but look for holes.
      if (flags === MS_ASYNC || area.start >= end) return fail('ENOMEM');
      result = fail('ENOMEM');
      at = area.start;
    }
    if ((flags & MS_INVALIDATE) !== 0 && area.has(VM_LOCKED)) return fail('EBUSY');
    const stop = Math.min(end, area.end);
    if ((flags & MS_SYNC) !== 0 && area.object !== null && area.has(VM_SHARED)) {
      writeBack(kernel, area.object, area.pageAt(at, pageBytes), area.pageAt(stop, pageBytes));
    }
    at = area.end;
  }
  return result;
}
