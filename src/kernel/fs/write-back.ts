/**
 * Dirty pages of files on a disk, and how they become clean [mm/page-writeback.c, mm/rmap.c:folio_mkclean].
 *
 *     clean, mapped read-only ──first write: fault──► dirty, mapped writable
 *             ▲                                            │
 *             └────── fsync, msync, reclaim: written ──────┘   every PTE of a shared mapping write-protected again
 *
 * So the kernel sees each page become dirty. tmpfs has nowhere to write to, and its pages stay writable.
 */
import { PTE_DIRTY, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY } from '../frames/frame-table.ts';
import { drainBatches } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import { VM_SHARED } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import { isAllZeros } from '../swap/swap-device.ts';
import { flushPage } from '../vm/tlb-flush.ts';
import { dropPage, pagesIn } from './page-cache.ts';

/** The block of a page of zeros: what bytes it has less than a page are zeros. */
const ZEROS = new Uint8Array(0);

/** Write the dirty pages of [first, end) to the disk. */
export function writeBack(kernel: Kernel, object: MemoryObject, first: number, end: number): void {
  if (!object.tracksWrites) return;
  let wrote = false;
  for (const page of pagesIn(object, first, end)) {
    const pfn = object.frameAt(page);
    if (pfn < 0 || !kernel.frames.has(pfn, FLAG_DIRTY)) continue;
    writePage(kernel, object, page, pfn);
    wrote = true;
  }
  // [mm/swap.c:__folio_batch_release]
  if (wrote) drainBatches(kernel);
}

/**
 * One dirty page becomes clean. What mappings left in it behind the end of the file is zeroed first, in memory too
 * [fs/ext4/page-io.c:ext4_bio_write_folio].
 */
export function writePage(kernel: Kernel, object: MemoryObject, page: number, pfn: number): void {
  const { frames, memory, pageBytes } = kernel;
  protectMappings(kernel, pfn);
  const kept = object.size - page * pageBytes;
  if (kept > 0 && kept < pageBytes) memory.writeBytes(pfn * pageBytes + kept, new Uint8Array(pageBytes - kept));
  const bytes = memory.readBytes(pfn * pageBytes, pageBytes);
  // Zeros need no host memory, however many a program writes.
  object.store!.write(page, isAllZeros(bytes, 0, pageBytes) ? ZEROS : bytes.slice());
  frames.unset(pfn, FLAG_DIRTY);
}

/** Write-protect the page wherever a shared mapping could change it. */
function protectMappings(kernel: Kernel, pfn: number): void {
  const { reverseMap, spaces, pageTable, pageBytes } = kernel;
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
    const space = spaces[reverseMap.spaceAt(pfn, at)]!;
    const address = reverseMap.pageAt(pfn, at) * pageBytes;
    if (!space.areas.at(address)?.has(VM_SHARED)) continue;
    const entry = pageTable.find(space.root, address);
    const flags = pageTable.flags(entry);
    if ((flags & (PTE_WRITE | PTE_DIRTY)) === 0) continue;
    pageTable.setFlags(entry, flags & ~(PTE_WRITE | PTE_DIRTY));
    flushPage(kernel, space, address);
  }
}

/** fsync, then forget the pages that nobody maps (posix_fadvise(POSIX_FADV_DONTNEED)). Nothing happens on tmpfs. */
export function dropCache(kernel: Kernel, object: MemoryObject): void {
  if (!object.tracksWrites) return;
  writeBack(kernel, object, 0, Number.POSITIVE_INFINITY);
  drainBatches(kernel);
  for (const page of pagesIn(object, 0, Number.POSITIVE_INFINITY)) {
    const pfn = object.frameAt(page);
    if (kernel.frames.mapCount[pfn] === 0) dropPage(kernel, object, page);
  }
}
