/**
 * Making room: the policy names a victim, the kernel unmaps it everywhere and saves what must be saved.
 *
 *     anonymous, no copy in swap, or changed since     written to a slot ("dirty")
 *     anonymous, unchanged copy in swap                dropped ("clean")
 *     anonymous, given up by MADV_FREE, not written    dropped
 *     shared memory                                    written to a slot that the object then names
 *     shared memory that was never written             dropped
 *     program image, file of a disk                    dropped: the disk has it, written back first if need be
 *
 * Every PTE that mapped an anonymous victim becomes a swap entry for the slot; those of shared memory and files just
 * go, the object knows the page. A frame somebody else holds (a pin), one of a locked area, or one for which no slot
 * is free cannot leave: the policy is told to skip it.
 */
import { PTE_DIRTY } from '../../mmu/pte-flags.ts';
import {
  FLAG_DIRTY,
  FLAG_EXCLUSIVE,
  FLAG_LAZY_FREE,
  FLAG_SWAP_CACHE,
  FRAME_ANON,
  FRAME_FILE,
  FRAME_SHARED,
} from '../frames/frame-table.ts';
import { unsetLazyFree } from '../frames/lazy-free.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import { writePage } from '../fs/write-back.ts';
import type { Kernel } from '../kernel.ts';
import { VM_DROPPABLE } from '../linux-abi.ts';
import { chargeSlot, type MemoryGroup } from '../memory-group.ts';
import { addToSwapCache, passToSwapCache, removeFromSwapCache, takeSlot } from '../swap/swap-cache.ts';
import { forgetMapping } from '../vm/mapping.ts';
import { flushPage, ownerOf } from '../vm/tlb-flush.ts';
import { pageEntry } from '../vm/transparent.ts';
import { isLockedInMemory } from '../vm/unevictable.ts';
import { RETRIES } from './linux.ts';
import { POLICIES } from './registry.ts';
import { linuxPolicy, tryToFree } from './shrink.ts';

/** Who wants the page to leave: whoever needs memory, a memory group that is to shrink, the program itself, or the policy alone. */
const FOR_MEMORY = 0;
const FOR_GROUP = 1;
export const FOR_ADVICE = 2;
export const FOR_POLICY = 3;
type Purpose = typeof FOR_MEMORY | typeof FOR_GROUP | typeof FOR_ADVICE | typeof FOR_POLICY;

/** Evict one page; false when none can leave. */
export function reclaimOne(kernel: Kernel): boolean {
  const { policy } = kernel;
  if (!mayReclaim(kernel)) return false;
  if (kernel.lru !== null) drainBatches(kernel);
  // Twice: the first round of clock may go into clearing reference bits (see the contract in policy.ts).
  for (let tries = 2 * policy.resident; tries > 0; tries--) {
    const victim = policy.victim(kernel.incomingPage);
    if (victim < 0) return false;
    if (evict(kernel, victim)) return true;
    policy.skip(victim);
  }
  return false;
}

/**
 * Evict `wanted` pages of the group, the first in the policy's order that can leave (under `linux` as many as it takes at
 * once); false when none can. Evictions change nothing about the order of the others, so it is asked for once.
 */
export function reclaimFromGroup(kernel: Kernel, group: MemoryGroup, wanted: number): boolean {
  if (!mayReclaim(kernel)) return false;
  if (kernel.lru !== null) return reclaimSome(kernel, group);
  // A page written after MADV_FREE is no longer one given up: the first try finds that out, the second may take it.
  return takeInOrder(kernel, group, wanted) || takeInOrder(kernel, group, wanted);
}

function takeInOrder(kernel: Kernel, group: MemoryGroup, wanted: number): boolean {
  const { frames, policy } = kernel;
  let left = wanted;
  for (const pfn of policy.order()) {
    if (left === 0) break;
    if (frames.group[pfn] !== group.index || (group.swappiness === 0 && !isOnFileSide(kernel, pfn))) continue;
    if (evict(kernel, pfn, FOR_GROUP)) left--;
  }
  return left < wanted;
}

/** Pages in use get several rounds before they leave, so the first tries may find nothing [mm/memcontrol.c:try_charge_memcg]. */
function reclaimSome(kernel: Kernel, group: MemoryGroup): boolean {
  for (let tries = 0; tries <= RETRIES; tries++) if (tryToFree(kernel, group, 1) > 0) return true;
  return false;
}

/** Does the frame leave without swap: a page of a file, or one given up by MADV_FREE? */
function isOnFileSide({ frames }: Kernel, pfn: number): boolean {
  return frames.use[pfn] === FRAME_FILE || (frames.use[pfn] === FRAME_ANON && frames.has(pfn, FLAG_LAZY_FREE));
}

