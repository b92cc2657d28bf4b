/** `mmulator conform replacement`, `tlb` and `mrc`: on recordings as they are, and on recordings with mistakes in them. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/replacement/${name}`, import.meta.url));
const NAMES = ['replacement.jsonl', 'tlb.jsonl', 'mrc.json', 'traces.json', 'ls.pgt.gz', 'ls-rw.pgt.gz', 'gzip.pgt.gz'];
const MORE = ['cc1.pgt.gz', 'cc1-dense.pgt.gz'];
const recordings = (...more: string[]): Record<string, string | Uint8Array> =>
  Object.fromEntries([...NAMES, ...more].map((name) => [`rec/${name}`, fixture(name)]));
const rowsOf = (name: string): Record<string, unknown>[] =>
  fixture(name)
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const written = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
/** The rows of `ls` that are quickly done, with one of them changed. */
const someRows = (change: Record<string, unknown> = {}): Record<string, unknown>[] => {
  const rows = rowsOf('replacement.jsonl').filter(({ trace, size }) => trace === 'ls' && size === 64);
  return rows.map((row) => (row.policy === 'LRU' ? { ...row, ...change } : row));
};
const conform = (file: string, content: string | Uint8Array, ...more: string[]) =>
  cli(
    [
      'conform',
      file.startsWith('tlb') ? 'tlb' : file.startsWith('mrc') ? 'mrc' : 'replacement',
      `rec/${file}`,
      ...more,
    ],
    {
      files: { ...recordings(), [`rec/${file}`]: content },
    },
  );

describe('recordings as they are', () => {
  it('rows of policies, with write-backs, of the traces that are asked for', async () => {
    const { code, out } = await cli(['conform', 'replacement', 'rec/replacement.jsonl', '--only', 'ls-rw', '--json'], {
      files: recordings(),
    });
    const [file] = JSON.parse(out).files;
    expect([code, file.passed, file.failed, file.skipped, file.ops]).toEqual([0, 18, 0, 0, 18_000_000]);
    expect(file.cases.map(({ name }: { name: string }) => name)).toContain('ls-rw: LRU+dirty, 32 frames');
  });

  it.each(['replacement.jsonl', 'tlb.jsonl', 'mrc.json'])(
    '%s: names that no trace has are told, after what the others came to',
    async (name) => {
      const rows = name.endsWith('l')
        ? written(
            rowsOf(name)
              .filter(({ trace }) => trace === 'ls')
              .slice(0, 2),
          )
        : JSON.stringify((JSON.parse(fixture(name).toString()) as object[]).slice(0, 1));
      const { code, out, err } = await conform(name, rows, '--only', 'ls,no-such,l?x*');
      expect([code, out]).toEqual([2, expect.stringMatching(/[12] passed, 0 failed, 0 skipped/)]);
      expect(err).toContain('no trace here is called `no-such`');
      expect(err).toContain('no trace here is called `l?x*`');
      expect(err.match(/MEM-CNF-012/g)).toHaveLength(2);
    },
  );

  it('a generated trace is made by its rule, and must be the one recorded', async () => {
    const rows = rowsOf('replacement.jsonl').filter(
      ({ trace, policy }) => `${trace}`.startsWith('mix') && policy === 'LRU',
    );
    const { code, out } = await conform('some.jsonl', written(rows));
    expect([code, out]).toEqual([0, expect.stringContaining(`${rows.length} passed`)]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('TLBs: every row', async () => {
    const { code, out } = await cli(['conform', 'tlb', 'rec/tlb.jsonl'], { files: recordings(...MORE) });
    expect([code, out]).toEqual([0, expect.stringContaining('28 passed, 0 failed, 0 skipped')]);
  }, 120_000);

  it('curves: every size of every trace', async () => {
    const { code, out } = await cli(['conform', 'mrc', 'rec/mrc.json'], { files: recordings(...MORE) });
    expect([code, out]).toEqual([0, expect.stringContaining('4 passed, 0 failed, 0 skipped')]);
  }, 120_000);

  it('a folder stands for the recordings in it that the command takes', async () => {
    const { code, out } = await cli(['conform', 'mrc', 'rec', '--only', 'ls'], { files: recordings() });
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^✓ rec\/mrc\.json {2}ls, .*\n1 passed, 0 failed, 0 skipped\n$/),
    ]);
  });

  it('gzipped, from standard input, with the traces elsewhere', async () => {
    const { code, out } = await cli(['conform', 'replacement', '-', '--traces', 'rec'], {
      files: recordings(),
      stdin: gzipSync(written(someRows())),
    });
    expect([code, out]).toEqual([0, expect.stringContaining(' passed, 0 failed')]);
  });

  it('can be stopped', async () => {
    const { code } = await cli(['conform', 'mrc', 'rec/mrc.json'], { files: recordings(), interruptAfter: 2 });
    expect(code).toBe(130);
  });
});

