/** fork, exit, wait, kill: how processes come and go [kernel/fork.c, kernel/exit.c]. */
import { invariant } from '../mmu/invariant.ts';
import type { SignalName } from './events.ts';
import { closeAllFiles, inheritFiles } from './fs/descriptors.ts';
import type { Kernel } from './kernel.ts';
import { Process } from './process.ts';
import type { AddressSpace } from './vm/address-space.ts';
import { duplicateSpace } from './vm/fork.ts';
import { destroySpace } from './vm/space-lifecycle.ts';

/** Register a process that runs in `space`. */
export function addProcess(
  kernel: Kernel,
  name: string,
  parent: Process | null,
  space: AddressSpace,
  cpu: number,
  signals: 'kill' | 'survive',
): Process {
  const process = new Process(kernel.nextPid++, name, parent, space, cpu, signals);
  if (parent === null) process.limits.stack = kernel.options.stackMax;
  else process.limits.copyFrom(parent.limits);
  kernel.processes.set(process.pid, process);
  space.owner = process;
  parent?.children.push(process);
  return process;
}

export function isAtProcessLimit(kernel: Kernel): boolean {
  return kernel.processes.size >= kernel.options.processesMax;
}

/** The child, or -EAGAIN at the process limit, -ENOMEM when memory does not suffice (nothing is left behind). */
export function fork(kernel: Kernel, parent: Process, name: string): Process | number {
  if (isAtProcessLimit(kernel)) return kernel.refuse('EAGAIN', 'there are as many processes as there may be');
  const copy = duplicateSpace(kernel, parent.space!);
  if (copy === null)
    return kernel.refuse(
      'ENOMEM',
      'no frame is left for the child’s page tables, or its memory cannot be promised a second time (overcommit_memory 2)',
    );
  const child = addProcess(kernel, name, parent, copy.space, parent.cpu, parent.signals);
  inheritFiles(parent, child);
  child.oomScoreAdj = parent.oomScoreAdj;
  child.oomScoreAdjMin = parent.oomScoreAdjMin;
  child.group = parent.group;
  kernel.counters.forks++;
  if (kernel.sink !== null) {
    kernel.emit({
      type: 'Fork',
      parent: parent.pid,
      child: child.pid,
      copiedPages: copy.copiedPages,
      tablePages: copy.space.tableFrames,
    });
  }
  return child;
}

/** End a process: its memory goes at once, it stays as a zombie until waited for. */
export function terminate(kernel: Kernel, process: Process, code: number, signal: SignalName | null): void {
  invariant(process.state === 'running', 'a process ends twice');
  const space = process.space!;
  process.state = 'zombie';
  process.exitCode = signal === null ? code : null;
  process.signal = signal;
  const freeFrames = kernel.buddy.free;
  const freeSlots = kernel.swap.free;
  const { cpu } = process;
  if (kernel.running[cpu] === process) kernel.running[cpu] = null;
  process.space = null;
  space.owner = null;
  closeAllFiles(kernel, process);
  space.users--;
  if (space.users === 0) destroySpace(kernel, space);
  kernel.counters.exits++;
  if (kernel.sink !== null) {
    kernel.emit({
      type: 'Exit',
      pid: process.pid,
      code,
      signal,
      freedFrames: kernel.buddy.free - freeFrames,
      freedSlots: kernel.swap.free - freeSlots,
    });
  }
  // Orphans have nobody to wait for them: those that ended are gone, the others go when they end.
  for (const child of process.children) {
    child.parent = null;
    if (child.state === 'zombie') kernel.processes.delete(child.pid);
  }
  process.children.length = 0;
  if (process.parent === null) kernel.processes.delete(process.pid);
}

/** Reap a zombie child: that one, or with `pid` undefined the one that is first in order of birth. */
export function wait(
  kernel: Kernel,
  process: Process,
  pid: number | undefined,
): { pid: number; code: number | null; signal: SignalName | null } | number {
  const candidates = process.children.filter((child) => pid === undefined || child.pid === pid);
  if (candidates.length === 0) {
    return kernel.refuse('ECHILD', pid === undefined ? 'it has no children' : `it has no child with pid ${pid}`);
  }
  const zombie = candidates.find((child) => child.state === 'zombie');
  if (zombie === undefined)
    return kernel.refuse('EAGAIN', 'no child that is waited for has ended yet, and waiting does not block here');
  process.children.splice(process.children.indexOf(zombie), 1);
  kernel.processes.delete(zombie.pid);
  if (kernel.sink !== null) kernel.emit({ type: 'Wait', parent: process.pid, child: zombie.pid });
  return { pid: zombie.pid, code: zombie.exitCode, signal: zombie.signal };
}
