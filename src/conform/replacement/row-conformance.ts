/** Rows about traces, each replayed and compared: every row passes, fails, or is skipped for a policy that is missing here. */
import { invariant } from '../../mmu/invariant.ts';
import {
  type CaseConformance,
  type Conformance,
  type Divergence,
  type ExplainedDifference,
  type FileConformance,
  LISTED_MAX,
} from '../outcome.ts';
import type { RecordedRow } from './recorded-rows.ts';
import { type ReadTraceFile, type RecordedPages, RecordedTrace } from './recorded-trace.ts';

/** One row at work. */
export interface RowReplay {
  /** References from … to - 1 of the trace, in order. */
  feed(pages: RecordedPages, from: number, to: number): void;
  /** After all of them. */
  differences(): readonly ExplainedDifference[];
}

export interface RowKind<Row extends RecordedRow> {
  readonly kind: string;
  /** Why the row cannot be replayed; null when it can. */
  missing(row: Row): string | null;
  start(row: Row): RowReplay;
}

/** References done at once, at least: less would be more talk than work. */
const PIECE = 1 << 16;

export class RowConformance<Row extends RecordedRow> implements Conformance {
  private readonly file: string;
  private readonly rows: readonly Row[];
  private readonly kind: RowKind<Row>;
  private readonly readFile: ReadTraceFile;
  private next = 0;
  /** The trace at hand, being read or in memory; and the row at hand with how far it has come. */
  private loading: { readonly name: string; readonly trace: RecordedTrace } | null = null;
  private loaded: { readonly name: string; readonly pages: RecordedPages } | null = null;
  private replay: RowReplay | null = null;
  private at = 0;
  private ops = 0;
  private readonly cases: CaseConformance[] = [];
  private readonly divergences: Divergence[] = [];
  private readonly missing = new Map<string, number>();

  constructor(file: string, rows: readonly Row[], kind: RowKind<Row>, readFile: ReadTraceFile) {
    this.file = file;
    // Each trace is in memory once, and never two at a time.
    const names = [...new Set(rows.map(({ trace }) => trace.trace))];
    this.rows = names.flatMap((name) => rows.filter(({ trace }) => trace.trace === name));
    this.kind = kind;
    this.readFile = readFile;
  }

  step(ops: number): boolean {
    let left = Math.max(ops, PIECE);
    while (left > 0 && this.next < this.rows.length) {
      const row = this.rows[this.next]!;
      const missing = this.kind.missing(row);
      if (missing !== null) {
        this.noteMissing(row, missing);
        continue;
      }
      const pages = this.pagesOf(row, left);
      if (pages === null) return false;
      this.replay ??= this.kind.start(row);
      const to = Math.min(pages.ids.length, this.at + left);
      this.replay.feed(pages, this.at, to);
      left -= to - this.at;
      this.at = to;
      if (to === pages.ids.length) this.note(row, this.replay.differences());
    }
    return this.next >= this.rows.length;
  }

  result(): FileConformance {
    const { cases, divergences } = this;
    const count = (wanted: CaseConformance['outcome']): number =>
      cases.filter(({ outcome }) => outcome === wanted).length;
    const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
    const traces = new Set(this.rows.map(({ trace }) => trace.trace)).size;
    return {
      file: this.file,
      kind: this.kind.kind,
      profile: traces === 1 ? this.rows[0]!.trace.trace : `${traces} traces`,
      outcome: failed > 0 ? 'failed' : passed === 0 && skipped > 0 ? 'skipped' : 'passed',
      reason: skipped === 0 ? null : this.reason(),
      passed,
      failed,
      skipped,
      ops: this.ops,
      divergences,
      unlisted: failed - divergences.length,
      cases,
    };
  }

  /** Null while they are still being read or made. */
  private pagesOf({ trace }: Row, references: number): RecordedPages | null {
    const name = trace.trace;
    if (this.loaded?.name === name) return this.loaded.pages;
    this.loaded = null;
    if (this.loading?.name !== name) this.loading = { name, trace: new RecordedTrace(trace, this.readFile) };
    if (!this.loading.trace.step(references)) return null;
    const pages = this.loading.trace.pages();
    this.loading = null;
    this.loaded = { name, pages };
    return pages;
  }

  private reason(): string {
    const listed = [...this.missing].map(([why, rows]) => `${why} (${rows === 1 ? 'a row' : `${rows} rows`})`);
    return `what cannot be replayed: ${listed.join(', ')}`;
  }

  private noteMissing(row: Row, why: string): void {
    this.missing.set(why, (this.missing.get(why) ?? 0) + 1);
    this.close(row, 'skipped', 0, why);
  }

  private note(row: Row, differences: readonly ExplainedDifference[]): void {
    this.ops += this.at;
    const [first] = differences;
    const fields = differences.map(({ field }) => field).join(', ');
    if (first === undefined) this.close(row, 'passed', this.at, null);
    else {
      this.close(row, 'failed', this.at, `differs: ${fields}`);
      if (this.divergences.length < LISTED_MAX) this.divergences.push(divergence(row, first, differences));
    }
    this.replay = null;
    this.at = 0;
  }

  private close(row: Row, outcome: CaseConformance['outcome'], ops: number, reason: string | null): void {
    this.cases.push({ name: nameOf(row), family: row.trace.trace, outcome, ops, op: null, reason });
    invariant(this.rows[this.next] === row, 'rows are closed in their order');
    this.next++;
  }
}

const nameOf = ({ trace, title }: RecordedRow): string => `${trace.trace}: ${title}`;

function divergence(
  row: RecordedRow,
  first: ExplainedDifference,
  differences: readonly ExplainedDifference[],
): Divergence {
  return {
    where: `${nameOf(row)}: ${first.path}`,
    op: null,
    what: JSON.stringify(row.json),
    expected: first.expected,
    actual: first.actual,
    notes: row.source === '' ? [] : [`recorded by ${row.source}`],
    recording: nameOf(row),
    differences,
  };
}

/** A number of the row against this machine's. */
export function differingNumber(field: string, expected: number, actual: number): readonly ExplainedDifference[] {
  if (expected === actual) return [];
  const meaning = actual > expected ? `${actual - expected} too many` : `${expected - actual} too few`;
  return [{ field, path: field, expected: String(expected), actual: String(actual), meaning }];
}
