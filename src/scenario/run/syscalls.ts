/** Steps that call the kernel: mmap, munmap, mprotect, brk, sbrk, fork, exit, wait, kill, read, write. */

import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../kernel/linux-abi.ts';
import type { Process } from '../../kernel/process.ts';
import type { StepOf } from '../schema/steps.ts';
import { DONE, type Executed, syscallExecuted } from './executed.ts';
import { CannotRun, type StepContext } from './state.ts';

const PROT_BITS: Readonly<Record<string, number>> = { r: PROT_READ, w: PROT_WRITE, x: PROT_EXEC };
const FLAG_BITS = {
  shared: MAP_SHARED,
  private: MAP_PRIVATE,
  fixed: MAP_FIXED,
  fixed_noreplace: MAP_FIXED_NOREPLACE,
  growsdown: MAP_GROWSDOWN,
  populate: MAP_POPULATE,
  noreserve: MAP_NORESERVE,
  locked: MAP_LOCKED,
  stack: MAP_STACK,
  hugetlb: MAP_HUGETLB,
} as const;

const protBits = (letters: string): number => [...letters].reduce((bits, letter) => bits | (PROT_BITS[letter] ?? 0), 0);

export function mmap(context: StepContext, process: Process, step: StepOf<'mmap'>): Executed {
  const names = typeof step.flags === 'string' ? [step.flags] : (step.flags ?? []);
  const asked = names.reduce((bits, name) => bits | FLAG_BITS[name], 0);
  // `shared` and `private` may both be written: then the kernel, not we, says what it thinks of that.
  const sharing = (asked & (MAP_SHARED | MAP_PRIVATE)) === 0 ? MAP_PRIVATE : 0;
  const result = context.machine.mmap(process, {
    length: context.address(step.length),
    prot: protBits(step.prot ?? 'rw'),
    flags: asked | sharing | MAP_ANONYMOUS,
    ...(step.at === undefined ? {} : { address: context.address(step.at) }),
    ...(step.offset === undefined ? {} : { offset: context.address(step.offset) }),
  });
  return boundAddress(context, step.as, result, 'mmap');
}

export function munmap(context: StepContext, process: Process, step: StepOf<'munmap'>): Executed {
  const result = context.machine.munmap(process, context.address(step.at), context.address(step.length));
  return syscallExecuted(result, () => ({ kind: 'ok' }));
}

export function mprotect(context: StepContext, process: Process, step: StepOf<'mprotect'>): Executed {
  const [at, length] = [context.address(step.at), context.address(step.length)];
  return syscallExecuted(context.machine.mprotect(process, at, length, protBits(step.prot)), () => ({ kind: 'ok' }));
}

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
  const result =
    step.do === 'read'
      ? machine.read(process, step.fd ?? 0, at, length)
      : machine.write(process, step.fd ?? 1, at, length);
  const done = syscallExecuted(result, (count) => ({ kind: 'count', count }));
  return result < 0 ? done : { ...done, count: result };
}

function boundAddress(context: StepContext, name: string | undefined, result: number, call: string): Executed {
  if (name !== undefined) {
    const { symbols, unbound } = context.names;
    if (result >= 0) symbols.set(name, result);
    else {
      symbols.delete(name);
      unbound.set(name, `the ${call} that should bind it answered ${errnoName(result)}`);
    }
  }
  return syscallExecuted(result, (address) => ({ kind: 'address', address }));
}
