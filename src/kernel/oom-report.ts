/**
 * What the OOM killer writes to the kernel's log, line for line as Linux 6.18 does [mm/oom_kill.c:dump_header, dump_tasks,
 * dump_oom_victim, __oom_kill_process]:
 *
 *     stub invoked oom-killer: gfp_mask=…, order=0, oom_score_adj=0        who wanted memory, and what for
 *     CPU: 0 UID: 1000 PID: 2 Comm: stub …
 *     Mem-Info: …            or        memory: usage …                     what memory there is (oom-mem-info, oom-group-info)
 *     Tasks state (memory values in pages):                                who has it
 *     oom-kill:constraint=…,task=stub,pid=2,uid=1000                       who was chosen
 *     Out of memory: Killed process 2 (stub) …
 *
 * The registers and the call trace between the second and the third line are left out: no machine code runs here.
 */
import type { Kernel } from './kernel.ts';
import type { MemoryGroup } from './memory-group.ts';
import { logGroupMemory } from './oom-group-info.ts';
import { logMemInfo } from './oom-mem-info.ts';
import { commandOf, type Process, USER_ID } from './process.ts';
import { tableOrder } from './vm/tables.ts';

/** What the kernel calls itself. */
const RELEASE = '6.18.0-mmulator #1';

/** What memory was wanted for: its gfp_mask [include/linux/gfp_types.h; include/trace/events/mmflags.h]. */
export type OomRequest = keyof typeof GFP_MASKS;
const GFP_MASKS = {
  /** A charge to a group, whatever the page is for. */
  charge: '0xcc0(GFP_KERNEL)',
  zeroedPage: '0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP)',
  page: '0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP)',
  table: '0x440dc0(GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_COMP)',
} as const;

/** Everything before the victim: who asked, what memory there is, who could be killed. */
export function logOomState(
  kernel: Kernel,
  asking: Process,
  request: OomRequest,
  order: number,
  group: MemoryGroup | null,
): void {
  const { log } = kernel;
  const name = commandOf(asking);
  const mask = GFP_MASKS[group === null ? request : 'charge'];
  log.append(
    `${name} invoked oom-killer: gfp_mask=${mask}, order=${group === null ? order : 0}, oom_score_adj=${asking.oomScoreAdj}`,
  );
  log.append(`CPU: ${asking.cpu} UID: ${USER_ID} PID: ${asking.pid} Comm: ${name} Not tainted ${RELEASE}`);
  if (group === null) logMemInfo(kernel);
  else logGroupMemory(kernel, group);
  logTasks(kernel, group);
}

/** Who was chosen, and what is freed by it. To be called while the victim still has its memory. */
export function logOomKill(kernel: Kernel, victim: Process, group: MemoryGroup | null): void {
  const { pid } = victim;
  const name = commandOf(victim);
  const space = victim.space!;
  const kb = (pages: number): string => `${Math.floor((pages * kernel.pageBytes) / 1024)}kB`;
  const home = kernel.groups[victim.group]!.path;
  const where = group === null ? 'global_oom' : `oom_memcg=${group.path}`;
  kernel.log.append(
    `oom-kill:constraint=${group === null ? 'CONSTRAINT_NONE' : 'CONSTRAINT_MEMCG'},nodemask=(null),cpuset=/,` +
      `mems_allowed=0,${where},task_memcg=${home},task=${name},pid=${pid},uid=${USER_ID}`,
  );
  kernel.log.append(
    `${group === null ? 'Out of memory' : 'Memory cgroup out of memory'}: Killed process ${pid} (${name}) ` +
      `total-vm:${kb(space.totalPages)}, anon-rss:${kb(space.residentAnon)}, file-rss:${kb(space.residentFile)}, ` +
      `shmem-rss:${kb(space.residentShared)}, UID:${USER_ID} pgtables:${kb(tablePages(kernel, victim))} ` +
      `oom_score_adj:${victim.oomScoreAdj}`,
  );
}

function logTasks(kernel: Kernel, group: MemoryGroup | null): void {
  kernel.log.append('Tasks state (memory values in pages):');
  kernel.log.append(
    '[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name',
  );
  for (const process of kernel.processes.values()) {
    const { space, pid, oomScoreAdj } = process;
    if (space === null || (group !== null && process.group !== group.index)) continue;
    const column = (value: number, width: number): string => String(value).padStart(width);
    const cells = [
      `[${column(pid, 7)}]`,
      column(USER_ID, 5),
      column(pid, 5),
      column(space.totalPages, 8),
      column(space.residentPages, 8),
      column(space.residentAnon, 8),
      column(space.residentFile, 8),
      column(space.residentShared, 9),
      column(tablePages(kernel, process) * kernel.pageBytes, 8),
      column(space.swapEntries, 8),
    ];
    kernel.log.append(`${cells.join(' ')}         ${column(oomScoreAdj, 5)} ${commandOf(process)}`);
  }
}

/** Frames of a process's page tables; the root is not counted (Linux mm_pgtables_bytes). */
export function tablePages(kernel: Kernel, process: Process): number {
  return process.space!.tableFrames - (1 << tableOrder(kernel, kernel.format.levels.length - 1));
}
