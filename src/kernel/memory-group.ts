/**
 * Memory groups (Linux's memory cgroups, version 1, without hierarchy): how much memory the processes of a group may have
 * together [mm/memcontrol.c:try_charge_memcg, charge_memcg, uncharge_folio].
 *
 *     kernel.groups    0 root ── no limit, whoever is in no other group
 *                      1 web  ── limit 512 pages, usage 40, failcnt 3
 *     process.group    the group that what the process allocates is charged to; inherited by fork
 *     frames.group     for each frame in use, who it is charged to: until it is freed, wherever the process moves
 *     swap.group       for each slot in use, whose page it holds: who pays when it comes back
 *
 * Charged are pages of processes, of the page cache and page tables; superpages of MAP_HUGETLB are not. A charge beyond
 * the limit first reclaims from the group's own pages; when that does not help, a page fault kills somebody in the group
 * and a system call fails.
 *
 * I1: usage = frames in use, other than those of MAP_HUGETLB and the kernel's own, that carry the group's index
 * I2: swapUsage = slots in use that carry it
 */
import { FRAME_TABLE } from './frames/frame-table.ts';
import type { Kernel } from './kernel.ts';
import type { Process } from './process.ts';

/** Compiled in: an imported constant is read, and checked for being there, at each use. */
const TABLE = FRAME_TABLE;

/** Groups that a machine may have: their indices fit a byte. */
export const GROUPS_MAX = 256;

export class MemoryGroup {
  /** Position in `kernel.groups`; 0 is the root. */
  readonly index: number;
  /** As Linux shows it: `/` for the root, `/name`. */
  readonly path: string;
  /** Pages; Infinity: none. The root's cannot be set. */
  limit = Number.POSITIVE_INFINITY;
  /** Pages charged now. */
  usage = 0;
  /** How often a charge met the limit. */
  failcnt = 0;
  /** 0 … 200 for reclaim because of this group's limit; null: as the sysctl. */
  swappiness: number | null = null;
  /** Slots of swap that hold its pages. */
  swapUsage = 0;
  /** Pages of processes and files charged and uncharged so far, and faults of the group's processes. */
  pagesIn = 0;
  pagesOut = 0;
  faults = 0;
  majorFaults = 0;
  /** Processes killed because of its limit. */
  oomKills = 0;

  constructor(index: number, path: string) {
    this.index = index;
    this.path = path;
  }
}

/** Index of the group that pays for what is allocated now: that of the process that acts, the root's for all else. */
export function actingGroup(kernel: Kernel): number {
  if (kernel.actsItself) return 0;
  const process = kernel.running[kernel.activeCpu];
  return process == null ? 0 : process.group;
}

/** Do so many more pages fit into the limit of the group that would pay for them? */
export function hasRoom(kernel: Kernel, pages: number): boolean {
  const { usage, limit } = kernel.groups[actingGroup(kernel)]!;
  return usage + pages <= limit;
}

/** Do something that no process asked for: what it allocates is the root group's. */
export function byNobody<T>(kernel: Kernel, action: () => T): T {
  kernel.actsItself = true;
  try {
    return action();
  } finally {
    kernel.actsItself = false;
  }
}

/** The frame, or the block that it heads, is paid for by the group, which has room for it (or is overcharged). */
export function chargeFrame(kernel: Kernel, pfn: number, order: number, group: number): void {
  const payer = kernel.groups[group]!;
  const pages = 1 << order;
  kernel.frames.group[pfn] = group;
  payer.usage += pages;
  if (kernel.frames.use[pfn] !== TABLE) payer.pagesIn += pages;
}

/** The frame is being freed. */
export function unchargeFrame(kernel: Kernel, pfn: number, order: number): void {
  const { group, use } = kernel.frames;
  const payer = kernel.groups[group[pfn]!]!;
  const pages = 1 << order;
  payer.usage -= pages;
  if (use[pfn] !== TABLE) payer.pagesOut += pages;
  group[pfn] = 0;
}

/** The slot holds a page of the group from now on. */
export function chargeSlot(kernel: Kernel, slot: number, group: number): void {
  kernel.swap.group[slot] = group;
  kernel.groups[group]!.swapUsage++;
}

/** The slot is being freed. */
export function unchargeSlot(kernel: Kernel, slot: number): void {
  const { group } = kernel.swap;
  kernel.groups[group[slot]!]!.swapUsage--;
  group[slot] = 0;
}

/** A new group without a limit, or null when there are too many. */
export function makeGroup(kernel: Kernel, path: string): MemoryGroup | null {
  if (kernel.groups.length === GROUPS_MAX) return null;
  const group = new MemoryGroup(kernel.groups.length, path);
  kernel.groups.push(group);
  return group;
}

/** What the process allocates is charged to the group from now on; what it has stays where it is. */
export function moveToGroup(process: Process, group: MemoryGroup): void {
  process.group = group.index;
}
