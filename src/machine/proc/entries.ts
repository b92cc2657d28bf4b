/** Reading the page-table entries of an area without changing anything: what /proc, views and replays of recordings see. */
import { ZERO_PFN } from '../../kernel/frames/frame-table.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { leafTableEnd, skippedEnd } from '../../kernel/vm/tables.ts';
import { PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../../mmu/pte-flags.ts';

/** `zero`: the shared zero page. `present` includes pages of PROT_NONE areas, which only the hardware does not see. */
export type EntryState = 'empty' | 'present' | 'zero' | 'swapped' | 'guard';

export function entryState({ pageTable }: Kernel, entry: number, level = 0): EntryState {
  if (pageTable.isEmpty(entry)) return 'empty';
  const flags = pageTable.flags(entry, level);
  if ((flags & PTE_SWAP) !== 0) return 'swapped';
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) return 'guard';
  return pageTable.frame(entry, level) === ZERO_PFN ? 'zero' : 'present';
}

/** `level` above 0: the entry maps a superpage, which begins at `address`. */
export type EntryVisitor = (address: number, entry: number, level: number) => void;

/** Visit every non-empty leaf entry of the area in order. */
export function forEachEntry(kernel: Kernel, space: AddressSpace, area: Area, visit: EntryVisitor): void {
  const { pageTable, pageBytes, format } = kernel;
  let address = area.start;
  while (address < area.end) {
    let entry = pageTable.find(space.root, address);
    if (entry < 0) {
      const { stoppedLevel, stoppedEntry } = pageTable;
      const end = skippedEnd(kernel, address);
      if (!pageTable.isEmpty(stoppedEntry)) visit(address, stoppedEntry, stoppedLevel);
      address = end;
      continue;
    }
    const stop = Math.min(area.end, leafTableEnd(kernel, address));
    for (; address < stop; address += pageBytes, entry += format.pteBytes) {
      if (!pageTable.isEmpty(entry)) visit(address, entry, 0);
    }
  }
}
