/** Steps on files: the system calls of processes on descriptors. */
import { FALLOC_FLAGS } from '../../kernel/flag-names.ts';
import type { Process } from '../../kernel/process.ts';
import { flagBits } from '../schema/flags.ts';
import type { StepOf } from '../schema/steps.ts';
import { type Executed, syscallExecuted } from './executed.ts';
import { answered, boundNumber } from './memory-calls.ts';
import type { StepContext } from './state.ts';

export function open(context: StepContext, process: Process, step: StepOf<'open'>): Executed {
  const mode = step.mode ?? 'r';
  const result = context.machine.calls.open(process, step.file, {
    canRead: mode === 'r' || mode === 'rw',
    canWrite: mode === 'w' || mode === 'rw',
    isPath: mode === 'path',
  });
  return boundNumber(context, step.as, result, 'open');
}

export function transfer64(
  context: StepContext,
  process: Process,
  step: StepOf<'pread64'> | StepOf<'pwrite64'>,
): Executed {
  const { calls } = context.machine;
  const [at, length] = [context.address(step.at), context.address(step.length)];
  const offset = step.offset === undefined ? 0 : context.address(step.offset);
  const fd = context.count(step.fd);
  const perform = () =>
    step.do === 'pread64'
      ? calls.pread(process, fd, at, length, offset)
      : calls.pwrite(process, fd, at, length, offset);
  const { result, executed } = signalling(process, perform, (count) => ({ kind: 'count', count }));
  return result < 0 ? executed : { ...executed, count: result };
}

type FileStep = StepOf<'close' | 'ftruncate' | 'truncate' | 'fallocate' | 'fsync'>;

export function onFile(context: StepContext, process: Process, step: FileStep): Executed {
  const { calls } = context.machine;
  switch (step.do) {
    case 'close':
      return answered(calls.close(process, context.count(step.fd)));
    case 'fsync':
      return answered(calls.fsync(process, context.count(step.fd)));
    case 'fallocate': {
      const { keep_size, punch_hole } = FALLOC_FLAGS;
      const mode = step.mode === undefined ? keep_size | punch_hole : flagBits(step.mode, FALLOC_FLAGS);
      const [offset, length] = [context.address(step.offset), context.address(step.length)];
      return answered(calls.fallocate(process, context.count(step.fd), mode, offset, length));
    }
    case 'ftruncate': {
      const [fd, size] = [context.count(step.fd), context.address(step.size)];
      return signalling(process, () => calls.ftruncate(process, fd, size)).executed;
    }
    case 'truncate': {
      const size = context.address(step.size);
      return signalling(process, () => calls.truncate(process, step.file, size)).executed;
    }
    default:
      return step satisfies never;
  }
}

/** A call that may send its caller a signal besides what it answers: then the signal is what came of the step, if it kills. */
function signalling(
  process: Process,
  perform: () => number,
  succeeded: Parameters<typeof syscallExecuted>[1] = () => ({ kind: 'ok' }),
): { readonly result: number; readonly executed: Executed } {
  const before = process.lastSignal;
  const result = perform();
  const executed = syscallExecuted(result, succeeded);
  const signal = process.lastSignal;
  if (signal === null || signal === before) return { result, executed };
  const isKilled = process.state !== 'running';
  return {
    result,
    executed: { ...executed, signal, ...(isKilled ? { outcome: { kind: 'signal', info: signal } } : {}) },
  };
}
