/**
 * MADV_COLLAPSE: the pages of each whole block in the range become one superpage now [mm/khugepaged.c:madvise_collapse,
 * collapse_huge_page]. For private anonymous memory; pages that were never written become zeros of the block.
 *
 *     table of pages   | A | . | A | Z | A |  ──►  [ block: the same bytes, in frames of its own ]
 *
 * The emptied table is kept as the one that splitting the superpage will need.
 */
import { PTE_PROT_NONE, PTE_VALID } from '../../mmu/pte-flags.ts';
import { alignUp } from '../../mmu/units.ts';
import { ownPageFlags } from '../fault/anonymous.ts';
import { hugePageBytes } from '../fault/huge.ts';
import { MAX_ORDER } from '../frames/buddy.ts';
import { ZERO_PFN } from '../frames/frame-table.ts';
import { takeSpareFrames } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_NOHUGEPAGE } from '../linux-abi.ts';
import { hasRoom } from '../memory-group.ts';
import type { AddressSpace } from './address-space.ts';
import { prepareAnon } from './anon.ts';
import type { Area } from './area.ts';
import { zapEntry } from './mapping.ts';
import { skippedEnd } from './tables.ts';
import { flushRange } from './tlb-flush.ts';
import { adoptBlock } from './transparent.ts';

/** 0 when all blocks are superpages now, -EINVAL where one cannot be, -ENOMEM without a block of frames. */
export function collapse(kernel: Kernel, space: AddressSpace, area: Area, start: number, end: number): number {
  const bytes = hugePageBytes(kernel);
  const isFit = bytes > 0 && Math.log2(bytes / kernel.pageBytes) <= MAX_ORDER && kernel.options.residentPages === null;
  if (!isFit || area.object !== null || !area.has(VM_ACCESS))
    return kernel.refuse(
      'EINVAL',
      'MADV_COLLAPSE: a superpage needs private anonymous memory with rights, and memory that has blocks of that size',
    );
  if (area.has(VM_GROWSDOWN | VM_LOCKED | VM_HUGETLB | VM_NOHUGEPAGE))
    return kernel.refuse(
      'EINVAL',
      'MADV_COLLAPSE: not of a stack, locked memory, superpages or what was advised NOHUGEPAGE',
    );
  if (alignUp(area.start, bytes) + bytes > area.end)
    return kernel.refuse('EINVAL', 'MADV_COLLAPSE: no aligned block of a superpage’s size lies in the area');
  let result = 0;
  for (let base = alignUp(start, bytes); base + bytes <= end; ) {
    const collapsed = collapseBlock(kernel, space, area, base, bytes);
    if (collapsed < 0) result = collapsed;
    // Where a table above is missing no block has pages: its whole range is passed over.
    base = kernel.pageTable.find(space.root, base, 1) < 0 ? skippedEnd(kernel, base) : base + bytes;
  }
  return result;
}

function collapseBlock(kernel: Kernel, space: AddressSpace, area: Area, base: number, bytes: number): number {
  const { pageTable, pageBytes, memory, format } = kernel;
  const above = pageTable.find(space.root, base, 1);
  if (above < 0 || pageTable.isEmpty(above))
    return kernel.refuse('EINVAL', 'MADV_COLLAPSE: there is no page yet to make a superpage of');
  if (!pageTable.isTable(above, 1)) return 0;
  const pages = bytes / pageBytes;
  const table = pageTable.frame(above, 1);
  const entryOf = (page: number) => table * pageBytes + page * format.pteBytes;
  for (let page = 0; page < pages; page++) {
    const entry = entryOf(page);
    // Swapped pages would have to come back first, and guard markers have to stay.
    if (!pageTable.isEmpty(entry) && (pageTable.flags(entry) & (PTE_VALID | PTE_PROT_NONE)) === 0)
      return kernel.refuse('EINVAL', 'MADV_COLLAPSE: a page is swapped out or a guard marker');
  }
  if (!hasRoom(kernel, pages))
    return kernel.refuse('ENOMEM', 'a superpage does not fit into the limit of the memory group');
  const block = takeSpareFrames(kernel, Math.log2(pages));
  if (block < 0) return kernel.refuse('ENOMEM', 'no block of frames of a superpage’s size is free');
  prepareAnon(kernel, area);
  for (let page = 0; page < pages; page++) {
    const entry = entryOf(page);
    const source = pageTable.isEmpty(entry) ? ZERO_PFN : pageTable.frame(entry);
    if (source === ZERO_PFN) memory.zeroFrame(block + page);
    else memory.copyFrame(source, block + page);
    if (!pageTable.isEmpty(entry)) zapEntry(kernel, space, base + page * pageBytes, entry);
  }
  pageTable.clear(above);
  adoptBlock(kernel, space, base, block, ownPageFlags(kernel, area), table);
  flushRange(kernel, space, base, base + bytes, pageBytes);
  return 0;
}
