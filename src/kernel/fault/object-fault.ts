/**
 * Pages of shared memory and of the program image [mm/shmem.c:shmem_fault, mm/memory.c:do_read_fault, do_cow_fault,
 * do_shared_fault].
 *
 *     shared mapping              maps the object's frame, writable at once if the area is
 *     private mapping, read       maps the object's frame read-only
 *     private mapping, write      copies it in the same fault
 *     any read                    also maps the neighbours that are in memory already (fault-around)
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FRAME_FILE, FRAME_SHARED } from '../frames/frame-table.ts';
import { holdFrame, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import type { Process } from '../process.ts';
import { prepareAnon } from '../vm/anon.ts';
import type { Area } from '../vm/area.ts';
import { mapFrame, pteFlagsOf } from '../vm/mapping.ts';
import { leafTableEnd } from '../vm/tables.ts';
import { copyPage } from './anonymous.ts';
import { frameForFault } from './frame-for-fault.ts';
import { FILE, KILLED, MAJOR, REFUSED_BUS, SHARED, SWAP_IN } from './outcome.ts';

/** Linux fault_around_bytes: 64 KiB of 4 KiB pages. */
const FAULT_AROUND_PAGES = 16;

/** Nothing is mapped at this page of an object yet. */
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
  if (page >= object.pageCount) return REFUSED_BUS;
  const held = object.pages.get(page);
  const kind = kindOf(object, held);
  const pfn = held !== undefined && held >= 0 ? held : fetchPage(kernel, process, object, page);
  if (pfn < 0) return KILLED;
  if (write && !area.has(VM_SHARED)) {
    prepareAnon(kernel, area);
    return copyPage(kernel, process, area, address, entry, pfn) ? kind : KILLED;
  }
  let flags = pteFlagsOf(kernel, area.flags) | PTE_ACCESSED;
  if (area.has(VM_SHARED) && area.has(VM_WRITE)) flags |= PTE_WRITE;
  if (write) {
    flags |= PTE_DIRTY;
    frames.set(pfn, FLAG_DIRTY);
  }
  mapFrame(kernel, process.space!, address, entry, pfn, flags);
  if (!write) mapAround(kernel, process, area, address, entry, flags);
  return kind;
}

/**
 * A read fault maps all resident, not yet mapped pages of the aligned window of FAULT_AROUND_PAGES that holds it, within
 * the area and the leaf table [mm/memory.c:do_fault_around, mm/filemap.c:filemap_map_pages].
 */
function mapAround(kernel: Kernel, process: Process, area: Area, address: number, entry: number, flags: number): void {
  const { pageTable, pageBytes, format } = kernel;
  const object = area.object!;
  const table = leafTableEnd(kernel, address);
  const index = pageTable.indexOf(address, 0);
  const window = address - (index % FAULT_AROUND_PAGES) * pageBytes;
  const start = Math.max(window, area.start);
  const end = Math.min(start + FAULT_AROUND_PAGES * pageBytes, table, area.end);
  for (let at = start; at < end; at += pageBytes) {
    const neighbour = entry + ((at - address) / pageBytes) * format.pteBytes;
    if (!pageTable.isEmpty(neighbour)) continue;
    const held = object.pages.get(area.pageAt(at, pageBytes));
    if (held !== undefined && held >= 0) mapFrame(kernel, process.space!, at, neighbour, held, flags);
  }
}

function kindOf(object: MemoryObject, held: number | undefined): number {
  if (object.kind === 'shared') return held !== undefined && held < 0 ? SWAP_IN | MAJOR : SHARED;
  return held === undefined ? FILE | MAJOR : FILE;
}

/** Bring the object's page into a frame: from swap, from the image's bytes, or zeros. -1 when killed. */
function fetchPage(kernel: Kernel, process: Process, object: MemoryObject, page: number): number {
  const { frames, swap, memory, pageBytes } = kernel;
  const use = object.kind === 'shared' ? FRAME_SHARED : FRAME_FILE;
  const pfn = frameForFault(kernel, process, use);
  if (pfn < 0) return -1;
  const held = object.pages.get(page);
  if (held !== undefined && held < 0) {
    const slot = -held - 1;
    swap.read(slot, memory, pfn);
    if (kernel.sink !== null) kernel.emit({ type: 'SwapIn', slot, pfn });
    swap.counts[slot] = 0;
    swap.release(slot);
    frames.set(pfn, FLAG_DIRTY);
  } else {
    memory.zeroFrame(pfn);
    const bytes = object.contents.subarray(page * pageBytes, (page + 1) * pageBytes);
    if (bytes.length > 0) memory.writeBytes(pfn * pageBytes, bytes);
  }
  frames.object[pfn] = object.id + 1;
  frames.objectPage[pfn] = page;
  holdFrame(kernel, pfn);
  object.pages.set(page, pfn);
  trackFrame(kernel, pfn, -(object.id * 2 ** 32 + page + 1));
  return pfn;
}
