import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { type GeneratorName, TraceGenerator } from '../../src/trace/generate.ts';
import { Replay } from '../../src/trace/replay.ts';
import { fnv32, type Pgt1, readPgt1 } from './pgt1.ts';

/**
 * Page traces of real programs (Valgrind) and generated ones against libCacheSim's miss counts and, by their hash,
 * against each single hit and miss. Source and conventions: test/fixtures/replacement/FORMAT.md.
 *
 * Every row of every trace but the one of twenty million references, which `mmulator conform replacement` replays.
 */
interface GoldenRow {
  readonly trace: string;
  readonly policy: string;
  readonly params: string;
  readonly size: number;
  readonly misses: number;
  readonly missBitsFnv32?: string;
  readonly dirtyEvictions?: number;
}

interface GoldenTrace {
  readonly trace: string;
  readonly file?: string;
  readonly generator?: {
    readonly kind: GeneratorName;
    readonly n: number;
    readonly pages: number;
    readonly seed: number;
  };
  readonly refs: number;
  readonly idsFnv32: string;
}

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url), 'utf8');
const rows = fixture('replacement.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as GoldenRow);
const traces = (JSON.parse(fixture('traces.json')) as GoldenTrace[]).filter(({ refs }) => refs <= 2_500_000);

/** The recordings' name → ours. libCacheSim's Clock starts a new page with bit 0. */
const OURS: Readonly<Record<string, readonly [policy: string, options?: ReplacementOptions]>> = {
  FIFO: ['fifo'],
  'FIFO+dirty': ['fifo'],
  LRU: ['lru'],
  'LRU+dirty': ['lru'],
  Clock: ['clock', { referenceOnLoad: false }],
  'Clock n-bit-counter=2': ['gclock', { referenceOnLoad: false, counterBits: 2 }],
  Belady: ['opt'],
  Sieve: ['sieve'],
  LFU: ['lfu'],
  TwoQ: ['2q'],
  ARC: ['arc'],
  S3FIFO: ['s3-fifo'],
  'LIRS-paper': ['lirs'],
  'LIRS-libcachesim': ['lirs', { lirsVariant: 'libcachesim' }],
};

const ours = ({ policy, params }: GoldenRow): readonly [string, ReplacementOptions?] =>
  OURS[params.startsWith('n-bit') ? `${policy} ${params}` : policy]!;

const read = ({ file, generator }: GoldenTrace): Pgt1 =>
  generator === undefined ? readPgt1(file!) : { ids: generated(generator), kinds: null };

function generated({ kind, n, pages, seed }: NonNullable<GoldenTrace['generator']>): Int32Array {
  const ids = new Int32Array(n);
  let at = 0;
  const access = (_kind: number, _high: number, low: number): void => {
    ids[at++] = low;
  };
  new TraceGenerator(kind, { count: n, pages, seed }).feed({ access }, n);
  return ids;
}

function replay(row: GoldenRow, { ids, kinds }: Pgt1, withoutLoop = false): Partial<GoldenRow> {
  const [policy, options] = ours(row);
  const run = new Replay({
    policy,
    frames: row.size,
    options: options ?? {},
    fingerprint: row.missBitsFnv32 !== undefined,
    writeBacks: row.dirtyEvictions !== undefined,
    withoutLoop,
  });
  for (let from = 0; from < ids.length; from += 100_000) {
    const piece = ids.subarray(from, from + 100_000);
    run.feed(piece, kinds?.subarray(from, from + 100_000) ?? null, piece.length);
  }
  const { faults, missBitsFnv32, writeBacks } = run.end();
  return {
    misses: faults,
    ...(missBitsFnv32 === null ? {} : { missBitsFnv32 }),
    ...(writeBacks === null ? {} : { dirtyEvictions: writeBacks }),
  };
}

const expected = ({ misses, missBitsFnv32, dirtyEvictions }: GoldenRow): Partial<GoldenRow> => ({
  misses,
  ...(missBitsFnv32 === undefined ? {} : { missBitsFnv32 }),
  ...(dirtyEvictions === undefined ? {} : { dirtyEvictions }),
});

test('no row is left out but those of the large trace', () => {
  const compared = rows.filter((row) => traces.some(({ trace }) => trace === row.trace));
  expect(compared.length).toBe(476);
  expect(rows.filter((row) => !compared.includes(row)).every(({ trace }) => trace.includes('20000000'))).toBe(true);
});

describe.for(traces)('libCacheSim on $trace', (golden) => {
  const trace = read(golden);
  const mine = rows.filter((row) => row.trace === golden.trace);

  test('the trace is the one recorded', () => {
    expect(trace.ids.length).toBe(golden.refs);
    expect(fnv32(trace.ids)).toBe(golden.idsFnv32);
  });

  test.for(mine)('$policy $params with $size frames misses $misses times', (row) => {
    expect(replay(row, trace)).toEqual(expected(row));
  });
});

describe('the policies themselves, without a loop, on ls', () => {
  const trace = readPgt1('ls.pgt.gz');
  const mine = rows.filter((row) => row.trace === 'ls' && row.size === 64 && row.policy !== 'LIRS-libcachesim');

  test.for(mine)('$policy $params', (row) => {
    expect(replay(row, trace, true)).toEqual(expected(row));
  });
});
