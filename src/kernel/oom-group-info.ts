/**
 * What the OOM killer tells of a memory group: cgroup version 1's memory.stat [mm/memcontrol-v1.c:memcg1_stat_format;
 * mm/memcontrol.c:mem_cgroup_print_oom_meminfo]. Sizes are bytes, except those of events, which are counts. Groups have no
 * children here, so the totals over the subtree repeat the figures.
 */
import type { Kernel } from './kernel.ts';
import { countMemory } from './memory-counts.ts';
import type { MemoryGroup } from './memory-group.ts';

/** Pages of a limit that is none (Linux PAGE_COUNTER_MAX): as many as fit 63 bits in bytes. */
const NO_LIMIT_BYTES = 2n ** 63n;

export function logGroupMemory(kernel: Kernel, group: MemoryGroup): void {
  const { log, pageBytes } = kernel;
  const kb = (pages: number): string => `${(bytesOf(pages, pageBytes) / 1024n).toString()}kB`;
  const counts = countMemory(kernel, group);
  const record = kernel.lru?.recordOf(group.index);
  const line = (name: string, usage: number, limit: number, failcnt: number): string =>
    `${name}: usage ${kb(usage)}, limit ${kb(limit)}, failcnt ${failcnt}`;
  log.append(line('memory', group.usage, group.limit, group.failcnt));
  log.append(line('memory+swap', group.usage + group.swapUsage, Number.POSITIVE_INFINITY, 0));
  log.append(line('kmem', counts.tables, Number.POSITIVE_INFINITY, 0));
  log.append(`Memory cgroup stats for ${group.path}:`);
  const figures: readonly (readonly [string, number])[] = [
    ['cache', counts.cached * pageBytes],
    ['rss', counts.anonMapped * pageBytes],
    ['rss_huge', 0],
    ['shmem', counts.shared * pageBytes],
    ['mapped_file', counts.fileMapped * pageBytes],
    ['dirty', counts.dirty * pageBytes],
    ['writeback', 0],
    ['workingset_refault_anon', record?.refaultsAnon ?? 0],
    ['workingset_refault_file', record?.refaultsFile ?? 0],
    ['swap', group.swapUsage * pageBytes],
    ['swapcached', counts.swapCached * pageBytes],
    ['pgpgin', group.pagesIn],
    ['pgpgout', group.pagesOut],
    ['pgfault', group.faults],
    ['pgmajfault', group.majorFaults],
    ['inactive_anon', counts.inactiveAnon * pageBytes],
    ['active_anon', counts.activeAnon * pageBytes],
    ['inactive_file', counts.inactiveFile * pageBytes],
    ['active_file', counts.activeFile * pageBytes],
    ['unevictable', counts.unevictable * pageBytes],
  ];
  for (const [name, value] of figures) log.append(`${name} ${value}`);
  log.append(`hierarchical_memory_limit ${bytesOf(group.limit, pageBytes)}`);
  log.append(`hierarchical_memsw_limit ${bytesOf(Number.POSITIVE_INFINITY, pageBytes)}`);
  for (const [name, value] of figures) log.append(`total_${name} ${value}`);
}

function bytesOf(pages: number, pageBytes: number): bigint {
  const size = BigInt(pageBytes);
  if (pages !== Number.POSITIVE_INFINITY) return BigInt(pages) * size;
  return ((NO_LIMIT_BYTES - 1n) / size) * size;
}
