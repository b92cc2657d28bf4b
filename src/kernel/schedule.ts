/** Who runs where. There is no scheduler: a scenario says who acts next, and that process is switched to its CPU. */
import { invariant } from '../mmu/invariant.ts';
import type { Kernel } from './kernel.ts';
import type { Process } from './process.ts';
import { ensureAsid } from './vm/space-lifecycle.ts';

/** Make `process` the one that acts now, loading its page table if its CPU runs another. */
export function activate(kernel: Kernel, process: Process): void {
  const { cpu } = process;
  kernel.activeCpu = cpu;
  const from = kernel.running[cpu]!;
  if (from === process) return;
  const space = process.space;
  invariant(space !== null, 'a process without memory is switched to');
  kernel.running[cpu] = process;
  ensureAsid(kernel, space);
  space.cpuMask |= 1 << cpu;
  kernel.cpus[cpu]!.setAddressSpace(space.root, space.asid);
  kernel.counters.contextSwitches++;
  if (kernel.sink !== null) kernel.emit({ type: 'ContextSwitch', cpu, from: from?.pid ?? null, to: process.pid });
}

/** Let `process` run on another CPU from now on. */
export function migrate(kernel: Kernel, process: Process, cpu: number): void {
  if (process.cpu === cpu) return;
  if (kernel.running[process.cpu] === process) kernel.running[process.cpu] = null;
  process.cpu = cpu;
}
