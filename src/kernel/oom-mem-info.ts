/**
 * `Mem-Info:`, the state of the whole machine as the kernel logs it [mm/show_mem.c:__show_mem, show_free_areas;
 * mm/swap_state.c:show_swap_cache_info; mm/hugetlb.c:hugetlb_show_meminfo_node]. One node, one zone; what this machine has
 * nothing of is 0. kB are 1024 bytes.
 */
import { hugePageBytes } from './fault/huge.ts';
import type { Kernel } from './kernel.ts';
import { countMemory, type MemoryCounts } from './memory-counts.ts';

export function logMemInfo(kernel: Kernel): void {
  const { log, zone, swap, swapCacheFrames } = kernel;
  const counts = countMemory(kernel);
  const kb = (pages: number): number => Math.floor((pages * kernel.pageBytes) / 1024);
  log.append('Mem-Info:');
  log.append(wholeText(counts));
  log.append(nodeText(kernel, counts, kb));
  log.append(zoneText(kernel, counts, kb));
  log.append(`lowmem_reserve[]: ${zone.lowmemReserve.join(' ')}`);
  log.append(buddyText(kernel, kb));
  const superpage = hugePageBytes(kernel);
  if (superpage > 0) log.append(superpageText(kernel, superpage));
  log.append(`${counts.cached} total pagecache pages`);
  log.append(`${swapCacheFrames} pages in swap cache`);
  log.append(`Free swap  = ${kb(swap.free)}kB`);
  log.append(`Total swap = ${kb(swap.slots)}kB`);
  log.append(`${zone.present} pages RAM`);
  log.append('0 pages HighMem/MovableOnly');
  log.append(`${zone.present - zone.managed} pages reserved`);
  log.append('0 pages cma reserved');
  log.append('0 pages hwpoisoned');
}

function wholeText(counts: MemoryCounts): string {
  return [
    `active_anon:${counts.activeAnon} inactive_anon:${counts.inactiveAnon} isolated_anon:0`,
    ` active_file:${counts.activeFile} inactive_file:${counts.inactiveFile} isolated_file:0`,
    ` unevictable:${counts.unevictable} dirty:${counts.dirty} writeback:0`,
    ' slab_reclaimable:0 slab_unreclaimable:0',
    ` mapped:${counts.fileMapped} shmem:${counts.shared} pagetables:${counts.tables}`,
    ' sec_pagetables:0 bounce:0',
    ' kernel_misc_reclaimable:0',
    ` free:${counts.free} free_pcp:0 free_cma:0`,
  ].join('\n');
}

type Figures = readonly (readonly [string, number])[];

const listed = (figures: Figures, unit = 'kB'): string =>
  figures.map(([name, value]) => `${name}:${value}${unit}`).join(' ');

function nodeText(kernel: Kernel, counts: MemoryCounts, kb: (pages: number) => number): string {
  const lists = listed([
    ['active_anon', kb(counts.activeAnon)],
    ['inactive_anon', kb(counts.inactiveAnon)],
    ['active_file', kb(counts.activeFile)],
    ['inactive_file', kb(counts.inactiveFile)],
    ['unevictable', kb(counts.unevictable)],
    ['isolated(anon)', 0],
    ['isolated(file)', 0],
    ['mapped', kb(counts.fileMapped)],
    ['dirty', kb(counts.dirty)],
    ['writeback', 0],
    ['shmem', kb(counts.shared)],
    ['shmem_thp', 0],
    ['shmem_pmdmapped', 0],
    ['anon_thp', Math.floor((counts.anonHuge * hugePageBytes(kernel)) / 1024)],
    ['kernel_stack', 0],
    ['pagetables', kb(counts.tables)],
    ['sec_pagetables', 0],
  ]);
  return `Node 0 ${lists} all_unreclaimable? ${kernel.kswapd?.isHopeless === true ? 'yes' : 'no'} Balloon:0kB`;
}

function zoneText({ zone }: Kernel, counts: MemoryCounts, kb: (pages: number) => number): string {
  const { boost, watermarks } = zone;
  const marks = listed([
    ['free', kb(counts.free)],
    ['boost', kb(boost)],
    ['min', kb(watermarks.min + boost)],
    ['low', kb(watermarks.low + boost)],
    ['high', kb(watermarks.high + boost)],
  ]);
  const lists = listed([
    ['active_anon', kb(counts.activeAnon)],
    ['inactive_anon', kb(counts.inactiveAnon)],
    ['active_file', kb(counts.activeFile)],
    ['inactive_file', kb(counts.inactiveFile)],
    ['unevictable', kb(counts.unevictable)],
    ['writepending', kb(counts.dirty)],
    ['zspages', 0],
    ['present', kb(zone.present)],
    ['managed', kb(zone.managed)],
    ['mlocked', kb(counts.unevictable)],
    ['bounce', 0],
    ['free_pcp', 0],
    ['local_pcp', 0],
    ['free_cma', 0],
  ]);
  // Linux writes these two units with a capital letter.
  const reserves = listed(
    [
      ['reserved_highatomic', 0],
      ['free_highatomic', 0],
    ],
    'KB',
  );
  return `Node 0 ${zone.name} ${marks} ${reserves} ${lists}`;
}

/** Free blocks by size. Frames have no kinds here: all are movable ones, `M`. */
function buddyText({ buddy, zone }: Kernel, kb: (pages: number) => number): string {
  const blocks = buddy
    .freeBlocks()
    .map((count, order) => `${count}*${kb(2 ** order)}kB ${count > 0 ? '(M) ' : ''}`)
    .join('');
  return `Node 0 ${zone.name}: ${blocks}= ${kb(buddy.free)}kB`;
}

function superpageText({ hugeBlocks, sysctl }: Kernel, bytes: number): string {
  // Nobody set the size of the pool: it is what is used.
  const total =
    sysctl.nr_hugepages === Number.POSITIVE_INFINITY ? hugeBlocks : Math.max(sysctl.nr_hugepages, hugeBlocks);
  return (
    `Node 0 hugepages_total=${total} hugepages_free=${total - hugeBlocks} hugepages_surp=0 ` +
    `hugepages_size=${bytes / 1024}kB`
  );
}
