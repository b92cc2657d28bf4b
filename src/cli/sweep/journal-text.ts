/**
 * What a journal says. It remembers the cells that are finished, so that a sweep that was interrupted goes on where it was.
 * It is only ever added to, a line for what came of one task, in the order in which tasks end:
 *
 *     {"format":"mmulator-sweep-journal","version":1,"mmulator":"0.1.0"}
 *     {"rows":[{…},{…}]}
 *     {"rows":[{…}]}
 *
 * A process may be killed in the middle of a line, and two lines are never written at once: so only what stands behind the last
 * line feed is torn, and its task is done again. A line that is none for another reason (the disk, an editor) is passed
 * over likewise; the lines around it stand for themselves.
 */
import type { Row } from '../../sweep/row.ts';

export interface JournalText {
  /** Something else than a journal, even one that was torn in its first line. */
  readonly foreign: boolean;
  /** Version of mmulator that wrote it; null where it is foreign, or torn before it said so. */
  readonly mmulator: string | null;
  readonly rows: readonly Row[];
  /** Bytes up to the end of the last whole line. */
  readonly wholeBytes: number;
  /** Numbers of whole lines that are none, from 1. */
  readonly damaged: readonly number[];
}

const FORMAT = 'mmulator-sweep-journal';
const VERSION = 1;
const BEGINNING = `{"format":"${FORMAT}","version":${VERSION},`;
const LINE_FEED = 10;

export const headLine = (mmulator: string): string => `${BEGINNING}"mmulator":${JSON.stringify(mmulator)}}\n`;

export const rowsLine = (rows: readonly Row[]): string => `${JSON.stringify({ rows })}\n`;

export function parseJournal(bytes: Uint8Array): JournalText {
  const wholeBytes = bytes.lastIndexOf(LINE_FEED) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split('\n').slice(0, -1);
  const rows: Row[] = [];
  const damaged: number[] = [];
  for (const [at, line] of lines.entries()) {
    if (at === 0) continue;
    const found = rowsOf(line);
    if (found === null) damaged.push(at + 1);
    else rows.push(...found);
  }
  const mmulator = lines[0] === undefined ? null : writerOf(lines[0]);
  const text = new TextDecoder().decode(bytes.subarray(0, BEGINNING.length));
  const foreign = !BEGINNING.startsWith(text) || (mmulator === null && wholeBytes > 0);
  return { foreign, mmulator, rows, wholeBytes, damaged };
}

function writerOf(line: string): string | null {
  const head = parsed(line);
  return isRecord(head) && typeof head.mmulator === 'string' ? head.mmulator : null;
}

function rowsOf(line: string): Row[] | null {
  const value = parsed(line);
  return isRecord(value) && Array.isArray(value.rows) && value.rows.every(isRow) ? value.rows : null;
}

/** We wrote it: what is looked for is damage, not forgery. */
function isRow(value: unknown): value is Row {
  return isRecord(value) && typeof value.index === 'number' && typeof value.id === 'string' && isRecord(value.figures);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
