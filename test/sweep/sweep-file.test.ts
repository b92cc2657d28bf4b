import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { readSweepFile } from '../../src/sweep/sweep-file.ts';
import { sweepJsonSchema } from '../../src/sweep/sweep-schema.ts';

/** `line:column code` of all that is wrong. */
function mistakes(text: string): string[] {
  try {
    readSweepFile(text, 'sweep.yaml');
  } catch (error) {
    if (!(error instanceof InputErrors)) throw error;
    return error.errors.map(({ code, range, file }) => {
      expect(file).toBe('sweep.yaml');
      return `${range?.line}:${range?.column} ${code}`;
    });
  }
  return [];
}

describe('a sweep file', () => {
  it('is read to a plan in which everything is spelled out', () => {
    const plan = readSweepFile(
      `sweep: 1
title: what frames are worth
traces: [ls.lackey.gz, {file: big.csv, process: 2, kinds: data}, {like: zipf, count: 1e6, pages: 1e4}]
scenarios: [lessons/*.yaml, lessons/*.yaml]
grid:
  policy: [lru, clock, lru]
  frames: [16..100, 40..60:10]
  tlb: [null, {entries: 64, ways: 4}, {ways: 4, entries: 64}]
  pageSize: [4KiB, 16384]
  memory: 1MiB
  seed: [0..2, 7]
  options: [{}, {counterBits: 3, tickEvery: 20}]
options: {tickEvery: 50}
cost: {memory: 80ns, tlbHit: 0.5}
`.replace('[lru, clock, lru]', '[lru, aging, lru]'),
      'sweep.yaml',
    );
    expect(plan).toMatchObject({
      title: 'what frames are worth',
      traces: [
        { kind: 'file', file: 'ls.lackey.gz', name: null, process: null, kinds: null },
        { kind: 'file', file: 'big.csv', process: 2, kinds: [0, 1, 3] },
        { kind: 'generated', like: 'zipf', options: { count: 1_000_000, pages: 10_000, seed: 0 } },
      ],
      scenarios: ['lessons/*.yaml'],
      cost: { memory: 80, tlbHit: 0.5, service: 8e6 },
    });
    expect(plan.grid).toEqual({
      policy: ['lru', 'aging'],
      frames: [16, 32, 40, 50, 60, 64, 100],
      memory: [1 << 20],
      tlb: [null, { entries: 64, ways: 4 }],
      pageSize: [4096, 16384],
      seed: [0, 1, 2, 7],
      options: [{ tickEvery: 50 }, { counterBits: 3, tickEvery: 20 }],
    });
  });

  it('without a cost for TLB hits takes those measured', () => {
    const plan = readSweepFile('sweep: 1\ntraces: [a]\ngrid: {frames: 4}\ncost: {tlb: 2ns}\n', 'sweep.yaml');
    expect(plan.cost).toMatchObject({ tlb: 2, tlbHit: null });
  });

  it('tells all its mistakes at once, each at its place', () => {
    expect(
      mistakes(`sweep: 1
traces: [{like: zipff, count: 10, pages: 10}, {file: x, kinds: dta, foo: 1}, 7, {like: mix, count: 3, pages: 4}]
grid:
  policy: [lru, clok]
  frames: [16..8, 0, x]
  tlb: [{entries: 64, ways: 5}, 3]
  pageSize: [5000, 4XB]
  seed: 9..0
  foo: 2
options: {tickEvry: 50, window: 0}
cost: {memory: 100, again: never}
title: ""
`),
    ).toEqual([
      '2:17 MEM-SWP-010',
      '2:64 MEM-SWP-023',
      '2:69 MEM-SWP-006',
      '2:78 MEM-SWP-009',
      '2:81 MEM-TRC-040',
      '4:17 MEM-SWP-010',
      '5:12 MEM-SWP-021',
      '5:19 MEM-SWP-021',
      '5:22 MEM-SWP-021',
      '6:9 MEM-TLB-003',
      '6:33 MEM-SWP-009',
      '7:14 MEM-TRC-038',
      '7:21 MEM-SWP-020',
      '8:9 MEM-SWP-022',
      '9:3 MEM-SWP-006',
      '10:11 MEM-SWP-006',
      '10:33 MEM-SWP-011',
      '11:16 MEM-SWP-024',
      '11:28 MEM-SWP-024',
      '12:8 MEM-SWP-011',
    ]);
  });

  it.for<[why: string, text: string, mistakes: readonly string[]]>([
    ['nothing in it', '', ['1:1 MEM-SWP-003']],
    ['a list', '- 1', ['1:1 MEM-SWP-004']],
    ['a scenario', 'version: 1\nsteps: []\n', ['1:1 MEM-SWP-004']],
    ['another version', 'sweep: 2\n', ['1:8 MEM-SWP-005']],
    ['no YAML', 'sweep: [1\n', ['2:1 MEM-SWP-001']],
    ['a key twice', 'sweep: 1\ntraces: [a]\ntraces: [b]\ngrid: {frames: 4}\n', ['3:1 MEM-SWP-002']],
    ['nothing to measure', 'sweep: 1\ngrid: {frames: 4}\n', ['1:1 MEM-SWP-025']],
    [
      'traces without frames',
      'sweep: 1\ntraces: [a]\ngrid: {policy: lru, tlb: {entries: 4, ways: 4}}\n',
      ['3:1 MEM-SWP-026'],
    ],
    ['memory of traces', 'sweep: 1\ntraces: [a]\ngrid: {frames: 4, memory: 1MiB}\n', ['3:19 MEM-SWP-027']],
    ['the same trace twice', 'sweep: 1\ntraces: [a, {file: a}]\ngrid: {frames: 4}\n', ['2:13 MEM-SWP-028']],
    [
      'options of other policies',
      'sweep: 1\ntraces: [a]\ngrid: {frames: 4}\noptions: {window: 9}\n',
      ['4:11 MEM-SWP-029'],
    ],
    [
      'such as points of the grid',
      'sweep: 1\ntraces: [a]\ngrid: {frames: 4, options: [{}, {window: 9}]}\n',
      ['3:34 MEM-SWP-029'],
    ],
    [
      'options that no scenario’s policy obeys',
      'sweep: 1\nscenarios: [a]\ngrid: {policy: clock, options: [{window: 9}]}\n',
      ['3:34 MEM-SWP-029'],
    ],
    ['options of replays', 'sweep: 1\nscenarios: [a]\noptions: {tickEvery: 9}\n', ['3:11 MEM-SWP-029']],
    ['file and like', 'sweep: 1\ntraces: [{file: a, like: zipf}]\ngrid: {frames: 4}\n', ['2:10 MEM-SWP-030']],
    ['what is missing', 'sweep: 1\ntraces: [{like: loop, count: 3}]\ngrid: {frames: 4}\n', ['2:10 MEM-SWP-008']],
    ['too large', 'sweep: 1\nscenarios: [a]\ngrid: {memory: 9007199254740993}\n', ['3:16 MEM-SWP-012']],
  ])('with %s is refused', ([, text, expected]) => {
    expect(mistakes(text)).toEqual(expected);
  });

  it('may be the same file read in two ways, or a TLB alone', () => {
    expect(mistakes('sweep: 1\ntraces: [a, {file: a, kinds: data}]\ngrid: {frames: 4}\n')).toEqual([]);
    expect(mistakes('sweep: 1\ntraces: [a]\ngrid: {tlb: {entries: 4, ways: 4}}\n')).toEqual([]);
    expect(mistakes('sweep: 1\nscenarios: [a]\n')).toEqual([]);
  });

  it('has a published schema, up to date', () => {
    const published = readFileSync(new URL('../../schema/sweep.v1.json', import.meta.url), 'utf8');
    expect(published).toBe(`${JSON.stringify(sweepJsonSchema(), null, 2)}\n`);
  });
});
