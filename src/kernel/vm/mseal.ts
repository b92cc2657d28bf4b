/**
 * mseal(2): areas whose place, rights and (where they are read-only memory) contents can no longer be changed
 * [mm/mseal.c:do_mseal]. Refused with -EPERM from then on: munmap, mremap, mprotect, a fixed mapping on top, shrinking
 * the break, and for private read-only memory what discards its pages. There is no way back but exit.
 */
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import type { Kernel } from '../kernel.ts';
import { VM_SEALED } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { changeFlags } from './edit.ts';

/** 0, -EINVAL, -ENOMEM for a hole anywhere in the range (nothing is sealed then) or at the limit on areas. */
export function mseal(kernel: Kernel, process: Process, address: Argument, length: Argument, flags: Argument): number {
  const { pageBytes } = kernel;
  if (numberOf(flags) !== 0) return kernel.refuse('EINVAL', 'mseal knows no flags');
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  const bytes = alignLength(length, pageBytes);
  const start = numberOf(address);
  const end = start + bytes;
  if ((bytes === 0 && numberOf(length) !== 0) || end >= TWO_64_NUMBER)
    return kernel.refuse('EINVAL', 'the range wraps around 2^64');
  const space = process.space!;
  for (let at = start; at < end; ) {
    const area = space.areas.at(at);
    if (area === null) return kernel.refuse('ENOMEM', 'a page of the range is in no area: nothing is sealed');
    at = area.end;
  }
  for (let at = start; at < end; ) {
    const area = space.areas.at(at)!;
    const stop = Math.min(end, area.end);
    if (changeFlags(kernel, space, area, at, stop, area.flags | VM_SEALED) === null)
      return kernel.refuse('ENOMEM', 'the area would be cut into more than max_map_count allows');
    at = stop;
  }
  return 0;
}
