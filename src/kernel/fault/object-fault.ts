/**
 * Pages of shared memory, of files and of the program image [mm/memory.c:do_read_fault, do_cow_fault, do_shared_fault;
 * mm/shmem.c:shmem_fault, mm/filemap.c:filemap_fault].
 *
 *     shared mapping              maps the object's frame, writable at once if the area is - unless the file system wants
 *                                 to see the first write to a clean page, then only when it comes
 *     private mapping, read       maps the object's frame read-only
 *     private mapping, write      copies it in the same fault
 *     any read                    also maps the neighbours that are in memory already (fault-around)
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FLAG_READ_AHEAD, FLAG_UNREAD } from '../frames/frame-table.ts';
import { noteLockedMapping } from '../frames/lru-batches.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import { cachePage, frameUseOf, needsRead, objectPageKey, recachePage } from '../fs/page-cache.ts';
import { readAfter, readAround, readOn, WINDOW_PAGES } from '../fs/read-ahead.ts';
import type { Kernel } from '../kernel.ts';
import { VM_EXEC, VM_LOCKED, VM_RAND_READ, VM_SEQ_READ, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import type { Process } from '../process.ts';
import { swapInNeighbours } from '../swap/read-ahead.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { prepareAnon } from '../vm/anon.ts';
import type { Area } from '../vm/area.ts';
import { mapFrame, pteFlagsOf } from '../vm/mapping.ts';
import { leafTableEnd } from '../vm/tables.ts';
import { flushGained } from '../vm/tlb-flush.ts';
import { copyPage } from './anonymous.ts';
import { noteFilePage, noteSharedWriteOf } from './file-note.ts';
import { entryForFault, frameForFault } from './frame-for-fault.ts';
import { FILE, KILLED, MAJOR, REFUSED_BUS, REFUSED_SPACE, SHARED, SWAP_CACHE, SWAP_IN } from './outcome.ts';

/** Linux fault_around_bytes: 64 KiB of 4 KiB pages. */
const FAULT_AROUND_PAGES = 16;

/** Of what was just read, map only what took no transfer. */
const HOLES = -2;

/** Nothing is mapped at this page, which the object has. */
export function faultObject(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
  write: boolean,
): number {
  const { frames } = kernel;
  const object = area.object!;
  const page = area.pageAt(address, kernel.pageBytes);
  const listened = kernel.sink !== null;
  const before = object.pages.size;
  if (!write) {
    const mapped = mapAround(kernel, process, area, address, entry);
    if (!kernel.pageTable.isEmpty(entry)) {
      if (listened) {
        const found = { area, page, write, before, major: false, swapped: false, cached: true };
        noteFilePage(kernel, found, mapped - 1);
      }
      return kindOf(object);
    }
  }
  const cached = object.frameAt(page) >= 0;
  const swapped = (object.pages.get(page) ?? 0) < 0;
  const restarted = meetMark(kernel, process, area, address, entry, page, write);
  if (!write && !kernel.pageTable.isEmpty(entry)) return restarted ? kindOf(object) | MAJOR : kindOf(object);
  const major = needsRead(kernel, object, page) || restarted;
  const quiet = swapped ? (major ? SWAP_IN : SWAP_CACHE) : kindOf(object);
  const kind = major ? quiet | MAJOR : quiet;
  const pfn = fetchPage(kernel, process, area, page);
  if (pfn < 0) return KILLED;
  if (write && area.has(VM_SHARED) && object.store?.promise(page) === false) return REFUSED_SPACE;
  // Nothing is allocated for words that nobody hears.
  const fault = listened ? { area, page, write, before, major, swapped, cached } : null;
  if (fault !== null) noteFilePage(kernel, fault, 0);
  if (write && !area.has(VM_SHARED)) {
    prepareAnon(kernel, area);
    return copyPage(kernel, process, area, address, entry, pfn) ? kind : KILLED;
  }
  let flags = objectPteFlags(kernel, area);
  if (write) {
    flags |= PTE_DIRTY | PTE_WRITE;
    frames.set(pfn, FLAG_DIRTY);
  }
  mapFrame(kernel, process.space!, address, entry, pfn, flags);
  if (area.has(VM_LOCKED)) noteLockedMapping(kernel, pfn);
  // What was read from a disk is waited for without locks, and the fault starts anew.
  if (!write && major) {
    const mapped = mapAround(kernel, process, area, address, entry, page);
    if (fault !== null) noteFilePage(kernel, fault, mapped);
  }
  return kind;
}

