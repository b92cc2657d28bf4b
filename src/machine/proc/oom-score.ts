/** /proc/PID/oom_score: how likely the process is to be killed when memory runs out [fs/proc/base.c:proc_oom_score]. */
import type { Kernel } from '../../kernel/kernel.ts';
import { badnessOf } from '../../kernel/oom.ts';
import type { Process } from '../../kernel/process.ts';

/** Two thirds of 1000 and the badness in thousandths of RAM and swap; 0 for whom nobody may kill. */
export function oomScoreText(kernel: Kernel, process: Process): string {
  const badness = badnessOf(kernel, process);
  if (badness === null) return '0\n';
  const total = kernel.memory.frames + kernel.swap.slots;
  return `${Math.trunc(((1000 + Math.trunc((badness * 1000) / total)) * 2) / 3)}\n`;
}
