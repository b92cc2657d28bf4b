/** Taking a MachineView: everything through `peek`-like reads, so that looking changes nothing. */
import {
  FLAG_DIRTY,
  FLAG_REFERENCED,
  FRAME_ANON,
  FRAME_FREE,
  FRAME_HUGE,
  FRAME_KERNEL,
  FRAME_TABLE,
  FRAME_TAIL,
  FRAME_ZERO,
  ZERO_PFN,
} from '../kernel/frames/frame-table.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { permsOf, vmFlagLetters } from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import type { AddressSpace } from '../kernel/vm/address-space.ts';
import type { Area } from '../kernel/vm/area.ts';
import { ownerOf } from '../kernel/vm/tlb-flush.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_GUARD, PTE_SWAP, PTE_VALID, pteLetters } from '../mmu/pte-flags.ts';
import { viewHeap } from './heap-view.ts';
import { forEachEntry } from './proc/entries.ts';
import type { ProgramPort } from './program-port.ts';
import type {
  AreaView,
  Counters,
  CpuView,
  FrameView,
  MachineView,
  ProcessView,
  PteView,
  SwapSlotView,
} from './view.ts';

export function takeView(kernel: Kernel, programs: ProgramPort, clock: number, counters: Counters): MachineView {
  const processes: Record<string, ProcessView> = {};
  for (const process of kernel.processes.values()) {
    const program = process.state === 'running' ? programs.loaded(process) : undefined;
    const heap = program === undefined ? null : viewHeap(program);
    processes[process.pid] = { ...viewProcess(kernel, process), heap };
  }
  return {
    clock,
    memory: {
      frames: kernel.frames.frames,
      freeFrames: kernel.buddy.free,
      pageBytes: kernel.pageBytes,
      swapSlots: kernel.swap.slots,
      freeSwapSlots: kernel.swap.free,
    },
    processes,
    frames: viewFrames(kernel),
    swap: viewSwap(kernel),
    cpus: kernel.cpus.map(
      (cpu): CpuView => ({
        index: cpu.index,
        pid: kernel.running[cpu.index]?.pid ?? null,
        asid: cpu.asid,
        tlb: cpu.tlbEntries(),
      }),
    ),
    counters,
  };
}

function viewProcess(kernel: Kernel, process: Process): Omit<ProcessView, 'heap'> {
  const { space } = process;
  const pages: Record<string, PteView> = {};
  const areas: AreaView[] = [];
  for (let area = space?.areas.first ?? null; area !== null; area = area.next) {
    areas.push(viewArea(kernel, space!, area, pages));
  }
  return {
    pid: process.pid,
    name: process.name,
    parent: process.parent?.pid ?? null,
    state: process.state,
    exitCode: process.exitCode,
    signal: process.signal,
    cpu: process.cpu,
    asid: space?.asid ?? 0,
    root: space?.root ?? 0,
    brk: { start: space?.brkStart ?? 0, end: space?.brk ?? 0 },
    areas,
    pages,
    minorFaults: process.minorFaults,
    majorFaults: process.majorFaults,
    residentPages: space?.residentPages ?? 0,
    swappedPages: space?.swapEntries ?? 0,
    tableFrames: space?.tableFrames ?? 0,
  };
}

function viewArea(kernel: Kernel, space: AddressSpace, area: Area, pages: Record<string, PteView>): AreaView {
  const { pageBytes } = kernel;
  let residentPages = 0;
  let swappedPages = 0;
  forEachEntry(kernel, space, area, (address, entry, level) => {
    const page = viewEntry(kernel, address, entry, level);
    pages[`0x${address.toString(16)}`] = page;
    // As smaps counts Rss: neither the zero page nor superpages of hugetlb.
    if (page.state === 'swapped') swappedPages++;
    else if (page.state !== 'guard' && page.what !== 'huge' && page.target !== ZERO_PFN) {
      residentPages += page.pageBytes / pageBytes;
    }
  });
  return {
    start: area.start,
    end: area.end,
    perms: permsOf(area.flags),
    name: nameOf(space, area),
    flags: vmFlagLetters(area.flags),
    offset: area.object === null ? 0 : area.pageOffset * pageBytes,
    residentPages,
    swappedPages,
  };
}

