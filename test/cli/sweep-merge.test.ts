/** `mmulator merge`: parts become what was never divided; what is missing, strange or broken is told. */
import { describe, expect, it } from 'vitest';
import { cli, type FakeOptions } from './fake-io.ts';
import { CELLS, FILES, SWEEP } from './sweep-files.ts';

type Files = NonNullable<FakeOptions['files']>;

const sweep = async (args: readonly string[], files: Files = FILES) =>
  (await cli(['sweep', 'sweep.yaml', ...args], { files })).out;

async function partsOf(count: number): Promise<Record<string, string>> {
  const entries = Array.from({ length: count }, async (_, at) => {
    const text = await sweep(['--shard', `${at + 1}/${count}`, '--json']);
    return [`parts/part-${at + 1}.json`, text] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const merge = (args: readonly string[], files: Files) => cli(['merge', ...args], { files });

describe('merge', () => {
  it.for([1, 2, 5, 20])('%d parts are the whole, byte for byte, in every format', async (count) => {
    const parts = await partsOf(count);
    const { code, files, err } = await merge(['parts/part-*.json', '-o', 'all/', '--quiet'], parts);
    expect([code, err]).toEqual([0, '']);
    expect(files.get('all/results.json')).toBe(await sweep(['--json']));
    expect(files.get('all/results.csv')).toBe(await sweep(['--csv']));
    expect((await merge(['parts'], parts)).out).toBe(await sweep([]));
  });

  it('takes parts in any order, and twice', async () => {
    const parts = await partsOf(3);
    const names = [3, 1, 2].map((number) => `parts/part-${number}.json`);
    const { out, code } = await merge([...names, names[0]!, '--json'], { ...parts, 'copy.json': parts[names[0]!]! });
    expect(code).toBe(0);
    expect(out).toBe(await sweep(['--json']));
    expect((await merge([...names, 'copy.json', '--json'], { ...parts, 'copy.json': parts[names[0]!]! })).out).toBe(
      out,
    );
  });

  it('says which cells are missing, and writes nothing', async () => {
    const { 'parts/part-2.json': _gone, ...rest } = await partsOf(3);
    const { code, err, out, files } = await merge(['parts', '-o', 'all.json'], rest);
    expect([code, out, files.size]).toEqual([1, '', 0]);
    expect(err).toMatch(
      /^missing 6 cells of 18; nothing is written \(--partial does it nevertheless\):\n {2}1 {2}pages\.txt, lru, 8 frames\n/,
    );
  });

  it('--partial writes what there is; the exit code still says it', async () => {
    const { 'parts/part-2.json': _gone, ...rest } = await partsOf(3);
    const { code, err, files } = await merge(['parts', '-o', 'all.json', '--partial'], rest);
    expect(code).toBe(1);
    expect(err).toContain('missing 6 cells of 18:\n');
    const { rows } = JSON.parse(files.get('all.json') ?? '') as { rows: unknown[] };
    expect(rows).toHaveLength(CELLS - 6);
    // What was written is a part itself.
    const parts = await partsOf(3);
    const rest2 = { 'all.json': files.get('all.json')!, 'two.json': parts['parts/part-2.json']! };
    expect((await merge(['*.json', '--json'], rest2)).out).toBe(await sweep(['--json']));
  });

  it('refuses parts of another sweep, with the names of both', async () => {
    const other = await sweep(['--json'], { ...FILES, 'sweep.yaml': SWEEP.replace('32', '33') });
    const { code, err } = await merge(['parts/part-1.json', 'other.json'], {
      ...(await partsOf(2)),
      'other.json': other,
    });
    expect(code).toBe(2);
    expect(err).toContain('other.json');
    expect(err).toContain('MEM-SWP-043');
  });

  it('tells all that is wrong at once', async () => {
    const files = { ...(await partsOf(2)), 'a.json': '{', 'b.json': '{"format":"other"}' };
    const { code, err, out } = await merge(['a.json', 'b.json', 'no.json', 'parts/part-1.json', '--json'], files);
    expect(code).toBe(2);
    expect(err).toContain('3 errors');
    expect((JSON.parse(out) as { errors: { file: string }[] }).errors.map(({ file }) => file).sort()).toEqual([
      'a.json',
      'b.json',
      'no.json',
    ]);
  });

  it('of the sweep itself, in YAML, is told that it is none, on one line', async () => {
    const { code, err } = await merge(['sweep.yaml'], { 'sweep.yaml': SWEEP });
    expect(code).toBe(2);
    expect(err).toContain('these are no results of a sweep');
    expect((await merge(['a.json'], { 'a.json': '{ "a":\n\nx }' })).err).toMatch(/not JSON: .*\n {2}--> a.json/);
  });

  it('of a folder without parts, a pattern without files, a folder that is not there', async () => {
    expect((await merge(['empty'], { 'empty/x.txt': '' })).err).toContain('MEM-SWP-052');
    expect((await merge(['part-*.json'], FILES)).err).toContain('no file matches this pattern');
    const { code, err, files } = await merge(['parts', '-o', 'nowhere/all.json'], await partsOf(2));
    expect([code, files.size]).toEqual([2, 0]);
    expect(err).toContain('its folder does not exist');
  });

  it('of failed cells: 1, and which', async () => {
    const bad = {
      ...FILES,
      'sweep.yaml': SWEEP.replace('  - pages.txt\n', '  - { file: bad.txt, format: pages }\n'),
      'bad.txt': '1 x\n',
    };
    const part = await sweep(['--json'], bad);
    const { code, err, out } = await merge(['part.json', '--json'], { 'part.json': part });
    expect([code, out]).toEqual([1, part]);
    expect(err).toContain('not measured: bad.txt (pages), lru, 3 frames');
  });
});
