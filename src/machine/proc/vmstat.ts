/** /proc/vmstat: counts and events by Linux's names [mm/vmstat.c:vmstat_show]. What this machine has nothing of is 0. */
import { hugePageBytes } from '../../kernel/fault/huge.ts';
import { MAX_ORDER } from '../../kernel/frames/buddy.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { countMemory } from '../../kernel/memory-counts.ts';
import { vmEvents } from '../../kernel/pressure/vmstat.ts';
import { EVENTS, NODE_COUNTS, ZONE_COUNTS } from './vmstat-names.ts';

export function vmstatText(kernel: Kernel): string {
  const values = vmValues(kernel);
  return [...ZONE_COUNTS, ...NODE_COUNTS, ...EVENTS].map((name) => `${name} ${values[name] ?? 0}\n`).join('');
}

/** Every value that this machine knows, by name. */
export function vmValues(kernel: Kernel): Readonly<Record<string, number>> {
  const counts = countMemory(kernel);
  return {
    nr_free_pages: counts.free,
    nr_free_pages_blocks: pagesInWholeBlocks(kernel),
    nr_zone_inactive_anon: counts.inactiveAnon,
    nr_zone_active_anon: counts.activeAnon,
    nr_zone_inactive_file: counts.inactiveFile,
    nr_zone_active_file: counts.activeFile,
    nr_zone_unevictable: counts.unevictable,
    nr_zone_write_pending: counts.dirty,
    nr_mlock: counts.unevictable,
    nr_inactive_anon: counts.inactiveAnon,
    nr_active_anon: counts.activeAnon,
    nr_inactive_file: counts.inactiveFile,
    nr_active_file: counts.activeFile,
    nr_unevictable: counts.unevictable,
    nr_anon_pages: counts.anonMapped,
    nr_mapped: counts.fileMapped,
    nr_file_pages: counts.cached,
    nr_dirty: counts.dirty,
    nr_shmem: counts.shared,
    nr_anon_transparent_hugepages: counts.anonHuge,
    nr_page_table_pages: counts.tables,
    nr_swapcached: counts.swapCached,
    nr_hugetlb: (counts.hugetlb * hugePageBytes(kernel)) / kernel.pageBytes,
    ...vmEvents(kernel),
  };
}

/** Free pages in blocks as large as a superpage, or as the largest there are. */
function pagesInWholeBlocks(kernel: Kernel): number {
  const bytes = hugePageBytes(kernel);
  const blockOrder = bytes === 0 ? MAX_ORDER : Math.min(MAX_ORDER, Math.log2(bytes / kernel.pageBytes));
  return kernel.buddy
    .freeBlocks()
    .reduce((pages, blocks, order) => pages + (order < blockOrder ? 0 : blocks * 2 ** order), 0);
}
