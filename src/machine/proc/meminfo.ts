/** /proc/meminfo [fs/proc/meminfo.c:meminfo_proc_show; mm/show_mem.c:si_mem_available; mm/hugetlb.c:hugetlb_report_meminfo]. */
import { commitLimit } from '../../kernel/accounting.ts';
import { hugePageBytes } from '../../kernel/fault/huge.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { VM_HUGETLB, VM_NORESERVE } from '../../kernel/linux-abi.ts';
import { countMemory, type MemoryCounts } from '../../kernel/memory-counts.ts';
import { forEachEntry } from './entries.ts';
import { kibibytes, label } from './text.ts';

export function meminfoText(kernel: Kernel): string {
  const { pageBytes, swap, memory } = kernel;
  const counts = countMemory(kernel);
  const pages: readonly (readonly [string, number])[] = [
    ['MemTotal', memory.frames],
    ['MemFree', counts.free],
    ['MemAvailable', available(kernel, counts)],
    ['Buffers', 0],
    ['Cached', counts.cached - counts.swapCached],
    ['SwapCached', counts.swapCached],
    ['Active', counts.activeAnon + counts.activeFile],
    ['Inactive', counts.inactiveAnon + counts.inactiveFile],
    ['Active(anon)', counts.activeAnon],
    ['Inactive(anon)', counts.inactiveAnon],
    ['Active(file)', counts.activeFile],
    ['Inactive(file)', counts.inactiveFile],
    ['Unevictable', counts.unevictable],
    ['Mlocked', counts.unevictable],
    ['SwapTotal', swap.slots],
    ['SwapFree', swap.free],
    ['Zswap', 0],
    ['Zswapped', zswapped(kernel)],
    ['Dirty', counts.dirty],
    ['Writeback', 0],
    ['AnonPages', counts.anonMapped],
    ['Mapped', counts.fileMapped],
    ['Shmem', counts.shared],
    ...nothing('KReclaimable', 'Slab', 'SReclaimable', 'SUnreclaim', 'KernelStack'),
    ['PageTables', counts.tables],
    ...nothing('SecPageTables', 'NFS_Unstable', 'Bounce', 'WritebackTmp'),
    ['CommitLimit', commitLimit(kernel)],
    ['Committed_AS', kernel.committedPages],
    ...nothing('VmallocTotal', 'VmallocUsed', 'VmallocChunk', 'Percpu'),
    ['AnonHugePages', (counts.anonHuge * hugePageBytes(kernel)) / pageBytes],
    ...nothing('ShmemHugePages', 'ShmemPmdMapped', 'FileHugePages', 'FilePmdMapped', 'Balloon'),
  ];
  const lines = [
    ...pages.map(([name, count]) => label(name) + kibibytes(count * pageBytes)),
    ...hugetlbLines(kernel),
    ...['DirectMap4k', 'DirectMap2M', 'DirectMap1G'].map((name) => label(name) + kibibytes(0)),
  ];
  return `${lines.join('\n')}\n`;
}

const nothing = (...names: string[]) => names.map((name) => [name, 0] as const);

/** What could be had without swapping: half of the page cache at least, and nothing below the watermarks. */
function available({ zone }: Kernel, { free, activeFile, inactiveFile }: MemoryCounts): number {
  const { low, high } = zone.watermarks;
  const kept = Math.min(Math.max(...zone.lowmemReserve) + high, zone.managed);
  const pageCache = activeFile + inactiveFile;
  return Math.max(0, free - kept + pageCache - Math.min(Math.floor(pageCache / 2), low));
}

/** Pages in the compressed store; those of zeros are not in it. */
function zswapped({ swap }: Kernel): number {
  return swap.kind === 'zswap' ? swap.inUse().filter((slot) => !swap.holdsZeros(slot)).length : 0;
}

/** A machine without superpages to map has none of these lines. */
function hugetlbLines(kernel: Kernel): string[] {
  const bytes = hugePageBytes(kernel);
  if (bytes === 0) return [];
  const used = kernel.hugeBlocks;
  // Nobody set the size of the pool: it is what is used.
  const pool = kernel.sysctl.nr_hugepages;
  const total = pool === Number.POSITIVE_INFINITY ? used : Math.max(pool, used);
  const reserved = pool === Number.POSITIVE_INFINITY ? 0 : reservedSuperpages(kernel, bytes);
  const counts: [string, number][] = [
    ['HugePages_Total', total],
    ['HugePages_Free', total - used],
    ['HugePages_Rsvd', reserved],
    ['HugePages_Surp', 0],
  ];
  return [
    ...counts.map(([name, count]) => label(name) + String(count).padStart(8)),
    label('Hugepagesize') + kibibytes(bytes),
    label('Hugetlb') + kibibytes(total * bytes),
  ];
}

/** Promised to mappings that have not touched them. */
function reservedSuperpages(kernel: Kernel, bytes: number): number {
  let count = 0;
  for (const space of kernel.spaces) {
    for (let area = space?.areas.first ?? null; area !== null; area = area.next) {
      if (!area.has(VM_HUGETLB) || area.has(VM_NORESERVE)) continue;
      count += (area.end - area.start) / bytes;
      forEachEntry(kernel, space!, area, () => {
        count--;
      });
    }
  }
  return count;
}
