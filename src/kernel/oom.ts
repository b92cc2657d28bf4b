/**
 * Out of memory: the kernel kills whoever frees most [mm/oom_kill.c:oom_badness, select_bad_process].
 *
 *     badness = resident + swapped + page-table pages (the root not) + oom_score_adj * ((RAM + swap) / 1000)     (pages,
 *     the quotient rounded down: on a machine below 1,000 pages only -1000 has an effect)
 *
 * The highest wins, the last in order of birth among equals, as oom_evaluate_task goes; a process with oom_score_adj -1000 is never chosen.
 */
import type { Kernel } from './kernel.ts';
import type { MemoryGroup } from './memory-group.ts';
import type { Process } from './process.ts';
import { deliver } from './signal.ts';
import { tableOrder } from './vm/tables.ts';

const OOM_SCORE_ADJ_MIN = -1000;

/** Badness in pages, or null for a process that may not be killed. */
export function badnessOf(kernel: Kernel, process: Process): number | null {
  const { space } = process;
  if (space === null || process.oomScoreAdj === OOM_SCORE_ADJ_MIN) return null;
  const total = kernel.memory.frames + kernel.swap.slots;
  const rootFrames = 1 << tableOrder(kernel, kernel.format.levels.length - 1);
  const points = space.residentPages + space.swapEntries + space.tableFrames - rootFrames;
  return points + process.oomScoreAdj * Math.floor(total / 1000);
}

/**
 * Kill the worst process - of the group whose limit is reached, or of all with null. When none may be killed Linux panics; here the one that asked dies, so that the machine goes
 * on for the others.
 */
export function killForMemory(kernel: Kernel, asking: Process, group: MemoryGroup | null): void {
  const candidates: { pid: number; badness: number }[] = [];
  let victim: Process | null = null;
  let worst = Number.NEGATIVE_INFINITY;
  for (const process of kernel.processes.values()) {
    if (group !== null && process.group !== group.index) continue;
    const badness = badnessOf(kernel, process);
    if (badness === null) continue;
    candidates.push({ pid: process.pid, badness });
    if (badness >= worst) {
      worst = badness;
      victim = process;
    }
  }
  if (victim === null) {
    const reason = 'out of memory, and no process may be killed (oom_score_adj -1000): Linux would panic';
    deliver(kernel, asking, { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason });
    return;
  }
  kernel.counters.oomKills++;
  if (group !== null) group.oomKills++;
  if (kernel.sink !== null) kernel.emit({ type: 'OomKill', pid: victim.pid, badness: worst, candidates });
  const rank = candidates.length === 1 ? 'the only process' : `the highest of ${candidates.length}`;
  const reason = `out of memory: badness ${worst} page${worst === 1 ? '' : 's'}, ${rank}`;
  deliver(kernel, victim, { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason });
}
