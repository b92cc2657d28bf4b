/** A file of Linux traces, each replayed and compared: every trace passes, fails or is skipped for an op that is missing. */
import { InputError } from '../../mmu/input-error.ts';
import { invariant } from '../../mmu/invariant.ts';
import { Mistakes } from '../fields.ts';
import {
  type CaseConformance,
  type Conformance,
  type Divergence,
  type FileConformance,
  LISTED_MAX,
} from '../outcome.ts';
import { LEVEL_MAX } from './compare.ts';
import { meaningOf } from './meaning.ts';
import type { Trace } from './recording.ts';
import { replayTrace, type TraceFailure, type TraceOutcome } from './replay-trace.ts';
import { sceneOf } from './scene.ts';
import { readTraces } from './trace-file.ts';

const KIND = 'Linux traces';

export interface LinuxConformOptions {
  /** How much is compared, 1 to 6 (the default): compare.ts. */
  readonly level?: number | undefined;
  /** Which of the traces are meant, by their names. Default: all. */
  readonly isMeant?: ((trace: string) => boolean) | undefined;
}

/**
 * `file` is its name, for reports; `text` what it holds, unpacked. Null when none of its traces is meant.
 *
 *     const replay = conformLinux('fork.jsonl', text);
 *     replay?.step(Infinity);                         // or a few thousand ops at a time, until it answers true
 *     replay?.result().failed;                        // 0
 *
 * @throws InputErrors every mistake in the file, whatever is meant of it; InputError MEM-CNF-013 for a level that there is not
 */
export function conformLinux(file: string, text: string, options: LinuxConformOptions = {}): Conformance | null {
  const { level = LEVEL_MAX, isMeant = () => true } = options;
  if (!Number.isInteger(level) || level < 1 || level > LEVEL_MAX) {
    const hint = `levels go from 1 to ${LEVEL_MAX}, which compares everything`;
    throw new InputError({ code: 'MEM-CNF-013', message: `there is no level ${String(level)}`, hint });
  }
  const traces = readTraces(text, new Mistakes(file)).filter(({ trace }) => isMeant(trace));
  return traces.length === 0 ? null : new LinuxConformance(file, traces, level);
}

class LinuxConformance implements Conformance {
  private readonly file: string;
  private readonly traces: readonly Trace[];
  private readonly level: number;
  private next = 0;
  private passed = 0;
  private failed = 0;
  private skipped = 0;
  private ops = 0;
  private readonly divergences: Divergence[] = [];
  private readonly cases: CaseConformance[] = [];
  /** What could not be replayed: in how many traces, and where first. */
  private readonly missing = new Map<string, { traces: number; readonly first: string }>();

  constructor(file: string, traces: readonly Trace[], level: number) {
    this.file = file;
    this.traces = traces;
    this.level = level;
  }

  step(ops: number): boolean {
    for (let done = 0; done < ops && this.next < this.traces.length; this.next++) {
      const outcome = replayTrace(this.traces[this.next]!, this.level);
      this.note(outcome);
      done += outcome.compared;
    }
    return this.next >= this.traces.length;
  }

  result(): FileConformance {
    const { passed, failed, skipped, divergences } = this;
    return {
      file: this.file,
      kind: KIND,
      profile: [...new Set(this.traces.map(({ family }) => family))].join(', '),
      outcome: failed > 0 ? 'failed' : passed === 0 && skipped > 0 ? 'skipped' : 'passed',
      reason: skipped === 0 ? null : this.reason(),
      passed,
      failed,
      skipped,
      ops: this.ops,
      divergences,
      unlisted: failed - divergences.length,
      level: this.level,
      cases: this.cases,
    };
  }

  private reason(): string {
    const ops = [...this.missing].sort(([, left], [, right]) => right.traces - left.traces);
    const listed = ops.map(
      ([why, { traces, first }]) => `${why} (${traces === 1 ? '' : `${traces} traces, first `}${first})`,
    );
    return `${this.skipped} of the traces use what cannot be replayed: ${listed.join(', ')}`;
  }

  private note(outcome: TraceOutcome): void {
    const { trace, compared, failure, stopped } = outcome;
    this.ops += compared;
    this.cases.push(caseOf(outcome));
    if (failure !== null) {
      this.failed++;
      if (this.divergences.length < LISTED_MAX) this.divergences.push(divergence(trace, failure));
    } else if (stopped !== null) {
      this.skipped++;
      const known = this.missing.get(stopped.why);
      if (known !== undefined) known.traces++;
      else this.missing.set(stopped.why, { traces: 1, first: `${trace.trace} op ${stopped.at}` });
    } else this.passed++;
  }
}

function caseOf({ trace, compared, failure, stopped }: TraceOutcome): CaseConformance {
  const { trace: name, family } = trace;
  if (failure !== null) {
    const reason = `differs: ${failure.found.map(({ field }) => field).join(', ')}`;
    return { name, family, outcome: 'failed', ops: compared, op: failure.at < 0 ? null : failure.at, reason };
  }
  if (stopped === null) return { name, family, outcome: 'passed', ops: compared, op: null, reason: null };
  return { name, family, outcome: 'skipped', ops: compared, op: stopped.at, reason: `no replay of ${stopped.why}` };
}

function divergence(trace: Trace, { at, op, found, linux, ours }: TraceFailure): Divergence {
  const differences = found.map((difference) => ({
    ...difference,
    meaning: meaningOf(difference.field, linux, ours),
  }));
  const first = differences[0];
  invariant(first !== undefined, 'a failure has a difference');
  return {
    where: `${trace.trace} ${at < 0 ? 'before the first op' : `op ${at}`}: ${first.path}`,
    op: at < 0 ? null : at,
    what: op === null ? null : JSON.stringify(op),
    expected: first.expected,
    actual: first.actual,
    notes: trace.note === undefined ? [] : [trace.note],
    recording: trace.trace,
    differences,
    scene: sceneOf(trace, at),
  };
}
