/** Recordings of real CPythons among the fixtures, replayed as the command does. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { nodeIo } from '../../../src/cli/node-io.ts';
import { openRecording } from '../../../src/cli/recordings.ts';
import type { FileConformance } from '../../../src/conform/outcome.ts';

export const FIXTURES = fileURLToPath(new URL('../../fixtures/cpython/', import.meta.url));

/** Names of the result files. */
export const RESULTS: readonly string[] = readdirSync(`${FIXTURES}results`).sort();

export const packed = (path: string): Uint8Array => readFileSync(`${FIXTURES}${path}`);
export const lines = (path: string): string[] => gunzipSync(packed(path)).toString().trimEnd().split('\n');

const io = nodeIo();

export async function replayed(path: string): Promise<FileConformance> {
  const opened = await openRecording(io, `${FIXTURES}${path}`, { traces: undefined, meant: true });
  if (opened === null) throw new Error(`${path} is no recording`);
  if ('outcome' in opened) return opened;
  while (!opened.step(Number.MAX_SAFE_INTEGER));
  return opened.result();
}
