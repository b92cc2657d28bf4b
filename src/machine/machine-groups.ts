/**
 * The machine's memory groups (Linux memory cgroups, version 1), as an administrator handles them:
 *
 *     machine.groups.create('web');
 *     machine.groups.move(shell, 'web');
 *     machine.groups.setLimit('web', 2 << 20);
 *     machine.groups.reclaim('web');
 *
 * Results are 0, or -errno: -ENOENT for a group that there is not. `/` names the root. Why something was refused stands in
 * `kernel.refusal`.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { GROUPS_MAX, type MemoryGroup, makeGroup, moveToGroup } from '../kernel/memory-group.ts';
import type { Process } from '../kernel/process.ts';
import { emptyGroup, setGroupLimit } from '../kernel/reclaim/group-reclaim.ts';
import { SWAPPINESS_MAX } from '../kernel/reclaim/scan-counts.ts';
import { limitOf, requireAddress, requireRunning } from './check-access.ts';

/** What a group may have from the start. `limit`: bytes, Infinity or -1 for none; `swappiness`: null for the sysctl's. */
interface GroupSettings {
  readonly limit?: number;
  readonly swappiness?: number | null;
}

const SWAPPINESS_RANGE = `a swappiness is a whole number from 0 to ${SWAPPINESS_MAX}`;

const isSwappiness = (value: number | null): boolean => value === null || (value >= 0 && value <= SWAPPINESS_MAX);

export class MachineGroups {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /**
   * A group, without a limit unless one is given. -EEXIST when the name is taken, -EINVAL for one with a slash or none and
   * a swappiness that there is not, -ENOSPC for too many. What is refused makes no group.
   * @throws InputError MEM-API-008 for a setting that is no whole number
   */
  create(name: string, { limit = Number.POSITIVE_INFINITY, swappiness = null }: GroupSettings = {}): number {
    const { kernel } = this;
    const most = limitOf(limit);
    if (swappiness !== null) requireAddress(swappiness);
    if (name === '' || name.includes('/'))
      return kernel.refuse('EINVAL', 'the name of a group is not empty, and has no slash');
    if (this.find(name) !== undefined) return kernel.refuse('EEXIST', `there is a group ${name} already`);
    if (!isSwappiness(swappiness)) return kernel.refuse('EINVAL', SWAPPINESS_RANGE);
    const group = makeGroup(kernel, `/${name}`);
    if (group === null) return kernel.refuse('ENOSPC', `there are ${GROUPS_MAX} groups, as many as there may be`);
    group.swappiness = swappiness;
    return this.limit(group, most);
  }

  /** What it has used and may use; undefined when there is none of that name. Only for looking at. */
  find(name: string): Readonly<MemoryGroup> | undefined {
    return this.group(name);
  }

  /**
   * Bytes, rounded down to pages; Infinity or -1: none. -EINVAL for the root, -EBUSY when the group's pages do not fit.
   * @throws InputError MEM-API-008 for what is no whole number
   */
  setLimit(name: string, bytes: number): number {
    const most = limitOf(bytes);
    return this.with(name, (group) => {
      if (group.index === 0) return this.kernel.refuse('EINVAL', 'the root group has no limit that could be set');
      return this.limit(group, most);
    });
  }

  /** How gladly the group's anonymous pages are swapped for its limit, 0 … 200; 0: never. null: as the sysctl says. */
  setSwappiness(name: string, swappiness: number | null): number {
    if (swappiness !== null) requireAddress(swappiness);
    return this.with(name, (group) => {
      if (!isSwappiness(swappiness)) return this.kernel.refuse('EINVAL', SWAPPINESS_RANGE);
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
      if (group.index === 0) return this.kernel.refuse('EINVAL', 'only groups below the root can be emptied');
      emptyGroup(this.kernel, group);
      return 0;
    });
  }

  private limit(group: MemoryGroup, bytes: number): number {
    const pages = Math.floor(bytes / this.kernel.pageBytes);
    if (setGroupLimit(this.kernel, group, pages) === 0) return 0;
    const left = `${group.usage} pages of the group cannot leave memory`;
    return this.kernel.refuse('EBUSY', `${left}, and the limit would be ${pages}`);
  }

  private with(name: string, action: (group: MemoryGroup) => number): number {
    const group = this.group(name);
    return group === undefined ? this.kernel.refuse('ENOENT', `there is no group ${name}`) : action(group);
  }

  private group(name: string): MemoryGroup | undefined {
    const path = name === '/' ? name : `/${name}`;
    return this.kernel.groups.find((group) => group.path === path);
  }
}
