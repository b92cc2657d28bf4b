/**
 * Batches: changes of the reclaim lists that wait [mm/swap.c:cpu_fbatches, mm/mlock.c:mlock_fbatch].
 *
 * Moving one frame between the lists that reclaim goes through would cost a lock each time, so Linux collects such moves, 31
 * of a kind, and makes them together when the batch is full or somebody drains all of them. It matters to programs
 * because a waiting frame is *held by its batch*: a write that would take over the last reference finds another one and
 * copies. Only a frame that is on no list yet makes the writer drain first (fault/anonymous.ts:mayReuse).
 *
 *     kind         enters when                                       done when the batch moves
 *     NEW          a page is allocated                               the frame is listed (FLAG_UNLISTED goes)
 *     LOCK         a page comes into a locked area, or leaves one    nothing to see here, but a new page is listed
 *     LAZY_FREE    MADV_FREE cleaned its only PTE                    reclaim drops it unless it is dirty (lazy-free.ts)
 *     ACTIVATE     used twice through the kernel                     FLAG_ACTIVE
 *     DEACTIVATE   MADV_COLD on an active page                       FLAG_ACTIVE goes
 *
 *     entries   kind 0: [ pfn pfn -1 pfn … ]  kind 1: [ … ] …      -1: freed while it waited; its place stays taken
 *     counts    used places of each kind, below BATCH_SIZE
 *
 * Drained by: mlock and munlock that change an area, populating an accessible area, MADV_FREE, COLD, PAGEOUT, WILLNEED of
 * anything but a file on a disk, POPULATE_*, write-back and dropping of page cache, and mayReuse [measured on 6.18].
 *
 * I1: frames.batched[pfn] = entries that name pfn    I2: FLAG_UNLISTED => batched > 0
 * Linux has one set per CPU; here is one for the machine. Under policies other than `linux` there are no lists, and new
 * and locked frames wait for none.
 */
import type { Kernel } from '../kernel.ts';
import { isLockedInMemory } from '../vm/unevictable.ts';
import {
  FLAG_ACTIVE,
  FLAG_LAZY_FREE,
  FLAG_REFERENCED,
  FLAG_SWAP_CACHE,
  FLAG_UNLISTED,
  type FrameTable,
} from './frame-table.ts';
import { setLazyFree } from './lazy-free.ts';

/** Linux PAGEVEC_SIZE. */
const BATCH_SIZE = 31;

const NEW = 0;
const DEACTIVATE = 1;
const LAZY_FREE = 2;
const ACTIVATE = 3;
const LOCK = 4;
const KINDS = 5;

const GONE = -1;

/** The state: plain arrays, cloned with the kernel. */
export class LruBatches {
  readonly entries = new Int32Array(KINDS * BATCH_SIZE).fill(GONE);
  readonly counts = new Uint8Array(KINDS);
}

/** The frame now is a page, and there are lists (`kernel.lru`); `locked`: of an area that is locked. */
export function listNewFrame(kernel: Kernel, pfn: number, locked: boolean): void {
  kernel.frames.set(pfn, FLAG_UNLISTED);
  enter(kernel, locked ? LOCK : NEW, pfn);
}

/** A mapping of the frame in a locked area began or ended [mm/mlock.c:mlock_folio, munlock_folio]. */
export function noteLockedMapping(kernel: Kernel, pfn: number): void {
  if (kernel.lru !== null) enter(kernel, LOCK, pfn);
}

/** MADV_FREE: the page is clean and its contents are not needed any more [mm/swap.c:folio_mark_lazyfree]. */
export function markLazyFree(kernel: Kernel, pfn: number): void {
  if (!kernel.frames.has(pfn, FLAG_LAZY_FREE | FLAG_SWAP_CACHE)) enter(kernel, LAZY_FREE, pfn);
}

/**
 * The kernel used the page for a process: the first use marks it referenced, the next one active, and so on. A locked
 * page is on no list that reclaim looks at: there it stays at referenced [mm/swap.c:folio_mark_accessed].
 */
export function markAccessed(kernel: Kernel, pfn: number): void {
  const { frames } = kernel;
  if (!frames.has(pfn, FLAG_REFERENCED)) {
    frames.set(pfn, FLAG_REFERENCED);
  } else if (!frames.has(pfn, FLAG_ACTIVE) && !isLockedInMemory(kernel, pfn)) {
    if (frames.has(pfn, FLAG_UNLISTED)) {
      frames.set(pfn, FLAG_ACTIVE);
      kernel.lru?.placeAgain(pfn);
    } else enter(kernel, ACTIVATE, pfn);
    frames.unset(pfn, FLAG_REFERENCED);
  }
}

/** MADV_COLD: the page's past uses do not count any more. */
export function markCold(kernel: Kernel, pfn: number): void {
  const { frames } = kernel;
  frames.unset(pfn, FLAG_REFERENCED);
  if (frames.has(pfn, FLAG_ACTIVE) && !isLockedInMemory(kernel, pfn)) enter(kernel, DEACTIVATE, pfn);
}

/** Make all waiting moves (Linux lru_add_drain). */
export function drainBatches(kernel: Kernel): void {
  for (let kind = 0; kind < KINDS; kind++) if (kernel.lruBatches.counts[kind] !== 0) move(kernel, kind);
}

/** The frame is being freed: nothing is left to move. */
export function leaveBatches(kernel: Kernel, pfn: number): void {
  const { lruBatches, frames } = kernel;
  const { entries } = lruBatches;
  for (let at = 0; frames.batched[pfn]! > 0; at++) {
    if (entries[at] !== pfn) continue;
    entries[at] = GONE;
    frames.batched[pfn]!--;
  }
}

function enter(kernel: Kernel, kind: number, pfn: number): void {
  const { entries, counts } = kernel.lruBatches;
  const count = counts[kind]!;
  entries[kind * BATCH_SIZE + count] = pfn;
  counts[kind] = count + 1;
  kernel.frames.batched[pfn]!++;
  if (count + 1 === BATCH_SIZE) move(kernel, kind);
}

function move(kernel: Kernel, kind: number): void {
  const { frames, lruBatches } = kernel;
  const { entries, counts } = lruBatches;
  const first = kind * BATCH_SIZE;
  const end = first + counts[kind]!;
  counts[kind] = 0;
  for (let at = first; at < end; at++) {
    const pfn = entries[at]!;
    entries[at] = GONE;
    if (pfn === GONE) continue;
    frames.batched[pfn]!--;
    moveOne(kernel, frames, kind, pfn);
    kernel.lru?.placeAgain(pfn);
  }
}

function moveOne(kernel: Kernel, frames: FrameTable, kind: number, pfn: number): void {
  switch (kind) {
    case NEW:
      frames.unset(pfn, FLAG_UNLISTED);
      return;
    case LOCK:
      // One that also waits among the new ones is listed with those.
      if (frames.batched[pfn] === 0) frames.unset(pfn, FLAG_UNLISTED);
      return;
    case DEACTIVATE:
      if (!isLockedInMemory(kernel, pfn)) frames.unset(pfn, FLAG_ACTIVE | FLAG_REFERENCED);
      return;
    case LAZY_FREE:
      if (frames.has(pfn, FLAG_LAZY_FREE | FLAG_SWAP_CACHE) || isLockedInMemory(kernel, pfn)) return;
      frames.unset(pfn, FLAG_ACTIVE | FLAG_REFERENCED);
      setLazyFree(kernel, pfn);
      return;
    default:
      if (!isLockedInMemory(kernel, pfn)) frames.set(pfn, FLAG_ACTIVE);
  }
}
