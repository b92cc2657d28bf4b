/**
 * The page tables of an address space: finding an entry, making the tables on the way to it, freeing those that no
 * area can use any more. Tables are frames like any others; `space.tableFrames` counts them, root included.
 */
import { alignUp } from '../../mmu/units.ts';
import { allocateTable, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import type { AddressSpace } from './address-space.ts';
import { splitStopped, stoppedAtSuperpage } from './transparent.ts';

/** Order of the block that holds a table of this level. */
export function tableOrder(kernel: Kernel, level: number): number {
  return Math.ceil(Math.log2(kernel.pageTable.framesPerTable(level)));
}

/** A zeroed table for `level`, or NO_* of the page allocator. */
export function makeTable(kernel: Kernel, level: number): number {
  const order = tableOrder(kernel, level);
  const pfn = allocateTable(kernel, order);
  if (pfn < 0) return pfn;
  for (let i = 0; i < 1 << order; i++) kernel.memory.zeroFrame(pfn + i);
  return pfn;
}

/**
 * Physical address of the level-`level` entry for `address`, making missing tables; NO_* of the page allocator when out of memory
 * (tables made until then stay: they are empty and go with the area).
 */
export function ensureEntry(kernel: Kernel, space: AddressSpace, address: number, level = 0): number {
  const { pageTable } = kernel;
  for (;;) {
    const entry = pageTable.find(space.root, address, level);
    if (entry >= 0) return entry;
    if (stoppedAtSuperpage(kernel)) {
      splitStopped(kernel, space, address);
      continue;
    }
    // Making a table may reclaim, which searches this page table too: keep where the search stopped.
    const { stoppedLevel, stoppedEntry } = pageTable;
    const table = makeTable(kernel, stoppedLevel - 1);
    if (table < 0) return table;
    pageTable.writeTable(stoppedEntry, table, stoppedLevel, true);
    space.tableFrames += 1 << tableOrder(kernel, stoppedLevel - 1);
  }
}

/** First address past the leaf table that holds the entry for `address`. */
export function leafTableEnd(kernel: Kernel, address: number): number {
  return spanEnd(address, kernel.pageTable.leafSpan);
}

/** After a `find` that stopped: first address past the range that the missing table would cover. */
export function skippedEnd(kernel: Kernel, address: number): number {
  return spanEnd(address, kernel.format.levels[kernel.pageTable.stoppedLevel]!.pageBytes);
}

function spanEnd(address: number, span: number): number {
  return (Math.floor(address / span) + 1) * span;
}

/**
 * Free the tables below the root that reach into [start, end) and lie wholly in [floor, ceiling): the end of the area
 * before and the start of the area after the unmapped range (Linux mm/memory.c:free_pgtables).
 */
export function freeTables(
  kernel: Kernel,
  space: AddressSpace,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): void {
  freeBelow(kernel, space, space.root, kernel.format.levels.length - 1, { start, end, floor, ceiling });
}

/** Free the leaf tables that map nothing and lie wholly in [start, end). */
export function freeEmptyLeafTables(kernel: Kernel, space: AddressSpace, start: number, end: number): void {
  const { pageTable, format } = kernel;
  const span = format.levels[1]?.pageBytes;
  if (span === undefined) return;
  for (let base = alignUp(start, span); base + span <= end; base += span) {
    const entry = pageTable.find(space.root, base, 1);
    if (entry < 0) {
      // Nothing below the table that is missing, either.
      base = skippedEnd(kernel, base) - span;
      continue;
    }
    if (!pageTable.isTable(entry, 1)) continue;
    const table = pageTable.frame(entry, 1);
    if (!isEmptyTable(kernel, table, 0)) continue;
    pageTable.clear(entry);
    space.tableFrames -= 1 << tableOrder(kernel, 0);
    putFrame(kernel, table);
  }
}

function isEmptyTable({ pageTable, format, pageBytes }: Kernel, table: number, level: number): boolean {
  const bytes = pageTable.tableBytes(level);
  for (let at = 0; at < bytes; at += format.pteBytes) if (!pageTable.isEmpty(table * pageBytes + at)) return false;
  return true;
}

interface FreedRange {
  readonly start: number;
  readonly end: number;
  readonly floor: number;
  readonly ceiling: number;
}

function freeBelow(kernel: Kernel, space: AddressSpace, table: number, level: number, range: FreedRange): void {
  if (level === 0) return;
  const { pageTable } = kernel;
  const span = kernel.format.levels[level]!.pageBytes;
  for (let base = range.start - (range.start % span); base < range.end; base += span) {
    const entry = pageTable.entryAddress(table, base, level);
    if (pageTable.isEmpty(entry) || !pageTable.isTable(entry, level)) continue;
    const child = pageTable.frame(entry, level);
    const inside = {
      start: Math.max(range.start, base),
      end: Math.min(range.end, base + span),
      floor: range.floor,
      ceiling: range.ceiling,
    };
    freeBelow(kernel, space, child * kernel.pageBytes, level - 1, inside);
    if (base < range.floor || base + span > range.ceiling) continue;
    pageTable.clear(entry);
    space.tableFrames -= 1 << tableOrder(kernel, level - 1);
    putFrame(kernel, child);
  }
}
