import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { simulateReferences } from '../../src/trace/replay.ts';
import { fnv32, missBitsFnv32, readPgt1 } from './pgt1.ts';

/**
 * Page traces of real programs (Valgrind, `ls` and `gzip`) against libCacheSim's miss counts and, by their hash, against
 * each single hit and miss. Source and conventions: test/fixtures/replacement/FORMAT.md.
 */
interface GoldenRow {
  readonly trace: string;
  readonly policy: string;
  readonly params: string;
  readonly size: number;
  readonly refs: number;
  readonly misses: number;
  readonly missBitsFnv32: string;
}

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url), 'utf8');
const rows = fixture('replacement.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenRow);
const traces = JSON.parse(fixture('traces.json')) as { trace: string; refs: number; idsFnv32: string }[];

/** libCacheSim's name → ours. Its Clock starts a new page with bit 0. */
const SAME: Readonly<Record<string, string>> = { FIFO: 'fifo', LRU: 'lru', Clock: 'clock', Belady: 'opt' };

describe.for(['ls', 'gzip'])('libCacheSim on %s', (trace) => {
  const references = readPgt1(`${trace}.pgt.gz`);

  test('the trace is the one recorded', () => {
    const origin = traces.find((entry) => entry.trace === trace)!;
    expect(references.length).toBe(origin.refs);
    expect(fnv32(references)).toBe(origin.idsFnv32);
  });

  const comparable = rows.filter((row) => row.trace === trace && row.params === '' && row.policy in SAME);
  test('32 rows are compared: four policies at eight sizes', () => {
    expect(comparable.length).toBe(32);
  });

  test.for(comparable)('$policy with $size frames misses $misses times', (row) => {
    const result = simulateReferences(references, {
      policy: SAME[row.policy]!,
      frames: row.size,
      options: { referenceOnLoad: false },
    });
    expect(result.faults).toBe(row.misses);
    expect(missBitsFnv32(result.missed)).toBe(row.missBitsFnv32);
  });
});
