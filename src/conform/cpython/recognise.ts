/** What a file is, by what stands at its beginning: names say little, and people rename. */
import { isObject, parseJson } from '../fields.ts';

export type RecordingKind = 'result' | 'trace' | 'debug hooks';

/** Fields that only this kind's first line has. */
const MARKS: Readonly<Record<'result' | 'trace', readonly string[]>> = {
  result: ['profile', 'sha256', 'detail'],
  trace: ['arena', 'raw_limit', 'mix'],
};

/** `head`: the file, or its first 64 KiB or so. Null: none of ours. */
export function recognise(head: string): RecordingKind | null {
  const text = head.trimStart();
  if (!text.startsWith('{')) return null;
  const json = parseJson(text.split('\n', 1)[0]!);
  if (isObject(json)) {
    if (MARKS.result.some((field) => field in json)) return 'result';
    if (MARKS.trace.some((field) => field in json)) return 'trace';
  }
  // One document, on many lines or on one that is longer than the head.
  return /"cases"\s*:/.test(text) && /"debug_hooks"\s*:/.test(text) ? 'debug hooks' : null;
}
