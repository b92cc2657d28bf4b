/** The kinds of recordings about page replacement, by the name of their command. */
import { Mistakes } from '../fields.ts';
import type { Conformance } from '../outcome.ts';
import { curveKind, curveRows } from './conform-mrc.ts';
import { replacementKind, replacementRows } from './conform-replacement.ts';
import { tlbKind, tlbRows } from './conform-tlb.ts';
import { holdsRows, type RecordedRow, type RowReader, readRows } from './recorded-rows.ts';
import type { ReadTraceFile } from './recorded-trace.ts';
import { RowConformance, type RowKind } from './row-conformance.ts';
import type { ListedTrace } from './trace-list.ts';

/** What surrounds a file of rows. */
export interface RowFileContext {
  readonly traces: ReadonlyMap<string, ListedTrace>;
  readonly readFile: ReadTraceFile;
  /** Which of the traces are meant, by their names. */
  readonly isMeant: (trace: string) => boolean;
}

export interface ReplacementRecording {
  /** What a row looks like, for messages. */
  readonly expected: string;
  /** Does a file that begins so hold such rows, be they right or wrong? */
  holds(head: string): boolean;
  /** Null when no row is about a trace that is meant. @throws InputErrors every mistake in the file */
  open(file: string, text: string, context: RowFileContext): Conformance | null;
}

function recording<Row extends RecordedRow>(reader: RowReader<Row>, kind: RowKind<Row>): ReplacementRecording {
  return {
    expected: reader.expected,
    holds: (head) => holdsRows(head, reader),
    open: (file, text, { traces, readFile, isMeant }) => {
      const rows = readRows(text, new Mistakes(file), reader, traces).filter(({ trace }) => isMeant(trace.trace));
      return rows.length === 0 ? null : new RowConformance(file, rows, kind, readFile);
    },
  };
}

export const REPLACEMENT_RECORDINGS = {
  replacement: recording(replacementRows, replacementKind),
  tlb: recording(tlbRows, tlbKind),
  mrc: recording(curveRows, curveKind),
} as const satisfies Record<string, ReplacementRecording>;

export type ReplacementRecordingName = keyof typeof REPLACEMENT_RECORDINGS;
