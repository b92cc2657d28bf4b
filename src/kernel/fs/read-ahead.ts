/**
 * Read-ahead of files on a disk [mm/readahead.c, mm/filemap.c:do_sync_mmap_readahead].
 *
 * A fault on a page that is not in the cache reads the window around it; read(2) reads on from where it is, the further
 * the longer it went on sequentially. The window of an open file:
 *
 *     start            marker       start + size
 *     │◄───────────────│── ahead ──►│            a read that meets the marked page starts reading the next window
 */
import { FLAG_READ_AHEAD } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import type { MemoryObject } from '../memory-object.ts';
import { cacheAhead } from './page-cache.ts';

/** The device's read_ahead_kb in pages of 4 KiB. */
export const WINDOW_PAGES = 128;

/** What an open file remembers of its reads (Linux file_ra_state). Pages. */
export class ReadAhead {
  start = 0;
  size = 0;
  ahead = 0;
  /** Offset behind the last byte read, bytes; -1 before the first read. */
  position = -1;
  /** What that was when the read(2) that goes on began: by that it is told whether reads go on from each other. */
  positionBefore = -1;
}

/** A mapped page is missing: read the window that has it in its middle. */
export function readAround(kernel: Kernel, object: MemoryObject, page: number): void {
  const start = Math.max(0, page - WINDOW_PAGES / 2);
  readWindow(kernel, object, start, WINDOW_PAGES, WINDOW_PAGES / 4);
}

/**
 * A mapped page is missing where only what follows is of use: the program said so (MADV_SEQUENTIAL), or it is code, of
 * which nothing behind the area (`limit`, a page of the object) is read.
 */
export function readAfter(kernel: Kernel, object: MemoryObject, page: number, limit: number): void {
  const isCode = limit !== Number.POSITIVE_INFINITY;
  readWindow(kernel, object, page, Math.min(WINDOW_PAGES, limit - page), isCode ? 0 : WINDOW_PAGES / 2);
}

/** read(2) wants `wanted` pages from `page` on, which is missing [mm/readahead.c:page_cache_sync_ra]. */
export function readSequentially(
  kernel: Kernel,
  object: MemoryObject,
  state: ReadAhead,
  page: number,
  wanted: number,
): void {
  const step = page - Math.floor(state.positionBefore / kernel.pageBytes);
  const goesOn = state.positionBefore >= 0 && (step === 0 || step === 1);
  if (page !== 0 && wanted <= WINDOW_PAGES && !goesOn) {
    const known = cachedBefore(object, page, WINDOW_PAGES);
    if (known <= wanted) {
      // A small read somewhere in the file leaves the window alone.
      readWindow(kernel, object, page, wanted, 0);
      return;
    }
    state.start = page;
    state.size = Math.min((known === page ? 2 * known : known) + wanted, WINDOW_PAGES);
    state.ahead = 1;
  } else {
    state.start = page;
    state.size = firstSize(wanted);
    state.ahead = state.size > wanted ? state.size - wanted : state.size >> 1;
  }
  readWindow(kernel, object, state.start, state.size, state.ahead);
}

/** A read met the marked page: the next window is due [mm/readahead.c:page_cache_async_ra]. */
export function readOn(kernel: Kernel, object: MemoryObject, state: ReadAhead, page: number, wanted: number): void {
  const pfn = object.frameAt(page);
  kernel.frames.unset(pfn, FLAG_READ_AHEAD);
  if (page === state.start + state.size - state.ahead) {
    state.start += state.size;
  } else {
    let start = page + 1;
    while (object.frameAt(start) >= 0 && start - page <= WINDOW_PAGES) start++;
    if (start - page > WINDOW_PAGES) return;
    state.start = start;
    state.size = start - page + wanted;
  }
  state.size = nextSize(state.size);
  state.ahead = state.size;
  readWindow(kernel, object, state.start, state.size, state.ahead);
}

/** Pages in the cache right before `page`, at most `limit`. */
function cachedBefore(object: MemoryObject, page: number, limit: number): number {
  let known = 0;
  while (known < limit && page - known > 0 && object.frameAt(page - known - 1) >= 0) known++;
  return known;
}

function firstSize(wanted: number): number {
  const rounded = 2 ** Math.ceil(Math.log2(wanted));
  if (rounded <= WINDOW_PAGES / 32) return rounded * 4;
  return rounded <= WINDOW_PAGES / 4 ? rounded * 2 : WINDOW_PAGES;
}

function nextSize(size: number): number {
  if (size < WINDOW_PAGES / 16) return size * 4;
  return size <= WINDOW_PAGES / 2 ? size * 2 : WINDOW_PAGES;
}

/** Cache pages [start, start + size) as far as the file goes; the page `ahead` before the end is marked. */
function readWindow(kernel: Kernel, object: MemoryObject, start: number, size: number, ahead: number): void {
  const end = Math.min(start + size, object.pageCount(kernel.pageBytes));
  const marked = ahead > 0 ? start + size - ahead : -1;
  for (let page = start; page < end; page++) {
    if (object.frameAt(page) >= 0) continue;
    if (!cacheAhead(kernel, object, page)) return;
    if (page === marked) kernel.frames.set(object.frameAt(page), FLAG_READ_AHEAD);
  }
}
