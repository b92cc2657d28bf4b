/** Scenarios on other machines: the same as the file with another `machine:`, run by hand. */
import { describe, expect, it } from 'vitest';
import { runScenarioText } from '../../src/scenario/run.ts';
import type { ResultRow } from '../../src/sweep/results.ts';
import type { ScenarioFigures } from '../../src/sweep/row.ts';
import { measured, PAGING_SCENARIO, resultsOf, sweepOf } from './sweeps.ts';

const BARE = `version: 1
name: bare
machine: { kernel: none, paging: sv39, root: 0x1000, memory: 64KiB }
steps:
  - { do: translate, at: 0x1000, access: load }
`;
const FILES = {
  'page.yaml': PAGING_SCENARIO,
  'bare.yaml': BARE,
  'broken.yaml': 'version: 1\nname: x\nsteps: [{ do: lod }]\n',
};

async function rowsOf(text: string): Promise<readonly ResultRow[]> {
  const sweep = sweepOf(`sweep: 1\n${text}`, FILES);
  return resultsOf(sweep, await measured(sweep.cells, FILES)).rows;
}

/** The file with `machine:` as somebody would write it there. */
function byHand(machine: string): Partial<ScenarioFigures> {
  const result = runScenarioText(PAGING_SCENARIO.replace(/machine: .*/, `machine: ${machine}`));
  const { accesses, minorFaults, majorFaults, evictions, dirtyEvictions, swapReads, swapWrites } = result.counters;
  const { tlbHits, tlbMisses, walks } = result.counters;
  return {
    status: result.status === 'held' ? 'held' : 'failed',
    steps: result.stepsRun!,
    expectationsFailed: result.expectations!.failed,
    ...{
      accesses,
      minorFaults,
      majorFaults,
      evictions,
      dirtyEvictions,
      swapReads,
      swapWrites,
      tlbHits,
      tlbMisses,
      walks,
    },
  };
}

