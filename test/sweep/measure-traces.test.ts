/** Rows of a sweep against what the same settings give elsewhere: recorded misses of libCacheSim, `Simulation`, `TlbReplay`. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { PolicyName } from '../../src/kernel/reclaim/policy.ts';
import type { Row, TraceFigures } from '../../src/sweep/row.ts';
import { accessTimes, parseCostModel } from '../../src/trace/cost-model.ts';
import { TraceGenerator } from '../../src/trace/generate.ts';
import { PageNumbering } from '../../src/trace/page-numbering.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { ReferenceBatch } from '../../src/trace/reference.ts';
import { Simulation, type SimulationConfig } from '../../src/trace/simulation.ts';
import { TlbReplay } from '../../src/trace/tlb-replay.ts';
import { measured, resultsOf, type Sweep, sweepOf } from './sweeps.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url));
const SETTINGS: SimulationConfig = {
  policies: ['lru'],
  frames: [4],
  options: {},
  seed: 0,
  allocation: 'global',
  writeBacks: true,
  pageBytes: 4096,
  kinds: null,
};

it('gives the misses recorded from libCacheSim, in tasks of several policies', async () => {
  const names: Readonly<Record<string, PolicyName>> = {
    FIFO: 'fifo',
    LRU: 'lru',
    Sieve: 'sieve',
    ARC: 'arc',
    Belady: 'opt',
  };
  const recorded = fixture('replacement.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { trace: string; policy: string; params: string; size: number; misses: number })
    .filter(
      ({ trace, policy, params, size }) =>
        trace === 'ls' && policy in names && params === '' && [16, 64].includes(size),
    );
  expect(recorded.length).toBe(10);
  const files = { 'ls.pgt': gunzipSync(fixture('ls.pgt.gz')) };
  const sweep = sweepOf(
    'sweep: 1\ntraces: [ls.pgt]\ngrid: {policy: [fifo, lru, sieve, arc, opt], frames: [16, 64]}\n',
    files,
  );
  const rows = await measured(sweep.cells, files);
  const misses = new Map(
    resultsOf(sweep, rows).rows.map(({ parameters, figures }) => [
      `${parameters.policy} ${parameters.frames}`,
      (figures as TraceFigures).faults,
    ]),
  );
  for (const { policy, size, misses: wanted } of recorded) {
    expect([policy, size, misses.get(`${names[policy]} ${size}`)]).toEqual([policy, size, wanted]);
  }
}, 60_000);

describe('references made up', () => {
  const like = 'like: mix, count: 20000, pages: 300, seed: 5, stores: 0.3';
  const batches = (sink: Simulation): Simulation => {
    const batch = new ReferenceBatch(sink);
    new TraceGenerator('mix', { count: 20_000, pages: 300, seed: 5, stores: 0.3 }).feed(batch, 20_000);
    batch.flush();
    for (const _ of sink.rest());
    return sink;
  };

  it('every policy, seed and set of options: the rows of Simulation, however the tasks are cut', async () => {
    const sweep = sweepOf(`sweep: 1
traces: [{${like}}]
grid: {policy: all, frames: [8, 50], seed: 3..4, options: [{}, {counterBits: 3, tickEvery: 40}]}
`);
    const rows = await measured(sweep.cells);
    expect(await measured(sweep.cells, {}, 8)).toEqual(expect.arrayContaining(rows));
    for (const { parameters, figures } of resultsOf(sweep, rows).rows) {
      const { policy, frames, seed, options } = parameters;
      const settings = { ...SETTINGS, policies: [policy!], frames: [frames!], options, seed: seed ?? 0 };
      const [row] = batches(new Simulation(settings, 'page')).rows();
      const { policy: _policy, frames: _frames, processes: _processes, ...wanted } = row!;
      expect(figures).toEqual({ kind: 'trace', tlb: null, ...wanted });
    }
    expect(rows.length).toBeGreaterThan(60);
  }, 60_000);

  it('TLBs: those of TlbReplay', async () => {
    const tlb = { entries: 16, ways: 4, l2: { entries: 64, ways: 8, policy: 'random' as const } };
    const sweep = sweepOf(`sweep: 1
traces: [{${like}}]
grid: {frames: 8, seed: 7, tlb: [null, {entries: 16, ways: 4, l2: {entries: 64, ways: 8, policy: random}}]}
`);
    const numbering = new PageNumbering();
    const ids: number[] = [];
    const batch = new ReferenceBatch({
      take({ lows }, count) {
        for (let at = 0; at < count; at++) ids.push(numbering.idOf(lows[at]!));
      },
    });
    new TraceGenerator('mix', { count: 20_000, pages: 300, seed: 5, stores: 0.3 }).feed(batch, 20_000);
    batch.flush();
    const numbers = Float64Array.from({ length: numbering.count }, (_, id) => numbering.pageOf(id));
    const replay = new TlbReplay(tlb, 7);
    replay.feed(Int32Array.from(ids), numbers, 0, ids.length);
    const { references: lookups, ...hits } = replay.end();
    const [none, some] = resultsOf(sweep, await measured(sweep.cells)).rows.map(
      ({ figures }) => figures as TraceFigures,
    );
    expect(some!.tlb).toEqual({ lookups, ...hits, hitRatio: (hits.l1Hits + hits.l2Hits) / lookups });
    expect(hits.l2Hits).toBeGreaterThan(0);
    expect(none!.tlb).toBe(null);
    expect({ ...some, tlb: null }).toEqual(none);
  });

  it('costs: of the cost model, with the share of TLB hits as measured where nobody says another', async () => {
    const text = (cost: string): string => `sweep: 1
traces: [{${like}}]
grid: {frames: 8, tlb: [null, {entries: 16, ways: 4}]}
cost: {${cost}}
`;
    const sweep = sweepOf(text('memory: 80ns, tlb: 2ns, swapOut: 1ms'));
    const rows = await measured(sweep.cells);
    const timesOf = (hit: number, { faults, references, writeBacks }: TraceFigures, lookup = '2ns') =>
      accessTimes(parseCostModel(['memory=80ns', `tlb=${lookup}`, 'swapOut=1ms', `tlbHit=${hit}`]), {
        faultRatio: faults! / references,
        dirty: writeBacks! / faults!,
      });
    const [none, some] = resultsOf(sweep, rows).rows;
    const figures = some!.figures as TraceFigures;
    // Without a TLB every access walks, and pays for no look-up.
    expect(none!.times).toEqual(timesOf(0, figures, '0ns'));
    expect(some!.times).toEqual(timesOf(figures.tlb!.hitRatio, figures));
    const given = sweepOf(text('memory: 80ns, tlb: 2ns, swapOut: 1ms, tlbHit: 0.5'));
    // The figures of one serve the other: times are worked out from them.
    expect(resultsOf(given, rows).rows.map(({ times }) => times)).toEqual([
      timesOf(0.5, figures),
      timesOf(0.5, figures),
    ]);
  });
});

const walksOf = (sweep: Sweep, rows: readonly Row[]): number[] =>
  resultsOf(sweep, rows).rows.map(({ figures }) => (figures as TraceFigures).tlb!.walks);

describe('addresses', () => {
  const csv = ['time,process,kind,address,size'];
  for (let at = 0; at < 600; at++)
    csv.push(`${at},${1 + (at % 3)},${at % 5 === 0 ? 'store' : 'load'},${(at * 7919) % 200_000},8`);
  const files = { 'two.csv': `${csv.join('\n')}\n` };

  it('one page size a pass: the rows of Simulation, with its kinds and process', async () => {
    const sweep = sweepOf(
      'sweep: 1\ntraces: [two.csv, {file: two.csv, process: 2, kinds: store}]\ngrid: {frames: [3, 9], pageSize: [4KiB, 16KiB, 1KiB]}\n',
      files,
    );
    for (const { parameters, figures, input } of resultsOf(sweep, await measured(sweep.cells, files)).rows) {
      const isPart = input !== 'two.csv';
      const settings = { ...SETTINGS, frames: [parameters.frames!], pageBytes: parameters.pageSize! };
      const simulation = new Simulation({ ...settings, kinds: isPart ? [1] : null }, 'address');
      const reader = new TraceReader(() => simulation, isPart ? { process: 2 } : {});
      reader.push(new TextEncoder().encode(files['two.csv']));
      reader.end();
      for (const _ of simulation.rest());
      const [row] = simulation.rows();
      expect(figures).toMatchObject({ references: row!.references, faults: row!.faults, writeBacks: row!.writeBacks });
    }
  });

  it('processes have address spaces of their own in the TLB, too', async () => {
    const sharing = {
      'one.csv': 'process,address\n1,4096\n2,4096\n1,4096\n2,4096\n',
      'all.csv': 'process,address\n1,4096\n1,4096\n1,4096\n1,4096\n',
    };
    const sweep = sweepOf(
      "sweep: 1\ntraces: ['*.csv']\ngrid: {tlb: [{entries: 4, ways: 4}, {entries: 4, ways: 4, asids: false}]}\n",
      sharing,
    );
    // A switch flushes where nothing tells the spaces apart.
    expect(walksOf(sweep, await measured(sweep.cells, sharing))).toEqual([1, 1, 2, 4]);
  });

  it('a TLB for fetches beside one for data', async () => {
    const fetching = { 'a.csv': `kind,address\n${'fetch,4096\nload,8192\n'.repeat(10)}` };
    const sweep = sweepOf(
      'sweep: 1\ntraces: [a.csv]\ngrid: {tlb: [{entries: 1, ways: 1}, {entries: 1, ways: 1, split: true}]}\n',
      fetching,
    );
    expect(walksOf(sweep, await measured(sweep.cells, fetching))).toEqual([20, 2]);
  });
});

describe('cells that cannot be', () => {
  it('are rows with their error, and keep no other from its figures', async () => {
    const files = { 'wide.csv': 'process,address\n1,0xffffffffffffff00\n1,4096\n' };
    const sweep = sweepOf(
      `sweep: 1
traces: [wide.csv]
grid: {policy: [lirs, lru], frames: 1..2, options: [{lirsVariant: libcachesim}], pageSize: [1KiB, 4KiB], tlb: [null, {entries: 4, ways: 4}]}
`,
      files,
    );
    const rows = resultsOf(sweep, await measured(sweep.cells, files)).rows;
    const errors = rows.map(({ parameters: { policy, frames, pageSize, tlb }, error, figures }) => {
      expect(figures === null).toBe(error !== null);
      return [pageSize, tlb === null ? 'none' : 'TLB', policy, frames, error?.code ?? 'ok'].join(' ');
    });
    expect(errors).toEqual([
      '1024 none lirs 1 MEM-POL-003',
      '1024 none lirs 2 ok',
      '1024 none lru 1 ok',
      '1024 none lru 2 ok',
      '1024 TLB lirs 1 MEM-POL-003',
      '1024 TLB lirs 2 MEM-SWP-034',
      '1024 TLB lru 1 MEM-SWP-034',
      '1024 TLB lru 2 MEM-SWP-034',
      '4096 none lirs 1 MEM-POL-003',
      '4096 none lirs 2 ok',
      '4096 none lru 1 ok',
      '4096 none lru 2 ok',
      '4096 TLB lirs 1 MEM-POL-003',
      '4096 TLB lirs 2 ok',
      '4096 TLB lru 1 ok',
      '4096 TLB lru 2 ok',
    ]);
  });

  it('so is a trace that is none, is broken, or has no such references', async () => {
    const files = {
      'none.x': '\u0000\u0001what',
      'broken.x': 'process,address\n1,4096\n1,oops\n',
      'good.x': 'process,address\n1,4096\n',
    };
    const sweep = sweepOf(
      'sweep: 1\ntraces: [none.x, broken.x, {file: good.x, process: 9, name: good}]\ngrid: {frames: 4}\n',
      files,
    );
    const rows = resultsOf(sweep, await measured(sweep.cells, files)).rows;
    expect(rows.map(({ input, error }) => [input, error?.code, error?.message])).toEqual([
      ['none.x', expect.stringMatching(/^MEM-TRC-/), expect.stringContaining('none.x')],
      ['broken.x', expect.stringMatching(/^MEM-TRC-/), expect.stringMatching(/^broken\.x:3/)],
      ['good', 'MEM-TRC-055', expect.any(String)],
    ]);
  });
});
