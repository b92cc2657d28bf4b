/**
 * A page is written while it stays, so that it may leave later without anybody waiting for the disk: what the pageout
 * daemons of textbooks do, and what `wsclock` wants done to old dirty pages its hand passes.
 *
 *     page of a file            written to the disk; its shared mappings are write-protected, as by fsync
 *     anonymous                 written to a slot of swap, whose copy it then is: it joins the swap cache (swap-cache.ts)
 *     shared memory, superpage  stays dirty: its object names either a frame or a slot, and a block is written as a whole
 *
 * Every PTE's dirty bit is cleared and its TLB entry dropped, so the next write shows again.
 */
import { PTE_DIRTY } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FLAG_LAZY_FREE, FLAG_SWAP_CACHE, FRAME_ANON, FRAME_FILE } from '../frames/frame-table.ts';
import { writePage } from '../fs/write-back.ts';
import type { Kernel } from '../kernel.ts';
import { chargeSlot } from '../memory-group.ts';
import { addToSwapCache, takeSlot } from '../swap/swap-cache.ts';
import { flushPage } from '../vm/tlb-flush.ts';
import { writeToSwap } from './reclaim.ts';

/** False, with nothing changed, where the page cannot be written ahead. */
export function writeAhead(kernel: Kernel, pfn: number): boolean {
  const { frames } = kernel;
  if (frames.use[pfn] === FRAME_FILE) {
    if (!frames.has(pfn, FLAG_DIRTY)) return false;
    writePage(kernel, kernel.objects[frames.object[pfn]! - 1]!, frames.objectPage[pfn]!, pfn);
    return true;
  }
  if (frames.use[pfn] !== FRAME_ANON || frames.has(pfn, FLAG_LAZY_FREE)) return false;
  // Without dirty bits a later write would go unseen; a superpage has one for all of its pages.
  if (!kernel.format.has.dirty || !isMappedAlone(kernel, pfn)) return false;
  const slot = slotFor(kernel, pfn);
  if (slot < 0) return false;
  clearDirtyBits(kernel, pfn);
  writeToSwap(kernel, pfn, slot);
  return true;
}

/** The slot whose copy the page is from now on; -1 when there is none to be had. */
function slotFor(kernel: Kernel, pfn: number): number {
  const { frames } = kernel;
  if (frames.has(pfn, FLAG_SWAP_CACHE)) return frames.swapSlot[pfn]! - 1;
  const slot = takeSlot(kernel);
  if (slot < 0) return -1;
  chargeSlot(kernel, slot, frames.group[pfn]!);
  addToSwapCache(kernel, pfn, slot);
  return slot;
}

function isMappedAlone({ reverseMap, spaces, pageTable, pageBytes }: Kernel, pfn: number): boolean {
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
    if (pageTable.find(spaces[reverseMap.spaceAt(pfn, at)]!.root, reverseMap.pageAt(pfn, at) * pageBytes) < 0)
      return false;
  }
  return true;
}

function clearDirtyBits(kernel: Kernel, pfn: number): void {
  const { frames, reverseMap, spaces, pageTable, pageBytes } = kernel;
  frames.unset(pfn, FLAG_DIRTY);
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
    const space = spaces[reverseMap.spaceAt(pfn, at)]!;
    const address = reverseMap.pageAt(pfn, at) * pageBytes;
    const entry = pageTable.find(space.root, address);
    const flags = pageTable.flags(entry);
    if ((flags & PTE_DIRTY) === 0) continue;
    pageTable.setFlags(entry, flags & ~PTE_DIRTY);
    flushPage(kernel, space, address);
  }
}
