/**
 * Out of memory: the kernel kills whoever frees most [mm/oom_kill.c:oom_badness, select_bad_process, out_of_memory].
 *
 *     badness = resident + swapped + page-table pages (the root not) + oom_score_adj * (total / 1000)     (pages,
 *     the quotient rounded down: with a total below 1,000 pages only -1000 has an effect)
 *     total   = RAM + swap, or the limit of the memory group that is full + the swap it may use
 *
 * The highest wins, the last in order of birth among equals, as oom_evaluate_task goes; a process with oom_score_adj
 * -1000 is never chosen. What happened is written to the kernel's log (oom-report.ts).
 */
import type { Kernel } from './kernel.ts';
import type { MemoryGroup } from './memory-group.ts';
import { logOomKill, logOomState, type OomRequest, tablePages } from './oom-report.ts';
import type { Process } from './process.ts';
import { deliver } from './signal.ts';

const OOM_SCORE_ADJ_MIN = -1000;
const OOM_SCORE_ADJ_MAX = 1000;

/**
 * Write /proc/PID/oom_score_adj: 0, or -EINVAL out of -1000 … 1000, -EACCES below what was last written with privilege
 * (0 at first), which only privilege may go below [fs/proc/base.c:oom_score_adj_write, __set_oom_adj]. Children inherit both.
 */
export function setOomScoreAdj(kernel: Kernel, process: Process, value: number, isPrivileged: boolean): number {
  if (value < OOM_SCORE_ADJ_MIN || value > OOM_SCORE_ADJ_MAX)
    return kernel.refuse('EINVAL', `oom_score_adj goes from ${OOM_SCORE_ADJ_MIN} to ${OOM_SCORE_ADJ_MAX}`);
  if (!isPrivileged && value < process.oomScoreAdjMin)
    return kernel.refuse('EACCES', `without privilege oom_score_adj does not go below ${process.oomScoreAdjMin}`);
  process.oomScoreAdj = value;
  if (isPrivileged) process.oomScoreAdjMin = value;
  return 0;
}

/** Badness in pages, or null for a process that may not be killed. `group`: whose limit is reached, null: all memory is used. */
export function badnessOf(kernel: Kernel, process: Process, group: MemoryGroup | null = null): number | null {
  const { space } = process;
  if (space === null || process.oomScoreAdj === OOM_SCORE_ADJ_MIN) return null;
  const points = space.residentPages + space.swapEntries + tablePages(kernel, process);
  return points + process.oomScoreAdj * Math.floor(totalPages(kernel, group) / 1000);
}

/** What oom_score_adj is a part of [mm/oom_kill.c:constrained_alloc; mm/memcontrol.c:mem_cgroup_get_max]. */
function totalPages(kernel: Kernel, group: MemoryGroup | null): number {
  if (group === null) return kernel.memory.frames + kernel.swap.slots;
  return group.limit + (group.swappiness === 0 ? 0 : kernel.swap.slots);
}

/**
 * Kill the worst process - of the group whose limit is reached, or of all with null. When none may be killed Linux panics;
 * here the one that asked dies, so that the machine goes on for the others. `request`, `order`: what it wanted.
 */
export function killForMemory(
  kernel: Kernel,
  asking: Process,
  group: MemoryGroup | null,
  request: OomRequest,
  order: number,
): void {
  const candidates: { pid: number; badness: number }[] = [];
  let victim: Process | null = null;
  let worst = Number.NEGATIVE_INFINITY;
  for (const process of kernel.processes.values()) {
    if (group !== null && process.group !== group.index) continue;
    const badness = badnessOf(kernel, process, group);
    if (badness === null) continue;
    candidates.push({ pid: process.pid, badness });
    if (badness >= worst) {
      worst = badness;
      victim = process;
    }
  }
  const reportStart = kernel.log.written;
  logOomState(kernel, asking, request, order, group);
  if (victim === null) {
    kernel.log.append('Out of memory and no killable processes...');
    const reason = 'out of memory, and no process may be killed (oom_score_adj -1000): Linux would panic';
    deliver(kernel, asking, { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason });
    return;
  }
  kernel.counters.oomKills++;
  if (group !== null) group.oomKills++;
  logOomKill(kernel, victim, group);
  if (kernel.sink !== null) {
    const where = group === null ? {} : { group: group.path };
    const report = kernel.log.since(reportStart).flatMap((text) => text.split('\n'));
    kernel.emit({ type: 'OomKill', pid: victim.pid, badness: worst, candidates, ...where, report });
  }
  const rank = candidates.length === 1 ? 'the only process' : `the highest of ${candidates.length}`;
  const what = group === null ? 'out of memory' : `memory group ${group.path} is at its limit`;
  const reason = `${what}: badness ${worst} page${worst === 1 ? '' : 's'}, ${rank}`;
  deliver(kernel, victim, { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason });
}
