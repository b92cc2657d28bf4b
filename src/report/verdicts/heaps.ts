/** Verdicts on the heap of a process: what it lost, what memcheck found. */
import type { Process } from '../../kernel/process.ts';
import { findLeaks } from '../../process/check/leaks.ts';
import type { Program } from '../../process/program.ts';
import { heapErrorLines, leakLines } from '../heap-report.ts';
import { makeNames } from '../names.ts';
import { cannotJudge, type Verdict } from './verdict.ts';

/** As much of a machine as these verdicts look at. */
export interface Programs {
  loaded(process: Process): Program | undefined;
}

/** The programs of what was handed to a matcher. @throws TypeError when it is no machine */
export function programsOf(received: unknown): Programs {
  const { programs } = Object(received) as { programs?: Programs };
  if (typeof programs?.loaded !== 'function') throw cannotJudge('a matcher of heaps', 'a machine');
  return programs;
}

export function lostBlocksVerdict(programs: Programs, process: Process): Verdict {
  const program = programs.loaded(process);
  const report = program === undefined || process.state !== 'running' ? null : findLeaks(program);
  const lost = report === null ? 0 : report.inUse.blocks - report.totals.reachable.blocks;
  return {
    pass: lost === 0,
    why: () =>
      lost === 0 || report === null
        ? `expected ${process.name} to have lost a block, but it has lost none`
        : [`${process.name} has lost blocks:`, ...leakLines(report)].join('\n  '),
  };
}

export function heapErrorsVerdict(programs: Programs, process: Process, kinds?: readonly string[]): Verdict {
  const checker = programs.loaded(process)?.checker;
  if (checker === null) throw cannotJudge('toHaveHeapErrors', 'a process spawned with `memcheck: true`');
  const errors = checker?.errors ?? [];
  const found = errors.map(({ kind }) => kind);
  const wanted = kinds === undefined ? 'heap errors' : kinds.join(', ');
  const pass = kinds === undefined ? found.length > 0 : found.join() === kinds.join();
  const lines = errors.flatMap((error) => heapErrorLines(error, names));
  const had =
    found.length === 0 ? 'memcheck found none' : [`memcheck found ${found.join(', ')}:`, ...lines].join('\n  ');
  return { pass, why: () => `expected ${process.name} ${pass ? 'not ' : ''}to have ${wanted}, but ${had}` };
}

const names = makeNames(new Map(), {});
