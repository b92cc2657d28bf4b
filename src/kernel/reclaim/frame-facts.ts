/** What the `linux` policy must know of pages, from the frame table and the page tables [mm/rmap.c:folio_referenced_one]. */
import { PTE_ACCESSED, PTE_DIRTY } from '../../mmu/pte-flags.ts';
import {
  FLAG_ACTIVE,
  FLAG_DIRTY,
  FLAG_LAZY_FREE,
  FLAG_REFERENCED,
  FLAG_SWAP_CACHE,
  FRAME_ANON,
  FRAME_FILE,
} from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import { VM_EXEC, VM_RAND_READ, VM_SEQ_READ } from '../linux-abi.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { flushPage } from '../vm/tlb-flush.ts';
import { isLockedInMemory } from '../vm/unevictable.ts';
import { EXECUTABLE, type PageFacts } from './page-facts.ts';
import type { DirtyBits } from './policy.ts';
import { writeAhead } from './write-ahead.ts';

export class FrameFacts implements PageFacts, DirtyBits {
  readonly announcesEvictions = true;
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  get pageBytes(): number {
    return this.kernel.pageBytes;
  }

  get canSwap(): boolean {
    const { swap, swapCacheFrames } = this.kernel;
    return swap.free > 0 || swapCacheFrames > 0;
  }

  get freeAboveHigh(): number {
    const { buddy, zone } = this.kernel;
    return buddy.free - zone.watermarks.high;
  }

  swappinessOf(group: number): number {
    return this.kernel.groups[group]?.swappiness ?? this.kernel.sysctl.swappiness;
  }

  groupOf(pfn: number): number {
    return this.kernel.frames.group[pfn]!;
  }

  isFile(pfn: number): boolean {
    const { frames } = this.kernel;
    const use = frames.use[pfn]!;
    // Only of an anonymous frame does the flag mean that; of the others it says that they are still to be read.
    return use === FRAME_FILE || (use === FRAME_ANON && frames.has(pfn, FLAG_LAZY_FREE));
  }

  isLocked(pfn: number): boolean {
    return isLockedInMemory(this.kernel, pfn);
  }

  isDirtyFile(pfn: number): boolean {
    const { frames } = this.kernel;
    return frames.use[pfn] === FRAME_FILE && frames.has(pfn, FLAG_DIRTY);
  }

  clean(pfn: number): boolean {
    return writeAhead(this.kernel, pfn);
  }

  mustBeWritten(pfn: number): boolean {
    const { frames, reverseMap, spaces, pageTable, pageBytes } = this.kernel;
    if (this.isFile(pfn)) return false;
    if (!frames.has(pfn, FLAG_SWAP_CACHE) || frames.has(pfn, FLAG_DIRTY)) return true;
    for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
      const space = spaces[reverseMap.spaceAt(pfn, at)]!;
      if ((pageTable.flags(this.entryOf(space, reverseMap.pageAt(pfn, at) * pageBytes)) & PTE_DIRTY) !== 0) return true;
    }
    return false;
  }

  /** Of either kind: for policies that know clean pages and dirty ones and no more. */
  isDirty(pfn: number): boolean {
    return this.mustBeWritten(pfn) || this.isDirtyFile(pfn);
  }

  takeReferences(pfn: number, group: number): number {
    const { reverseMap, pageTable, spaces, pageBytes } = this.kernel;
    let references = 0;
    let executable = 0;
    for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
      const space = spaces[reverseMap.spaceAt(pfn, at)]!;
      const address = reverseMap.pageAt(pfn, at) * pageBytes;
      const area = space.areas.at(address)!;
      // The program said that uses mean nothing; or it is another group's, which may keep it by itself.
      if (area.has(VM_SEQ_READ | VM_RAND_READ) || (group >= 0 && space.owner?.group !== group)) continue;
      const entry = this.entryOf(space, address);
      if ((pageTable.flags(entry) & PTE_ACCESSED) === 0) continue;
      pageTable.testAndClearAccessed(entry);
      flushPage(this.kernel, space, address);
      references++;
      if (area.has(VM_EXEC)) executable = EXECUTABLE;
    }
    return references + executable;
  }

  testAndClearReferenced(pfn: number): boolean {
    const { frames } = this.kernel;
    const was = frames.has(pfn, FLAG_REFERENCED);
    frames.unset(pfn, FLAG_REFERENCED);
    return was;
  }

  setReferenced(pfn: number): void {
    this.kernel.frames.set(pfn, FLAG_REFERENCED);
  }

  setActive(pfn: number, active: boolean): void {
    const { frames } = this.kernel;
    if (active) frames.set(pfn, FLAG_ACTIVE);
    else frames.unset(pfn, FLAG_ACTIVE);
  }

  isActive(pfn: number): boolean {
    return this.kernel.frames.has(pfn, FLAG_ACTIVE);
  }

  takeShadow(pfn: number): number {
    const { frames, swap, objects } = this.kernel;
    const object = objects[frames.object[pfn]! - 1];
    const shadows = object?.shadows ?? swap.shadows;
    const key = object == null ? frames.swapSlot[pfn]! - 1 : frames.objectPage[pfn]!;
    const shadow = shadows.get(key) ?? 0;
    shadows.delete(key);
    return shadow;
  }

  putShadow(pfn: number, shadow: number): void {
    const { frames, swap, objects } = this.kernel;
    const object = objects[frames.object[pfn]! - 1];
    const page = frames.objectPage[pfn]!;
    // A page of shared memory has just gone to the slot that its object names.
    const slot = object == null ? frames.swapSlot[pfn]! - 1 : -(object.pages.get(page) ?? 0) - 1;
    if (object?.kind === 'file') object.shadows.set(page, shadow);
    else if (slot >= 0) swap.shadows.set(slot, shadow);
  }

  /** The entry that maps a page: its own, or that of the superpage it is part of, whose one bit speaks for all. */
  private entryOf(space: AddressSpace, address: number): number {
    const { pageTable } = this.kernel;
    const entry = pageTable.find(space.root, address);
    return entry >= 0 ? entry : pageTable.stoppedEntry;
  }
}
