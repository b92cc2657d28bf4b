/** Do one step on the machine. Dispatch only: what each step means stands in the files beside. */
import type { Process } from '../../kernel/process.ts';
import { InputError } from '../../mmu/input-error.ts';
import { type ActionStep, isWorldStep, type WorldStepName } from '../schema/steps.ts';
import * as accesses from './accesses.ts';
import { call } from './calls.ts';
import { DONE, type Executed } from './executed.ts';
import * as files from './file-calls.ts';
import * as memory from './memory-calls.ts';
import { spawn } from './spawn.ts';
import { CannotRun, type StepContext } from './state.ts';
import * as syscalls from './syscalls.ts';
import { happen } from './world.ts';

/** Tells the context whose step it is. A step that cannot run answers `dead`, with the reason. */
export function execute(context: StepContext, step: ActionStep): Executed {
  try {
    return attempt(context, step);
  } catch (reason) {
    // The machine refuses what its caller may not ask: here that is the scenario, and the step is what cannot be done.
    if (!(reason instanceof CannotRun || reason instanceof InputError)) throw reason;
    const hint = reason instanceof InputError && reason.hint !== undefined ? ` (${reason.hint})` : '';
    return { outcome: { kind: 'dead', why: `${reason.message}${hint}` } };
  }
}

function attempt(context: StepContext, step: ActionStep): Executed {
  if (isWorldStep(step)) {
    context.actFor(checkedProcess(context, step.process));
    return happen(context, step);
  }
  switch (step.do) {
    case 'comment':
      return DONE;
    case 'spawn':
      return spawn(context, step);
    case 'translate':
      return accesses.translate(context, step);
    case 'check':
      context.actFor(checkedProcess(context, step.process));
      return accesses.check(context, step);
    default: {
      const process = context.runningProcess(step.process);
      context.actFor(process);
      return watched(context, process, () => ofProcess(context, process, step));
    }
  }
}

/** With what the program's memcheck, if it has one, found meanwhile. */
function watched(context: StepContext, process: Process, perform: () => Executed): Executed {
  const checker = context.machine.programs.loaded(process)?.checker ?? null;
  const before = checker?.errors.length ?? 0;
  const executed = perform();
  // The first call of a program loads it, and its checker with it.
  const errors = (checker ?? context.machine.programs.loaded(process)?.checker)?.errors.slice(before) ?? [];
  return errors.length === 0 ? executed : { ...executed, errors };
}

type ProcessStep = Exclude<ActionStep, { do: 'comment' | 'spawn' | 'translate' | 'check' | WorldStepName }>;

function ofProcess(context: StepContext, process: Process, step: ProcessStep): Executed {
  switch (step.do) {
    case 'mmap':
      return memory.mmap(context, process, step);
    case 'munmap':
      return memory.munmap(context, process, step);
    case 'mprotect':
      return memory.mprotect(context, process, step);
    case 'mremap':
      return memory.mremap(context, process, step);
    case 'madvise':
    case 'mlock':
    case 'mlock2':
    case 'munlock':
    case 'msync':
    case 'mseal':
    case 'remap_file_pages':
      return memory.onRange(context, process, step);
    case 'mlockall':
      return memory.mlockall(context, process, step);
    case 'munlockall':
      return memory.answered(context.machine.calls.munlockall(process));
    case 'mincore':
      return memory.mincore(context, process, step);
    case 'setrlimit':
      return memory.setrlimit(context, process, step);
    case 'oom_score_adj':
      return memory.oomScoreAdj(context, process, step);
    case 'shmget':
      return memory.shmget(context, process, step);
    case 'shmat':
      return memory.shmat(context, process, step);
    case 'shmdt':
      return memory.answered(context.machine.calls.shmdt(process, context.address(step.at)));
    case 'shmctl':
      return memory.shmctl(context, process, step);
    case 'peekdata':
      return memory.peekdata(context, process, step);
    case 'pokedata':
      return memory.pokedata(context, process, step);
    case 'open':
      return files.open(context, process, step);
    case 'pread64':
    case 'pwrite64':
      return files.transfer64(context, process, step);
    case 'close':
    case 'ftruncate':
    case 'truncate':
    case 'fallocate':
    case 'fsync':
      return files.onFile(context, process, step);
    case 'brk':
      return syscalls.brk(context, process, step);
    case 'sbrk':
      return syscalls.sbrk(context, process, step);
    case 'fork':
      return syscalls.fork(context, process, step);
    case 'exit':
      return syscalls.exit(context, process, step);
    case 'wait':
      return syscalls.wait(context, process, step);
    case 'kill':
      return syscalls.kill(context, process, step);
    case 'read':
    case 'write':
      return syscalls.transfer(context, process, step);
    case 'load':
      return accesses.load(context, process, step);
    case 'store':
      return accesses.store(context, process, step);
    case 'fetch':
      return accesses.fetch(context, process, step);
    case 'rmw':
      return accesses.rmw(context, process, step);
    case 'touch':
      return accesses.touch(context, process, step);
    case 'peek':
      return accesses.peek(context, process, step);
    case 'switch':
      context.machine.switchTo(step.cpu, process);
      return DONE;
    case 'call':
      return call(context, process, step);
    default:
      return step satisfies never;
  }
}

/** A check may be of a process that has ended, or of none at all. */
function checkedProcess(context: StepContext, name: string | undefined): Process | null {
  if (name !== undefined) {
    const process = context.anyProcess(context.resolvedName(name));
    if (process === undefined) return context.runningProcess(name);
    return process;
  }
  const running = context.scenario.machine.kernel === 'none' ? [] : context.runningProcesses();
  return running.length === 1 ? (running[0] ?? null) : null;
}