describe('what differs is told', () => {
  it.each([
    ['misses', { misses: 1 }, /misses\n.*\n? *expected +1\n +actual +\d+\n +\d+ too many/],
    [
      'the fingerprint alone',
      { missBitsFnv32: '00000000' },
      /missBitsFnv32[^\n]*\n +expected +00000000\n +actual +[0-9a-f]{8}\n +as many misses, but not of the same references/,
    ],
    ['write-backs', { dirtyEvictions: 7 }, /dirtyEvictions[^\n]*\n +expected +7\n +actual +0\n +7 too few/],
  ])('%s', async (_what, change, told) => {
    const { code, out } = await conform('some.jsonl', written(someRows(change)));
    expect(code).toBe(1);
    expect(out).toContain('1 failed');
    expect(out.replace(/ {2}\{.*\}/g, '')).toMatch(told);
  });

  it('hits of a TLB', async () => {
    const [row] = rowsOf('tlb.jsonl');
    const { code, out } = await conform('tlb-one.jsonl', written([{ ...row, l2Hits: 74_309, walks: 431 }]), '--json');
    const [file] = JSON.parse(out).files;
    expect([code, file.failed]).toEqual([1, 1]);
    expect(file.divergences[0].differences.map(({ field }: { field: string }) => field)).toEqual(['l2Hits', 'walks']);
  });

  it('one point of a curve', async () => {
    const curves = JSON.parse(fixture('mrc.json').toString()) as { lruMissesBySize: number[][] }[];
    curves[0]!.lruMissesBySize[5]![1]!++;
    const { code, out } = await conform('mrc-one.json', JSON.stringify(curves.slice(0, 1)), '--json');
    expect([code, JSON.parse(out).files[0].cases[0].reason]).toEqual([1, 'differs: misses with 6 frames']);
  });

  it('a policy that is missing here skips its row', async () => {
    const rows = someRows({ policy: 'Hyperbolic' });
    const { code, out } = await conform('some.jsonl', written(rows));
    expect(code).toBe(0);
    expect(out).toContain('skipped: what cannot be replayed: the policy Hyperbolic (a row)');
    expect(out).toContain(`${rows.length - 1} passed, 0 failed, 1 skipped`);
  });
});

