/** The command: which files it takes, where it looks for traces, what it says of files that are none. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';
import { lines, packed } from './replayed.ts';

const TRACE = 'small-s01-real';
const RESULT = `results/${TRACE}.cp311.jsonl.gz`;
const files = {
  [`rec/${RESULT}`]: packed(RESULT),
  [`rec/results/${TRACE}.cp38.jsonl.gz`]: packed(`results/${TRACE}.cp38.jsonl.gz`),
  [`rec/traces/${TRACE}.jsonl.gz`]: packed(`traces/${TRACE}.jsonl.gz`),
  'rec/manifest.json': packed('manifest.json'),
  'rec/notes.txt': 'nothing',
};

const conform = (...args: string[]) => cli(['conform', 'cpython', ...args], { files });

describe('conform cpython', () => {
  it('checks a result against its trace', async () => {
    expect(await conform(`rec/${RESULT}`)).toEqual({
      code: 0,
      out: `✓ rec/${RESULT}  cp311, 200 ops\n1 passed, 0 failed, 0 skipped\n`,
      err: '',
      files: new Map(),
    });
  });

  it('takes folders, in which traces and other files are passed over', async () => {
    const { code, out, err } = await conform('rec', '-q');
    expect({ code, out, err }).toEqual({ code: 0, out: '2 passed, 0 failed, 0 skipped\n', err: '' });
  });

  it('takes patterns', async () => {
    const { out } = await conform('rec/**/*.cp38.*', '--json');
    expect(JSON.parse(out)).toMatchObject({ version: 1, passed: 1, failed: 0, skipped: 0, errors: [] });
    expect(JSON.parse(out).files).toEqual([
      {
        file: `rec/results/${TRACE}.cp38.jsonl.gz`,
        kind: 'allocations',
        profile: 'cp38',
        outcome: 'passed',
        reason: null,
        passed: 1,
        failed: 0,
        skipped: 0,
        ops: 200,
        divergences: [],
        unlisted: 0,
      },
    ]);
  });

  it('looks for traces where it is told, and beside the result', async () => {
    const elsewhere = { 'a/r.jsonl': packed(RESULT), [`b/${TRACE}.jsonl.gz`]: files[`rec/traces/${TRACE}.jsonl.gz`]! };
    expect(await cli(['conform', 'cpython', 'a/r.jsonl', '--traces', 'b/'], { files: elsewhere })).toMatchObject({
      code: 0,
    });
    const beside = { 'a/r': packed(RESULT), [`a/${TRACE}.jsonl`]: `${lines(`traces/${TRACE}.jsonl.gz`).join('\n')}\n` };
    expect(await cli(['conform', 'cpython', 'a/r'], { files: beside })).toMatchObject({ code: 0 });
  });

  it('reads standard input', async () => {
    const stdin = lines(RESULT).join('\n');
    expect(await cli(['conform', 'cpython', '-', '--traces', 'rec/traces'], { files, stdin })).toMatchObject({
      code: 0,
    });
  });

  it('says where it looked for a trace', async () => {
    const alone = { 'x/results/r.jsonl.gz': packed(RESULT) };
    const { code, err, out } = await cli(['conform', 'cpython', 'x/results/r.jsonl.gz'], { files: alone });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('MEM-CNF-008');
    for (const place of ['x/traces/', 'x/results/']) expect(err).toContain(`${place}${TRACE}.jsonl.gz`);
  });

  it('skips a profile that it does not know, with the reason', async () => {
    const result = lines(RESULT);
    result[0] = result[0]!.replace('"cp311"', '"cp399"');
    const changed = { 'results/r.jsonl': result.join('\n') };
    const { code, out } = await cli(['conform', 'cpython', 'results/r.jsonl'], { files: changed });
    expect(code).toBe(0);
    expect(out).toContain('skipped: profile `cp399` (3.11.7) is not known');
    expect(out).toContain('0 passed, 0 failed, 1 skipped');
  });

  it('runs what it can and tells all that is wrong', async () => {
    const { code, out, err } = await conform(
      'missing.gz',
      `rec/${RESULT}`,
      'rec/notes.txt',
      `rec/traces/${TRACE}.jsonl.gz`,
    );
    expect(code).toBe(2);
    expect(out).toContain('1 passed, 0 failed, 0 skipped');
    for (const mistake of ['MEM-CLI-001', 'MEM-CNF-001', 'MEM-CNF-002']) expect(err).toContain(mistake);
  });

  it.for([
    ['an empty folder', 'rec/none', { 'rec/none/x.txt': '' }, 'MEM-CNF-009'],
    ['a folder of something else', 'other', { 'other/package.json': '{}' }, 'MEM-CNF-009'],
    ['damaged gzip', 'r.gz', { 'r.gz': packed(RESULT).subarray(0, 700) }, 'MEM-CLI-004'],
    ['an empty file', 'r', { r: '' }, 'MEM-CNF-001'],
    ['a document of other cases', 'r', { r: '{"cases":[{"name":"x"}]}' }, 'MEM-CNF-001'],
    ['a header without its fields', 'r', { r: '{"trace":"x","profile":"cp311","n_ops":-1}' }, 'MEM-CNF-003'],
  ] as const)('refuses %s', async ([, path, content, mistake]) => {
    const { code, out, err } = await cli(['conform', 'cpython', path], { files: content });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(mistake);
  });

  it('tells every wrong field of a header', async () => {
    const { err } = await cli(['conform', 'cpython', 'r'], {
      files: { r: '{"trace":1,"profile":"cp311","n_ops":"x"}' },
    });
    for (const field of ['trace', 'python', 'debug_hooks', 'n_ops', 'sha256', 'placement_sha256', 'detail'])
      expect(err).toContain(`\`${field}\` must be`);
  });
});