/**
 * A cached page may still want the disk: it is to start reading ahead, or its own bytes were never read. The fault gives up
 * its locks for that and starts anew, which finds what has arrived, holes at once. A program's own fault has only lost the
 * lock of its area by then; in a system call it is counted as the second try it is, a major fault: true
 * [mm/filemap.c:do_async_mmap_readahead, filemap_fault; arch/x86/mm/fault.c:do_user_addr_fault].
 */
function meetMark(
  kernel: Kernel,
  process: Process,
  area: Area,
  address: number,
  entry: number,
  page: number,
  write: boolean,
): boolean {
  const object = area.object!;
  const pfn = object.frameAt(page);
  if (pfn < 0 || area.file === null || !object.tracksWrites) return false;
  const { frames, cpus } = kernel;
  const inKernel = !cpus[process.cpu]!.user;
  if (!frames.has(pfn, FLAG_READ_AHEAD) || area.has(VM_RAND_READ)) return inKernel && frames.has(pfn, FLAG_UNREAD);
  frames.unset(pfn, FLAG_READ_AHEAD);
  if (!write) mapAround(kernel, process, area, address, entry);
  readOn(kernel, object, area.file.readAhead, page, WINDOW_PAGES);
  if (!write) mapAround(kernel, process, area, address, entry, HOLES);
  return inKernel;
}

/** Does the area reach beyond its object here? */
export function isPastEnd(kernel: Kernel, area: Area, address: number): boolean {
  const { pageBytes } = kernel;
  return area.object !== null && area.pageAt(address, pageBytes) >= area.object.pageCount(pageBytes);
}

/**
 * The object has no such page: REFUSED_BUS. Tables above the leaf are made before that is found out, and reading maps the
 * neighbours before the page itself is asked for.
 */
export function faultPastEnd(kernel: Kernel, process: Process, area: Area, address: number, write: boolean): number {
  const space = process.space!;
  if (entryForFault(kernel, process, space, address, 1) < 0) return KILLED;
  // A private copy is prepared before the page it would be of is asked for.
  if (write && !area.has(VM_SHARED)) prepareAnon(kernel, area);
  if (write || !hasNeighbour(kernel, space, area, address)) return REFUSED_BUS;
  const entry = entryForFault(kernel, process, space, address);
  if (entry < 0) return KILLED;
  mapAround(kernel, process, area, address, entry);
  return REFUSED_BUS;
}

/**
 * Will the neighbours be mapped? Only if there are any in memory. For a file on a disk the leaf table is made while they are
 * looked for, and only where the first of them is not the file's last page [mm/filemap.c:filemap_map_pages, can_map_large].
 */
function hasNeighbour(kernel: Kernel, space: AddressSpace, area: Area, address: number): boolean {
  const { pageBytes, pageTable } = kernel;
  const object = area.object!;
  if (!object.mapsAround) return false;
  const { start, end } = windowAround(kernel, area, address);
  const last = object.pageCount(pageBytes) - 1;
  const stop = Math.min(area.pageAt(end, pageBytes) - 1, last);
  let page = area.pageAt(start, pageBytes);
  while (page <= stop && object.frameAt(page) < 0) page++;
  if (page > stop) return false;
  return object.kind !== 'file' || page < last || pageTable.find(space.root, address) >= 0;
}

/** The first write to a page of shared memory that is mapped read-only: its file system sees it now, and finds room. */
export function noteSharedWrite(kernel: Kernel, process: Process, area: Area, address: number, entry: number): number {
  const { pageTable, frames, pageBytes } = kernel;
  const page = area.pageAt(address, pageBytes);
  if (area.object!.store?.promise(page) === false) return REFUSED_SPACE;
  if (kernel.sink !== null) noteSharedWriteOf(kernel, area.object!, page);
  frames.set(pageTable.frame(entry), FLAG_DIRTY);
  pageTable.setFlags(entry, pageTable.flags(entry) | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);
  flushGained(kernel, process.space!, address, address + pageBytes, pageBytes);
  return kindOf(area.object!);
}

