/** Files of debug-hook cases through the command: counted case by case, explained, refused. Each case itself: see the cases' own tests. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from '../../cli/fake-io.ts';
import { lines } from './replayed.ts';

interface Case {
  case: string;
  python: string;
  ops: string[];
  out: string[];
  stderr: string;
  returncode: number;
}

const DOCUMENT = JSON.parse(lines('debug-hooks.json.gz').join('\n')) as { header: unknown; cases: Case[] };

/** One case in twenty, changed, through the command. */
async function checked(change: (cases: Case[]) => void, spread = 20) {
  const cases = structuredClone(DOCUMENT.cases.filter((_, index) => index % spread === 0));
  change(cases);
  const files = { 'hooks.json.gz': gzipSync(JSON.stringify({ header: DOCUMENT.header, cases })) };
  const text = await cli(['conform', 'cpython', 'hooks.json.gz'], { files });
  const json = await cli(['conform', 'cpython', 'hooks.json.gz', '--json'], { files });
  return { ...text, count: cases.length, document: JSON.parse(json.out) };
}

describe('a file of debug-hook cases', () => {
  it('passes as recorded, whole', async () => {
    const files = { 'any.name': gzipSync(JSON.stringify(DOCUMENT)) };
    const { code, out } = await cli(['conform', 'cpython', 'any.name'], { files });
    expect(out).toBe(
      '✓ any.name  3.11.7, 3.8.18, 3.7.16, debug hooks, 675 passed, 0 failed, 0 skipped\n675 passed, 0 failed, 0 skipped\n',
    );
    expect(code).toBe(0);
  });

  it('names the case and the op whose answer differs', async () => {
    const { code, out, count, document } = await checked((cases) => {
      cases[3]!.out[1] = 'H:00';
      cases[3]!.case = 'the changed one';
    });
    expect(code).toBe(1);
    expect(out).toContain('case the changed one');
    expect(out).toContain(`${count - 1} passed, 1 failed, 0 skipped`);
    expect(document.files[0]).toMatchObject({ kind: 'debug hooks', outcome: 'failed', passed: count - 1, failed: 1 });
    expect(document.files[0].divergences).toMatchObject([{ op: 2, expected: 'H:00' }]);
  });

  it('names the line of standard error, and the end', async () => {
    const { document } = await checked((cases) => {
      const [dumped, other] = cases.filter((recorded) => recorded.returncode === -6);
      dumped!.stderr = dumped!.stderr.replace(/The 8 pad bytes|The 7 pad bytes/, 'Some bytes');
      other!.returncode = 0;
    });
    expect(document.files[0].divergences).toMatchObject([
      { where: expect.stringMatching(/: stderr$/), expected: expect.stringContaining('Some bytes') },
      { where: expect.stringMatching(/: end$/), actual: 'SIGABRT' },
    ]);
  });

  it('skips cases of releases it does not know', async () => {
    const { code, out, count } = await checked((cases) => {
      cases[0]!.python = '4.2.0';
    });
    expect(code).toBe(0);
    expect(out).toContain('skipped: 1 of the cases are of releases that are not known: 4.2.0');
    expect(out).toContain(`${count - 1} passed, 0 failed, 1 skipped`);
  });

  it('is told every mistake in it', async () => {
    const { code, err } = await checked((cases) => {
      cases[1]!.ops[0] = 'z r 1 0';
      cases[2]!.ops[0] = 'm x 1 0';
      cases[4]!.returncode = Number.NaN;
    }, 100);
    expect(code).toBe(2);
    for (const place of ['case 2: ', 'case 3: ', 'case 5: `returncode` must be']) expect(err).toContain(place);
    expect(err).toContain('3 errors');
  });
});