describe('conform cpython on a terminal', () => {
  it('says how far it is, and takes that away again', async () => {
    const many = Object.fromEntries([1, 2, 3, 4].map((index) => [`results/${index}.jsonl.gz`, packed(RESULT)]));
    const traces = { [`traces/${TRACE}.jsonl.gz`]: packed(`traces/${TRACE}.jsonl.gz`) };
    const { code, out, err } = await cli(['conform', 'cpython', 'results', '--no-color'], {
      files: { ...many, ...traces },
      tty: true,
    });
    expect(code).toBe(0);
    expect(err).toContain('[3/4] results/3.jsonl.gz');
    expect(err.endsWith('\r\u001b[K')).toBe(true);
    expect(out).not.toContain('\u001b');
  });

  it('ends when it is interrupted', async () => {
    const { code, out } = await cli(['conform', 'cpython', 'rec'], { files, interruptAfter: 1 });
    expect(code).toBe(130);
    expect(out).not.toContain('passed,');
  });
});

describe('a file with mistakes', () => {
  async function told(change: (result: string[], asked: string[]) => void): Promise<string> {
    const result = lines(RESULT);
    const asked = lines(`traces/${TRACE}.jsonl.gz`);
    change(result, asked);
    const changed = { 'results/r': gzipSync(result.join('\n')), [`traces/${TRACE}.jsonl`]: asked.join('\n') };
    const { code, err } = await cli(['conform', 'cpython', 'results/r'], { files: changed });
    expect(code).toBe(2);
    return err;
  }

  it('is told each line that is no op', async () => {
    const err = await told((_result, asked) => {
      asked[6] = '{"op":"mallocate","domain":"obj","id":1,"size":1}';
      asked[9] = '{"op":"malloc","domain":"obj","id":1,"size":18446744073709551616}';
      asked[11] = 'not JSON';
    });
    for (const line of [7, 10, 12]) expect(err).toContain(`traces/${TRACE}.jsonl:${line}:1`);
    expect(err).toContain('MEM-CNF-004');
  });

  it('is told each line that is no outcome', async () => {
    const err = await told((result) => {
      result[5] = '17';
      result[8] = '"P:0';
    });
    for (const line of [6, 9]) expect(err).toContain(`results/r:${line}:1`);
  });

  it.for([
    ['a result without its end', (result: string[]) => result.pop()],
    ['a result with too few lines', (result: string[]) => result.splice(50, 1)],
    ['a result with too many lines', (result: string[]) => result.splice(50, 0, '"FP"')],
    ['a trace with too few ops', (_: string[], asked: string[]) => asked.pop()],
    ['a trace with too many ops', (_: string[], asked: string[]) => asked.push(asked.at(-1)!)],
  ] as const)('%s', async ([, change]) => {
    expect(await told((result, asked) => void change(result, asked))).toContain('MEM-CNF-005');
  });

  it('the trace of something else', async () => {
    const err = await told((_result, asked) => {
      asked[0] = asked[0]!.replace(TRACE, 'small-s09-real');
    });
    expect(err).toContain('MEM-CNF-006');
  });

  it('arenas where there is no user space', async () => {
    const err = await told((_result, asked) => {
      asked[0] = asked[0]!.replace(/"base":"0x[0-9a-f]+"/, '"base":"0xffffffff0000"');
    });
    expect(err).toContain('MEM-CNF-007');
  });

  it('a format from the future', async () => {
    const err = await told((_result, asked) => {
      asked[0] = asked[0]!.replace('"format":1', '"format":2');
    });
    expect(err).toContain('format 2 is not known');
  });
});