/** As /proc/PID/maps names it: what overlaps the break is the heap, what holds the stack's start the stack. */
function nameOf(space: AddressSpace, area: Area): string {
  if (area.file !== null) return area.file.inode.name;
  if (area.object !== null) return area.object.name;
  if (area.start < space.brk && area.end > space.brkStart) return '[heap]';
  if (area.start < space.stackTop && area.end >= space.stackTop) return '[stack]';
  return area.end <= space.brkStart ? 'bss' : 'anon';
}

function viewEntry(kernel: Kernel, address: number, entry: number, level: number): PteView {
  const { pageTable, format, frames } = kernel;
  const flags = pageTable.flags(entry, level);
  const state =
    (flags & PTE_SWAP) !== 0
      ? 'swapped'
      : (flags & PTE_GUARD) !== 0
        ? 'guard'
        : (flags & PTE_VALID) !== 0
          ? 'present'
          : 'prot-none';
  const target = state === 'guard' ? null : pageTable.frame(entry, level);
  const width = format.pteBytes * 2;
  return {
    address,
    pteAddress: entry,
    value: `0x${pageTable.raw(entry).toString(16).padStart(width, '0')}`,
    letters: pteLetters(flags, pageTable.codec.implied),
    state,
    target,
    pageBytes: format.levels[level]!.pageBytes,
    what: state === 'swapped' ? 'swap' : target === null ? 'guard' : frames.useName(target),
  };
}

function viewFrames(kernel: Kernel): Record<string, FrameView> {
  const { frames, memory } = kernel;
  const views: Record<string, FrameView> = {};
  for (let pfn = 0; pfn < frames.frames; pfn++) {
    if (frames.use[pfn] === FRAME_FREE) continue;
    // The tail frames of a superpage are their head's: held and mapped as one.
    const head = headOf(kernel, pfn);
    const bits = pteBitsOf(kernel, head);
    views[pfn] = {
      pfn,
      use: useOf(kernel, pfn),
      references: frames.references[head]!,
      mappings: kernel.reverseMap.list(head).map(({ space, page }) => ({
        pid: ownerOf(kernel.spaces[space]!),
        address: (page + pfn - head) * kernel.pageBytes,
      })),
      dirty: frames.has(pfn, FLAG_DIRTY) || (bits & PTE_DIRTY) !== 0,
      accessed: frames.has(pfn, FLAG_REFERENCED) || (bits & PTE_ACCESSED) !== 0,
      contentHash: memory.hashFrame(pfn).toString(16).padStart(8, '0'),
    };
  }
  return views;
}

function useOf(kernel: Kernel, pfn: number): FrameView['use'] {
  const { frames } = kernel;
  switch (frames.use[pfn]) {
    case FRAME_KERNEL:
      return 'kernel';
    case FRAME_ZERO:
      return 'zero';
    case FRAME_TABLE:
      return 'table';
    case FRAME_HUGE:
      return 'anon';
    case FRAME_TAIL:
      // Part of a superpage or of a table that is larger than a page: what its head is.
      return useOf(kernel, headOf(kernel, pfn));
    case FRAME_ANON:
      return frames.mapCount[pfn] === 0 ? 'swap-cache' : 'anon';
    default:
      return frames.useName(pfn) === 'shared' ? 'shared' : 'file';
  }
}

function headOf(kernel: Kernel, pfn: number): number {
  let head = pfn;
  while (kernel.frames.use[head] === FRAME_TAIL) head--;
  return head;
}

/** Accessed and dirty bits of all entries that map the frame. */
function pteBitsOf(kernel: Kernel, pfn: number): number {
  const { pageTable, reverseMap, spaces, pageBytes, frames } = kernel;
  const level = frames.use[pfn] === FRAME_HUGE ? 1 : 0;
  let bits = 0;
  for (const { space, page } of reverseMap.list(pfn)) {
    const entry = pageTable.find(spaces[space]!.root, page * pageBytes, level);
    // Part of a superpage: its one entry speaks for all of it.
    bits |= entry >= 0 ? pageTable.flags(entry, level) : pageTable.flags(pageTable.stoppedEntry, 1);
  }
  return bits;
}

function viewSwap(kernel: Kernel): Record<string, SwapSlotView> {
  const views: Record<string, SwapSlotView> = {};
  for (const slot of kernel.swap.inUse()) {
    const cached = kernel.swap.cached[slot]!;
    views[slot] = { slot, references: kernel.swap.counts[slot]!, cachedPfn: cached === 0 ? null : cached - 1 };
  }
  return views;
}
