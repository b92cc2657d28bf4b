/**
 * The reference bits a policy reads: the accessed bits of every PTE that maps the frame.
 *
 * Clearing one also drops the TLB entry, so that the next access walks and sets it again; a processor that keeps the
 * entry would hide the access (x86 Linux accepts that, other ports flush: mm/pgtable-generic.c:ptep_clear_flush_young).
 */

import { PTE_ACCESSED } from '../../mmu/pte-flags.ts';
import { FLAG_REFERENCED } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import { flushPage } from '../vm/tlb-flush.ts';
import type { ReferenceBits } from './policy.ts';

export class PteReferenceBits implements ReferenceBits {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  testAndClear(slot: number): boolean {
    const { reverseMap, pageTable, frames, spaces, pageBytes } = this.kernel;
    let referenced = frames.has(slot, FLAG_REFERENCED);
    frames.unset(slot, FLAG_REFERENCED);
    for (let at = reverseMap.first(slot); at >= 0; at = reverseMap.next(slot, at)) {
      const space = spaces[reverseMap.spaceAt(slot, at)]!;
      const address = reverseMap.pageAt(slot, at) * pageBytes;
      if (!pageTable.testAndClearAccessed(this.entryOf(space, address))) continue;
      referenced = true;
      flushPage(this.kernel, space, address);
    }
    return referenced;
  }

  /** The entry that maps a page: its own, or that of the superpage it is part of, whose one bit speaks for all. */
  private entryOf(space: AddressSpace, address: number): number {
    const { pageTable } = this.kernel;
    const entry = pageTable.find(space.root, address);
    return entry >= 0 ? entry : pageTable.stoppedEntry;
  }

  peek(slot: number): boolean {
    const { reverseMap, pageTable, frames, spaces, pageBytes } = this.kernel;
    if (frames.has(slot, FLAG_REFERENCED)) return true;
    for (let at = reverseMap.first(slot); at >= 0; at = reverseMap.next(slot, at)) {
      const space = spaces[reverseMap.spaceAt(slot, at)]!;
      const entry = this.entryOf(space, reverseMap.pageAt(slot, at) * pageBytes);
      if ((pageTable.flags(entry) & PTE_ACCESSED) !== 0) return true;
    }
    return false;
  }
}
