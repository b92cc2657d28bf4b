/**
 * One page mapped, one page unmapped: the only places that change a PTE together with the reverse map, the frame's
 * counts and the address space's resident figures.
 */
import { PTE_ACCESSED, PTE_DIRTY, PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FLAG_EXCLUSIVE, FRAME_ANON, FRAME_FILE, FRAME_SHARED, ZERO_PFN } from '../frames/frame-table.ts';
import { markAccessed, noteLockedMapping } from '../frames/lru-batches.ts';
import { putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_LOCKED, VM_RAND_READ, VM_SEQ_READ } from '../linux-abi.ts';
import { putSlot, releaseIdleSwapCache } from '../swap/swap-cache.ts';
import type { AddressSpace } from './address-space.ts';

// Compiled in: an imported constant is read, and checked for being there, at each use.
const ANON = FRAME_ANON;
const SHARED = FRAME_SHARED;
const FILE = FRAME_FILE;
const ZERO_FRAME = ZERO_PFN;
const ACCESS = VM_ACCESS;
const HELD = PTE_VALID | PTE_PROT_NONE;

/** PTE flags of an area's rights (rights-flags.ts). */
export function pteFlagsOf(kernel: Kernel, vmFlags: number): number {
  return kernel.rightsFlags[vmFlags & ACCESS]!;
}

/** Map a user frame. It gains one reference; `entry` must be empty (or a swap entry just taken out of account). */
export function mapFrame(
  kernel: Kernel,
  space: AddressSpace,
  address: number,
  entry: number,
  pfn: number,
  flags: number,
): void {
  kernel.pageTable.writeLeaf(entry, pfn, flags);
  noteMapping(kernel, space, address, pfn);
}

/** The accounting half of `mapFrame`. */
export function noteMapping(kernel: Kernel, space: AddressSpace, address: number, pfn: number): void {
  const { frames } = kernel;
  frames.references[pfn]!++;
  frames.mapCount[pfn]!++;
  kernel.reverseMap.add(pfn, space.id, Math.floor(address * kernel.pageScale));
  addResident(space, frames.use[pfn]!, 1);
  if (kernel.lru !== null && space.lockedPages > 0) kernel.lru.placeAgain(pfn);
}

/** Undo `noteMapping` except for the reference, which the caller puts when it is done with the frame. */
export function forgetMapping(kernel: Kernel, space: AddressSpace, address: number, pfn: number): void {
  const { frames } = kernel;
  kernel.reverseMap.remove(pfn, space.id, Math.floor(address * kernel.pageScale));
  frames.mapCount[pfn]!--;
  const { residentPages } = space;
  if (residentPages > space.peakResidentPages) space.peakResidentPages = residentPages;
  addResident(space, frames.use[pfn]!, -1);
  if (kernel.lru !== null && space.lockedPages > 0) kernel.lru.placeAgain(pfn);
}

function addResident(space: AddressSpace, use: number, pages: number): void {
  if (use === ANON) space.residentAnon += pages;
  else if (use === SHARED) space.residentShared += pages;
  else if (use === FILE) space.residentFile += pages;
}

/** Empty one level-0 entry, whatever it holds. The caller flushes the TLB; true when it held a frame. */
export function zapEntry(kernel: Kernel, space: AddressSpace, address: number, entry: number): boolean {
  const { pageTable } = kernel;
  const { codec } = pageTable;
  const low = pageTable.low(entry);
  const high = pageTable.high(entry);
  const flags = codec.flags(low, high);
  const pfn = codec.frame(low, high);
  pageTable.clear(entry);
  if ((flags & HELD) !== 0) {
    if (pfn === ZERO_FRAME) return true;
    if (kernel.frames.use[pfn] !== ANON && (flags & PTE_ACCESSED) !== 0) noteUse(kernel, space, address, pfn);
    dropMapping(kernel, space, address, pfn, flags);
    return true;
  }
  if ((flags & PTE_SWAP) !== 0) {
    space.swapEntries--;
    putSlot(kernel, pfn);
  }
  return false;
}

/** A mapping that used the page of an object goes: the page remembers, unless the program said that uses mean nothing. */
function noteUse(kernel: Kernel, space: AddressSpace, address: number, pfn: number): void {
  const area = space.areas.at(address);
  if (area?.has(VM_SEQ_READ | VM_RAND_READ) !== true) markAccessed(kernel, pfn);
}

/** A PTE with these flags no longer maps the frame: keep an object's dirty bit, then let go. */
export function dropMapping(kernel: Kernel, space: AddressSpace, address: number, pfn: number, flags: number): void {
  const { frames } = kernel;
  const use = frames.use[pfn]!;
  // Files note their first write themselves; elsewhere, without a dirty bit, any page may have been written. An anonymous
  // page's other mappings have dirty bits of their own [mm/memory.c:zap_present_folio_ptes].
  const isUnknown = !kernel.format.has.dirty && use !== FILE;
  const wasWritten = use !== ANON && (flags & PTE_DIRTY) !== 0;
  if (wasWritten || isUnknown) frames.set(pfn, FLAG_DIRTY);
  if (space.lockedPages > 0 && space.areas.at(address)?.has(VM_LOCKED) === true) noteLockedMapping(kernel, pfn);
  forgetMapping(kernel, space, address, pfn);
  if (use === ANON && frames.mapCount[pfn] === 0) {
    frames.unset(pfn, FLAG_EXCLUSIVE);
    releaseIdleSwapCache(kernel, pfn);
  }
  putFrame(kernel, pfn);
}
