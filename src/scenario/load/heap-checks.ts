/**
 * Which libraries each process has, as far as the file alone can tell: a `PyMem_…` step needs a Python, `malloc_trim` glibc's
 * malloc, and `expect: { errors }` somebody who watches.
 *
 * What is not certain is no mistake: processes of loops (`worker{i}`), of steps that have mistakes themselves, or that only
 * the run can name.
 */

import { pythonSettings } from '../../machine/python-settings.ts';
import { suggest } from '../../mmu/nearest.ts';
import { missingSince } from '../../process/functions/function.ts';
import { programFunction } from '../../process/functions/registry.ts';
import { pageRefusal } from '../../process/python/page-size.ts';
import { pythonProfile } from '../../process/python/profiles.ts';
import { argumentOf, type CallStep } from '../schema/calls.ts';
import type { ActionStep, StepOf } from '../schema/steps.ts';
import type { ProcessProblem } from './process-book.ts';

/** What a process was spawned with. */
interface Libraries {
  readonly python: string | null;
  readonly malloc: string;
  readonly isWatched: boolean;
  /** Threads that steps so far may have started. */
  readonly threads: Set<string>;
}

const MAIN_THREAD = 'main';
const STARTERS = ['threading.Thread', 'pthread_create'];
const bare = (): Libraries => ({ python: null, malloc: 'glibc', isWatched: false, threads: new Set([MAIN_THREAD]) });

export class HeapBook {
  private readonly libraries = new Map<string, Libraries>();

  private readonly pageBytes: number;

  constructor(implicitProcess: string | null, pageBytes: number) {
    this.pageBytes = pageBytes;
    if (implicitProcess !== null) this.libraries.set(implicitProcess, bare());
  }

  /**
   * Follow one step; the mistakes it makes about libraries. `actor`: whose step it is; undefined: not known. `isBroken`: keys of
   * the step are missing here, since they have mistakes.
   */
  take(step: ActionStep, actor: string | undefined, isBroken: boolean): ProcessProblem[] {
    if (step.do === 'spawn') {
      if (isBroken) this.libraries.delete(step.process);
      else this.libraries.set(step.process, librariesOf(step));
      return [...mimallocProblems(step), ...pageProblems(step, this.pageBytes)];
    }
    const found = actor === undefined ? undefined : this.libraries.get(actor);
    // Of a misspelt function only a guess is here.
    if (actor === undefined || found === undefined || (isBroken && step.do === 'call')) return [];
    if (step.do === 'fork') {
      this.libraries.set(step.as, { ...found, threads: new Set(found.threads) });
      return [];
    }
    return [...(step.do === 'call' ? callProblems(step, actor, found) : []), ...watchProblems(step, actor, found)];
  }
}

function librariesOf({ python, malloc = 'glibc', memcheck = false }: StepOf<'spawn'>): Libraries {
  return {
    python: python === undefined ? null : typeof python === 'string' ? python : python.version,
    malloc: typeof malloc === 'string' ? malloc : malloc.policy,
    isWatched: memcheck,
    threads: new Set([MAIN_THREAD]),
  };
}

const problem = (code: string, message: string, hint: string, key: string): ProcessProblem => ({
  code,
  message,
  hint,
  key,
});

function callProblems(step: CallStep, actor: string, { python, malloc, threads }: Libraries): ProcessProblem[] {
  const called = programFunction(step.function);
  if (called === undefined) return [];
  if (called.of === 'python') {
    if (python === null) {
      const hint = `spawn it with one: \`- { do: spawn, process: ${actor}, python: '3.11' }\``;
      return [problem('MEM-SCN-035', `\`${actor}\` has no Python, so no \`${called.name}\``, hint, 'do')];
    }
    const since = missingSince(called, python);
    if (since !== null) {
      const message = `\`${called.name}\` came with Python ${since}; \`${actor}\` has ${python}`;
      return [problem('MEM-SCN-035', message, `spawn it with \`python: '${since}'\` or later`, 'do')];
    }
    if (STARTERS.includes(called.name)) {
      const name = argumentOf(step, 'name');
      if (typeof name === 'string') threads.add(name);
    }
    if (step.thread !== undefined && !threads.has(step.thread)) {
      const hint = `${suggest(step.thread, [...threads], 'threads')}; \`threading.Thread\` starts one`;
      return [problem('MEM-SCN-036', `\`${actor}\` has no thread \`${step.thread}\``, hint, 'thread')];
    }
    return [];
  }
  if (called.of === 'glibc' && malloc !== 'glibc') {
    const message = `\`${actor}\` has a textbook’s malloc (${malloc}), so no \`${called.name}\``;
    return [problem('MEM-SCN-035', message, 'spawn it with `malloc: glibc`, or leave `malloc` out', 'do')];
  }
  return [];
}

function watchProblems(step: ActionStep, actor: string, { isWatched }: Libraries): ProcessProblem[] {
  const wanted = step.expect !== undefined && 'errors' in step.expect ? step.expect.errors : undefined;
  if (isWatched || wanted === undefined) return [];
  const hint = `spawn it with \`memcheck: true\`: \`- { do: spawn, process: ${actor}, memcheck: true }\``;
  return [problem('MEM-SCN-035', `nobody watches \`${actor}\`, so no \`errors\` are found`, hint, 'expect')];
}

function mimallocProblems({ python }: StepOf<'spawn'>): ProcessProblem[] {
  if (python === undefined || typeof python === 'string' || python.isolated === true) return [];
  const { version, PYTHONMALLOC } = python;
  if (!PYTHONMALLOC?.startsWith('mimalloc') || pythonProfile(version)?.knowsMimalloc !== true) return [];
  const message = `Python ${version} has \`${PYTHONMALLOC}\`, but mimalloc is not emulated`;
  return [problem('MEM-SCN-035', message, 'take `pymalloc`, `malloc`, or one of them with `_debug`', 'python')];
}

function pageProblems({ python }: StepOf<'spawn'>, pageBytes: number): ProcessProblem[] {
  if (python === undefined) return [];
  const { version, ...settings } = pythonSettings(python);
  const profile = pythonProfile(version);
  const refusal = profile === undefined ? null : pageRefusal({ profile, ...settings }, pageBytes);
  return refusal === null ? [] : [problem('MEM-SCN-035', refusal.message, refusal.hint, 'python')];
}
