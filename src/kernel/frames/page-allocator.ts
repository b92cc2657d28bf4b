/**
 * Getting and giving back frames: the buddy allocator below, reclaim when it runs dry - or, under the `linux` policy,
 * before it does (pressure/allocate.ts).
 * A frame is freed by whoever lets go of it last (`putFrame`).
 */
import { invariant } from '../../mmu/invariant.ts';
import type { Kernel } from '../kernel.ts';
import { actingGroup, chargeFrame, unchargeFrame } from '../memory-group.ts';
import { allocateAboveMin, takeSpare } from '../pressure/allocate.ts';
import { reclaimFromGroup, reclaimOne } from '../reclaim/reclaim.ts';
import {
  FLAG_LAZY_FREE,
  FLAG_SWAP_CACHE,
  FLAG_TRACKED,
  FRAME_FILE,
  FRAME_FREE,
  FRAME_HUGE,
  FRAME_KERNEL,
  FRAME_TABLE,
  FRAME_TAIL,
  type FrameTable,
} from './frame-table.ts';
import { unsetLazyFree } from './lazy-free.ts';
import { leaveBatches, listNewFrame } from './lru-batches.ts';

// Compiled in: an imported constant is read, and checked for being there, at each use.
const FREE = FRAME_FREE;
const FILE = FRAME_FILE;
const TRACKED = FLAG_TRACKED;

/** Instead of a frame: memory is exhausted, or the limit of the memory group that would pay is reached. */
export const NO_MEMORY = -1;
export const NO_ROOM_IN_GROUP = -2;

/** 2^order frames for a page table, or NO_*. They hold one reference, on the first frame. */
export function allocateTable(kernel: Kernel, order: number): number {
  return allocateBlock(kernel, order, FRAME_TABLE);
}

/** 2^order frames for a superpage, or -1 when memory is too fragmented. Reclaim is not tried, as for hugetlb pages. */
export function allocateHuge(kernel: Kernel, order: number): number {
  if (kernel.hugeBlocks >= kernel.sysctl.nr_hugepages) return -1;
  const pfn = takeSpareFrames(kernel, order);
  if (pfn < 0) return -1;
  kernel.hugeBlocks++;
  claim(kernel, pfn, order, FRAME_HUGE);
  return pfn;
}

/**
 * One frame for a page of a process, unreferenced and not yet known to the policy, or NO_* when memory (the limit on
 * resident pages, that of the group) is exhausted and nothing can be evicted. `group`: who pays.
 */
export function allocateUserFrame(kernel: Kernel, use: number, group = actingGroup(kernel)): number {
  if (group !== 0 && !makeRoomInGroup(kernel, group, 1)) return NO_ROOM_IN_GROUP;
  const limit = kernel.options.residentPages;
  if (limit !== null) {
    while (kernel.policy.resident >= limit) if (!reclaimOne(kernel)) return NO_MEMORY;
  }
  const pfn = takeFrames(kernel, 0);
  if (pfn < 0) return NO_MEMORY;
  kernel.frames.use[pfn] = use;
  chargeFrame(kernel, pfn, 0, group);
  if (use === FILE) kernel.fileFrames++;
  return pfn;
}

/** As allocateUserFrame, but -1 rather than evicting anything. */
export function allocateSpareFrame(kernel: Kernel, use: number, group = actingGroup(kernel)): number {
  const payer = kernel.groups[group]!;
  if (payer.usage >= payer.limit) return -1;
  const limit = kernel.options.residentPages;
  if (limit !== null && kernel.policy.resident >= limit) return -1;
  const pfn = takeSpareFrames(kernel, 0);
  if (pfn < 0) return -1;
  kernel.frames.use[pfn] = use;
  chargeFrame(kernel, pfn, 0, group);
  if (use === FRAME_FILE) kernel.fileFrames++;
  return pfn;
}

/** Reclaim from the group until so many more frames fit into its limit; false when they never will. */
function makeRoomInGroup(kernel: Kernel, index: number, frames: number): boolean {
  const group = kernel.groups[index]!;
  while (group.usage + frames > group.limit) {
    group.failcnt++;
    if (!reclaimFromGroup(kernel, group, group.usage + frames - group.limit)) return false;
  }
  return true;
}