describe('a scenario in a sweep', () => {
  it('without axes is the scenario as it is', async () => {
    const [row, ...more] = await rowsOf('scenarios: [page.yaml]\n');
    expect(more).toEqual([]);
    expect(row!.figures).toMatchObject({
      ...byHand('{ memory: 256KiB, swap: 1MiB, residentPages: 64, seed: 3 }'),
      status: 'held',
    });
  });

  it('runs with policy, frames, TLB and seed in place of its own', async () => {
    const rows = await rowsOf(
      'scenarios: [page.yaml]\ngrid: {policy: [lru, fifo, random], frames: [4, 5, 7], seed: [1, 2], tlb: [null, {entries: 4, ways: 2}]}\n',
    );
    expect(rows.length).toBe(36);
    for (const {
      parameters: { policy, frames, seed, tlb },
      figures,
    } of rows) {
      const tlbText = tlb === 'none' ? 'null' : '{ entries: 4, ways: 2 }';
      const machine = `{ memory: 256KiB, swap: 1MiB, residentPages: ${frames}, seed: ${seed}, replacement: ${policy}, tlb: ${tlbText} }`;
      expect(figures).toMatchObject(byHand(machine));
    }
    // It makes a difference, and expectations that hold no longer are counted, not an error.
    const status = rows.map(({ figures }) => (figures as ScenarioFigures).status);
    expect(new Set(status)).toEqual(new Set(['held', 'failed']));
    const evictions = rows.map(({ figures }) => (figures as ScenarioFigures).evictions);
    expect(new Set(evictions).size).toBeGreaterThan(2);
  });

  it('has as much memory as the axis says', async () => {
    const rows = await rowsOf('scenarios: [page.yaml]\ngrid: {memory: [128KiB, 1MiB]}\n');
    for (const {
      parameters: { memory },
      figures,
    } of rows) {
      expect(figures).toMatchObject(byHand(`{ memory: ${memory}, swap: 1MiB, residentPages: 64, seed: 3 }`));
    }
  });

  it('runs with options of its policy, which are axes only for who obeys them', async () => {
    const rows = await rowsOf(
      'scenarios: [page.yaml]\ngrid: {policy: [lirs, lru], frames: 4, options: [{}, {hirPart: 0.5}]}\n',
    );
    expect(rows.map(({ parameters: { policy, options } }) => [policy, options])).toEqual([
      ['lirs', {}],
      ['lirs', { hirPart: 0.5 }],
      ['lru', {}],
    ]);
    const own = (replacement: string): string =>
      `{ memory: 256KiB, swap: 1MiB, residentPages: 4, seed: 3, replacement: ${replacement} }`;
    const byHands = ['lirs', 'lirs, replacementOptions: { hirPart: 0.5 }', 'lru'].map((text) => byHand(own(text)));
    for (const [at, { figures }] of rows.entries()) expect(figures).toMatchObject(byHands[at]!);
    expect(byHands[0]!.majorFaults).not.toBe(byHands[1]!.majorFaults);
  });

  it('keeps its own policy’s options where the policy stays, and no others', async () => {
    const text = PAGING_SCENARIO.replace(
      'seed: 3 }',
      'seed: 3, replacement: lirs, replacementOptions: { hirPart: 0.5 } }',
    );
    const files = { 'lirs.yaml': text };
    const figuresOf = async (grid: string): Promise<unknown[]> => {
      const sweep = sweepOf(`sweep: 1\nscenarios: [lirs.yaml]\ngrid: {frames: 4, ${grid}}\n`, files);
      const { rows } = resultsOf(sweep, await measured(sweep.cells, files));
      return rows.map(({ error, figures }) => error?.code ?? (figures as ScenarioFigures).majorFaults);
    };
    const faults = (replacement: string): number =>
      byHand(`{ memory: 256KiB, swap: 1MiB, residentPages: 4, seed: 3, replacement: ${replacement} }`).majorFaults!;
    const own = faults('lirs, replacementOptions: { hirPart: 0.5 }');
    const other = faults('lirs, replacementOptions: { hirPart: 0.75 }');
    expect(await figuresOf('options: [{}, {hirPart: 0.75}, {stackPart: 3, hirPart: 0.75}]')).toEqual([
      own,
      other,
      other,
    ]);
    expect(await figuresOf('policy: [lirs, lru]')).toEqual([own, faults('lru')]);
    // What its policy does not obey is no axis of no consequence, but a mistake: the policy was not chosen here.
    expect(await figuresOf('options: [{window: 3}]')).toEqual(['MEM-POL-003']);
  });

  it('that cannot be is a row with its error', async () => {
    const rows = await rowsOf(
      'scenarios: [page.yaml, bare.yaml, broken.yaml]\ngrid: {policy: [lru, opt], pageSize: [4KiB, 8KiB], memory: [4KiB, 256KiB]}\n',
    );
    const told = rows.map(({ input, parameters: { policy, pageSize, memory }, error }) =>
      [input, pageSize, memory, policy, error?.code ?? 'ok'].join(' '),
    );
    expect(told).toEqual([
      'bare.yaml 4096 4096 lru MEM-SWP-036',
      'bare.yaml 4096 4096 opt MEM-SWP-036',
      'bare.yaml 4096 262144 lru MEM-SWP-036',
      'bare.yaml 4096 262144 opt MEM-SWP-036',
      'bare.yaml 8192 4096 lru MEM-SWP-035',
      'bare.yaml 8192 4096 opt MEM-SWP-035',
      'bare.yaml 8192 262144 lru MEM-SWP-035',
      'bare.yaml 8192 262144 opt MEM-SWP-035',
      ...Array.from({ length: 8 }, (_, index) => {
        const [pageSize, memory, policy] = [
          index < 4 ? 4096 : 8192,
          index % 4 < 2 ? 4096 : 262144,
          index % 2 === 0 ? 'lru' : 'opt',
        ];
        return `broken.yaml ${pageSize} ${memory} ${policy} MEM-SCN-007`;
      }),
      'page.yaml 4096 4096 lru MEM-API-002',
      'page.yaml 4096 4096 opt MEM-POL-002',
      'page.yaml 4096 262144 lru ok',
      'page.yaml 4096 262144 opt MEM-POL-002',
      'page.yaml 8192 4096 lru MEM-SWP-035',
      'page.yaml 8192 4096 opt MEM-SWP-035',
      'page.yaml 8192 262144 lru MEM-SWP-035',
      'page.yaml 8192 262144 opt MEM-SWP-035',
    ]);
  });

  it('on bare hardware has TLBs and memory as axes', async () => {
    const rows = await rowsOf('scenarios: [bare.yaml]\ngrid: {tlb: [null, {entries: 4, ways: 4}], memory: 128KiB}\n');
    expect(rows.map(({ error, figures }) => [error, figures?.kind])).toEqual([
      [null, 'scenario'],
      [null, 'scenario'],
    ]);
  });
});
