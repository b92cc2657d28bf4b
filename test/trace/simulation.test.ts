/** A trace against many policies at once: the same as each alone; processes with frames of their own. */
import { describe, expect, it } from 'vitest';
import { FETCH, LOAD, STORE } from '../../src/mmu/units.ts';
import { byProcess, sharedFrames } from '../../src/trace/allocation.ts';
import { PageRecording } from '../../src/trace/page-recording.ts';
import { ReferenceBatch, type TraceKind } from '../../src/trace/reference.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { Simulation, type SimulationConfig, type SimulationRow } from '../../src/trace/simulation.ts';

interface Reference {
  readonly page: number;
  readonly kind?: TraceKind;
  readonly process?: number;
}

const CONFIG: SimulationConfig = {
  policies: ['lru'],
  frames: [3],
  options: {},
  seed: 0,
  allocation: 'global',
  writeBacks: true,
  pageBytes: 4096,
  kinds: null,
};

function simulated(references: readonly Reference[], config: Partial<SimulationConfig>): SimulationRow[] {
  const simulation = new Simulation({ ...CONFIG, ...config }, 'page');
  const batch = new ReferenceBatch(simulation);
  references.forEach(({ page, kind = LOAD, process = 0 }, at) => {
    batch.access(kind, 0, page, 1, at + 1, process);
  });
  batch.flush();
  const said = [...simulation.rest()];
  expect(said).toHaveLength(simulation.waiting);
  return simulation.rows();
}

const pages = (text: string, process = 0): Reference[] =>
  Array.from(text, (digit) => ({ page: Number(digit), process }));
const SILBERSCHATZ = pages('70120304230321201701');
const BELADY = pages('012301401234');

describe('Simulation', () => {
  it.each([
    ['fifo', 15],
    ['lru', 12],
    ['opt', 9],
  ])('20 references of Silberschatz, 3 frames, %s: %i faults', (policy, faults) => {
    const [row] = simulated(SILBERSCHATZ, { policies: [policy] });
    expect(row).toMatchObject({ policy, frames: 3, references: 20, faults, hits: 20 - faults, coldFaults: 6 });
    expect(row?.hitRatio).toBeCloseTo((20 - faults) / 20, 12);
  });

  it('shows Belady’s anomaly, rows by policy and then by frames', () => {
    const rows = simulated(BELADY, { policies: ['opt', 'fifo'], frames: [3, 4] });
    expect(rows.map(({ policy, frames, faults }) => [policy, frames, faults])).toEqual([
      ['opt', 3, 7],
      ['opt', 4, 6],
      ['fifo', 3, 9],
      ['fifo', 4, 10],
    ]);
  });

  it('counts write-backs like a replay of each alone', () => {
    const made = Array.from(
      { length: 20_000 },
      (_, at): Required<Pick<Reference, 'page' | 'kind'>> => ({
        page: (at * at + 7 * (at >>> 5)) % 61,
        kind: at % 3 === 0 ? STORE : at % 7 === 0 ? FETCH : LOAD,
      }),
    );
    const policies = ['lru', 'fifo', 'clock', 'opt', 'enhanced-second-chance', 'arc'];
    const frames = [1, 16, 40];
    const rows = simulated(made, { policies, frames });
    expect(rows).toHaveLength(18);
    for (const row of rows) {
      const alone = simulateReferences(
        made.map(({ page }) => page),
        { policy: row.policy, frames: row.frames, kinds: made.map(({ kind }) => kind) },
      );
      expect([row.policy, row.frames, row.faults, row.writeBacks]).toEqual([
        row.policy,
        row.frames,
        alone.faults,
        alone.writeBacks,
      ]);
      expect(alone.writeBacks).toBeGreaterThan(0);
    }
  });

  it('does not claim to know write-backs of a trace without kinds', () => {
    expect(simulated(SILBERSCHATZ, {})[0]?.writeBacks).toBeNull();
    const fetched = SILBERSCHATZ.map((one): Reference => ({ ...one, kind: FETCH }));
    expect(simulated(fetched, {})[0]?.writeBacks).toBe(0);
    expect(simulated(fetched, { writeBacks: false })[0]?.writeBacks).toBeNull();
  });

  it('does not ask libCacheSim’s LIRS for its victims', () => {
    const stored = SILBERSCHATZ.map((one): Reference => ({ ...one, kind: STORE }));
    const rows = simulated(stored, { policies: ['lirs', 'lru'], options: { lirsVariant: 'libcachesim' } });
    expect(rows.map(({ writeBacks }) => writeBacks === null)).toEqual([true, false]);
  });

  it('keeps only the kinds that were chosen', () => {
    const made = SILBERSCHATZ.flatMap((one, at): Reference[] => [one, { page: 100 + at, kind: FETCH }]);
    expect(simulated(made, { kinds: [LOAD, STORE] })[0]).toMatchObject({ references: 20, faults: 12, coldFaults: 6 });
  });

  it('refuses more runs than fit side by side', () => {
    const frames = Array.from({ length: 257 }, (_, index) => index + 1);
    expect(() => new Simulation({ ...CONFIG, policies: ['lru', 'fifo'], frames }, 'page')).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-053' }),
    );
  });
});

