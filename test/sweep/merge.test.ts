/** Any split into shards, measured in any order, interrupted and resumed, merged in any order: the bytes of one whole run. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { mergeResults, missingCells, type Part } from '../../src/sweep/merge.ts';
import { planSchema } from '../../src/sweep/plan-schema.ts';
import { planDigest, resultsJson, type SweepResults } from '../../src/sweep/results.ts';
import { resultsCsv } from '../../src/sweep/results-csv.ts';
import { parseResults } from '../../src/sweep/results-file.ts';
import type { Row } from '../../src/sweep/row.ts';
import { shardOf } from '../../src/sweep/shard.ts';
import { measured, PAGING_SCENARIO, resultsOf, type Sweep, sha256, sweepOf } from './sweeps.ts';

const TEXT = `sweep: 1
title: all kinds of cells
traces: ['*.csv', {like: locality, count: 3000, pages: 64, seed: 2, stores: 0.2}]
scenarios: [page.yaml]
grid:
  policy: [lru, random, opt, working-set]
  frames: [4, 7]
  seed: 0..2
  tlb: [null, {entries: 4, ways: 2, policy: random, l2: {entries: 8, ways: 8}}]
  options: [{}, {window: 5}]
cost: {memory: 90ns, tlb: 1ns, swapOut: 2ms}
`;
const FILES = {
  'b.csv': 'process,address\n1,4096\n2,4096\n1,8192\n',
  'a.csv': 'process,address\n1,0\n',
  'page.yaml': PAGING_SCENARIO,
};

let sweep: Sweep;
let rows: readonly Row[];
let whole: string;
beforeAll(async () => {
  sweep = sweepOf(TEXT, FILES);
  rows = await measured(sweep.cells, FILES);
  whole = resultsJson(resultsOf(sweep, rows));
}, 60_000);

/** As `sweep --shard` writes it and `merge` reads it. */
const partOf = (found: readonly Row[], file: string): Part => {
  const text = resultsJson(resultsOf(sweep, found));
  return { file, results: parseResults(text, file) };
};
const codes = (merge: () => unknown): string[] => {
  try {
    merge();
  } catch (error) {
    if (error instanceof InputErrors) return error.errors.map(({ code, file }) => `${file} ${code}`);
    throw error;
  }
  return [];
};
const changed = (results: SweepResults, index: number, change: object): SweepResults => ({
  ...results,
  rows: results.rows.map((row) => (row.index === index ? { ...row, ...change } : row)),
});

describe('the whole', () => {
  it('has every cell, errors among them, and does not depend on the number of workers', async () => {
    const results = resultsOf(sweep, rows);
    expect(results.rows.length).toBe(sweep.cells.length);
    expect(results.rows.some(({ error }) => error !== null)).toBe(true);
    expect(resultsJson(resultsOf(sweep, await measured(sweep.cells, FILES, 16)))).toBe(whole);
  });

  it('comes back from JSON as it went', () => {
    expect(resultsJson(parseResults(whole, 'whole.json'))).toBe(whole);
  });

  it('in CSV has a line for each row, as many fields in each, and quotes where they are needed', () => {
    const lines = resultsCsv(resultsOf(sweep, rows)).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.length).toBe(sweep.cells.length + 1);
    const fields = (line: string): number => line.replaceAll(/"(?:[^"]|"")*"/g, '').split(',').length;
    expect(new Set(lines.map(fields))).toEqual(new Set([fields(lines[0]!)]));
    expect(lines[1]).toContain(`,a.csv,trace,lru,,4,`);
    expect(lines.some((line) => line.includes('"locality (count 3000, pages 64, stores 0.2, seed 2)"'))).toBe(true);
  });
});

describe('times', () => {
  it('without a TLB, where that is a point of the axis: every access walks', async () => {
    const text =
      'sweep: 1\ntraces: [{like: loop, count: 20, pages: 2}]\ngrid: {frames: 4, tlb: [null, {entries: 4, ways: 4}]}\n';
    const cost = 'cost: {memory: 100ns, tlb: 1ns, levels: 4}\n';
    const timesOf = async (plan: string): Promise<(number | undefined)[]> => {
      const made = sweepOf(plan);
      return resultsOf(made, await measured(made.cells)).rows.map(({ times }) => times?.access);
    };
    const [without, own] = await timesOf(text + cost);
    expect(without).toBe(500);
    // Two of twenty lookups miss.
    expect(own).toBeCloseTo(101 + 0.1 * 400, 9);
    expect(await timesOf(text.replace(/, tlb: .*/, '}') + cost)).toEqual([101]);
  });
});

