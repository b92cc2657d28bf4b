/**
 * What must hold of tracemalloc's tables, whatever the program does to its own blocks:
 *
 *     table       as many entries in its chains as its header counts, each in the bucket of its hash; a power of two of buckets,
 *                 at most half as many entries
 *     traces      the sizes of all add up to the traced memory, which is at most the peak
 *     traceback   each trace's is interned or the static one; each of its filenames is interned or `<unknown>`
 */
import { NULL } from '../../allocator.ts';
import type { MemoryReader } from '../../program-memory.ts';
import { BUCKETS_MIN, readTable, type TableEntry } from './hash-table.ts';
import * as at from './state.ts';
import { hashLow, TRACE_SIZE, TRACE_TRACEBACK } from './trace-tables.ts';
import type { Tracebacks } from './tracebacks.ts';

export function brokenRules(reader: MemoryReader, state: number, tracebacks: Tracebacks): string[] {
  if (reader.load64(state + at.READY) === 0) return [];
  const broken: string[] = [];
  const read = (name: string, table: number): readonly TableEntry[] => {
    const { counted, buckets, entries, sound } = readTable(reader, table);
    const count = `tracemalloc: table of ${name}: ${counted} entries counted`;
    if (!sound) broken.push(`${count} in ${buckets} buckets, but a chain does not end or the header is senseless`);
    else if (entries.length !== counted) broken.push(`${count}, ${entries.length} in its chains`);
    if (buckets < BUCKETS_MIN || 2 ** Math.round(Math.log2(buckets)) !== buckets) {
      broken.push(`tracemalloc: table of ${name}: ${buckets} buckets, no power of two from ${BUCKETS_MIN} on`);
    } else if (counted * 2 > buckets) broken.push(`${count}, more than half of ${buckets} buckets`);
    for (const entry of entries) {
      if (entry.hashLow % buckets === entry.bucket) continue;
      broken.push(
        `tracemalloc: table of ${name}: key 0x${entry.key.toString(16)} is in bucket ${entry.bucket}, not its own`,
      );
    }
    return entries;
  };
  const filenames = keysOf(read('filenames', reader.load64(state + at.FILENAMES)), state + at.UNKNOWN_FILE);
  const interned = keysOf(read('tracebacks', reader.load64(state + at.TRACEBACKS)), state + at.NOWHERE);
  for (const traceback of interned) {
    const stray = tracebacks.filesOf(reader, traceback).find((file) => !filenames.has(file));
    if (stray !== undefined) broken.push(`tracemalloc: traceback ${hex(traceback)} names ${hex(stray)}, no filename`);
  }
  let traced = 0;
  const readTraces = (name: string, table: number): void => {
    for (const { key, value, hashLow: hash } of read(name, table)) {
      traced += reader.load64(value + TRACE_SIZE);
      const traceback = reader.load64(value + TRACE_TRACEBACK);
      if (!interned.has(traceback)) {
        broken.push(`tracemalloc: block ${hex(key)} in ${name} has traceback ${hex(traceback)}, which is not interned`);
      }
      if (hash !== hashLow(key))
        broken.push(`tracemalloc: block ${hex(key)} in ${name} has the hash of another address`);
    }
  };
  readTraces('traces', reader.load64(state + at.TRACES));
  for (const { key, value } of read('domains', reader.load64(state + at.DOMAINS))) {
    if (value === NULL) broken.push(`tracemalloc: domain ${key} has no table`);
    else readTraces(`traces of domain ${key}`, value);
  }
  const [total, peak] = [reader.load64(state + at.TRACED), reader.load64(state + at.PEAK)];
  if (traced !== total) broken.push(`tracemalloc: ${total} bytes traced, but the traces' sizes add up to ${traced}`);
  if (total > peak) broken.push(`tracemalloc: ${total} bytes traced, above the peak of ${peak}`);
  return broken;
}

function keysOf(entries: readonly TableEntry[], fixed: number): ReadonlySet<number> {
  return new Set([fixed, ...entries.map(({ key }) => key)]);
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
