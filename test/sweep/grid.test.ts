import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { cellText } from '../../src/sweep/cell-text.ts';
import { cellsOf } from '../../src/sweep/grid.ts';
import { parseShard, shardOf } from '../../src/sweep/shard.ts';
import { tasksOf } from '../../src/sweep/task.ts';
import { PAGING_SCENARIO, sha256, sweepOf } from './sweeps.ts';

const FILES = { 'b.csv-pages': '1\n2\n', 'a.csv-pages': '3\n', 'page.yaml': PAGING_SCENARIO };
const texts = (text: string): string[] => sweepOf(text, FILES).cells.map(cellText);

describe('the cells of a grid', () => {
  it('are every combination in a fixed order, axes without effect left out', () => {
    expect(
      texts(`sweep: 1
traces: [{file: '*.csv-pages'}, {like: loop, count: 9, pages: 3, name: around}]
scenarios: [page.yaml]
grid: {policy: [lru, random], frames: [4, 2], seed: 5..6, pageSize: 4KiB, tlb: [null, {entries: 4, ways: 2}]}
`),
    ).toEqual([
      ...['a.csv-pages', 'b.csv-pages', 'around'].flatMap((name) =>
        ['', 'TLB 4/2'].flatMap((tlb) =>
          [
            ['lru', ''],
            ['random', 'seed 5'],
            ['random', 'seed 6'],
          ].flatMap(([policy, seed]) =>
            [2, 4].map((frames) => {
              const pages = name === 'around' ? '' : 'pages of 4KiB';
              return [name, policy, `${frames} frames`, tlb, pages, seed].filter((part) => part !== '').join(', ');
            }),
          ),
        ),
      ),
      ...['no TLB', 'TLB 4/2'].flatMap((tlb) =>
        ['lru', 'random'].flatMap((policy) =>
          [5, 6].flatMap((seed) =>
            [2, 4].map((frames) => `page.yaml, ${policy}, ${frames} frames, ${tlb}, pages of 4KiB, seed ${seed}`),
          ),
        ),
      ),
    ]);
  });

  it('have of the options those their policy obeys, and are not there twice', () => {
    expect(
      texts(`sweep: 1
traces: [a.csv-pages]
grid: {policy: [lru, aging, gclock], frames: 2, options: [{}, {counterBits: 3}, {counterBits: 3, tickEvery: 9}]}
`),
    ).toEqual([
      'a.csv-pages, lru, 2 frames',
      'a.csv-pages, aging, 2 frames',
      'a.csv-pages, aging, counterBits=3, 2 frames',
      'a.csv-pages, aging, counterBits=3, tickEvery=9, 2 frames',
      'a.csv-pages, gclock, 2 frames',
      'a.csv-pages, gclock, counterBits=3, 2 frames',
    ]);
  });

  it('`all` policies are those that can work; `opt` by name stays', () => {
    const policies = (policy: string): (string | null)[] =>
      sweepOf(`sweep: 1\nscenarios: [page.yaml]\ngrid: {policy: ${policy}}\n`, FILES).cells.map(
        ({ parameters }) => parameters.policy,
      );
    expect(policies('all')).toEqual(POLICY_NAMES.filter((name) => name !== 'opt'));
    expect(policies('[lru, opt]')).toEqual(['lru', 'opt']);
  });

  it('a TLB alone needs neither policies nor frames', () => {
    expect(texts('sweep: 1\ntraces: [a.csv-pages]\ngrid: {tlb: [null, {entries: 4, ways: 2}]}\n')).toEqual([
      'a.csv-pages, TLB 4/2',
    ]);
  });
});