describe('merging', () => {
  it('any shards in any order, with rows there twice: the bytes of the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat()), (of, random) => {
        const any = (below: number): number => random.next().value! % below;
        const byId = new Map(rows.map((row) => [row.id, row]));
        const parts = Array.from({ length: of }, (_, index) => {
          const own = shardOf(sweep.cells, { number: index + 1, of }).map(({ id }) => byId.get(id)!);
          // Some of another's.
          for (let more = any(3); more > 0; more--) own.push(rows[any(rows.length)]!);
          return {
            part: partOf(
              own.sort(() => any(3) - 1),
              `part-${index + 1}.json`,
            ),
            place: any(1000),
          };
        });
        const inAnyOrder = parts.sort((one, other) => one.place - other.place).map(({ part }) => part);
        const merged = mergeResults(inAnyOrder, sha256);
        expect(missingCells(merged, sha256)).toEqual([]);
        expect(resultsJson(merged)).toBe(whole);
      }),
      { numRuns: 15 },
    );
  });

  it('interrupted anywhere and gone on with: the bytes of the whole; in between it tells what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...rows.keys()]), async (done) => {
        const first = done.map((index) => rows[index]!);
        const before = mergeResults([partOf(first, 'journal')], sha256);
        const left = missingCells(before, sha256);
        expect(left.length).toBe(sweep.cells.length - first.length);
        const rest = await measured(left, FILES);
        expect(resultsJson(resultsOf(sweep, [...rest, ...first]))).toBe(whole);
        expect(resultsJson(mergeResults([partOf(rest, 'rest'), partOf(first, 'first')], sha256))).toBe(whole);
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it('refuses parts of other sweeps and of other inputs, all at once', () => {
    const part = partOf(rows, 'part.json');
    const other = sweepOf(TEXT.replace('[4, 7]', '[4, 8]'), FILES);
    const strangers = [
      part,
      { file: 'other.json', results: resultsOf(other, []) },
      { file: 'files.json', results: resultsOf(sweepOf(TEXT, { ...FILES, 'a.csv': 'x', 'c.csv': 'y' }), []) },
      { file: 'changed.json', results: { ...part.results, planDigest: '0' } },
    ];
    expect(codes(() => mergeResults(strangers, sha256))).toEqual([
      'other.json MEM-SWP-043',
      'files.json MEM-SWP-044',
      'files.json MEM-SWP-044',
      'changed.json MEM-SWP-045',
    ]);
    expect(codes(() => mergeResults([], sha256))).toEqual(['undefined MEM-SWP-042']);
  });

  it('refuses rows that contradict each other, and such as are none of this sweep', () => {
    const { results } = partOf(rows, 'a.json');
    const merge = (strange: SweepResults) => () =>
      mergeResults(
        [
          { file: 'a.json', results },
          { file: 'b.json', results: strange },
        ],
        sha256,
      );
    const figures = results.rows[3]!.figures;
    expect(codes(merge(changed(results, 3, { figures: { ...figures, writeBacks: 99 } })))).toEqual([
      'b.json MEM-SWP-046',
    ]);
    expect(codes(merge(changed(results, 3, { id: '0' })))).toEqual(['b.json MEM-SWP-045']);
    expect(codes(merge(changed(results, 3, { index: 100_000 })))).toEqual(['b.json MEM-SWP-045']);
    expect(codes(merge(changed(results, 3, { figures: null })))).toEqual(['b.json MEM-SWP-045']);
    // What a row repeats of its cell is not taken from it.
    expect(resultsJson(merge(changed(results, 3, { input: 'x', times: null }))())).toBe(whole);
  });
});

