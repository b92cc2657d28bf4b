/** Pages in memory before the first reference. */
import { describe, expect, it, test } from 'vitest';
import { LOAD } from '../../src/mmu/units.ts';
import { parseInitialPages } from '../../src/trace/initial-pages.ts';
import { ReferenceBatch } from '../../src/trace/reference.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { Simulation } from '../../src/trace/simulation.ts';
import { cli } from '../cli/fake-io.ts';

test('pages as they are written', () => {
  expect(parseInitialPages('--initial', '7, 0x1f,101..103,0x10..0x11')).toEqual([7, 31, 101, 102, 103, 16, 17]);
});

test.for([
  ['', 'MEM-CLI-007'],
  ['1..', 'MEM-CLI-007'],
  ['9..3', 'MEM-CLI-007'],
  ['-1', 'MEM-CLI-007'],
  ['0..16777216', 'MEM-TRC-022'],
  ['1,2,1', 'MEM-TRC-022'],
] as const)('`%s` is refused', ([text, code]) => {
  expect(() => parseInitialPages('--initial', text)).toThrow(expect.objectContaining({ code }));
});

describe('a simulation with frames that hold pages', () => {
  const references = Array.from({ length: 3000 }, (_, at) => (at * at + 3 * (at >>> 4)) % 41);
  const initial = [40, 3, 7, 100, 101, 102];
  const config = {
    policies: ['lru', 'fifo', 'clock', 'opt', 'arc', 'linux', 'working-set'],
    frames: [6, 17],
    options: {},
    seed: 0,
    allocation: 'global' as const,
    writeBacks: false,
    pageBytes: 4096,
    kinds: null,
    initial,
  };

  it('counts what a replay of each alone counts, with cold faults apart', () => {
    const simulation = new Simulation(config, 'page');
    const batch = new ReferenceBatch(simulation);
    references.forEach((page, at) => {
      batch.access(LOAD, 0, page, 1, at + 1, 0);
    });
    batch.flush();
    expect([...simulation.rest()]).toHaveLength(2);
    const rows = simulation.rows();
    expect(rows).toHaveLength(14);
    for (const { policy, frames, faults, hits, coldFaults } of rows) {
      const alone = simulateReferences(references, { policy, frames, initial });
      expect([policy, frames, faults, hits, coldFaults]).toEqual([
        policy,
        frames,
        alone.faults,
        alone.hits,
        alone.coldMisses,
      ]);
    }
    expect(simulation.distinctPages).toBe(new Set(references).size);
  });

  it('refuses more pages than there are frames', () => {
    expect(() => new Simulation({ ...config, frames: [17, 5] }, 'page')).toThrow(
      expect.objectContaining({ code: 'MEM-TRC-022', message: '6 initial pages do not fit in 5 frames' }),
    );
  });
});

describe('trace simulate --initial', () => {
  const files = { 'loop.pages': Array.from({ length: 300 }, (_, at) => 1 + (at % 100)).join('\n') };
  const simulate = (...more: string[]) => cli(['trace', 'simulate', 'loop.pages', '-f', '20', ...more], { files });

  it('is exercise A15 and not A13', async () => {
    const faults = async (...more: string[]) => {
      const { code, out } = await simulate('-p', 'opt,mru,lifo', '--json', ...more);
      expect(code).toBe(0);
      return JSON.parse(out).rows.map((row: { faults: number }) => row.faults);
    };
    expect(await faults()).toEqual([260, 260, 262]);
    expect(await faults('--initial', '101..120')).toEqual([260, 300, 300]);
  });

  it('says so, and tells the story with it', async () => {
    const { out } = await simulate('--initial', '101..120');
    expect(out).toContain('300 page references to 100 pages, 20 pages in memory at the start');
    const story = await simulate('-p', 'mru', '--initial', '101..120', '--explain', '1', '--json');
    expect(JSON.parse(story.out).stories[0]).toMatchObject({
      hit: false,
      frame: 19,
      victim: { page: '0x78', loadedAt: null },
    });
  });

  it.each([
    [['--initial', '1..21'], 'MEM-TRC-022'],
    [['--initial', 'a'], 'MEM-CLI-007'],
    [['--initial', '1', '--allocation', 'equal'], 'MEM-CLI-007'],
  ])('%j is refused', async (more, errorCode) => {
    const { code, out, err } = await simulate(...more);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(errorCode);
  });
});
