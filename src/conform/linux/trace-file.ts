/** A file of recorded traces, one a line, read and checked as a whole before anything is replayed. */
import { isObject, jsonProblem, type Mistakes, parseJson } from '../fields.ts';
import { LineReader } from '../line-reader.ts';
import { RESULT_FIELDS, STATE_FIELDS, TRACE_FIELDS, wrongField, wrongOp } from './op-fields.ts';
import type { Trace } from './recording.ts';

const WRONG_TRACE = 'MEM-CNF-011';
const EVERY_LINE = 'every line is {"trace":…,"family":…,"ops":[…],"base":{…},"results":[…]}';

/** Fields that only such a recording has together. */
const MARKS = ['trace', 'ops', 'results'];

/** Does a file that begins so (its first line may be cut) hold recorded traces of Linux, be they right or wrong? */
export function isLinuxRecording(head: string): boolean {
  const line = head.trimStart().split('\n', 1)[0]!;
  const json = parseJson(line);
  if (isObject(json)) return MARKS.filter((name) => name in json).length >= 2;
  // A long first line is cut; what stands in front of the ops is enough.
  return line.startsWith('{') && /"trace"\s*:/.test(line) && /"ops"\s*:\s*\[/.test(line);
}

/** @throws InputErrors every mistake in the file, to a number */
export function readTraces(text: string, mistakes: Mistakes): readonly Trace[] {
  const lines = new LineReader(text);
  const traces: Trace[] = [];
  for (let line = lines.next(); line !== null; line = lines.next()) {
    const trace = readTrace(line, lines.number, mistakes);
    if (trace !== null) traces.push(trace);
  }
  mistakes.throwIfAny();
  return traces;
}

function readTrace(text: string, line: number, mistakes: Mistakes): Trace | null {
  const refuse = (message: string): null => {
    mistakes.add(WRONG_TRACE, line, message, EVERY_LINE);
    return null;
  };
  const json = parseJson(text);
  if (json === undefined) {
    const { column, what } = jsonProblem(text);
    mistakes.add(WRONG_TRACE, line, `no trace: ${what}`, EVERY_LINE, column);
    return null;
  }
  if (!isObject(json)) return refuse('no trace: JSON, but no object');
  const wrong = wrongField(json, TRACE_FIELDS);
  if (wrong !== null) return refuse(wrong);
  const wrongBase = isObject(json.base) ? wrongField(json.base, STATE_FIELDS) : null;
  if (wrongBase !== null) return refuse(`base: ${wrongBase}`);
  const { ops, results } = json as { readonly ops: readonly unknown[]; readonly results: readonly unknown[] };
  if (ops.length !== results.length) {
    mistakes.add(WRONG_TRACE, line, `${ops.length} ops, but ${results.length} results: every op has one`);
  }
  for (const [index, op] of ops.entries()) {
    const message = isObject(op) ? wrongOp(op) : 'it is no object';
    if (message !== null) mistakes.add(WRONG_TRACE, line, `op ${index}: ${message}`);
  }
  for (const [index, result] of results.entries()) {
    const message = isObject(result) ? wrongField(result, RESULT_FIELDS) : 'it is no object';
    if (message !== null) mistakes.add(WRONG_TRACE, line, `result ${index}: ${message}`);
  }
  // Checked above, or the file is refused.
  return json as unknown as Trace;
}
