/** `conform linux`: which files it takes, how it tells what it found, what it says of files that are none. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';
import { text, trace, withOp, withResult } from './own-trace.ts';

const packed = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../fixtures/linux/${name}.jsonl.gz`, import.meta.url))));
const files = {
  'rec/own.jsonl': text(trace),
  'rec/wrong.jsonl': text(trace, withResult(2, { val: '0x701', pg: 'A>A!' })),
  'rec/other.jsonl': text(withOp(1, { op: 'teleport' }), trace),
  'rec/notes.txt': 'nothing',
  'rec/data.jsonl': '{"a":1}\n',
};
/** One file of these traces. */
const check = (...traces: unknown[]) =>
  cli(['conform', 'linux', 'own.jsonl'], { files: { 'own.jsonl': text(...traces) } });
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

  it('says why it skips also when it is to be quiet', async () => {
    const { out } = await conform('rec/other.jsonl', '-q');
    expect(out).toContain('teleport (own-1 op 1)');
    expect((await conform('rec/own.jsonl', '-q')).out).toBe('1 passed, 0 failed, 0 skipped\n');
  });

  it('takes standard input, empty lines, a last line without its end', async () => {
    const stdin = `\n\r\n  \n${text(trace)}\n \t\n${text(trace).trimEnd()}`;
    expect(await cli(['conform', 'linux', '-'], { stdin })).toMatchObject({
      code: 0,
      out: '✓ <stdin>  own, Linux traces, 2 passed, 0 failed, 0 skipped\n2 passed, 0 failed, 0 skipped\n',
    });
  });

  it('does without `base`, and without a stack where the header says so', async () => {
    const { base, ...rest } = trace;
    expect(await check(rest)).toMatchObject({ code: 0 });
    const bare = {
      ...rest,
      ops: [{ op: 'read', addr: 'STACK-8' }],
      results: [{ sig: 'SEGV', code: 'MAPERR', fa: 'STACK-0x8', pfec: 4, min: 0, maj: 0 }],
    };
    for (const nostack of ['1', 1]) expect(await check({ ...bare, nostack })).toMatchObject({ code: 0 });
    expect(await check({ ...bare, nostack: '0' })).toMatchObject({ code: 1 });
  });

  it('tells the note of a trace that fails', async () => {
    const { out } = await check({ ...withResult(2, { val: '0x701' }), note: 'a write is read again' });
    expect(out).toContain('      a write is read again\n');
  });

  it('tells what the machine did, with its reason', async () => {
    expect((await check(withResult(1, { min: 0, maj: 1 }))).out).toMatch(
      /own-1 op 1: min .*\n.*\n.*\n +Linux counts 0 minor faults, this machine 1\n +also maj: .*\n +here: .*write.*\n/,
    );
    const refused = withOp(0, { ...trace.ops[0]!, len: 0 });
    expect((await check(refused)).out).toContain('Linux answers ARENA+0x0, this machine refuses with EINVAL\n');
    expect((await check(refused)).out).toContain('here: mmap: EINVAL: the length is zero');
  });

  it('lists the first five divergences of a file and counts the others', async () => {
    const wrong = Array.from({ length: 7 }, (_, index) => ({
      ...withResult(2, { val: '0x1' }),
      trace: `own-${index}`,
    }));
    const { out } = await check(...wrong);
    expect(out.match(/own-\d op 2: val/g)).toHaveLength(5);
    expect(out).toContain('and 2 more divergences after these');
  });

  it.for([
    [{ op: 'mmap', addr: 'ARENA', len: 4096, prot: 'rq', flags: 'private|anon' }, 'mmap prot rq'],
    [{ op: 'mmap', addr: 'ARENA', len: 4096, prot: 'rw', flags: 'private|magic' }, 'mmap flags private|magic'],
    [{ op: 'madvise', addr: 'A', len: 4096, advice: 'SOMEDAY' }, 'madvise advice SOMEDAY'],
    [{ op: 'touch', addr: 'A', len: 4096, rw: 'q' }, 'touch rw q'],
    [{ op: 'read', addr: 'A', size: 3 }, 'read size 3'],
    [{ op: 'mseal', addr: 'A', len: 4096, flags: 'hard' }, 'mseal flags hard'],
    [{ op: 'setrlimit', res: 'CPU', val: 1 }, 'setrlimit res CPU'],
    [{ op: 'setrlimit', res: 'AS', val: 'some' }, 'setrlimit val some'],
    [{ op: 'open', fd: 'f', file: 'F', mode: 'x' }, 'open mode x'],
    [{ op: 'file', file: 'F', fs: 'zfs', size: 0, fill: 'hole' }, 'file fs zfs'],
    [{ op: 'fwrite', file: 'F', off: 0, hex: 'abc' }, 'fwrite hex abc'],
    [{ op: 'shmat', shm: 'S', flags: 'huge' }, 'shmat flags huge'],
  ] as const)('skips an op with a word that it does not know: %o', async ([op, why]) => {
    const { code, out } = await check(withOp(1, op));
    expect(code).toBe(0);
    expect(out).toContain(`cannot be replayed: ${why} (own-1 op 1)`);
    expect(out).toContain('0 passed, 0 failed, 1 skipped');
  });

  describe('--only', () => {
    const two = {
      'a.jsonl': text(trace, { ...trace, trace: 'own-2' }, { ...trace, trace: 'else-1' }),
      'b.jsonl': text(trace),
    };
    const only = (...args: string[]) =>
      cli(['conform', 'linux', 'a.jsonl', 'b.jsonl', '--only', ...args], { files: two });

    it.for([
      ['own-2', 1],
      ['own-1', 2],
      ['own-*', 3],
      ['own-2,else-*', 2],
    ] as const)('%s: %i', async ([names, passed]) => {
      expect(await only(names)).toMatchObject({
        code: 0,
        out: expect.stringContaining(`\n${passed} passed, 0 failed, 0 skipped\n`),
      });
    });

    it('refuses a name that no trace has beside one that there is', async () => {
      const { code, out, err } = await only('own-2,own-7');
      expect({ code, passed: out.includes('1 passed') }).toEqual({ code: 2, passed: true });
      expect(err).toContain('no trace here is called `own-7`');
      expect(err).not.toContain('own-2');
    });

    it('refuses a name that no trace has', async () => {
      expect(await only('own-7')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('MEM-CNF-012') });
    });
  });

  it('gives programs a document of everything', async () => {
    const { code, out } = await conform('rec/wrong.jsonl', 'rec/other.jsonl', '--json', '--level', '2');
    expect(code).toBe(1);
    const [wrong, other] = JSON.parse(out).files;
    expect(wrong).toMatchObject({
      file: 'rec/wrong.jsonl',
      profile: 'own',
      level: 2,
      passed: 1,
      failed: 1,
      skipped: 0,
    });
    expect(wrong.cases).toEqual([
      { name: 'own-1', family: 'own', outcome: 'passed', ops: 3, op: null, reason: null },
      { name: 'own-1', family: 'own', outcome: 'failed', ops: 3, op: 2, reason: 'differs: val, pg' },
    ]);
    expect(wrong.divergences).toEqual([
      {
        where: 'own-1 op 2: val',
        op: 2,
        what: '{"op":"read","addr":"A","size":2}',
        expected: '"0x701"',
        actual: '"0x700"',
        notes: [],
        recording: 'own-1',
        differences: [
          {
            field: 'val',
            path: 'val',
            expected: '"0x701"',
            actual: '"0x700"',
            meaning: 'the memory or the file holds other bytes',
          },
          {
            field: 'pg',
            path: 'pg',
            expected: '"A>A!"',
            actual: '"A>A="',
            meaning: 'Linux takes another frame, this machine keeps the frame',
          },
        ],
        before: [
          'op 0 {"op":"mmap","as":"A","addr":"ARENA","len":4096,"prot":"rw","flags":"private|anon|fixed"} -> ret ARENA+0x0',
          'op 1 {"op":"write","addr":"A+1","val":"0x7"} -> ret 0',
        ],
        did: [],
      },
    ]);
    expect(other).toMatchObject({
      outcome: 'passed',
      reason: '1 of the traces use what cannot be replayed: teleport (own-1 op 1)',
      cases: [{ outcome: 'skipped', ops: 1, op: 1, reason: 'no replay of teleport' }, { outcome: 'passed' }],
    });
  });
});
