/**
 * The machine's memory groups (Linux memory cgroups, version 1), as an administrator handles them:
 *
 *     machine.groups.create('web');
 *     machine.groups.move(shell, 'web');
 *     machine.groups.setLimit('web', 2 << 20);
 *     machine.groups.reclaim('web');
 *
 * Results are 0, or -errno: -ENOENT for a group that there is not. `/` names the root.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { fail } from '../kernel/linux-abi.ts';
import { type MemoryGroup, makeGroup, moveToGroup } from '../kernel/memory-group.ts';
import type { Process } from '../kernel/process.ts';
import { emptyGroup, setGroupLimit } from '../kernel/reclaim/group-reclaim.ts';
import { SWAPPINESS_MAX } from '../kernel/reclaim/scan-counts.ts';
import { requireRunning } from './check-access.ts';

export class MachineGroups {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** A group without a limit. -EEXIST when the name is taken, -EINVAL for one with a slash or none, -ENOSPC for too many. */
  create(name: string): number {
    if (name === '' || name.includes('/')) return fail('EINVAL');
    if (this.find(name) !== undefined) return fail('EEXIST');
    return makeGroup(this.kernel, `/${name}`) === null ? fail('ENOSPC') : 0;
  }

  /** What it has used and may use; undefined when there is none of that name. Only for looking at. */
  find(name: string): Readonly<MemoryGroup> | undefined {
    return this.group(name);
  }

  /** Bytes, rounded down to pages; Infinity: none. -EINVAL for the root, -EBUSY when the group's pages do not fit. */
  setLimit(name: string, bytes: number): number {
    return this.with(name, (group) => {
      if (group.index === 0 || !(bytes >= 0)) return fail('EINVAL');
      return setGroupLimit(this.kernel, group, Math.floor(bytes / this.kernel.pageBytes));
    });
  }

  /** How gladly the group's anonymous pages are swapped for its limit, 0 … 200; 0: never. null: as the sysctl says. */
  setSwappiness(name: string, swappiness: number | null): number {
    return this.with(name, (group) => {
      const isKnown = swappiness === null || (Number.isInteger(swappiness) && swappiness >= 0);
      if (!isKnown || (swappiness !== null && swappiness > SWAPPINESS_MAX)) return fail('EINVAL');
      group.swappiness = swappiness;
      return 0;
    });
  }

  /** The group pays for what the process allocates from now on, and for its children's; what it has stays charged. */
  move(process: Process, name: string): number {
    requireRunning(this.kernel, process);
    return this.with(name, (group) => {
      moveToGroup(process, group);
      return 0;
    });
  }

  /** Evict every page of the group that can leave memory (memory.force_empty). -EINVAL for the root. */
  reclaim(name: string): number {
    return this.with(name, (group) => {
      if (group.index === 0) return fail('EINVAL');
      emptyGroup(this.kernel, group);
      return 0;
    });
  }

  private with(name: string, action: (group: MemoryGroup) => number): number {
    const group = this.group(name);
    return group === undefined ? fail('ENOENT') : action(group);
  }

  private group(name: string): MemoryGroup | undefined {
    const path = name === '/' ? name : `/${name}`;
    return this.kernel.groups.find((group) => group.path === path);
  }
}
