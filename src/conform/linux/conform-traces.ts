/** A file of Linux traces, each replayed and compared: every trace passes, fails or is skipped for an op that is missing. */
import { invariant } from '../../mmu/invariant.ts';
import { Mistakes } from '../fields.ts';
import { type Conformance, type Divergence, type FileConformance, LISTED_MAX } from '../outcome.ts';
import type { Trace } from './recording.ts';
import { replayTrace, type TraceOutcome } from './replay-trace.ts';
import { readTraces } from './trace-file.ts';

const KIND = 'Linux traces';
/** Characters shown of a difference besides the first. */
const SHORT_MAX = 160;

/** `level`: 1 to 6, see compare.ts. @throws InputErrors every mistake in the file */
export function conformLinux(file: string, text: string, level: number): Conformance {
  return new LinuxConformance(file, readTraces(text, new Mistakes(file)), level);
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
    };
  }

  private reason(): string {
    const ops = [...this.missing].sort(([, left], [, right]) => right.traces - left.traces);
    const listed = ops.map(
      ([why, { traces, first }]) => `${why} (${traces === 1 ? '' : `${traces} traces, first `}${first})`,
    );
    return `${this.skipped} of the traces use what cannot be replayed: ${listed.join(', ')}`;
  }

  private note({ trace, compared, failure, stopped }: TraceOutcome): void {
    this.ops += compared;
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

function divergence(trace: Trace, { at, op, found }: NonNullable<TraceOutcome['failure']>): Divergence {
  const first = found[0];
  invariant(first !== undefined, 'a failure has a difference');
  const others = found
    .slice(1)
    .map(({ path, expected, actual }) => `also ${path}: expected ${short(expected)}, actual ${short(actual)}`);
  return {
    where: `${trace.trace} ${at < 0 ? 'before the first op' : `op ${at}`}: ${first.path}`,
    op: at < 0 ? null : at,
    what: op === null ? null : JSON.stringify(op),
    expected: first.expected,
    actual: first.actual,
    notes: trace.note === undefined ? others : [...others, trace.note],
  };
}

const short = (text: string): string => (text.length <= SHORT_MAX ? text : `${text.slice(0, SHORT_MAX)}…`);