/** Without swap space, files or unchanged copies in swap, looking for a victim is vain. */
export function mayReclaim(kernel: Kernel): boolean {
  return kernel.swap.free > 0 || kernel.fileFrames > 0 || kernel.swapCacheFrames > 0 || kernel.lazyFreeFrames > 0;
}

/**
 * Unmap and save one frame; false, with nothing changed, when it has to stay. Advice does not wait for a device
 * that writes in its own time, so a page being written for it stays in the swap cache until somebody wants its frame.
 */
export function evict(kernel: Kernel, pfn: number, purpose: Purpose = FOR_MEMORY): boolean {
  const { frames, swap } = kernel;
  const use = frames.use[pfn]!;
  if (!mayLeave(kernel, pfn)) return false;
  if (frames.has(pfn, FLAG_LAZY_FREE)) return dropLazily(kernel, pfn, purpose);

  // Shared memory that was only ever read is zeros, and can be made again.
  const isSaved = use === FRAME_ANON || (use === FRAME_SHARED && isDirty(kernel, pfn));
  const needsSlot = isSaved && !frames.has(pfn, FLAG_SWAP_CACHE);
  const slot = !isSaved ? -1 : needsSlot ? takeSlot(kernel) : frames.swapSlot[pfn]! - 1;
  if (needsSlot && slot < 0) return false;
  if (needsSlot) chargeSlot(kernel, slot, frames.group[pfn]!);

  const mappings = mappingsOf(kernel, pfn);
  // Held until the end, so that the last unmapping does not free it before it is written.
  holdFrame(kernel, pfn);
  if (use === FRAME_ANON && needsSlot) addToSwapCache(kernel, pfn, slot);
  unmapEverywhere(kernel, pfn, use === FRAME_ANON ? slot : -1);
  const dirty = needsSlot || frames.has(pfn, FLAG_DIRTY);
  if (isSaved && dirty) writeToSwap(kernel, pfn, slot);
  if (use === FRAME_FILE && dirty) {
    writePage(kernel, kernel.objects[frames.object[pfn]! - 1]!, frames.objectPage[pfn]!, pfn);
  }

  const isLeft = purpose === FOR_ADVICE && isSaved && dirty && swap.writesLater(slot);
  if (isLeft) frames.unset(pfn, FLAG_DIRTY);
  if (use === FRAME_ANON) {
    if (!isLeft) {
      linuxPolicy(kernel)?.evicting(pfn);
      removeFromSwapCache(kernel, pfn);
    }
  } else {
    const object = kernel.objects[frames.object[pfn]! - 1]!;
    const page = frames.objectPage[pfn]!;
    if (!isSaved) {
      object.pages.delete(page);
    } else {
      object.pages.set(page, -(slot + 1));
      swap.counts[slot] = 1;
    }
    if (!isLeft && (isSaved || use === FRAME_FILE)) linuxPolicy(kernel)?.evicting(pfn);
    if (isLeft) passToSwapCache(kernel, pfn, slot);
    else putFrame(kernel, pfn);
  }
  if (isLeft) {
    kernel.lru?.rotate(pfn);
    putFrame(kernel, pfn);
    return true;
  }
  // What was not written anywhere was clean.
  noteEviction(
    kernel,
    pfn,
    mappings,
    !dirty ? 'dropped' : isSaved ? 'swap' : use === FRAME_FILE ? 'file' : 'dropped',
    purpose,
  );
  putFrame(kernel, pfn);
  return true;
}

/** A page given up by MADV_FREE goes unsaved; one written since is an ordinary page again, and stays for now. */
function dropLazily(kernel: Kernel, pfn: number, purpose: Purpose): boolean {
  if (isDirty(kernel, pfn) && !isDroppable(kernel, pfn)) {
    unsetLazyFree(kernel, pfn);
    return false;
  }
  const mappings = mappingsOf(kernel, pfn);
  holdFrame(kernel, pfn);
  unmapEverywhere(kernel, pfn, -1);
  kernel.vmstat.pglazyfreed++;
  noteEviction(kernel, pfn, mappings, 'dropped', purpose);
  putFrame(kernel, pfn);
  return true;
}