describe('the id of a cell', () => {
  const grid = 'grid: {policy: [lru, clock], frames: 2..8}';
  const ids = (text: string, files: Record<string, string> = FILES): string[] =>
    sweepOf(text, files).cells.map(({ id }) => id);
  const base = ids(`sweep: 1\ntraces: [a.csv-pages]\n${grid}\n`);

  it('is 32 digits, and no other’s', () => {
    expect(base.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(base).size).toBe(6);
  });

  it('does not change with title, cost, order of files or what else is in the grid', () => {
    expect(ids(`sweep: 1\ntitle: x\ntraces: [a.csv-pages]\n${grid}\ncost: {tlb: 1ns}\n`)).toEqual(base);
    const larger = ids(`sweep: 1\ntraces: ['*.csv-pages']\n${grid.replace('clock', 'clock, arc')}\n`);
    expect(larger).toEqual(expect.arrayContaining(base));
    const { plan, inputs, cells } = sweepOf(`sweep: 1\ntraces: ['*.csv-pages']\n${grid}\n`, FILES);
    const reversed = { ...inputs, traces: inputs.traces.map((files) => files.toReversed()) };
    expect(cellsOf(plan, reversed, sha256)).toEqual(cells);
  });

  it('changes with the contents of the input, and how it is read', () => {
    const others = [
      ids(`sweep: 1\ntraces: [a.csv-pages]\n${grid}\n`, { ...FILES, 'a.csv-pages': '4\n' }),
      ids(`sweep: 1\ntraces: [{file: a.csv-pages, kinds: load}]\n${grid}\n`),
      ids(`sweep: 1\ntraces: [a.csv-pages]\n${grid.replace('}', ', pageSize: 4KiB}')}\n`),
    ];
    for (const other of others) expect(other.filter((id) => base.includes(id))).toEqual([]);
  });
});

it('no files, two of one name and too many cells are refused', () => {
  const codes = (text: string): string[] => {
    try {
      sweepOf(text, FILES);
    } catch (error) {
      if (error instanceof InputErrors) return error.errors.map(({ code }) => code);
      throw error;
    }
    return [];
  };
  expect(codes('sweep: 1\ntraces: [none]\ngrid: {frames: 4}\n')).toEqual(['MEM-SWP-032']);
  expect(codes("sweep: 1\ntraces: [a.csv-pages, '*.csv-pages']\ngrid: {frames: 4}\n")).toEqual(['MEM-SWP-028']);
  expect(codes('sweep: 1\ntraces: [a.csv-pages]\ngrid: {policy: all, frames: 1..4096:1, seed: 0..9999}\n')).toContain(
    'MEM-SWP-031',
  );
});

describe('shards and tasks', () => {
  const { cells } = sweepOf(
    `sweep: 1
traces: ['*.csv-pages']
scenarios: [page.yaml]
grid: {policy: [lru, opt, random], frames: 1..64, seed: 0..3, pageSize: [4KiB, 8KiB], tlb: [null, {entries: 4, ways: 2}]}
`,
    FILES,
  );

  it('shards have every cell exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (of) => {
        const shards = Array.from({ length: of }, (_, index) => shardOf(cells, { number: index + 1, of }));
        const sizes = shards.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(shards.flat().sort((one, other) => one.index - other.index)).toEqual(cells);
      }),
      { numRuns: 30 },
    );
  });

  it('tasks too, each of one input, traces of one page size, and not too many at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.subarray([...cells]), (workers, some) => {
        const tasks = tasksOf(some, workers);
        const all = tasks.flatMap((task) => task.cells);
        expect(all.toSorted((one, other) => one.index - other.index)).toEqual(some);
        for (const { input, cells: own } of tasks) {
          expect(own.length).toBeLessThanOrEqual(input.kind === 'scenario' ? 1 : 32);
          expect(new Set(own.map((cell) => `${cell.input.name} ${cell.parameters.pageSize}`)).size).toBe(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('and not more at once than memory is for', () => {
    const large = sweepOf(
      'sweep: 1\ntraces: [a.csv-pages]\ngrid: {policy: [lru, fifo, clock], frames: [16, 16777216]}\n',
      FILES,
    );
    const frames = tasksOf(large.cells, 1).map((task) => task.cells.map(({ parameters }) => parameters.frames ?? 0));
    const sums = frames.map((some) => some.reduce((sum, one) => sum + one, 0));
    expect(Math.max(...sums)).toBeLessThanOrEqual(2 ** 25);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.flat().length).toBe(6);
  });

  it('are told as 2/5', () => {
    expect(parseShard(' 2/5')).toEqual({ number: 2, of: 5 });
    for (const text of ['0/5', '6/5', '2', '2/0', 'a/b', '-1/5']) expect(() => parseShard(text)).toThrow(/no shard/);
  });
});