export function holdFrame(kernel: Kernel, pfn: number): void {
  kernel.frames.references[pfn]!++;
}

export function putFrame(kernel: Kernel, pfn: number): void {
  const { frames } = kernel;
  const left = frames.references[pfn]! - 1;
  invariant(left >= 0, 'a frame is put more often than held');
  frames.references[pfn] = left;
  if (left === 0) freeFrame(kernel, pfn);
}

/** Tell the policy that the frame now serves `page` (a number unique to the page). `locked`: of a locked area. */
export function trackFrame(kernel: Kernel, pfn: number, page: number, locked = false): void {
  if (kernel.lru !== null) listNewFrame(kernel, pfn, locked);
  kernel.frames.set(pfn, TRACKED);
  kernel.policy.admit(pfn, page);
  kernel.admittedFrame = pfn;
  kernel.incomingPage = -1;
}

/** Free a frame that nobody holds (also one just allocated and not used after all). */
export function freeFrame(kernel: Kernel, pfn: number): void {
  const { frames } = kernel;
  const use = frames.use[pfn]!;
  invariant(use !== FREE && use !== FRAME_TAIL && use !== FRAME_KERNEL, 'a frame that is not allocated is freed');
  invariant(frames.mapCount[pfn] === 0, 'a mapped frame is freed');
  const flags = frames.flags[pfn]!;
  invariant((flags & FLAG_SWAP_CACHE) === 0, 'a frame in the swap cache is freed');
  if ((flags & TRACKED) !== 0) kernel.policy.remove(pfn);
  if ((flags & FLAG_LAZY_FREE) !== 0) unsetLazyFree(kernel, pfn);
  if (frames.batched[pfn] !== 0) leaveBatches(kernel, pfn);
  if (use === FILE) kernel.fileFrames--;
  const order = frames.order[pfn]!;
  if (use === FRAME_HUGE) kernel.hugeBlocks--;
  else unchargeFrame(kernel, pfn, order);
  frames.use[pfn] = FREE;
  if (order !== 0) freeTail(frames, pfn, order);
  frames.flags[pfn] = 0;
  frames.references[pfn] = 0;
  if (frames.object[pfn] !== 0) {
    frames.object[pfn] = 0;
    frames.objectPage[pfn] = 0;
  }
  kernel.buddy.release(pfn, order);
}

function freeTail(frames: FrameTable, pfn: number, order: number): void {
  frames.order[pfn] = 0;
  for (let i = 1; i < 1 << order; i++) frames.use[pfn + i] = FRAME_FREE;
}

function allocateBlock(kernel: Kernel, order: number, use: number): number {
  const group = actingGroup(kernel);
  if (group !== 0 && !makeRoomInGroup(kernel, group, 1 << order)) return NO_ROOM_IN_GROUP;
  const pfn = takeFrames(kernel, order);
  if (pfn < 0) return NO_MEMORY;
  claim(kernel, pfn, order, use);
  chargeFrame(kernel, pfn, order, group);
  kernel.frames.references[pfn] = 1;
  return pfn;
}

/** 2^order frames, reclaiming others if need be; -1 when memory is exhausted. */
function takeFrames(kernel: Kernel, order: number): number {
  if (kernel.kswapd !== null) return allocateAboveMin(kernel, order);
  let pfn = kernel.buddy.allocate(order);
  while (pfn < 0) {
    if (!reclaimOne(kernel)) return -1;
    pfn = kernel.buddy.allocate(order);
  }
  return pfn;
}

/** 2^order frames that nobody will miss; -1 when there are none. */
export function takeSpareFrames(kernel: Kernel, order: number): number {
  return kernel.kswapd === null ? kernel.buddy.allocate(order) : takeSpare(kernel, order);
}

function claim(kernel: Kernel, pfn: number, order: number, use: number): void {
  kernel.frames.use[pfn] = use;
  kernel.frames.order[pfn] = order;
  for (let i = 1; i < 1 << order; i++) kernel.frames.use[pfn + i] = FRAME_TAIL;
}