/** Was the page written since it was last clean, by any mapping or otherwise? */
function isDirty(kernel: Kernel, pfn: number): boolean {
  const { frames, reverseMap, spaces, pageTable, pageBytes, format } = kernel;
  if (frames.has(pfn, FLAG_DIRTY) || !format.has.dirty) return true;
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
    const entry = pageEntry(kernel, spaces[reverseMap.spaceAt(pfn, at)]!, reverseMap.pageAt(pfn, at) * pageBytes);
    if ((pageTable.flags(entry) & PTE_DIRTY) !== 0) return true;
  }
  return false;
}

/** Memory mapped with MAP_DROPPABLE is never saved; fork does not share it. */
function isDroppable({ reverseMap, spaces, pageBytes }: Kernel, pfn: number): boolean {
  const at = reverseMap.first(pfn);
  return (
    at >= 0 && spaces[reverseMap.spaceAt(pfn, at)]!.areas.at(reverseMap.pageAt(pfn, at) * pageBytes)!.has(VM_DROPPABLE)
  );
}

/** For those who listen: who maps the frame. */
function mappingsOf(kernel: Kernel, pfn: number): { pid: number; address: number }[] {
  if (kernel.sink === null) return [];
  return kernel.reverseMap.list(pfn).map(({ space, page }) => ({
    pid: ownerOf(kernel.spaces[space]!),
    address: page * kernel.pageBytes,
  }));
}

function mayLeave(kernel: Kernel, pfn: number): boolean {
  const { frames } = kernel;
  const cacheReferences = frames.use[pfn] !== FRAME_ANON || frames.has(pfn, FLAG_SWAP_CACHE) ? 1 : 0;
  return frames.references[pfn] === frames.mapCount[pfn]! + cacheReferences && !isLockedInMemory(kernel, pfn);
}

/** Replace every PTE of the frame by an entry for `slot` (or nothing, with -1), collecting their dirty bits. */
function unmapEverywhere(kernel: Kernel, pfn: number, slot: number): void {
  const { frames, swap, reverseMap, spaces, pageTable, pageBytes, format } = kernel;
  const exclusive = frames.has(pfn, FLAG_EXCLUSIVE);
  // From here on the entry knows: a fork may share it while the frame waits in the swap cache.
  frames.unset(pfn, FLAG_EXCLUSIVE);
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.first(pfn)) {
    const space = spaces[reverseMap.spaceAt(pfn, at)]!;
    const address = reverseMap.pageAt(pfn, at) * pageBytes;
    const entry = pageEntry(kernel, space, address);
    if ((!format.has.dirty && frames.use[pfn] !== FRAME_FILE) || (pageTable.flags(entry) & PTE_DIRTY) !== 0)
      frames.set(pfn, FLAG_DIRTY);
    if (slot >= 0) {
      pageTable.writeSwap(entry, slot, exclusive);
      swap.counts[slot]!++;
      space.swapEntries++;
    } else {
      pageTable.clear(entry);
    }
    forgetMapping(kernel, space, address, pfn);
    flushPage(kernel, space, address);
    putFrame(kernel, pfn);
  }
}

export function writeToSwap(kernel: Kernel, pfn: number, slot: number): void {
  kernel.swap.write(slot, kernel.memory, pfn);
  kernel.vmstat.nr_vmscan_write++;
  if (kernel.sink !== null) kernel.emit({ type: 'SwapOut', slot, pfn });
}

function noteEviction(
  kernel: Kernel,
  pfn: number,
  mappings: { pid: number; address: number }[],
  to: 'swap' | 'dropped' | 'file',
  purpose: Purpose,
): void {
  const dirty = to !== 'dropped';
  kernel.counters.evictions++;
  if (dirty) kernel.counters.dirtyEvictions++;
  else kernel.counters.cleanEvictions++;
  if (kernel.sink === null) return;
  const policy = kernel.policy.name;
  kernel.emit({ type: 'Eviction', pfn, mappings, dirty, policy, to, why: whyItLeaves(kernel, pfn, purpose) });
}

function whyItLeaves(kernel: Kernel, pfn: number, purpose: Purpose): string {
  if (purpose === FOR_ADVICE) return 'the program asked for it (MADV_PAGEOUT)';
  const { policy, groups, frames } = kernel;
  const group = nameOf(groups[frames.group[pfn]!]!);
  const chosen = linuxPolicy(kernel)?.why(pfn, groups.length > 1 ? ` of group ${group}` : '');
  if (chosen !== undefined && chosen !== null) return chosen;
  return purpose === FOR_GROUP
    ? `of the pages of group ${group} that could leave it was the first in the order of ${policy.name}`
    : POLICIES[policy.name].reason;
}

/** As the user named it. */
const nameOf = ({ path }: MemoryGroup): string => (path === '/' ? path : path.slice(1));
