/**
 * Reclaim on behalf of a memory group: because its limit was met, because a lower one was written, or because an
 * administrator wants all of it out [mm/memcontrol-v1.c:mem_cgroup_resize_max, mem_cgroup_force_empty].
 */
import { drainBatches } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { fail } from '../linux-abi.ts';
import type { MemoryGroup } from '../memory-group.ts';
import { reclaimFromGroup } from './reclaim.ts';

/** Give the group a limit of so many pages: 0, or -EBUSY when its pages cannot be brought below it. */
export function setGroupLimit(kernel: Kernel, group: MemoryGroup, pages: number): number {
  while (group.usage > pages) if (!reclaimFromGroup(kernel, group, group.usage - pages)) return fail('EBUSY');
  group.limit = pages;
  return 0;
}

/** Evict every page of the group that can leave (memory.force_empty): how many. */
export function emptyGroup(kernel: Kernel, group: MemoryGroup): number {
  drainBatches(kernel);
  const before = group.usage;
  while (group.usage > 0) if (!reclaimFromGroup(kernel, group, group.usage)) break;
  return before - group.usage;
}
