/**
 * Mapped pages change their address [mm/mremap.c:move_page_tables]: frames, swap entries, guard markers and the zero page
 * move from one area's page-table entries to another's; nothing is copied and nobody else's mapping changes.
 *
 *     source range    |..[ table ][ table ].|       a table that both ranges cover from its first entry to its last is
 *     target range    |..[ table ][ table ].|       moved as a whole: one pointer changes; the rest entry by entry
 *
 * Tables are made for the target only where the source has some. A range that starts inside a table, at the start of
 * both areas and at the same place in either's table, is extended down to the table's first entry when nothing else is
 * mapped there (mm/mremap.c:try_realign_addr), so that the table can move as a whole.
 */
import { PTE_GUARD, PTE_PROT_NONE, PTE_SWAP, PTE_SWAP_EXCLUSIVE, PTE_VALID } from '../../mmu/pte-flags.ts';
import { ZERO_PFN } from '../frames/frame-table.ts';
import type { Kernel } from '../kernel.ts';
import { VM_HUGETLB } from '../linux-abi.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';
import { ensureEntry } from './tables.ts';
import { flushRange } from './tlb-flush.ts';
import { splitStopped, stoppedAtSuperpage } from './transparent.ts';

export interface PageMove {
  readonly source: Area;
  readonly target: Area;
  /** First byte in either area; bytes of the range, which lies in both. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Highest level whose tables move as a whole (Linux HAVE_MOVE_PUD). */
const WHOLE_TABLE_LEVEL = 2;

/** Bytes of the range that were moved: all of them, unless memory for tables ran out. */
export function movePages(kernel: Kernel, space: AddressSpace, move: PageMove): number {
  const distance = move.to - move.from;
  const end = move.from + move.bytes;
  let from = move.from - leadOf(kernel, space, move);
  const first = from;
  while (from < end) {
    const step = moveStep(kernel, space, from, from + distance, end, move.source.has(VM_HUGETLB));
    if (step < 0) break;
    from += step;
  }
  if (move.bytes > 0) flushRange(kernel, space, first, end, kernel.pageBytes);
  return Math.max(0, Math.min(from, end) - move.from);
}

/** Bytes below the range that may be taken along. */
function leadOf(kernel: Kernel, space: AddressSpace, { source, target, from, to, bytes }: PageMove): number {
  const span = kernel.format.levels[1]?.pageBytes;
  if (span === undefined) return 0;
  const lead = from % span;
  if (lead === 0 || to % span !== lead || bytes < span - lead) return 0;
  const isFree = (area: Area, start: number) =>
    area.start === start && (area.previous === null || area.previous.end <= start - lead);
  return isFree(source, from) && isFree(target, to) && space.areas.at(from - lead) === null ? lead : 0;
}

/** Move what one entry of some level holds, as much of it as lies in the range; bytes gone forward, or -1. */
function moveStep(
  kernel: Kernel,
  space: AddressSpace,
  from: number,
  to: number,
  end: number,
  isHugetlb: boolean,
): number {
  const { pageTable, format } = kernel;
  const { root } = space;
  let extent = end - from;
  for (let level = Math.min(WHOLE_TABLE_LEVEL, format.levels.length - 1); level >= 1; level--) {
    const span = format.levels[level]!.pageBytes;
    extent = Math.min(end - from, span - (from % span), span - (to % span));
    const held = pageTable.find(root, from, level);
    if (held < 0 || pageTable.isEmpty(held)) return extent;
    const target = ensureEntry(kernel, space, to, level);
    if (target < 0) return -1;
    if (extent === span && pageTable.isEmpty(target)) {
      moveWhole(kernel, space, { from, to, source: held, target, level, isHugetlb });
      return extent;
    }
  }
  if (pageTable.find(root, from) < 0 && stoppedAtSuperpage(kernel)) splitStopped(kernel, space, from);
  let target = ensureEntry(kernel, space, to);
  if (target < 0) return -1;
  let source = pageTable.find(root, from);
  for (let done = 0; done < extent; done += kernel.pageBytes) {
    if (!pageTable.isEmpty(source)) moveEntry(kernel, space, from + done, to + done, source, target);
    source += format.pteBytes;
    target += format.pteBytes;
  }
  return extent;
}

interface WholeMove {
  readonly from: number;
  readonly to: number;
  /** Addresses of the entries. */
  readonly source: number;
  readonly target: number;
  readonly level: number;
  readonly isHugetlb: boolean;
}

/** The entry at `source`, which leads to a table or maps a superpage, goes to the empty one at `target`. */
function moveWhole(kernel: Kernel, space: AddressSpace, { from, to, source, target, level, isHugetlb }: WholeMove) {
  const { pageTable, pageBytes, format } = kernel;
  const frame = pageTable.frame(source, level);
  if (pageTable.isTable(source, level)) {
    pageTable.clear(source);
    pageTable.writeTable(target, frame, level, true);
    renameTable(kernel, space, frame * pageBytes, level - 1, from, to);
    return;
  }
  pageTable.writeLeaf(target, frame, pageTable.flags(source, level), level);
  pageTable.clear(source);
  // Of a hugetlb block only the head is counted, of any other superpage every page.
  const pages = isHugetlb ? 1 : format.levels[level]!.pageBytes / pageBytes;
  for (let i = 0; i < pages; i++) rename(kernel, space, from + i * pageBytes, to + i * pageBytes, frame + i);
}

/** What a table below maps is at other addresses now. */
function renameTable(kernel: Kernel, space: AddressSpace, table: number, level: number, from: number, to: number) {
  const { pageTable, format, pageBytes } = kernel;
  const step = format.levels[level]!.pageBytes;
  const entries = pageTable.tableBytes(level) / format.pteBytes;
  for (let index = 0; index < entries; index++) {
    const entry = table + index * format.pteBytes;
    if (pageTable.isEmpty(entry)) continue;
    const before = from + index * step;
    const after = to + index * step;
    const frame = pageTable.frame(entry, level);
    if (pageTable.isTable(entry, level)) {
      renameTable(kernel, space, frame * pageBytes, level - 1, before, after);
    } else if ((pageTable.flags(entry, level) & (PTE_VALID | PTE_PROT_NONE)) !== 0) {
      for (let at = 0; at < step; at += pageBytes) {
        rename(kernel, space, before + at, after + at, frame + at / pageBytes);
      }
    }
  }
}

function moveEntry(
  kernel: Kernel,
  space: AddressSpace,
  from: number,
  to: number,
  source: number,
  target: number,
): void {
  const { pageTable } = kernel;
  const flags = pageTable.flags(source);
  const frame = pageTable.frame(source);
  pageTable.clear(source);
  if ((flags & PTE_SWAP) !== 0) {
    pageTable.writeSwap(target, frame, (flags & PTE_SWAP_EXCLUSIVE) !== 0);
  } else if ((flags & PTE_GUARD) !== 0) {
    pageTable.writeGuard(target);
  } else {
    pageTable.writeLeaf(target, frame, flags);
    rename(kernel, space, from, to, frame);
  }
}

function rename({ reverseMap, pageBytes }: Kernel, space: AddressSpace, from: number, to: number, pfn: number): void {
  if (pfn === ZERO_PFN) return;
  reverseMap.remove(pfn, space.id, Math.floor(from / pageBytes));
  reverseMap.add(pfn, space.id, Math.floor(to / pageBytes));
}
