/** A file of recorded traces, one a line, read and checked as a whole before anything is replayed. */
import { isObject, type Mistakes, parseJson } from '../fields.ts';
import { LineReader } from '../line-reader.ts';
import { RESULT_FIELDS, TRACE_FIELDS, wrongField, wrongOp } from './op-fields.ts';
import type { Trace } from './recording.ts';

const WRONG_TRACE = 'MEM-CNF-011';

/** Does a file that begins so (its first line may be cut) hold recorded traces of Linux? */
export function isLinuxRecording(head: string): boolean {
  const line = head.trimStart().split('\n', 1)[0]!;
  const json = parseJson(line);
  if (isObject(json)) return Array.isArray(json.ops) && Array.isArray(json.results);
  // A long first line is cut; what stands in front of the ops is enough.
  return line.startsWith('{') && /"trace"\s*:/.test(line) && /"ops"\s*:\s*\[/.test(line);
}

/** @throws InputErrors every mistake in the file, to a number */
export function readTraces(text: string, mistakes: Mistakes): readonly Trace[] {
  const lines = new LineReader(text);
  const traces: Trace[] = [];
  for (let line = lines.next(); line !== null; line = lines.next()) {
    const trace = readTrace(parseJson(line), lines.number, mistakes);
    if (trace !== null) traces.push(trace);
  }
  mistakes.throwIfAny();
  return traces;
}

function readTrace(json: unknown, line: number, mistakes: Mistakes): Trace | null {
  if (!isObject(json)) {
    mistakes.add(
      WRONG_TRACE,
      line,
      'no trace: not JSON',
      'every line is {"trace":…,"ops":[…],"base":{…},"results":[…]}',
    );
    return null;
  }
  const wrong = wrongField(json, TRACE_FIELDS);
  if (wrong !== null) {
    mistakes.add(WRONG_TRACE, line, wrong);
    return null;
  }
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
