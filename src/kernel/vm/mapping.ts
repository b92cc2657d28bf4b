/**
 * One page mapped, one page unmapped: the only places that change a PTE together with the reverse map, the frame's
 * counts and the address space's resident figures.
 */
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PROT_NONE,
  PTE_READ,
  PTE_SWAP,
  PTE_USER,
  PTE_VALID,
} from '../../mmu/pte-flags.ts';
import { FLAG_DIRTY, FLAG_EXCLUSIVE, FRAME_ANON, FRAME_FILE, FRAME_SHARED, ZERO_PFN } from '../frames/frame-table.ts';
import { markAccessed, noteLockedMapping } from '../frames/lru-batches.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_EXEC, VM_LOCKED, VM_RAND_READ, VM_READ, VM_SEQ_READ, VM_WRITE } from '../linux-abi.ts';
import { putSlot, releaseIdleSwapCache } from '../swap/swap-cache.ts';
import type { AddressSpace } from './address-space.ts';

/**
 * PTE flags of an area's rights, without the right to write: a PTE gets that only where nobody else may see the write.
 * PROT_WRITE implies reading everywhere (W without R is reserved on RISC-V), PROT_EXEC does on x86
 * [arch/riscv/mm/init.c:protection_map, arch/x86/mm/pgprot.c].
 */
export function pteFlagsOf(kernel: Kernel, vmFlags: number): number {
  if ((vmFlags & VM_ACCESS) === 0) return PTE_PROT_NONE | PTE_USER;
  let flags = PTE_VALID | PTE_USER;
  const readable = kernel.format.family === 'x86' ? VM_ACCESS : VM_READ | VM_WRITE;
  if ((vmFlags & readable) !== 0) flags |= PTE_READ;
  if ((vmFlags & VM_EXEC) !== 0) flags |= PTE_EXEC;
  return flags;
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
  holdFrame(kernel, pfn);
  frames.mapCount[pfn]!++;
  kernel.reverseMap.add(pfn, space.id, Math.floor(address / kernel.pageBytes));
  addResident(space, frames.use[pfn]!, 1);
  if (kernel.lru !== null && space.lockedPages > 0) kernel.lru.placeAgain(pfn);
}

/** Undo `noteMapping` except for the reference, which the caller puts when it is done with the frame. */
export function forgetMapping(kernel: Kernel, space: AddressSpace, address: number, pfn: number): void {
  const { frames } = kernel;
  kernel.reverseMap.remove(pfn, space.id, Math.floor(address / kernel.pageBytes));
  frames.mapCount[pfn]!--;
  addResident(space, frames.use[pfn]!, -1);
  if (kernel.lru !== null && space.lockedPages > 0) kernel.lru.placeAgain(pfn);
}

function addResident(space: AddressSpace, use: number, pages: number): void {
  if (pages < 0 && space.residentPages > space.peakResidentPages) space.peakResidentPages = space.residentPages;
  if (use === FRAME_ANON) space.residentAnon += pages;
  else if (use === FRAME_SHARED) space.residentShared += pages;
  else if (use === FRAME_FILE) space.residentFile += pages;
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
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) !== 0) {
    if (pfn === ZERO_PFN) return true;
    if ((flags & PTE_ACCESSED) !== 0 && kernel.frames.use[pfn] !== FRAME_ANON) noteUse(kernel, space, address, pfn);
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
  const isUnknown = !kernel.format.has.dirty && use !== FRAME_FILE;
  const wasWritten = (flags & PTE_DIRTY) !== 0 && use !== FRAME_ANON;
  if (wasWritten || isUnknown) frames.set(pfn, FLAG_DIRTY);
  if (space.lockedPages > 0 && space.areas.at(address)?.has(VM_LOCKED) === true) noteLockedMapping(kernel, pfn);
  forgetMapping(kernel, space, address, pfn);
  if (use === FRAME_ANON && frames.mapCount[pfn] === 0) {
    frames.unset(pfn, FLAG_EXCLUSIVE);
    releaseIdleSwapCache(kernel, pfn);
  }
  putFrame(kernel, pfn);
}