/** PTE flags of a page of the area's object as long as nobody writes it. */
function objectPteFlags(kernel: Kernel, area: Area): number {
  const flags = pteFlagsOf(kernel, area.flags) | PTE_ACCESSED;
  return area.has(VM_SHARED) && area.has(VM_WRITE) && !area.object!.tracksWrites ? flags | PTE_WRITE : flags;
}

/** The aligned window of FAULT_AROUND_PAGES that holds the address, within the area and the leaf table. */
function windowAround(kernel: Kernel, area: Area, address: number): { start: number; end: number } {
  const { pageTable, pageBytes } = kernel;
  const index = pageTable.indexOf(address, 0);
  const start = Math.max(address - (index % FAULT_AROUND_PAGES) * pageBytes, area.start);
  return { start, end: Math.min(start + FAULT_AROUND_PAGES * pageBytes, leafTableEnd(kernel, address), area.end) };
}

/**
 * A read fault maps all resident, not yet mapped pages of the window around it
 * [mm/memory.c:do_fault_around, mm/filemap.c:filemap_map_pages]. `awaited`: the page that was read just now; what was
 * read with it but is not part of the same transfer is still on its way. How many pages were mapped.
 */
function mapAround(kernel: Kernel, process: Process, area: Area, address: number, entry: number, awaited = -1): number {
  const { pageTable, pageBytes, format, frames } = kernel;
  const object = area.object!;
  const flags = objectPteFlags(kernel, area);
  if (!object.mapsAround) return 0;
  let mapped = 0;
  const { start, end } = windowAround(kernel, area, address);
  const pages = object.pageCount(pageBytes);
  for (let at = start; at < end; at += pageBytes) {
    const neighbour = entry + ((at - address) / pageBytes) * format.pteBytes;
    if (!pageTable.isEmpty(neighbour)) continue;
    const page = area.pageAt(at, pageBytes);
    const held = object.frameAt(page);
    // A page that is to start reading ahead, or is yet to be read itself, is left for its own fault.
    if (held < 0 || page >= pages || frames.has(held, FLAG_READ_AHEAD | FLAG_UNREAD)) continue;
    if (awaited === HOLES && object.store?.has(page) === true) continue;
    if (awaited >= 0 && !arrivesWith(object, awaited, page)) continue;
    mapFrame(kernel, process.space!, at, neighbour, held, flags);
    mapped++;
    if (area.has(VM_LOCKED)) noteLockedMapping(kernel, held);
  }
  return mapped;
}

/** Holes need no transfer; the blocks of adjoining pages are one. */
function arrivesWith({ store }: MemoryObject, awaited: number, page: number): boolean {
  if (store === null || !store.has(page)) return true;
  const from = Math.min(awaited, page);
  const to = Math.max(awaited, page);
  for (let between = from; between <= to; between++) if (!store.has(between)) return false;
  return true;
}

const kindOf = (object: MemoryObject): number => (object.kind === 'shared' ? SHARED : FILE);

/** Bring the object's page, and for a file on a disk what lies around it, into memory. -1 when killed. */
function fetchPage(kernel: Kernel, process: Process, area: Area, page: number): number {
  const object = area.object!;
  const cached = object.frameAt(page);
  if (cached >= 0) {
    // To find it and read it is no major fault, and reads no other page.
    kernel.frames.unset(cached, FLAG_UNREAD);
    return cached;
  }
  const swapCached = recachePage(kernel, object, page);
  if (swapCached >= 0) return swapCached;
  kernel.incomingPage = objectPageKey(object, page);
  const pfn = frameForFault(kernel, process, frameUseOf(object));
  if (pfn < 0) return -1;
  const held = object.pages.get(page);
  if (held !== undefined && held < 0) swapInNeighbours(kernel, -held - 1);
  cachePage(kernel, object, page, pfn);
  if (!object.tracksWrites) return pfn;
  // Pinned: what is read ahead must not be had at its price.
  holdFrame(kernel, pfn);
  const areaEnd = area.pageAt(area.end, kernel.pageBytes);
  if (area.has(VM_SEQ_READ)) readAfter(kernel, object, page, Number.POSITIVE_INFINITY);
  else if (area.has(VM_EXEC)) readAfter(kernel, object, page, areaEnd);
  else if (!area.has(VM_RAND_READ)) readAround(kernel, object, page);
  putFrame(kernel, pfn);
  // It is this one that the access wants, not the one that was read last.
  kernel.admittedFrame = pfn;
  return pfn;
}
