/** The figures of /proc/PID/status and smaps that the recordings' snapshots hold, kB (FORMAT.md, section 4.4). */
import { FLAG_DIRTY, FLAG_LAZY_FREE, FLAG_REFERENCED, FRAME_ANON, ZERO_PFN } from '../../kernel/frames/frame-table.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { VM_LOCKED, VM_SHARED, VM_WRITE } from '../../kernel/linux-abi.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_SWAP } from '../../mmu/pte-flags.ts';
import { formatAddress } from './notation.ts';
import { forEachEntry, pageAt, visibleAreas } from './observe.ts';
import type { Memory } from './recording.ts';

const PAGE_KIB = 4;
/** Table frames of the top level: not in VmPTE. */
const ROOT_TABLES = 1;

export function statusOf(space: AddressSpace): Record<string, number> {
  const pages = {
    VmSize: space.totalPages,
    VmLck: space.lockedPages,
    VmData: space.dataPages,
    VmStk: space.stackPages,
    // The program's text: never changed by a trace.
    VmExe: 0,
    VmPTE: space.tableFrames - ROOT_TABLES,
    RssAnon: space.residentAnon,
    RssFile: space.residentFile,
    RssShmem: space.residentShared,
    VmSwap: space.swapEntries,
  };
  return Object.fromEntries(Object.entries(pages).map(([name, count]) => [name, count * PAGE_KIB]));
}

/** `base`: the status of P0 at the start of the trace. */
export function memoryOf(kernel: Kernel, space: AddressSpace, base: Readonly<Record<string, number>>): Memory {
  const status = Object.entries(statusOf(space)).map(([name, kib]) => [name, kib - base[name]!] as const);
  const smaps = Array.from(
    visibleAreas(space),
    (area) => [formatAddress(area.start), smapsOf(kernel, space, area)] as const,
  );
  return { status: Object.fromEntries(status), smaps: smaps.filter(([, figures]) => Object.keys(figures).length > 0) };
}

/** [fs/proc/task_mmu.c:smaps_account]: a page counts in full for Rss, by its share of the mappings for Pss. */
function smapsOf(kernel: Kernel, space: AddressSpace, area: Area): Record<string, number> {
  const { frames, pageTable } = kernel;
  const figures = new Map<string, number>();
  const add = (name: string, kib: number) => figures.set(name, (figures.get(name) ?? 0) + kib);
  forEachEntry(kernel, space, area, (address, entry) => {
    const { pfn } = pageAt(kernel, space, address);
    const flags = pageTable.flags(entry);
    if ((flags & PTE_SWAP) !== 0) {
      add('Swap', PAGE_KIB);
      add('SwapPss', share(kernel.swap.counts[pageTable.frame(entry)]!));
    }
    if (pfn <= ZERO_PFN) return;
    const maps = frames.mapCount[pfn]!;
    const dirty = (flags & PTE_DIRTY) !== 0 || frames.has(pfn, FLAG_DIRTY);
    add('Rss', PAGE_KIB);
    add('Pss', share(maps));
    if (dirty) add('Pss_Dirty', share(maps));
    add(`${maps > 1 ? 'Shared' : 'Private'}_${dirty ? 'Dirty' : 'Clean'}`, PAGE_KIB);
    if ((flags & PTE_ACCESSED) !== 0 || frames.has(pfn, FLAG_REFERENCED)) add('Referenced', PAGE_KIB);
    if (frames.use[pfn] === FRAME_ANON) add('Anonymous', PAGE_KIB);
    if (frames.has(pfn, FLAG_LAZY_FREE) && !dirty) add('LazyFree', PAGE_KIB);
    if (area.has(VM_LOCKED)) add('Locked', share(maps));
  });
  add('Swap', sharedSwapOf(kernel, space, area) * PAGE_KIB);
  const whole = [...figures].map(([name, kib]) => [name, Math.floor(kib)] as const);
  return Object.fromEntries(whole.filter(([, kib]) => kib > 0));
}

/** Swapped pages of shared memory that the area covers [fs/proc/task_mmu.c:smap_gather_stats]. */
function sharedSwapOf(kernel: Kernel, space: AddressSpace, area: Area): number {
  const { object } = area;
  if (object?.kind !== 'shared') return 0;
  // A private copy hides the page behind it.
  const hasCopies = !area.has(VM_SHARED) && area.has(VM_WRITE);
  let pages = 0;
  for (const [page, held] of object.pages) {
    const address = area.start + (page - area.pageOffset) * kernel.pageBytes;
    if (held >= 0 || address < area.start || address >= area.end) continue;
    if (!hasCopies || pageAt(kernel, space, address).letter === '.') pages++;
  }
  return pages;
}

/** Pss is summed in units of 2^-12 bytes, each share rounded down. */
const PSS_UNITS_PER_KIB = 2 ** 22;
const share = (holders: number): number => Math.floor((PAGE_KIB * PSS_UNITS_PER_KIB) / holders) / PSS_UNITS_PER_KIB;