describe('broken recordings', () => {
  const line = (change: Record<string, unknown>): string => written(someRows(change));
  const at = someRows().findIndex(({ policy }) => policy === 'LRU') + 1;
  const list = (change: (traces: Record<string, unknown>[]) => unknown): string =>
    JSON.stringify(change(JSON.parse(fixture('traces.json').toString())), null, 1);

  it.each<[string, string, string, string]>([
    ['no JSON', `${line({})}{"trace":"ls",`, 'MEM-CNF-016', `rec/some.jsonl:${someRows().length + 1}:15`],
    ['JSON, but no object', `${line({})}[1]\n`, 'MEM-CNF-016', `rec/some.jsonl:${someRows().length + 1}:1`],
    ['a field of another type', line({ misses: 'many' }), 'MEM-CNF-016', `rec/some.jsonl:${at}:1`],
    ['a missing field', line({ policy: undefined }), 'MEM-CNF-016', `rec/some.jsonl:${at}:1`],
    ['frames that cannot be', line({ size: 0 }), 'MEM-CNF-016', 'a whole number from 1 to 16777216'],
    ['an unlisted trace', line({ trace: 'cat' }), 'MEM-CNF-016', 'traces.json lists no trace `cat`'],
    ['another length', line({ refs: 5 }), 'MEM-CNF-016', 'traces.json says that `ls` has 603829'],
    ['something else', 'hello', 'MEM-CNF-018', 'expected every line is'],
    [
      'rows for another command',
      fixture('tlb.jsonl').toString(),
      'MEM-CNF-018',
      'it is one for `mmulator conform tlb`',
    ],
  ])('%s', async (_what, content, errorCode, told) => {
    const { code, err, out } = await conform('some.jsonl', content);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(errorCode);
    expect(err).toContain(told);
  });

  it('a TLB that cannot be', async () => {
    const [row] = rowsOf('tlb.jsonl');
    const { code, err } = await conform('tlb-one.jsonl', written([row, { ...row, l1Ways: 5 }]));
    expect([code, err]).toEqual([2, expect.stringContaining('rec/tlb-one.jsonl:2:1')]);
    expect(err).toContain('must be a multiple of ways (5)');
  });

  it('a curve whose points are none', async () => {
    const curves = JSON.parse(fixture('mrc.json').toString()) as object[];
    const text = JSON.stringify([curves[0], { ...curves[1], lruMissesBySize: [[0, 1]] }], null, 1);
    const { code, err } = await conform('mrc-one.json', text);
    const number = text.split('\n').findIndex((found, index) => index > 1 && found === ' {') + 1;
    expect([code, err]).toEqual([2, expect.stringContaining(`rec/mrc-one.json:${number}:1`)]);
  });

  it.each<[string, Record<string, string | Uint8Array>, string, string]>([
    ['no list of traces', { 'rec/traces.json': '' }, 'MEM-CNF-014', 'rec/traces.json:1:1'],
    [
      'a list cut short',
      { 'rec/traces.json': fixture('traces.json').toString().slice(0, 100) },
      'MEM-CNF-014',
      'cut short',
    ],
    ['an object for a list', { 'rec/traces.json': '{}' }, 'MEM-CNF-014', 'JSON, but no list'],
    [
      'an entry without references',
      { 'rec/traces.json': list(([ls]) => [{ ...ls, refs: -1 }]) },
      'MEM-CNF-014',
      'rec/traces.json:2:1',
    ],
    [
      'an entry that leads elsewhere',
      { 'rec/traces.json': list(([ls]) => [{ ...ls, file: '../ls' }]) },
      'MEM-CNF-014',
      'beside the list',
    ],
    ['a trace listed twice', { 'rec/traces.json': list(([ls]) => [ls, ls]) }, 'MEM-CNF-014', 'listed twice'],
    [
      'an unknown rule',
      { 'rec/traces.json': list(([ls]) => [ls, { ...ls, generator: { kind: 'x' } }]) },
      'MEM-CNF-014',
      'one of zipf, mix',
    ],
    ['another trace', { 'rec/ls.pgt.gz': fixture('gzip.pgt.gz') }, 'MEM-CNF-015', 'references 1200000, not 603829'],
    [
      'a trace cut short',
      { 'rec/ls.pgt.gz': gunzipSync(fixture('ls.pgt.gz')).subarray(0, 5000) },
      'MEM-TRC-034',
      'rec/ls.pgt.gz',
    ],
    [
      'packing that is damaged',
      { 'rec/ls.pgt.gz': fixture('ls.pgt.gz').subarray(0, 5000) },
      'MEM-CLI-004',
      'rec/ls.pgt.gz',
    ],
  ])('%s', async (_what, files, errorCode, told) => {
    const all = { ...recordings(), 'rec/some.jsonl': line({}), ...files };
    const { code, err, out } = await cli(['conform', 'replacement', 'rec/some.jsonl'], { files: all });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(errorCode);
    expect(err).toContain(told);
  });

  it.each(['traces.json', 'ls.pgt.gz'])('without %s', async (name) => {
    const { [`rec/${name}`]: _gone, ...files } = recordings();
    const all = { ...files, 'rec/some.jsonl': line({}) };
    const { code, err } = await cli(['conform', 'replacement', 'rec/some.jsonl'], { files: all });
    expect([code, err]).toEqual([2, expect.stringContaining('MEM-CNF-017')]);
    expect(err).toContain(`looked for rec/${name}`);
  });

  it('a changed reference in a trace of the right length is noticed', async () => {
    const bytes = Buffer.from(gunzipSync(fixture('ls.pgt.gz')));
    // The last reference goes to the page before it once more.
    bytes[bytes.length - 1] = bytes.at(-1) === 0 ? 2 : 0;
    const all = { ...recordings(), 'rec/some.jsonl': line({}), 'rec/ls.pgt.gz': new Uint8Array(bytes) };
    const { code, err } = await cli(['conform', 'replacement', 'rec/some.jsonl'], { files: all });
    expect([code, err]).toEqual([2, expect.stringMatching(/MEM-CNF-015[\s\S]*idsFnv32 [0-9a-f]{8}, not f7bc19aa/)]);
  });
});
