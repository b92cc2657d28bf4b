/**
 * /proc/PID/pagemap: eight bytes for every page of the address space [fs/proc/task_mmu.c:pte_to_pagemap_entry].
 *
 *     63   present        62   swapped (guard markers, too)      61   a file's page or shared memory
 *     58   guard marker   56   mapped exactly once               55, 57   always 0: nothing tracks soft-dirty or userfaultfd
 *     present:  54-0 frame            swapped:  54-5 slot, 4-0 device (one here: 0; of guard markers: 31)
 *
 * As root sees it: for others Linux hides the frames.
 */
import { FRAME_ANON, FRAME_HUGE } from '../../kernel/frames/frame-table.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { entryState, forEachEntry } from './entries.ts';

const PRESENT = 1n << 63n;
const SWAPPED = 1n << 62n;
const FILE = 1n << 61n;
const GUARD = 1n << 58n;
const EXCLUSIVE = 1n << 56n;
/** SWP_PTE_MARKER and PTE_MARKER_GUARD, put together like a device and a slot. */
const MARKER = 31n | (4n << 5n);
const SLOT_SHIFT = 5n;

/** Visit the entry of each page of the area that has one. */
export function forEachPagemapEntry(
  kernel: Kernel,
  space: AddressSpace,
  area: Area,
  visit: (address: number, value: bigint) => void,
): void {
  const { pageTable, pageBytes, format, frames } = kernel;
  forEachEntry(kernel, space, area, (address, entry, level) => {
    const state = entryState(kernel, entry, level);
    if (state === 'guard') return visit(address, SWAPPED | GUARD | MARKER);
    const target = pageTable.frame(entry, level);
    if (state === 'swapped') return visit(address, SWAPPED | (BigInt(target) << SLOT_SHIFT));
    if (state === 'zero') return visit(address, PRESENT | BigInt(target));
    for (let i = 0; i < format.levels[level]!.pageBytes / pageBytes; i++) {
      const isHuge = frames.use[target] === FRAME_HUGE;
      // Only the head of a hugetlb superpage is counted.
      const counted = isHuge ? target : target + i;
      let value = PRESENT | BigInt(target + i);
      if (!isHuge && frames.use[counted] !== FRAME_ANON) value |= FILE;
      if (frames.mapCount[counted] === 1) value |= EXCLUSIVE;
      visit(address + i * pageBytes, value);
    }
  });
}

/** The entries of the pages of [start, end), zero where there is nothing. */
export function pagemapEntries(kernel: Kernel, space: AddressSpace, start: number, end: number): BigUint64Array {
  const { pageBytes } = kernel;
  const first = Math.floor(start / pageBytes);
  const entries = new BigUint64Array(Math.max(0, Math.ceil(end / pageBytes) - first));
  for (let area = space.areas.first; area !== null && area.start < end; area = area.next) {
    if (area.end <= start) continue;
    forEachPagemapEntry(kernel, space, area, (address, value) => {
      const page = address / pageBytes - first;
      if (page >= 0 && page < entries.length) entries[page] = value;
    });
  }
  return entries;
}

/** `present, exclusive, frame 12`. */
export function describePagemapEntry(value: bigint): string {
  if (value === 0n) return 'nothing';
  const number = value & ((1n << 55n) - 1n);
  if ((value & GUARD) !== 0n) return 'guard marker';
  if ((value & SWAPPED) !== 0n) return `swapped, slot ${number >> SLOT_SHIFT}`;
  const kind = (value & FILE) === 0n ? '' : ', file or shared';
  return `present${kind}${(value & EXCLUSIVE) === 0n ? '' : ', exclusive'}, frame ${number}`;
}
