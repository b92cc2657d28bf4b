/**
 * Transparent superpages: plain private memory mapped by one entry above the leaf level where a whole aligned block is
 * free for it (as xv6's superpage lab does under sbrk, and Linux's THP with `enabled = always`, mm/huge_memory.c).
 *
 *     level 1   [ leaf: block of 2^k frames ]          the frames are ordinary ones: each with its own reference, map
 *                    │ split                           count, reverse mapping and place in the policy, as if mapped
 *                    ▼                                  one by one
 *     level 0   [ table: 2^k leaves, same frames, same rights ]
 *
 * So only the table knows, and splitting changes nothing but the table: whoever needs one page of the block - unmap or
 * protect a part, copy on write after fork, reclaim - splits first. The level-0 table that a split needs is set aside
 * when the block is mapped (`space.deposits`, Linux pgtable_trans_huge_deposit), so that it cannot fail.
 *
 * I1: as many deposits as superpage leaves outside MAP_HUGETLB areas     I2: deposits count as the space's tables
 *
 * Departures: a block is mapped at the first write, never put together later; fork with copy on write splits.
 */

import { invariant } from '../../mmu/invariant.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_WRITE } from '../../mmu/pte-flags.ts';
import { ownPageFlags, pageKey } from '../fault/anonymous.ts';
import { hugePageBytes } from '../fault/huge.ts';
import { MAX_ORDER } from '../frames/buddy.ts';
import { FLAG_EXCLUSIVE, FRAME_ANON } from '../frames/frame-table.ts';
import { putFrame, takeSpareFrames, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { VM_GROWSDOWN, VM_LOCKED, VM_NOHUGEPAGE } from '../linux-abi.ts';
import { actingGroup, chargeFrame, hasRoom } from '../memory-group.ts';
import type { AddressSpace } from './address-space.ts';
import { prepareAnon } from './anon.ts';
import type { Area } from './area.ts';
import { noteMapping } from './mapping.ts';
import { ensureEntry, makeTable, tableOrder } from './tables.ts';
import { flushGained, flushRange } from './tlb-flush.ts';

const framesInBlock = (kernel: Kernel): number => hugePageBytes(kernel) / kernel.pageBytes;

/** Map the whole block around `page` with zeroed frames; false, with nothing changed, where it cannot be one. */
export function mapTransparent(kernel: Kernel, space: AddressSpace, area: Area, page: number): boolean {
  const bytes = hugePageBytes(kernel);
  const base = page - (page % bytes);
  if (bytes === 0 || area.object !== null || area.has(VM_GROWSDOWN | VM_LOCKED | VM_NOHUGEPAGE)) return false;
  if (base < area.start || base + bytes > area.end || kernel.options.residentPages !== null) return false;
  const { pageTable } = kernel;
  const slot = pageTable.find(space.root, base, 1);
  if (!pageTable.isEmpty(slot >= 0 ? slot : pageTable.stoppedEntry)) return false;
  const block = takeBlock(kernel, space, base);
  if (block < 0) return false;
  prepareAnon(kernel, area);
  for (let i = 0; i < framesInBlock(kernel); i++) kernel.memory.zeroFrame(block + i);
  enterBlock(kernel, space, base, block, ownPageFlags(kernel, area));
  return true;
}

/** Give an eagerly forked child a copy of the block that `entry` maps; false when there is none to be had. */
export function copyTransparent(kernel: Kernel, child: AddressSpace, base: number, entry: number): boolean {
  const { pageTable, memory } = kernel;
  const block = takeBlock(kernel, child, base);
  if (block < 0) return false;
  // Finding a table may have evicted a page of the very block, which split it.
  if (pageTable.isTable(entry, 1)) {
    giveBlockBack(kernel, child, block);
    return false;
  }
  const flags = pageTable.flags(entry, 1);
  const source = pageTable.frame(entry, 1);
  for (let i = 0; i < framesInBlock(kernel); i++) memory.copyFrame(source + i, block + i);
  enterBlock(kernel, child, base, block, flags);
  return true;
}

/** Map a block at an empty place, with a table at hand for its split, which counts as the space's already. */
export function adoptBlock(
  kernel: Kernel,
  space: AddressSpace,
  base: number,
  block: number,
  flags: number,
  deposit: number,
): void {
  space.deposits.push(deposit);
  enterBlock(kernel, space, base, block, flags);
}

/** After a `find` that stopped: is it a superpage that stands in the way? */
export function stoppedAtSuperpage(kernel: Kernel): boolean {
  return !kernel.pageTable.isEmpty(kernel.pageTable.stoppedEntry);
}

/** Directly after such a `find`: replace the superpage by a table of pages. Frames and rights stay as they are. */
export function splitStopped(kernel: Kernel, space: AddressSpace, address: number): void {
  const { pageTable, format } = kernel;
  const { stoppedEntry, stoppedLevel } = pageTable;
  const table = space.deposits.pop();
  invariant(stoppedLevel === 1 && table !== undefined, 'a superpage to split has a table set aside');
  const flags = pageTable.flags(stoppedEntry, 1);
  const block = pageTable.frame(stoppedEntry, 1);
  const bytes = hugePageBytes(kernel);
  for (let i = 0; i < framesInBlock(kernel); i++) {
    pageTable.writeLeaf(table * kernel.pageBytes + i * format.pteBytes, block + i, flags);
  }
  pageTable.clear(stoppedEntry);
  pageTable.writeTable(stoppedEntry, table, 1, true);
  const base = address - (address % bytes);
  flushRange(kernel, space, base, base + bytes, bytes);
}

/** The level-0 entry of a page known to be mapped, for which a superpage is split if need be. */
export function pageEntry(kernel: Kernel, space: AddressSpace, address: number): number {
  const entry = kernel.pageTable.find(space.root, address);
  if (entry >= 0) return entry;
  splitStopped(kernel, space, address);
  return kernel.pageTable.find(space.root, address);
}

/** A fault on a superpage that allows the access: only A or D was missing, or a TLB entry stale. False: split it. */
export function touchTransparent(kernel: Kernel, space: AddressSpace, page: number, write: boolean): boolean {
  const { pageTable } = kernel;
  if (pageTable.find(space.root, page) >= 0 || !stoppedAtSuperpage(kernel)) return false;
  const { stoppedEntry } = pageTable;
  const flags = pageTable.flags(stoppedEntry, 1);
  if (write && (flags & PTE_WRITE) === 0) return false;
  pageTable.setFlags(stoppedEntry, flags | PTE_ACCESSED | (write ? PTE_DIRTY : 0), 1);
  const bytes = hugePageBytes(kernel);
  const base = page - (page % bytes);
  flushGained(kernel, space, base, base + bytes, bytes);
  return true;
}

/** A block, the table for its split and those above it; -1 when one of them is not to be had. */
function takeBlock(kernel: Kernel, space: AddressSpace, base: number): number {
  const order = Math.log2(framesInBlock(kernel));
  if (order > MAX_ORDER) return -1;
  const block = takeSpareFrames(kernel, order);
  if (block < 0) return -1;
  const deposit = makeTable(kernel, 0);
  if (deposit < 0 || ensureEntry(kernel, space, base, 1) < 0 || !hasRoom(kernel, framesInBlock(kernel))) {
    if (deposit >= 0) putFrame(kernel, deposit);
    kernel.buddy.release(block, order);
    return -1;
  }
  space.deposits.push(deposit);
  space.tableFrames += 1 << tableOrder(kernel, 0);
  return block;
}

/** Undo `takeBlock`. */
function giveBlockBack(kernel: Kernel, space: AddressSpace, block: number): void {
  putFrame(kernel, space.deposits.pop()!);
  space.tableFrames -= 1 << tableOrder(kernel, 0);
  kernel.buddy.release(block, Math.log2(framesInBlock(kernel)));
}

function enterBlock(kernel: Kernel, space: AddressSpace, base: number, block: number, flags: number): void {
  const { frames, pageTable, pageBytes } = kernel;
  const group = actingGroup(kernel);
  for (let i = 0; i < framesInBlock(kernel); i++) {
    const address = base + i * pageBytes;
    frames.use[block + i] = FRAME_ANON;
    frames.set(block + i, FLAG_EXCLUSIVE);
    chargeFrame(kernel, block + i, 0, group);
    noteMapping(kernel, space, address, block + i);
    trackFrame(kernel, block + i, pageKey(kernel, space, address));
  }
  pageTable.writeLeaf(pageTable.find(space.root, base, 1), block, flags, 1);
}
