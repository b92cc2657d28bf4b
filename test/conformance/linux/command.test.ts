/** `conform linux`: which files it takes, how it tells what it found, what it says of files that are none. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';

const packed = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../fixtures/linux/${name}.jsonl.gz`, import.meta.url))));
/** A small trace of its own: map a page, write and read it. */
const mapped = ['ARENA+0x0', 'ARENA+0x1000', 'rw-p', 0, 'anon', 'rd wr mr mw me ac'];
const stack = ['STACK-0x21000', 'STACK-0x0', 'rw-p', 0, 'stack', 'rd wr mr mw me gd ac'];
const trace = {
  trace: 'own-1',
  family: 'own',
  ops: [
    { op: 'mmap', as: 'A', addr: 'ARENA', len: 4096, prot: 'rw', flags: 'private|anon|fixed' },
    { op: 'write', addr: 'A+1', val: '0x7' },
    { op: 'read', addr: 'A', size: 2 },
  ],
  base: { maps: { P0: [stack] }, pt: { P0: [['STACK-0x21000', '32.1A']] }, share: [] },
  results: [
    { i: 0, ret: 'ARENA+0x0', min: 0, maj: 0, maps: { P0: [mapped, stack] } },
    {
      i: 1,
      ret: 0,
      min: 1,
      maj: 0,
      pg: '.>A',
      pt: {
        P0: [
          ['ARENA+0x0', '1A'],
          ['STACK-0x21000', '32.1A'],
        ],
      },
    },
    { i: 2, val: '0x700', min: 0, maj: 0, pg: 'A>A=' },
  ],
};
const text = (...traces: unknown[]) => traces.map((one) => `${JSON.stringify(one)}\n`).join('');
const withResult = (at: number, fields: object) => ({
  ...trace,
  results: trace.results.map((result, i) => (i === at ? { ...result, ...fields } : result)),
});
const withOp = (at: number, op: object) => ({ ...trace, ops: trace.ops.map((one, i) => (i === at ? op : one)) });
const files = {
  'rec/own.jsonl': text(trace),
  'rec/wrong.jsonl': text(trace, withResult(2, { val: '0x701', pg: 'A>A!' })),
  'rec/other.jsonl': text(withOp(1, { op: 'teleport' }), trace),
  'rec/notes.txt': 'nothing',
  'rec/data.jsonl': '{"a":1}\n',
};
const conform = (...args: string[]) => cli(['conform', 'linux', ...args], { files });

describe('conform linux', () => {
  it('takes any file of the format, one verdict a trace', async () => {
    const { code, out, err } = await conform('rec/own.jsonl');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '✓ rec/own.jsonl  own, 3 ops\n1 passed, 0 failed, 0 skipped\n',
      err: '',
    });
  });

  it('takes gzipped files', async () => {
    const whole = { 'd.jsonl.gz': packed('disk') };
    const traces = gunzipSync(packed('disk')).toString('utf8').trim().split('\n').length;
    const { code, out } = await cli(['conform', 'linux', 'd.jsonl.gz'], { files: whole });
    expect([code, out.split('\n')[1]]).toEqual([0, `${traces} passed, 0 failed, 0 skipped`]);
  });

  it('explains the first divergence of a trace', async () => {
    const { code, out } = await conform('rec/wrong.jsonl');
    expect(code).toBe(1);
    expect(out).toContain('own, Linux traces, 1 passed, 1 failed, 0 skipped');
    expect(out).toContain('own-1 op 2: val  {"op":"read","addr":"A","size":2}');
    expect(out).toMatch(/expected +"0x701"\n +actual +"0x700"\n +the memory or the file holds other bytes\n/);
    expect(out).toContain('also pg: Linux takes another frame, this machine keeps the frame\n');
    expect(out).toMatch(/before: op 0 {"op":"mmap",.*} -> ret ARENA\+0x0\n +before: op 1 {.*} -> ret 0\n/);
    const { out: json } = await conform('rec/wrong.jsonl', '--json');
    expect(JSON.parse(json)).toMatchObject({
      passed: 1,
      failed: 1,
      files: [{ kind: 'Linux traces', divergences: [{ op: 2, expected: '"0x701"', actual: '"0x700"' }], unlisted: 0 }],
    });
  });

  it('compares as much as it is asked to', async () => {
    const frames = { 'f.jsonl': text(withResult(2, { pg: 'A>A!' })) };
    expect(await cli(['conform', 'linux', 'f.jsonl', '--level', '1'], { files: frames })).toMatchObject({ code: 0 });
    expect(await cli(['conform', 'linux', 'f.jsonl', '--level', '2'], { files: frames })).toMatchObject({ code: 1 });
    expect(await cli(['conform', 'linux', 'f.jsonl', '--level', '7'], { files: frames })).toMatchObject({ code: 2 });
  });

  it('skips what it cannot replay, and names the op', async () => {
    const { code, out } = await conform('rec/other.jsonl');
    expect(code).toBe(0);
    expect(out).toContain('1 of the traces use what cannot be replayed: teleport (own-1 op 1)');
    expect(out).toContain('1 passed, 0 failed, 1 skipped');
  });

  it('passes over other files of a folder, but not of those named', async () => {
    expect(await conform('rec', '-q')).toMatchObject({ code: 1 });
    expect(await conform('rec/data.jsonl')).toMatchObject({ code: 2, err: expect.stringContaining('MEM-CNF-010') });
  });

  it.for([
    [
      'no address',
      withOp(0, { op: 'mmap', addr: 'ARENA*2', len: 1, prot: 'r', flags: 'anon' }),
      'op 0: `addr` must be',
    ],
    ['no size', withOp(1, { op: 'write', addr: 'A', val: -1 }), 'op 1: `val` must be a whole number from 0'],
    ['a field missing', withOp(2, { op: 'read' }), 'op 2: `addr` must be an address'],
    ['an op without name', withOp(2, { addr: 'A' }), 'op 2: `op` must be a text'],
    ['a result of another type', withResult(1, { min: 'one' }), 'result 1: `min` must be a whole number: not "one"'],
    ['a result missing', { ...trace, results: trace.results.slice(1) }, '3 ops, but 2 results'],
    ['a field of the trace missing', { ...trace, family: undefined }, '`family` must be a text: it is missing'],
  ] as const)('refuses a file with %s, and says where', async ([, wrong, message]) => {
    const { code, err } = await cli(['conform', 'linux', 'f.jsonl'], { files: { 'f.jsonl': text(trace, wrong) } });
    expect([code, err]).toEqual([2, expect.stringContaining('MEM-CNF-011')]);
    expect(err).toContain(message);
    expect(err).toContain('f.jsonl:2');
  });
});