describe('frames of their own', () => {
  /** One process loops over two pages, the other scans; they take turns. */
  const mixed = Array.from({ length: 200 }, (_, at) =>
    at % 2 === 0 ? { page: (at / 2) % 2, process: 7 } : { page: at, process: 9 },
  );

  it('a scan no longer drives out what the other process uses', () => {
    const [shared] = simulated(mixed, { frames: [4], policies: ['fifo'] });
    const [equal] = simulated(mixed, { frames: [4], policies: ['fifo'], allocation: 'equal' });
    expect(equal?.processes).toEqual([
      { process: 7, frames: 2, references: 100, faults: 2, writeBacks: null },
      { process: 9, frames: 2, references: 100, faults: 100, writeBacks: null },
    ]);
    expect(equal).toMatchObject({ faults: 102, hits: 98, coldFaults: 102, references: 200 });
    expect(shared?.faults).toBeGreaterThan(102);
  });

  it('in proportion to their pages', () => {
    const [row] = simulated(mixed, { frames: [53], allocation: 'proportional' });
    // One each, then 51 in the ratio 2 : 100.
    expect(row?.processes?.map(({ frames }) => frames)).toEqual([2, 51]);
  });

  it.each([
    [10, [1, 1, 1], [4, 3, 3]],
    [3, [1, 100, 5], [1, 1, 1]],
    [12, [2, 1], [8, 4]],
  ])('%i frames by %j are %j', (frames, weights, shares) => {
    expect(sharedFrames(frames, weights)).toEqual(shares);
  });

  it('all of the frames are given, and everybody has one', () => {
    for (let frames = 5; frames < 200; frames++) {
      const shares = sharedFrames(frames, [1, 7, 49, 3, 1000]);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(frames);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
    }
  });

  it('fewer frames than processes are refused', () => {
    expect(() => simulated(mixed, { frames: [1], allocation: 'equal' })).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-052' }),
    );
  });

  it('numbers the pages of each process anew', () => {
    const recording = new PageRecording();
    for (const [id, kind] of [
      [0, 0],
      [1, 1],
      [2, 0],
      [1, 0],
      [3, 1],
      [0, 2],
    ] as const)
      recording.push(id, kind);
    const parts = byProcess(recording, (id) => (id === 1 || id === 3 ? 5 : 4));
    expect(
      parts.map(({ process, pages: count, recording: { ids, kinds, length } }) => [
        process,
        count,
        [...ids.subarray(0, length)],
        [...kinds.subarray(0, length)],
      ]),
    ).toEqual([
      [4, 2, [0, 1, 0], [0, 0, 2]],
      [5, 2, [0, 0, 1], [1, 0, 1]],
    ]);
  });
});