describe('a plan that somebody made up, with a digest that fits', () => {
  const JUNK = [null, -1, 1e300, 'x', [], [null], { x: 1 }];
  /** Every place in a value, as keys from the outside. */
  const placesOf = (value: unknown): string[][] =>
    typeof value !== 'object' || value === null
      ? [[]]
      : [[], ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner).map((rest) => [key, ...rest]))];
  const replaced = (value: unknown, [key, ...rest]: string[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = structuredClone(value) as Record<string, unknown>;
    copy[key] = replaced(copy[key], rest, by);
    return copy;
  };

  it('is refused, or is one: nothing is taken for granted', () => {
    const results = resultsOf(sweep, rows.slice(0, 5));
    let refused = 0;
    for (const place of placesOf(results.plan)) {
      for (const junk of JUNK) {
        const plan = replaced(results.plan, place, junk) as SweepResults['plan'];
        const forged = { ...results, plan, rows: [], planDigest: planDigest(plan, results.inputs, sha256) };
        const found = codes(() => {
          const part = { file: 'x', results: parseResults(JSON.stringify(forged), 'x') };
          const merged = mergeResults([part], sha256);
          missingCells(merged, sha256);
          return resultsCsv(merged);
        });
        if (found.length > 0) refused++;
      }
    }
    expect(refused).toBeGreaterThan(JUNK.length * 20);
  });

  it.for<[change: object, where: string]>([
    [{ grid: null }, 'plan.grid'],
    [{ traces: [{ kind: 'file', file: 'a.csv' }] }, 'plan.traces.0.name'],
    [{ cost: { memory: 100 } }, 'plan.cost.tlb'],
  ])('%o: the place is named', ([change, where]) => {
    const results = resultsOf(sweep, []);
    const plan = { ...results.plan, ...change } as SweepResults['plan'];
    const forged = { ...results, plan, planDigest: planDigest(plan, results.inputs, sha256) };
    expect(() => parseResults(JSON.stringify(forged), 'x')).toThrowError(
      expect.objectContaining({ message: expect.stringContaining(`damaged at ${where}`) as string }),
    );
  });

  it('every plan that can be written is one', () => {
    for (const text of PLANS) {
      const { plan } = sweepOf(text, FILES);
      expect(() => planSchema.parse(JSON.parse(JSON.stringify(plan)))).not.toThrow();
    }
  });
});

const PLANS = [
  TEXT,
  'sweep: 1\ntraces: [a.csv]\ngrid: {tlb: {entries: 4, ways: 4}}\n',
  `sweep: 1
traces:
  - {file: a.csv, name: it, format: csv, unit: page, process: 1, kinds: data}
  - {file: b.csv, columns: [process, address]}
  - {like: 80-20, count: 10, pages: 9, seed: -4, hotPages: 0.5, hotReferences: 0.5}
  - {like: locality, count: 10, pages: 9, localPages: 3, phase: 5}
grid:
  policy: all
  frames: 1..8
  pageSize: [4KiB, 64KiB]
  tlb: {entries: 8, ways: 2, split: true, asids: false, policy: plru, l2: {entries: 64, ways: 4, policy: fifo}}
  options: [{lfuTies: first-loaded}, {smallPart: 0.2, referenceOnLoad: false}]
options: {counterBits: 3}
cost: {tlbHit: 0.9, dirty: 0.5, faultRatio: 0.1, again: nothing, cpu: 1ns, accesses: 2}
`,
  'sweep: 1\nscenarios: [page.yaml]\ngrid: {memory: [1MiB, 2MiB], seed: 0..3}\n',
];

describe('results that cannot be read', () => {
  it.for<[what: string, text: () => string, code: string]>([
    ['no JSON', () => whole.slice(0, 200), 'MEM-SWP-040'],
    ['another document', () => '{"version": 1}', 'MEM-SWP-040'],
    ['a list', () => '[]', 'MEM-SWP-040'],
    ['a later version', () => whole.replace('"version": 1', '"version": 2'), 'MEM-SWP-041'],
    ['no number', () => whole.replace(/"references": \d+/, '"references": "many"'), 'MEM-SWP-040'],
    ['a key too many', () => whole.replace('"cells":', '"sells": 1, "cells":'), 'MEM-SWP-040'],
  ])('%s', ([, text, code]) => {
    expect(codes(() => parseResults(text(), 'x.json'))).toEqual([`x.json ${code}`]);
  });
});
