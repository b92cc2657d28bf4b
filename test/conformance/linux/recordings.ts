/** The sample of recordings in test/fixtures/linux, a file a family. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Mistakes } from '../../../src/conform/fields.ts';
import type { Trace } from '../../../src/conform/linux/recording.ts';
import { readTraces } from '../../../src/conform/linux/trace-file.ts';

export const SAMPLE_FOLDER = fileURLToPath(new URL('../../fixtures/linux', import.meta.url));
const EXTENSION = '.jsonl.gz';

/** Families that a folder has a file of, in the order of the alphabet. */
export const familiesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => name.slice(0, -EXTENSION.length))
    .sort();

export function tracesOf(folder: string, family: string): readonly Trace[] {
  const text = gunzipSync(readFileSync(`${folder}/${family}${EXTENSION}`)).toString('utf8');
  return readTraces(text, new Mistakes(family));
}
