/**
 * The address space of a forked child [kernel/fork.c:dup_mmap, mm/memory.c:copy_page_range].
 *
 * Areas are copied but for those with MADV_DONTFORK; page tables only for areas that have private pages (`anon`) or may
 * have guard markers: the rest refaults. A private frame is then shared and write-protected on both sides. `eager`
 * machines copy it at once instead, as xv6 does. MADV_WIPEONFORK: the child's area starts untouched.
 */
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_SWAP_EXCLUSIVE,
  PTE_VALID,
  PTE_WRITE,
} from '../../mmu/pte-flags.ts';
import { accountPages, mayCommit } from '../accounting.ts';
import { pageKey } from '../fault/anonymous.ts';
import { copyHugeRange } from '../fault/huge.ts';
import { FLAG_EXCLUSIVE, FRAME_ANON, ZERO_PFN } from '../frames/frame-table.ts';
import { allocateUserFrame, holdFrame, putFrame, trackFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import {
  VM_ACCOUNT,
  VM_DONTCOPY,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_MAYBE_GUARD,
  VM_SHARED,
  VM_WIPEONFORK,
} from '../linux-abi.ts';
import type { AddressSpace } from './address-space.ts';
import { newAnon } from './anon.ts';
import type { Area } from './area.ts';
import { addArea } from './edit.ts';
import { noteMapping } from './mapping.ts';
import { destroySpace, makeSpace } from './space-lifecycle.ts';
import { ensureEntry, leafTableEnd, skippedEnd } from './tables.ts';
import { flushRange } from './tlb-flush.ts';
import { copyTransparent, pageEntry, stoppedAtSuperpage } from './transparent.ts';

export interface DuplicatedSpace {
  readonly space: AddressSpace;
  /** Page-table entries copied. */
  readonly copiedPages: number;
}

/** A copy of `parent`, or null (with nothing left behind) when memory does not suffice. */
export function duplicateSpace(kernel: Kernel, parent: AddressSpace): DuplicatedSpace | null {
  const child = makeSpace(kernel);
  if (child === null) return null;
  child.brkStart = parent.brkStart;
  child.brk = parent.brk;
  child.mmapBase = parent.mmapBase;
  child.stackTop = parent.stackTop;
  child.forbidsZeroPage = parent.forbidsZeroPage;
  child.codeBytes = parent.codeBytes;
  child.dataBytes = parent.dataBytes;
  let copiedPages = 0;
  for (let area = parent.areas.first; area !== null; area = area.next) {
    if (area.has(VM_DONTCOPY)) continue;
    const pages = (area.end - area.start) / kernel.pageBytes;
    const twin = area.copy();
    twin.flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
    const wiped = area.has(VM_WIPEONFORK);
    if (wiped) {
      twin.anon = null;
      twin.forkChild = false;
    } else if (area.anon !== null) {
      twin.anon = newAnon(kernel);
      twin.forkChild = true;
    }
    const affordable = !area.has(VM_ACCOUNT) || mayCommit(kernel, parent, pages);
    if (affordable) {
      addArea(child, twin);
      accountPages(kernel, child, twin.flags, pages);
    }
    const copied = affordable ? (wiped ? 0 : copyArea(kernel, parent, child, area)) : -1;
    if (copied < 0) {
      destroySpace(kernel, child);
      return null;
    }
    copiedPages += copied;
  }
  return { space: child, copiedPages };
}

/** Copy the entries of one area; their number, or -1 when out of memory. */
function copyArea(kernel: Kernel, parent: AddressSpace, child: AddressSpace, area: Area): number {
  if (area.has(VM_HUGETLB)) {
    const copied = copyHugeRange(kernel, parent, child, area, (address) => ensureEntry(kernel, child, address, 1));
    flushRange(kernel, parent, area.start, area.end, kernel.format.levels[1]!.pageBytes);
    return copied;
  }
  if (area.anon === null && !area.has(VM_MAYBE_GUARD)) return 0;
  const { pageTable, pageBytes, format } = kernel;
  let copied = 0;
  let complete = true;
  let address = area.start;
  while (complete && address < area.end) {
    let source = pageTable.find(parent.root, address);
    if (source < 0 && stoppedAtSuperpage(kernel)) {
      const isEager = kernel.options.fork === 'eager';
      if (isEager && copyTransparent(kernel, child, address, pageTable.stoppedEntry)) {
        address += format.levels[1]!.pageBytes;
        copied++;
      } else pageEntry(kernel, parent, address);
      continue;
    }
    // The child gets every table that the parent has for the area, also one without entries.
    const level = source < 0 ? pageTable.stoppedLevel : 0;
    const stop = Math.min(area.end, source < 0 ? skippedEnd(kernel, address) : leafTableEnd(kernel, address));
    let target = ensureEntry(kernel, child, address, level);
    complete = target >= 0;
    if (source < 0) {
      address = stop;
      continue;
    }
    for (; complete && address < stop; address += pageBytes, source += format.pteBytes, target += format.pteBytes) {
      if (pageTable.isEmpty(source)) continue;
      complete = copyEntry(kernel, child, area, address, source, target);
      copied++;
    }
  }
  // Also when it failed half-way: pages already shared are write-protected in the parent's table.
  if (copied > 0) flushRange(kernel, parent, area.start, area.end, pageBytes);
  return complete ? copied : -1;
}

function copyEntry(
  kernel: Kernel,
  child: AddressSpace,
  area: Area,
  address: number,
  source: number,
  target: number,
): boolean {
  const { pageTable, frames } = kernel;
  const low = pageTable.low(source);
  const high = pageTable.high(source);
  const flags = pageTable.codec.flags(low, high);
  // Or the slot of a swap entry.
  const pfn = pageTable.codec.frame(low, high);
  if ((flags & PTE_SWAP) !== 0) {
    if ((flags & PTE_SWAP_EXCLUSIVE) !== 0) pageTable.writeSwap(source, pfn, false);
    pageTable.writeSwap(target, pfn, false);
    kernel.swap.counts[pfn]!++;
    child.swapEntries++;
    return true;
  }
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) {
    pageTable.writeGuard(target);
    return true;
  }
  if (area.has(VM_SHARED)) {
    pageTable.writeLeaf(target, pfn, flags & ~(PTE_ACCESSED | PTE_DIRTY));
    noteMapping(kernel, child, address, pfn);
    return true;
  }
  if (pfn !== ZERO_PFN && kernel.options.fork === 'eager') {
    return copyFrameNow(kernel, child, address, target, pfn, flags);
  }
  const shared = flags & ~PTE_WRITE;
  if (pfn !== ZERO_PFN) {
    if (frames.use[pfn] === FRAME_ANON) frames.unset(pfn, FLAG_EXCLUSIVE);
    if (shared !== flags) pageTable.writeLeaf(source, pfn, shared);
    pageTable.writeLeaf(target, pfn, shared & ~PTE_ACCESSED);
    noteMapping(kernel, child, address, pfn);
  } else {
    pageTable.writeLeaf(target, pfn, shared);
  }
  return true;
}

function copyFrameNow(
  kernel: Kernel,
  child: AddressSpace,
  address: number,
  target: number,
  source: number,
  flags: number,
): boolean {
  holdFrame(kernel, source);
  const copy = allocateUserFrame(kernel, FRAME_ANON);
  if (copy >= 0) {
    kernel.memory.copyFrame(source, copy);
    kernel.frames.set(copy, FLAG_EXCLUSIVE);
    kernel.pageTable.writeLeaf(target, copy, flags);
    noteMapping(kernel, child, address, copy);
    trackFrame(kernel, copy, pageKey(kernel, child, address));
  }
  putFrame(kernel, source);
  return copy >= 0;
}
