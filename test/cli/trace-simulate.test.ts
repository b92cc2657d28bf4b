/** `mmulator trace simulate`: table, CSV, JSON, stories; every option, every mistake. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { frameSizes } from '../../src/trace/frame-sizes.ts';
import { cli } from './fake-io.ts';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
const SILBERSCHATZ = '7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1\n';
const PROCESSES = `page,op,process\n${Array.from({ length: 60 }, (_, at) => `${at % 2 === 0 ? (at / 2) % 2 : at},${at % 4 === 0 ? 'w' : 'r'},${7 + 2 * (at % 2)}`).join('\n')}\n`;
const LACKEY = 'I  1ffe,4\n L 5000,8\n S 5008,8\n M 9000,4\nI  1ffe,4\n L 7000,1\n L 8000,1\n';

const simulate = (args: readonly string[], files: Record<string, string | Uint8Array> = { t: SILBERSCHATZ }) =>
  cli(['trace', 'simulate', 't', ...args], { files });

async function rows(args: readonly string[], files?: Record<string, string | Uint8Array>) {
  const { code, out, err } = await simulate([...args, '--json'], files);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as { rows: Record<string, unknown>[]; references: number; pages: number; format: string };
}

describe('trace simulate', () => {
  it('is a table: policies, then frames', async () => {
    const { code, out } = await simulate(['-p', 'fifo,lru,opt', '-f', '3']);
    expect(code).toBe(0);
    expect(out).toContain('pages: 20 page references to 6 pages\n');
    expect(out).toMatch(/policy +frames +faults +cold +write-backs +hit ratio +warm\n/);
    expect(out).toMatch(/fifo +3 +15 +6 +– +25\.00 % +35\.71 %\n/);
    expect(out).toMatch(/lru +3 +12 +6 +– +40\.00 % +57\.14 %\n/);
    expect(out).toMatch(/opt +3 +9 +6 +– +55\.00 % +78\.57 %\n/);
    expect(out).not.toContain('Hit ratio\n');
  });

  it('draws the hit ratio where there are several sizes', async () => {
    const one = await simulate(['-f', '1..6']);
    expect(one.out).toContain(' Hit ratio\n');
    expect(one.out).toMatch(/┤[ ▁▂▃▄▅▆▇]*█/);
    const two = await simulate(['-f', '1..6', '-p', 'lru,fifo']);
    expect(two.out).toContain('█ lru   ░ fifo');
  });

  it('is what libCacheSim counted for a real program', async () => {
    const { rows: found, references } = await rows(['-p', 'lru,opt', '-f', '16,64'], {
      t: fixture('replacement/ls.pgt.gz'),
    });
    expect(references).toBe(603_829);
    expect(found.map(({ policy, frames, faults }) => [policy, frames, faults])).toEqual([
      ['lru', 16, 516_779],
      ['lru', 64, 52_609],
      ['opt', 16, 217_788],
      ['opt', 64, 11_750],
    ]);
  });

  it('CSV', async () => {
    const { out } = await simulate(['-f', '3,4', '--csv', '--cost', 'memory=200ns', '--cost', 'again=nothing']);
    expect(out).toBe(
      'policy,frames,process,references,hits,faults,cold_faults,write_backs,hit_ratio,mean_resident,access_ns,fault_ns,effective_ns,instruction_ns\n' +
        'lru,3,,20,8,12,6,,0.4,,200,8000000,4800080,4800080\n' +
        'lru,4,,20,12,8,6,,0.6,,200,8000000,3200120,3200120\n',
    );
  });

  it('write-backs, kinds and pages of addresses', async () => {
    const files = { t: LACKEY };
    // Pages 1 2 5 5 9 1 2 7 8: two frames, LRU; 5 and 9 are written to, both leave.
    expect((await rows(['-f', '2'], files)).rows[0]).toMatchObject({ references: 9, faults: 8, writeBacks: 2 });
    expect((await rows(['-f', '2', '--no-write-backs'], files)).rows[0]).toMatchObject({ writeBacks: null });
    expect((await rows(['-f', '2', '--kinds', 'data'], files)).rows[0]).toMatchObject({ references: 5, faults: 4 });
    expect((await rows(['-f', '2', '--kinds', 'fetch'], files)).rows[0]).toMatchObject({ references: 4, faults: 2 });
    // Pages 0 1 1 2 0 1 2.
    expect((await rows(['-f', '2', '--page-size', '16KiB'], files)).rows[0]).toMatchObject({
      references: 7,
      faults: 6,
    });
  });

  it('options reach the policies', async () => {
    const faults = async (...options: string[]) =>
      (await rows(['-p', 'working-set', '-f', '6', ...options])).rows[0]?.faults;
    expect(await faults()).toBe(6);
    expect(await faults('--option', 'window=1')).toBe(20);
    const random = async (seed: string) => (await rows(['-p', 'random', '-f', '3', '--seed', seed])).rows[0]?.faults;
    const drawn = new Set(await Promise.all(['0', '1', '2', '3', '4', '5'].map(random)));
    expect(drawn.size).toBeGreaterThan(1);
    expect(await random('3')).toBe(await random('3'));
  });

  it('an option of policies takes one word, and leaves the file alone', async () => {
    const { code } = await cli(['trace', 'simulate', '-f', '3', '--cost', 'levels=2', 't'], {
      files: { t: SILBERSCHATZ },
    });
    expect(code).toBe(0);
  });

  it('all policies', async () => {
    const { rows: found } = await rows(['-p', 'all', '-f', '3']);
    expect(found.length).toBeGreaterThanOrEqual(24);
    const best = found.find(({ policy }) => policy === 'opt')!;
    for (const row of found) expect(row.faults).toBeGreaterThanOrEqual(best.faults as number);
  });

  it('processes with frames of their own', async () => {
    const files = { t: PROCESSES };
    const [row] = (await rows(['-f', '4', '--allocation', 'equal'], files)).rows;
    expect(row).toMatchObject({
      references: 60,
      faults: 32,
      processes: [
        { process: 7, frames: 2, references: 30, faults: 2, writeBacks: 0 },
        { process: 9, frames: 2, references: 30, faults: 30, writeBacks: 0 },
      ],
    });
    const { out } = await simulate(['-f', '4', '--allocation', 'equal'], files);
    expect(out).toContain('frames divided among the processes: equal');
    expect(out).toMatch(/lru +4 +9 +2 +30 +30 +0\n/);
    const { out: csv } = await simulate(['-f', '4', '--allocation', 'equal', '--csv'], files);
    expect(csv).toContain('\nlru,2,7,30,28,2,,0,');
  });

  it('Ctrl-C', async () => {
    const { code, out } = await cli(['trace', 'simulate', 't', '-p', 'opt', '-f', '1..6:1'], {
      files: { t: SILBERSCHATZ },
      interruptAfter: 3,
    });
    expect([code, out]).toEqual([130, '']);
  });

  it('says on a terminal which of many runs it is at', async () => {
    const { err } = await cli(['trace', 'simulate', 't', '-p', 'opt', '-f', '1..6:1'], {
      files: { t: SILBERSCHATZ },
      tty: true,
      pauseMs: 1000,
    });
    expect(err).toMatch(/opt, 6 frames .* 83 % {2}5 of 6 runs, \d+ s left/);
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('access times by options alone (exercises.md G)', () => {
  const costs = (text: string): string[] => ['--cost', text.replaceAll(' ', ',')];
  const JHU =
    'tlb=5ns tlbHit=0.98 service=100us swapIn=10ms swapOut=10ms dirty=0.5 restart=20us memory=100ns again=walk';
  const GATE = 'memory=150ns tlbHit=0.9 service=8ms again=access cpu=100ns accesses=2 faultRatio=0.00005';
  it.each([
    ['G1', 'memory=100ns tlb=20ns tlbHit=0.8 faultRatio=0', 140],
    ['G1', 'memory=100ns tlb=20ns tlbHit=0.98 faultRatio=0', 122],
    ['G1', 'memory=10ns tlbHit=0.8 faultRatio=0', 12],
    ['G1', 'memory=10ns tlbHit=0.99 faultRatio=0', 10.1],
    ['G2', 'memory=200ns service=8ms again=nothing faultRatio=0.001', 8199.8],
    ['G3', 'memory=100ns service=10ms again=access faultRatio=0.1', 1_000_100],
    ['G3', 'memory=100ns service=10ms again=access faultRatio=0.001', 10_100],
    ['G4', `${JHU} faultRatio=0`, 107],
    ['G4', `${JHU} faultRatio=1`, 15_120_205],
    ['G6', `${GATE} levels=2`, 1260],
    ['G6', `${GATE} levels=1`, 1230],
  ])('%s: %s', async (_name, text, nanoseconds) => {
    const [row] = (await rows(['-f', '3', ...costs(text)])).rows;
    const times = row!.nanoseconds as { effective: number; instruction: number };
    expect(times.instruction).toBeCloseTo(nanoseconds, 6);
  });

  it('with the faults and write-backs that were counted', async () => {
    const [row] = (await rows(['-f', '2', ...costs('memory=0 service=9us swapOut=16us again=nothing')], { t: LACKEY }))
      .rows;
    // 8 faults in 9 references, two of eight victims dirty: 8/9 × (9 + 16 × 2/8) µs.
    expect((row!.nanoseconds as { effective: number }).effective).toBeCloseTo((8 / 9) * 13_000, 6);
  });

  it('in the table', async () => {
    const { out } = await simulate(['-f', '3', ...costs('memory=200ns again=nothing faultRatio=0.001 accesses=2')]);
    expect(out).toMatch(/access time\n.*8\.1998 µs\n/);
    expect(out).toContain('faults per reference: 0.001, not as measured');
    expect(out).toContain('instruction 16.3996 µs');
  });
});

describe('--explain', () => {
  it('tells what happened, why, and what is in memory then', async () => {
    const { code, out } = await simulate(['-p', 'lru,opt', '-f', '3', '--explain', '9']);
    expect(code).toBe(0);
    const text = out.replaceAll(/\s+/g, ' ');
    expect(text).toContain('Reference 9: page 2');
    expect(text).toContain('lru, 3 frames: miss It was last used by reference 4, but it had to leave for reference 8.');
    expect(text).toContain('from page 3: of all resident pages it was used longest ago.');
    expect(text).toContain('It is clean, so nothing is written. So far 7 faults in 9 references.');
    expect(text).toContain('who would leave first in front: 0 4 2');
    expect(text).toContain('opt, 3 frames: hit It is in frame 0, loaded by reference 4 and last used by 4.');
  });

  it('addresses, dirty victims, the hand of a clock, processes', async () => {
    const lackey = (await simulate(['-p', 'clock', '-f', '2', '--explain', '6'], { t: LACKEY })).out;
    expect(lackey).toContain('Reference 6: a fetch of page 0x1, addresses from 0x1000');
    expect(lackey.replaceAll(/\s+/g, ' ')).toContain('It is dirty, so it is written back.');
    expect(lackey).toMatch(/◄ the hand, at frame [01]\):/);
    const csv = (await simulate(['-f', '2', '--explain', '1', '--json'], { t: PROCESSES })).out;
    expect(JSON.parse(csv)).toMatchObject({ stories: [{ page: '0x0', process: 7, hit: false, faultsSoFar: 1 }] });
  });

  it('as a document: kinds by their names, null where the trace has none; no size of pages that are counted', async () => {
    const document = async (position: string, t: string) => {
      const { out } = await simulate(['-f', '2', '--explain', position, '--json'], { t });
      const { pageBytes, stories } = JSON.parse(out) as {
        pageBytes: number | null;
        stories: { kind: string | null }[];
      };
      return [pageBytes, stories[0]?.kind];
    };
    expect(await document('1', LACKEY)).toEqual([4096, 'fetch']);
    expect(await document('3', LACKEY)).toEqual([4096, 'load']);
    expect(await document('4', LACKEY)).toEqual([4096, 'store']);
    expect(await document('5', LACKEY)).toEqual([4096, 'modify']);
    expect(await document('1', PROCESSES)).toEqual([null, 'store']);
    expect(await document('1', SILBERSCHATZ)).toEqual([null, null]);
  });

  it('does not list thousands of pages', async () => {
    const many = Array.from({ length: 100 }, (_, page) => page).join(' ');
    const { out } = await simulate(['-f', '1000', '--explain', '100'], { t: many });
    expect(out).toContain('and 68 pages more');
  });
});

describe('what is refused: exit status 2, a code, a hint', () => {
  it.each([
    [['-f', '3', '-p', 'lur'], 'MEM-POL-001', 'did you mean'],
    [['-f', '0'], 'MEM-TRC-021', 'from 1 to'],
    [['-f', '64..'], 'MEM-CLI-007', 'doubling'],
    [['-f', '9..3'], 'MEM-CLI-007', '3..9'],
    [['-f', '1..9:0'], 'MEM-CLI-007', 'at least 1'],
    [['-f', '0..9'], 'MEM-CLI-007', 'at least one frame'],
    [['-f', '1..100000:1'], 'MEM-CLI-007', 'larger steps'],
    [['-f', '1..600:1'], 'MEM-TRC-053', 'fewer policies'],
    [[], 'MEM-CLI-008', ''],
    [['-f', '3', '--kinds', 'laod'], 'MEM-CLI-007', 'did you mean `load`'],
    [['-f', '3', '--option', 'widnow=5', '-p', 'wsclock'], 'MEM-POL-003', 'did you mean `window`'],
    [['-f', '3', '--option', 'window=5'], 'MEM-POL-003', 'working-set, wsclock'],
    [['-f', '3', '--option', 'window=0', '-p', 'wsclock'], 'MEM-POL-003', 'from 1 to'],
    [['-f', '3', '--option', 'handStart=3', '-p', 'clock,lru'], 'MEM-POL-003', 'numbered 0 to 2'],
    [['-f', '3', '--option', 'handStart=3', '-p', 'clock', '--explain', '2'], 'MEM-POL-003', 'numbered 0 to 2'],
    [['-f', '3', '-p', 'lru,'], 'MEM-CLI-007', 'nothing behind a comma'],
    [['-f', '3', '-p', 'lru,,clock'], 'MEM-CLI-007', '--policy lru,clock'],
    [['-f', '3', '-p', 'wsclock', '--option', 'window=5,'], 'MEM-CLI-007', '--option window=5'],
    [['-f', '3', '--cost', 'memroy=5ns'], 'MEM-TRC-050', 'did you mean `memory`'],
    [['-f', '3', '--page-size', '5000'], 'MEM-TRC-038', 'powers of two'],
    [['-f', '3', '--seed', 'x'], 'MEM-CLI-007', ''],
    [['-f', '3', '--explain', '0'], 'MEM-CLI-007', ''],
    [['-f', '3', '--explain', '21'], 'MEM-TRC-054', 'counted from 1'],
    [['-f', '3', '--explain', '2', '--allocation', 'equal'], 'MEM-CLI-007', '--process'],
    [['-f', '3', '--csv', '--explain', '1'], 'MEM-CLI-007', 'leave one'],
    [['-f', '3', '--csv', '--json'], 'MEM-CLI-007', 'leave one'],
    [['-f', '3', '--allocation', 'equal'], 'MEM-TRC-051', 'csv or perf'],
    [['-f', '3', '--kinds', 'fetch'], 'MEM-TRC-055', '--kinds'],
  ])('%j', async (args, code, hint) => {
    const result = await simulate(args);
    expect(result.code).toBe(2);
    const text = args.includes('--json') ? result.out : result.err;
    expect(text).toContain(code);
    expect(text).toContain(hint);
  });

  it('fewer frames than processes', async () => {
    const result = await simulate(['-f', '1', '--allocation', 'equal'], { t: PROCESSES });
    expect([result.code, result.out]).toEqual([2, '']);
    expect(result.err).toContain('MEM-TRC-052');
    expect(result.err).toContain('1 frame cannot');
  });

  it('a broken trace, with its name and line', async () => {
    for (const more of [[], ['--explain', '1']]) {
      const result = await simulate(['-f', '3', ...more], { t: `${LACKEY} S 5008,-8\n` });
      expect([result.code, result.out]).toEqual([2, '']);
      expect(result.err).toContain('MEM-TRC-007');
      expect(result.err).toContain('t:8:9');
    }
  });
});

describe('numbers of frames', () => {
  it.each([
    ['64', [64]],
    ['7, 3,7', [3, 7]],
    ['64..512', [64, 128, 256, 512]],
    ['3..10', [3, 6, 10]],
    ['64..200:64', [64, 128, 192]],
    ['5..5', [5]],
    ['1..3:1,100', [1, 2, 3, 100]],
  ])('%s', (text, sizes) => {
    expect(frameSizes('--frames', text)).toEqual(sizes);
  });
});
