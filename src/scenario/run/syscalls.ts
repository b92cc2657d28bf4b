/** Steps that call the kernel for the process itself: brk, sbrk, fork, exit, wait, kill, read, write. */

import type { Process } from '../../kernel/process.ts';
import type { StepOf } from '../schema/steps.ts';
import { DONE, type Executed, syscallExecuted } from './executed.ts';
import { boundAddress } from './memory-calls.ts';
import { CannotRun, type StepContext } from './state.ts';

/** The kernel's brk answers the break, changed or not; like the C library, unchanged means ENOMEM. */
export function brk(context: StepContext, process: Process, step: StepOf<'brk'>): Executed {
  const wanted = context.address(step.to);
  const result = context.machine.brk(process, wanted);
  if (step.as !== undefined) context.names.symbols.set(step.as, result);
  return { outcome: { kind: 'address', address: result }, errno: BigInt(result) === BigInt(wanted) ? 'ok' : 'ENOMEM' };
}

export function sbrk(context: StepContext, process: Process, step: StepOf<'sbrk'>): Executed {
  return boundAddress(context, step.as, context.machine.sbrk(process, context.count(step.by)), 'sbrk');
}

export function fork(context: StepContext, process: Process, step: StepOf<'fork'>): Executed {
  const name = context.resolvedName(step.as);
  if (context.anyProcess(name)?.state === 'running') throw new CannotRun(`there is already a process \`${name}\``);
  const child = context.machine.fork(process, name);
  if (typeof child === 'number') return syscallExecuted(child, () => ({ kind: 'ok' }));
  context.names.pids.set(name, child.pid);
  return { outcome: { kind: 'process', pid: child.pid, name }, errno: 'ok', pid: child.pid };
}

export function exit(context: StepContext, process: Process, step: StepOf<'exit'>): Executed {
  const program = context.machine.programs.loaded(process);
  const isAsked = program !== undefined && (program.checker !== null || step.expect?.leaks !== undefined);
  context.machine.exit(process, step.code ?? 0);
  return { ...DONE, leaks: isAsked ? (context.machine.programs.exitOf(process.pid)?.leaks ?? undefined) : undefined };
}

export function wait(context: StepContext, process: Process, step: StepOf<'wait'>): Executed {
  const pid = step.child === undefined ? step.pid : context.names.pids.get(context.resolvedName(step.child));
  if (step.child !== undefined && pid === undefined) throw new CannotRun(`there is no process \`${step.child}\``);
  const result = context.machine.wait(process, pid);
  if (typeof result === 'number') return syscallExecuted(result, () => ({ kind: 'ok' }));
  const name = context.nameOf(result.pid);
  return {
    outcome: { kind: 'process', pid: result.pid, name },
    errno: 'ok',
    pid: result.pid,
    exitCode: result.code,
    killedBy: result.signal,
  };
}

export function kill(context: StepContext, process: Process, step: StepOf<'kill'>): Executed {
  context.machine.kill(process, step.signal ?? 'SIGKILL');
  return DONE;
}

export function transfer(context: StepContext, process: Process, step: StepOf<'read'> | StepOf<'write'>): Executed {
  const [at, length] = [context.address(step.at), context.address(step.length)];
  const { machine } = context;
  const fd = step.fd === undefined ? undefined : context.count(step.fd);
  const result =
    step.do === 'read' ? machine.read(process, fd ?? 0, at, length) : machine.write(process, fd ?? 1, at, length);
  const done = syscallExecuted(result, (count) => ({ kind: 'count', count }));
  return result < 0 ? done : { ...done, count: result };
}
