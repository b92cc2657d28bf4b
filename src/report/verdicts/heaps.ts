/** Verdicts on the heap of a process: what it lost, what memcheck found. */
import type { LeakReport } from '../../process/check/leaks.ts';
import { HEAP_ERROR_KINDS, type HeapError } from '../../process/check/memcheck.ts';
import { heapErrorLines, leakLines } from '../heap-report.ts';
import { makeNames } from '../names.ts';
import { cannotJudge, type Verdict } from './verdict.ts';

/** `report`: null when the program has no heap to lose blocks of. */
export function lostBlocksVerdict(process: string, report: LeakReport | null): Verdict {
  const lost = report === null ? 0 : report.inUse.blocks - report.totals.reachable.blocks;
  return {
    pass: lost === 0,
    why: () =>
      lost === 0 || report === null
        ? `expected ${process} to have lost a block, but it has lost none`
        : [`${process} has lost blocks:`, ...leakLines(report)].join('\n  '),
  };
}

/** `kinds`: exactly these, in order; left out: any at all. @throws TypeError for a kind that there is not */
export function heapErrorsVerdict(process: string, errors: readonly HeapError[], kinds?: readonly string[]): Verdict {
  if (kinds !== undefined && !(Array.isArray(kinds) && kinds.every(isKind))) {
    throw cannotJudge('toHaveHeapErrors', `a list of kinds of heap errors: ${HEAP_ERROR_KINDS.join(', ')}`);
  }
  const found = errors.map(({ kind }) => kind);
  const wanted = kinds === undefined ? 'heap errors' : kinds.join(', ');
  const pass = kinds === undefined ? found.length > 0 : found.join() === kinds.join();
  const lines = errors.flatMap((error) => heapErrorLines(error, names));
  const had =
    found.length === 0 ? 'memcheck found none' : [`memcheck found ${found.join(', ')}:`, ...lines].join('\n  ');
  return { pass, why: () => `expected ${process} ${pass ? 'not ' : ''}to have ${wanted}, but ${had}` };
}

const isKind = (name: unknown): boolean => HEAP_ERROR_KINDS.some((kind) => kind === name);

const names = makeNames(new Map(), {});
