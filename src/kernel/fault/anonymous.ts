/**
 * Private pages: demand zero, copy on write, reuse by the last owner.
 *
 *     untouched --read--> zero page --write--> own frame (exclusive, writable)
 *     untouched --write-------------------------^  |
 *                                                  fork: both sides write-protected, no longer exclusive
 *     write, others still hold the frame  -> copy  |
 *     write, nobody else does             -> reuse v
 *
 * Rules: Linux mm/memory.c:do_anonymous_page, do_wp_page, wp_can_reuse_anon_folio.
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_EXCLUSIVE, FLAG_SWAP_CACHE, FLAG_UNLISTED, FRAME_ANON, ZERO_PFN } from '../frames/frame-table.ts';
import { setLazyFree } from '../frames/lazy-free.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import { holdFrame, putFrame, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_DROPPABLE, VM_LOCKED, VM_WRITE } from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { removeFromSwapCache } from '../swap/swap-cache.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { prepareAnon } from '../vm/anon.ts';
import type { Area } from '../vm/area.ts';
import { dropMapping, mapFrame, pteFlagsOf } from '../vm/mapping.ts';
import { flushGained, flushPage } from '../vm/tlb-flush.ts';
import { frameForFault } from './frame-for-fault.ts';
import { COPY_ON_WRITE, DEMAND_ZERO, KILLED, REUSE, ZERO_PAGE } from './outcome.ts';

// Compiled in: an imported constant is read, and checked for being there, at each use.
const ANON = FRAME_ANON;
const EXCLUSIVE = FLAG_EXCLUSIVE;
const ZERO_FRAME = ZERO_PFN;
const WRITABLE = VM_WRITE;
const DROPPABLE = VM_DROPPABLE;
const LOCKED = VM_LOCKED;
const ACCESSED = PTE_ACCESSED;
const WRITTEN = PTE_ACCESSED | PTE_WRITE | PTE_DIRTY;
const ZEROED = DEMAND_ZERO;

/** More than any format has: a power of two, so that dividing by it is exact. */
const PAGES_PER_SPACE = 2 ** 40;

/** As many may hold a frame that has one mapping: that, the swap cache and a batch. More, and it is shared for certain. */
const REFERENCES_OF_ONE = 3;

/** A number unique to the page of this address space, for policies that remember pages. */
export function pageKey(kernel: Kernel, space: AddressSpace, address: number): number {
  const page = Math.floor(address * kernel.pageScale);
  // Not %: a remainder of doubles costs as much as a walk, and only the smallest pages are so many.
  const inSpace = page < PAGES_PER_SPACE ? page : page - Math.floor(page / PAGES_PER_SPACE) * PAGES_PER_SPACE;
  return space.id * PAGES_PER_SPACE + inSpace;
}

/** Nothing is mapped at this private anonymous page yet. */
export function faultUntouched(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
  write: boolean,
): number {
  if (!write && !process.space!.forbidsZeroPage) {
    kernel.pageTable.writeLeaf(entry, ZERO_FRAME, pteFlagsOf(kernel, area.flags) | ACCESSED);
    return ZERO_PAGE;
  }
  prepareAnon(kernel, area);
  return mapZeroed(kernel, process, area, address, entry) ? ZEROED : KILLED;
}

/** Write to a present private page that is write-protected. */
export function faultWriteProtected(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
): number {
  const { pageTable, frames } = kernel;
  const space = process.space!;
  const pfn = pageTable.frame(entry);
  prepareAnon(kernel, area);
  if (pfn === ZERO_PFN) {
    if (!mapZeroed(kernel, process, area, address, entry)) return KILLED;
    flushPage(kernel, space, address);
    return DEMAND_ZERO;
  }
  if (frames.use[pfn] === FRAME_ANON && mayReuse(kernel, pfn)) {
    frames.set(pfn, FLAG_EXCLUSIVE);
    pageTable.setFlags(entry, ownPageFlags(kernel, area));
    flushGained(kernel, space, address, address + kernel.pageBytes, kernel.pageBytes);
    return REUSE;
  }
  return copyPage(kernel, process, area, address, entry, pfn) ? COPY_ON_WRITE : KILLED;
}

/** A private copy of `source` for the page, in place of what is mapped there now (maybe nothing). */
export function copyPage(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
  source: number,
): boolean {
  const { pageTable, memory } = kernel;
  // Pinned: finding a frame may evict, and must not evict the page being copied.
  holdFrame(kernel, source);
  kernel.incomingPage = pageKey(kernel, process.space!, address);
  const copy = frameForFault(kernel, process, FRAME_ANON);
  if (copy < 0) {
    putFrame(kernel, source);
    return false;
  }
  const space = process.space!;
  memory.copyFrame(source, copy);
  const wasMapped = !pageTable.isEmpty(entry);
  if (wasMapped) {
    const flags = pageTable.flags(entry);
    pageTable.clear(entry);
    dropMapping(kernel, space, address, source, flags);
  }
  install(kernel, space, area, address, entry, copy);
  if (wasMapped) flushPage(kernel, space, address);
  if (kernel.sink !== null) {
    kernel.emit({ type: 'CowCopy', pid: process.pid, address, from: source, to: copy });
  }
  putFrame(kernel, source);
  return true;
}

/**
 * May a write go to this frame in place? Yes when it is known to belong to one mapping, or when this mapping holds the
 * only reference; a copy kept in swap is given up first. A frame that waits in a batch is held by it too: only one that is
 * on no list at all is worth draining them [mm/memory.c:wp_can_reuse_anon_folio].
 */
export function mayReuse(kernel: Kernel, pfn: number): boolean {
  const { frames, swap } = kernel;
  if (frames.has(pfn, FLAG_EXCLUSIVE)) return true;
  if (frames.references[pfn]! + frames.batched[pfn]! > REFERENCES_OF_ONE) return false;
  if (frames.has(pfn, FLAG_UNLISTED)) drainBatches(kernel);
  if (frames.batched[pfn] !== 0) return false;
  if (!frames.has(pfn, FLAG_SWAP_CACHE)) return frames.references[pfn] === 1;
  if (frames.references[pfn] !== 2 || swap.counts[frames.swapSlot[pfn]! - 1] !== 0) return false;
  removeFromSwapCache(kernel, pfn);
  return true;
}

/** Flags of a page that belongs to this mapping alone: writable and dirty if the area is writable. */
export function ownPageFlags(kernel: Kernel, area: Area): number {
  return pteFlagsOf(kernel, area.flags) | (area.has(WRITABLE) ? WRITTEN : ACCESSED);
}

function mapZeroed(kernel: Kernel, process: Process, area: Area, address: number, entry: number): boolean {
  kernel.incomingPage = pageKey(kernel, process.space!, address);
  const pfn = frameForFault(kernel, process, ANON, undefined, 'zeroedPage');
  if (pfn < 0) return false;
  kernel.memory.zeroFrame(pfn);
  install(kernel, process.space!, area, address, entry, pfn);
  return true;
}

function install(kernel: Kernel, space: AddressSpace, area: Area, address: number, entry: number, pfn: number): void {
  kernel.frames.set(pfn, EXCLUSIVE);
  mapFrame(kernel, space, address, entry, pfn, ownPageFlags(kernel, area));
  if (area.has(DROPPABLE)) setLazyFree(kernel, pfn);
  trackFrame(kernel, pfn, pageKey(kernel, space, address), area.has(LOCKED));
}
