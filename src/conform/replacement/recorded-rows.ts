/** What the recordings of page replacement have in common: rows, each about one listed trace and what came of it. */
import { Fields, isObject, type JsonObject, jsonProblem, type Mistakes, parseJson } from '../fields.ts';
import { LineReader } from '../line-reader.ts';
import { readJsonList } from './json-list.ts';
import { type ListedTrace, TRACE_LIST } from './trace-list.ts';

const WRONG_ROW = 'MEM-CNF-016';

/** One row as it stands in the file. */
export interface RecordedRow {
  readonly trace: ListedTrace;
  /** Which of the trace's rows it is: `lru, 64 frames`. */
  readonly title: string;
  /** Who answered so, by the file's own word. */
  readonly source: string;
  readonly json: JsonObject;
}

/** How the rows of one kind of recording are read. */
export interface RowReader<Row extends RecordedRow> {
  /** What a row looks like, for messages. */
  readonly expected: string;
  /** Fields that only such rows have together; one may be missing by mistake. */
  readonly marks: readonly string[];
  /** One JSON list, instead of an object on every line. */
  readonly isList: boolean;
  read(fields: Fields, common: RecordedRow): Row;
}

/** Does a file that begins so hold rows of this kind, be they right or wrong? */
export function holdsRows(head: string, { marks, isList }: RowReader<RecordedRow>): boolean {
  const start = head.trimStart();
  if (start.startsWith('[') !== isList) return false;
  // The first row, and what is cut off of it does not matter.
  const row = isList ? start : start.split('\n', 1)[0]!;
  return marks.filter((name) => row.includes(`"${name}"`)).length >= Math.max(1, marks.length - 1);
}

/** @throws InputErrors every mistake in the file */
export function readRows<Row extends RecordedRow>(
  text: string,
  mistakes: Mistakes,
  reader: RowReader<Row>,
  traces: ReadonlyMap<string, ListedTrace>,
): readonly Row[] {
  const rows: Row[] = [];
  const add = (object: JsonObject, line: number): void => {
    const fields = new Fields(object, line, mistakes, WRONG_ROW);
    const name = fields.text('trace');
    const trace = traces.get(name);
    const refs = fields.whole('refs', 1);
    const source = typeof object.source === 'string' ? object.source : '';
    if (trace === undefined) {
      if (name !== '') mistakes.add(WRONG_ROW, line, `${TRACE_LIST} lists no trace \`${name}\``);
      return;
    }
    if (refs > 0 && refs !== trace.refs) {
      mistakes.add(WRONG_ROW, line, `\`refs\` is ${refs}, but ${TRACE_LIST} says that \`${name}\` has ${trace.refs}`);
    }
    rows.push(reader.read(fields, { trace, title: '', source, json: object }));
  };
  if (reader.isList) {
    for (const { object, line } of readJsonList(text, mistakes, WRONG_ROW, reader.expected)) add(object, line);
  } else {
    const lines = new LineReader(text);
    for (let line = lines.next(); line !== null; line = lines.next()) {
      const json = parseJson(line);
      if (isObject(json)) add(json, lines.number);
      else if (json !== undefined) mistakes.add(WRONG_ROW, lines.number, 'JSON, but no object', reader.expected);
      else {
        const { column, what } = jsonProblem(line);
        mistakes.add(WRONG_ROW, lines.number, `no row: ${what}`, reader.expected, column);
      }
    }
  }
  mistakes.throwIfAny();
  return rows;
}
