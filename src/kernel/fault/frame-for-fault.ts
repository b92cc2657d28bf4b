/** Memory for a page fault: unlike a system call it cannot answer ENOMEM, so when all else fails somebody is killed. */
import { allocateUserFrame, NO_ROOM_IN_GROUP } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { actingGroup } from '../memory-group.ts';
import { killForMemory } from '../oom.ts';
import type { OomRequest } from '../oom-report.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { ensureEntry, tableOrder } from '../vm/tables.ts';

/**
 * A user frame that `group` pays for, or -1 when the faulting process itself was killed. `request`: what the log is to say
 * it was wanted for.
 */
export function frameForFault(
  kernel: Kernel,
  process: Process,
  use: number,
  group = actingGroup(kernel),
  request: OomRequest = 'page',
): number {
  for (;;) {
    const pfn = allocateUserFrame(kernel, use, group);
    if (pfn >= 0) return pfn;
    killForMemory(kernel, process, pfn === NO_ROOM_IN_GROUP ? kernel.groups[group]! : null, request, 0);
    if (process.state === 'zombie') {
      // Nothing comes in: who makes room next is asked for something else.
      kernel.incomingPage = -1;
      return -1;
    }
  }
}

/** The entry for `address` with all tables above it, or -1 as above. */
export function entryForFault(
  kernel: Kernel,
  process: Process,
  space: AddressSpace,
  address: number,
  level = 0,
): number {
  for (;;) {
    const entry = ensureEntry(kernel, space, address, level);
    if (entry >= 0) return entry;
    const full = entry === NO_ROOM_IN_GROUP ? kernel.groups[process.group]! : null;
    killForMemory(kernel, process, full, 'table', tableOrder(kernel, level));
    if (process.state === 'zombie') return -1;
  }
}
