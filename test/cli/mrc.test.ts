/** `mmulator mrc` on traces in memory. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { cli } from './fake-io.ts';

const BELADY = '1,2,3,4,1,2,5,1,2,3,4,5';
const ls = readFileSync(new URL('../fixtures/replacement/ls.pgt.gz', import.meta.url));
const files = {
  'belady.pages': BELADY,
  'ls.pgt.gz': ls,
  'broken.csv': 'kind,address\nload,0x10\nload,zzz\n',
  empty: '',
};
const mrc = (...argv: string[]) => cli(['mrc', ...argv], { files });

describe('mmulator mrc', () => {
  it('draws LRU and tells its misses', async () => {
    const { code, out } = await mrc('ls.pgt.gz', '--sizes', '16,157');
    expect(code).toBe(0);
    expect(out).toContain('603,829 page references to 432 pages');
    expect(out).toMatch(/100 % ┤▁*█*/);
    expect(out).toMatch(/ {3} +16 +516,779 +85\.58 %\n +157 +923 +0\.15 %/);
    expect(out).not.toContain('anomaly');
  });

  it('names Belady’s anomaly where a policy has it', async () => {
    const { code, out } = await mrc('belady.pages', '--policy', 'fifo,lru,opt,fifo');
    expect(code).toBe(0);
    expect(out).toContain('█ fifo   ░ lru   ▚ opt');
    expect(out).toContain(
      'Belady’s anomaly: fifo misses more with more frames\n   3 frames: 9 misses; 4 frames: 10, 1 more',
    );
    expect(out.match(/anomaly/g)).toHaveLength(1);
  });

  it('CSV: a line a point', async () => {
    const { code, out } = await mrc('belady.pages', '--policy', 'lru,clock', '--sizes', '3..4:1', '--csv');
    expect([code, out]).toEqual([
      0,
      'policy,frames,misses,missRatio\nlru,3,10,0.8333333333333334\nlru,4,8,0.6666666666666666\nclock,3,9,0.75\nclock,4,10,0.8333333333333334\n',
    ]);
  });

  it('JSON: methods, points, anomalies', async () => {
    const { code, out } = await mrc('belady.pages', '--policy', 'lru,fifo', '--json');
    const { curves, ...facts } = JSON.parse(out);
    expect([code, facts]).toEqual([0, { file: 'belady.pages', references: 12, pages: 5, sampling: null }]);
    expect(curves.map(({ method }: { method: string }) => method)).toEqual(['one pass', 'replayed']);
    expect(curves[1].anomalies).toEqual([{ frames: 3, misses: 9, moreFrames: 4, moreMisses: 10 }]);
    expect(curves[0].points).toHaveLength(5);
  });

  it('options of policies, seeds, every size, doubling', async () => {
    const misses = async (...argv: string[]): Promise<number[]> => {
      const { curves } = JSON.parse((await mrc('ls.pgt.gz', '--json', ...argv)).out);
      return curves[0].points.map((point: { misses: number }) => point.misses);
    };
    // As recorded of libCacheSim: conformance/replacement.
    expect(await misses('--policy', 'clock', '--option', 'referenceOnLoad=false', '--sizes', '16,64')).toEqual([
      513_984, 44_234,
    ]);
    expect(await misses('--sizes', 'all')).toHaveLength(432);
    expect(await misses('--sizes', '16..100')).toHaveLength(4);
    const seeds = [
      await misses('--policy', 'random', '--sizes', '64'),
      await misses('--policy', 'random', '--sizes', '64', '--seed', '2'),
    ];
    expect(seeds[0]).not.toEqual(seeds[1]);
  });

  it('reads policies, options and seeds as `trace simulate` does', async () => {
    const shown = async (...argv: string[]): Promise<string[]> =>
      (await cli(argv, { files })).out
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','))
        .map((fields) => (argv[0] === 'mrc' ? fields.slice(0, 3) : [fields[0], fields[1], fields[5]]).join());
    // The option in front of the file is no second file.
    const settings = ['-p', 'random,clock', '--option', 'referenceOnLoad=false', '--option', 'handStart=0'];
    const options = [...settings, 'ls.pgt.gz', '--csv'];
    const simulated = await shown('trace', 'simulate', ...options, '-f', '64');
    expect(simulated).toHaveLength(2);
    expect(await shown('mrc', ...options, '--sizes', '64')).toEqual(simulated);
    const joined = ['-p', 'all', '--option', 'window=3,counterBits=3', 'belady.pages', '--csv'];
    const all = await shown('trace', 'simulate', ...joined, '-f', '3');
    expect(all).toHaveLength(POLICY_NAMES.length);
    expect(await shown('mrc', ...joined, '--sizes', '3')).toEqual(all);
  });

  it.each([
    // exercises.md A4, A5: faults with 1 … 7 frames.
    ['7,0,1,2,0,3,0,4,2,3,0,3,2,1,2,0,1,7,0,1', 'fifo', [20, 15, 15, 10, 9, 6, 6]],
    ['7,0,1,2,0,3,0,4,2,3,0,3,2,1,2,0,1,7,0,1', 'lru', [20, 17, 12, 8, 7, 6, 6]],
    ['7,0,1,2,0,3,0,4,2,3,0,3,2,1,2,0,1,7,0,1', 'opt', [20, 13, 9, 8, 7, 6, 6]],
    ['1,2,3,4,2,1,5,6,2,1,2,3,7,6,3,2,1,2,3,6', 'lru', [20, 18, 15, 10, 8, 7, 7]],
    ['1,2,3,4,2,1,5,6,2,1,2,3,7,6,3,2,1,2,3,6', 'fifo', [20, 18, 16, 14, 10, 10, 7]],
    ['1,2,3,4,2,1,5,6,2,1,2,3,7,6,3,2,1,2,3,6', 'opt', [20, 15, 11, 8, 7, 7, 7]],
  ])('Silberschatz’s %s under %s, from standard input', async (stdin, policy, expected) => {
    const { out } = await cli(['mrc', '-', '--policy', policy, '--sizes', '1..7:1', '--json'], { stdin });
    const { file, curves } = JSON.parse(out);
    expect([file, curves[0].points.map(({ misses }: { misses: number }) => misses)]).toEqual([
      'standard input',
      expected,
    ]);
  });

  it('samples, and says so', async () => {
    const { code, out } = await mrc('ls.pgt.gz', '--shards-pages', '128', '--sizes', '64');
    expect(code).toBe(0);
    expect(out).toMatch(/estimated \(SHARDS, adjusted\) from 12\d pages, at the end [\d.]+ % of all/);
    const { sampling } = JSON.parse((await mrc('ls.pgt.gz', '--shards', '0.5', '--json')).out);
    expect([sampling.rate, sampling.pagesMax]).toEqual([0.5, null]);
  });

  it('leaves out what a sample cannot tell, or marks it, and warns of few pages', async () => {
    const sampled = ['ls.pgt.gz', '--shards', '0.1'];
    const { points } = JSON.parse((await mrc(...sampled, '--json')).out).curves[0] as { points: { frames: number }[] };
    expect(points[0]?.frames).toBe(10);
    const { code, out, err } = await mrc(...sampled, '--sizes', '2,9,10,20,99999');
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: the sample has only \d\d pages of \d+:/);
    expect(out).toMatch(/^ +2 +– +–$/m);
    expect(out).toMatch(/^ +9 +– +–$/m);
    expect(out).toMatch(/^ +10 +[\d,]+ +[\d.]+ %$/m);
    expect(out).toContain('– the sample tells no sizes below 10 frames apart');
    const csv = (await mrc(...sampled, '--sizes', '2,10', '--csv')).out.split('\n');
    expect(csv.slice(0, 2)).toEqual(['policy,frames,misses,missRatio,note', 'lru,2,,,unresolved']);
    expect(csv[2]).toMatch(/^lru,10,[\d.]+,[\d.]+,$/);
  });

  it('of a sample never misses less often than there are pages', async () => {
    // Half of the pages are hot, half are used once: where the sample has few of those, it says too little.
    const list = Array.from({ length: 4000 }, (_, at) => (at % 4 === 3 ? 1000 + at : at % 3)).join(' ');
    const least = async (rate: string) => {
      const argv = ['mrc', 'a', '--shards', rate, '--sizes', '5000', '--json'];
      const { pages, curves } = JSON.parse((await cli(argv, { files: { a: list } })).out);
      const [{ misses, note }] = curves[0].points;
      expect([rate, note]).toEqual([rate, misses === pages ? 'at least' : null]);
      expect(misses).toBeGreaterThanOrEqual(pages);
      return note as string | null;
    };
    const notes = await Promise.all(['0.02', '0.05', '0.1', '0.2', '0.3', '0.5', '0.7', '0.9'].map(least));
    expect(notes).toContain('at least');
  });

  it('does not warn of a sample of all pages', async () => {
    expect((await mrc('belady.pages', '--shards', '1')).err).toBe('');
  });

  it.each([
    ['no such policy', ['belady.pages', '--policy', 'lru,lruu'], 'MEM-POL-001'],
    ['no option of a policy', ['belady.pages', '--policy', 'clock', '--option', 'x=1'], 'MEM-POL-003'],
    ['no size', ['belady.pages', '--sizes', '3,x'], 'MEM-CLI-007'],
    ['no frames', ['belady.pages', '--sizes', '0'], 'MEM-TRC-021'],
    ['too many frames', ['belady.pages', '--sizes', '99999999'], 'MEM-TRC-021'],
    ['a range backwards', ['belady.pages', '--sizes', '9..3'], 'MEM-CLI-007'],
    ['a range without end', ['belady.pages', '--sizes', '1..9:0'], 'MEM-CLI-007'],
    ['no rate', ['belady.pages', '--shards', 'some'], 'MEM-CLI-007'],
    ['a rate above all', ['belady.pages', '--shards', '2'], 'MEM-TRC-045'],
    ['a sample of nothing', ['belady.pages', '--shards', '0.01'], 'MEM-TRC-045'],
    ['an option nobody obeys', ['belady.pages', '-p', 'fifo', '--option', 'window=5'], 'MEM-POL-003'],
    ['an option, before the file', ['nothing', '-p', 'clock', '--option', 'x=1'], 'MEM-POL-003'],
    ['a sample of another policy', ['belady.pages', '--shards', '0.5', '--policy', 'fifo'], 'MEM-CLI-008'],
    ['two outputs', ['belady.pages', '--csv', '--json'], 'MEM-CLI-008'],
    ['no page', ['ls.pgt.gz', '--page-size', '3KiB'], 'MEM-TRC-038'],
    ['a broken trace', ['broken.csv'], 'MEM-TRC-03'],
    ['an empty trace', ['empty'], 'MEM-TRC-001'],
    ['no file', ['nothing'], 'MEM-CLI-001'],
  ])('%s', async (_what, argv, errorCode) => {
    const { code, out, err } = await mrc(...argv);
    expect([code, argv.includes('--json') ? '' : out]).toEqual([2, '']);
    expect(out + err).toContain(errorCode);
  });

  it.each([3, 30])('can be stopped after %d pauses', async (interruptAfter) => {
    const { code, out } = await cli(['mrc', 'ls.pgt.gz', '--policy', 'clock'], { files, interruptAfter });
    expect([code, out]).toEqual([130, '']);
  });
});
