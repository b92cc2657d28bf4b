/** `conform linux` of files that are broken: what is wrong, and where; nothing of such a file is replayed or told. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';
import { text, trace, withOp, withResult } from './own-trace.ts';

const conform = (content: string | Uint8Array, ...args: string[]) =>
  cli(['conform', 'linux', 'f.jsonl', ...args], { files: { 'f.jsonl': content } });

describe('conform linux of a broken file', () => {
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
    ['maps that are none', withResult(0, { maps: { P0: 'all' } }), 'result 0: `maps` must be lists of [start, end,'],
    ['page classes that are none', withResult(1, { pt: { P0: [['A', 1]] } }), 'result 1: `pt` must be lists of'],
    ['a share without a count', withResult(1, { share: [['P0:0x0']] }), 'result 1: `share` must be'],
    ['figures that are none', withResult(1, { mem: { P0: { status: {} } } }), 'result 1: `mem` must be'],
    ['an `nd` that is none', withResult(1, { nd: [1] }), 'result 1: `nd` must be a list of names'],
    ['a base that is none', { ...trace, base: { maps: [] } }, 'base: `maps` must be'],
    ['ops that are none', { ...trace, ops: 'none' }, '`ops` must be a list: not "none"'],
    ['an op that is none', withOp(1, [] as unknown as object), 'op 1: it is no object'],
    ['a family that is no name', { ...trace, family: 3 }, '`family` must be a text: not 3'],
    ['results alone', { trace: 'own', results: [] }, '`family` must be a text: it is missing'],
    ['a line of another kind', [1, 2], 'no trace: JSON, but no object'],
    ['a field of the trace missing', { ...trace, family: undefined }, '`family` must be a text: it is missing'],
  ] as const)('refuses a file with %s, and says where', async ([, wrong, message]) => {
    const { code, out, err } = await conform(text(trace, wrong));
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('MEM-CNF-011')]);
    expect(err).toContain(message);
    expect(err).toContain('f.jsonl:2');
  });

  it.for([
    ['cut short', text(trace) + text(trace).slice(0, 300), 'f.jsonl:2:301', 'no trace: the line is cut short'],
    ['cut within a text', text(trace) + text(trace).slice(0, 6), 'f.jsonl:2:7', 'no trace: the line is cut short'],
    ['that is no JSON', `${text(trace)}\n{"trace":"own-2" "ops":[]}\n`, 'f.jsonl:3', 'no trace: not JSON'],
    ['first', `{"trace":"own-2","ops":[}\n${text(trace)}`, 'f.jsonl:1', 'no trace: not JSON'],
  ] as const)('names the line of a trace %s', async ([, content, place, message]) => {
    const { code, out, err } = await conform(content);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(place);
    expect(err).toContain(message);
    expect(err).toContain('every line is {"trace":…');
  });

  it('tells of several mistakes at once, and of none too many', async () => {
    const { err } = await conform(text(...Array.from({ length: 50 }, () => withOp(1, { op: 'munmap' }))));
    expect(err.match(/MEM-CNF-011/g)).toHaveLength(20);
  });

  it('refuses packed files that are damaged or cut short', async () => {
    const packed = new Uint8Array(gzipSync(text(...Array.from({ length: 40 }, () => trace))));
    expect(await conform(packed)).toMatchObject({ code: 0 });
    for (const cut of [packed.length - 1, packed.length >> 1, 20]) {
      expect(await conform(packed.slice(0, cut))).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringContaining('MEM-CLI-004'),
      });
    }
  });

  it.for([
    ['', 'nothing'],
    ['\n \n', 'blank lines'],
    ['hello\n', 'prose'],
    ['{"trace":"small","n_ops":3}\n', 'a trace of something else'],
  ])('refuses %o: %s', async ([content]) => {
    expect(await conform(content!)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('MEM-CNF-010') });
  });

  it('checks the other files all the same, and says 2', async () => {
    const files = { 'a.jsonl': text(trace), 'b.jsonl': text(withOp(0, { op: 'mmap' })), 'c.jsonl': text(trace) };
    const { code, out, err } = await cli(['conform', 'linux', 'a.jsonl', 'b.jsonl', 'c.jsonl', 'd.jsonl'], { files });
    expect(code).toBe(2);
    expect(out).toBe('✓ a.jsonl  own, 3 ops\n✓ c.jsonl  own, 3 ops\n2 passed, 0 failed, 0 skipped\n');
    expect(err).toContain('b.jsonl:1');
    expect(err).toContain('MEM-CLI-001');
  });

  it('tells programs too, where it is', async () => {
    const { code, out } = await conform(text(trace, withOp(1, { op: 'brk' })), '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      passed: 0,
      files: [],
      errors: [{ code: 'MEM-CNF-011', file: 'f.jsonl', range: { line: 2 } }],
    });
  });
});
