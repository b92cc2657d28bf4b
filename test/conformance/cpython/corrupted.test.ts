/** A recording that says something else than what happens must fail, and the report must name where. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FileConformance } from '../../../src/conform/outcome.ts';
import { cli } from '../../cli/fake-io.ts';
import { lines } from './replayed.ts';

const SMALL = 'small-s04-random';
const LARGE = 'large-s03-lifofifo';

const textOf = (parts: readonly string[]): string => `${parts.join('\n')}\n`;

/** The recording with some of its lines changed, checked by the command. */
async function checked(
  trace: string,
  profile: string,
  change: (result: string[], asked: string[]) => void,
): Promise<{ readonly code: number; readonly file: FileConformance; readonly text: string }> {
  const result = lines(`results/${trace}.${profile}.jsonl.gz`);
  const asked = lines(`traces/${trace}.jsonl.gz`);
  change(result, asked);
  const files = { 'results/r.jsonl.gz': gzipSync(textOf(result)), [`traces/${trace}.jsonl`]: textOf(asked) };
  const { code, out } = await cli(['conform', 'cpython', 'results/r.jsonl.gz', '--json'], { files });
  const shown = await cli(['conform', 'cpython', 'results/r.jsonl.gz'], { files });
  return { code, file: JSON.parse(out).files[0], text: shown.out };
}

/** Replace a line, which must be there to be replaced. */
function edit(all: string[], index: number, from: string | RegExp, to: string): void {
  const before = all[index]!;
  all[index] = before.replace(from, to);
  expect(all[index]).not.toBe(before);
}

describe('a corrupted recording', () => {
  it('passes as it is', async () => {
    const { code, file } = await checked(SMALL, 'cp311', () => undefined);
    expect(code).toBe(0);
    expect(file).toMatchObject({ outcome: 'passed', profile: 'cp311', kind: 'allocations', ops: 200, divergences: [] });
  });

  it('names the op whose block lies elsewhere', async () => {
    // Line 1 is the header: op 1 is line 2 of both files.
    const { code, file, text } = await checked(SMALL, 'cp311', (result) => {
      const index = result.findIndex((line, at) => at > 20 && /"P:0\.\d+\.48\./.test(line));
      edit(result, index, '.48.', '.64.');
    });
    expect(code).toBe(1);
    expect(file.divergences).toHaveLength(1);
    const [found] = file.divergences;
    expect(found!.op).toBeGreaterThan(20);
    expect(found!.expected.replace('.64.', '.48.')).toBe(found!.actual);
    expect(found!.what).toMatch(/^(malloc|calloc|realloc) (raw|mem|obj) block \d+, /);
    expect(text).toContain(`op ${found!.op}  ${found!.what}`);
    expect(text).toContain('0 passed, 1 failed, 0 skipped');
  });

  it('names the very op', async () => {
    const { file } = await checked(SMALL, 'cp39', (result) => edit(result, 17, /"$/, ' rm:1"'));
    expect(file.divergences).toMatchObject([
      { where: 'op 17', op: 17, notes: ['placement agrees: the calls of the raw domain differ'] },
    ]);
  });

  it('fails for a trace that asks for something else', async () => {
    const { code, file } = await checked(SMALL, 'cp38', (_result, asked) => {
      const index = asked.findIndex((line) => /"malloc".*"obj".*"size":\d+/.test(line));
      edit(asked, index, /"size":\d+/, '"size":511');
    });
    expect(code).toBe(1);
    expect(file.outcome).toBe('failed');
  });

  it.for([
    [/"arenas_total":1/, '"arenas_total":2', 'final.arenas_total', '2', '1'],
    [/"usable":\[0\]/, '"usable":[0,0]', 'final.usable[1]', '0', 'nothing'],
    [/"align":16/, '"align":8', 'final.align', '8', '16'],
    // A list of pools that is there, but not recorded.
    [/"used":\{"\d+":\[\[0,\d+\]\],/, '"used":{', 'final.used.', 'nothing', null],
  ] as const)('names the field of the final state: %s', async ([from, to, where, expected, actual]) => {
    const { file } = await checked(SMALL, 'cp311', (result) => edit(result, result.length - 1, from, to));
    expect(file.divergences).toMatchObject([{ where: expect.stringContaining(where) }]);
    const [found] = file.divergences;
    expect(found!.expected).toBe(expected);
    if (actual !== null) expect(found!.actual).toBe(actual);
  });

  it('names the line of the statistics text', async () => {
    const { file } = await checked(SMALL, 'cp39', (result) =>
      edit(result, result.length - 1, '# bytes lost to quantization       =                1,648', '# bytes lost'),
    );
    expect(file.divergences).toMatchObject([{ where: expect.stringMatching(/^final\.stats_text, line \d+$/) }]);
  });

  it('is told when only the hash in its header is wrong', async () => {
    const { code, file } = await checked(SMALL, 'cp310', (result) =>
      edit(result, 0, /"sha256":"..../, '"sha256":"0000'),
    );
    expect(code).toBe(1);
    expect(file.divergences).toMatchObject([{ where: 'sha256', op: null }]);
  });

  it('names the stretch in which a hash differs first', async () => {
    const { file, text } = await checked(LARGE, 'cp311', (_result, asked) => {
      // Smaller than it was, but of the same domain: placement changes from here on.
      const index = asked.findIndex((line, at) => at > 4500 && /"malloc","domain":"obj"/.test(line));
      edit(asked, index, /"size":\d+/, '"size":497');
    });
    expect(file.divergences[0]).toMatchObject({ where: 'ops 4001 to 5000', op: 4001 });
    expect(file.divergences[0]!.notes[0]).toBe('placement differs');
    expect(text).toContain('op 4001  ');
  });

  it('counts what it does not list', async () => {
    const { file, text } = await checked(SMALL, 'cp373a8', (result) => {
      for (let index = 1; index <= 9; index++) edit(result, index, /^"/, '"X');
    });
    expect(file.divergences).toHaveLength(5);
    expect(file.unlisted).toBe(4);
    expect(text).toContain('4 more divergences');
  });

  it('tells of a program that a signal ended', async () => {
    // With hooks, a block of one domain that is freed in another ends the interpreter.
    const { file } = await checked(SMALL, 'cp311d', (_result, asked) => {
      const index = asked.findIndex((line) => /"op":"free","domain":"obj"/.test(line));
      edit(asked, index, '"obj"', '"raw"');
    });
    expect(file.divergences.at(-1)!.actual).toContain('SIGABRT');
    expect(file.divergences.at(-1)!.notes.join('\n')).toContain(
      "bad ID: Allocated using API 'o', verified using API 'r'",
    );
  });
});
