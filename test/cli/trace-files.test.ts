/** Traces on a real disk, and recorded by the real Valgrind where there is one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { CliIo } from '../../src/cli/io.ts';
import { nodeIo } from '../../src/cli/node-io.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { fakeWorld } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'mmulator-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const SAMPLES = fileURLToPath(new URL('../fixtures/traces/', import.meta.url));
const real = nodeIo();

/** Real files and programs, captured output. */
async function onDisk(...argv: string[]) {
  const world = fakeWorld();
  const { readChunks, sizeOf, createFile, createScratch, runProgram, kindOf } = real;
  const io: CliIo = { ...world.io, readChunks, sizeOf, createFile, createScratch, runProgram, kindOf };
  const code = await runCli(argv, io);
  return { code, out: world.out(), err: world.err() };
}

describe('files', () => {
  it('are there whole, with the head in front, and nothing beside them', async () => {
    const source = join(SAMPLES, 'walk.lackey.gz');
    expect((await onDisk('trace', 'convert', source, '--to', 'pgt', '-o', path('walk.pgt'))).code).toBe(0);
    const { code, out } = await onDisk('trace', 'info', path('walk.pgt'), '--json');
    expect([code, JSON.parse(out).references.total]).toEqual([0, 6471]);
    expect(readdirSync(folder)).toEqual(['walk.pgt']);
  });

  it('stay as they were when the trace turns out to be broken', async () => {
    writeFileSync(path('out.csv'), 'precious');
    const packed = gzipSync(gunzipSync(readFileSync(join(SAMPLES, 'walk.lackey.gz'))));
    writeFileSync(path('cut.gz'), packed.subarray(0, packed.length - 100));
    const before = readdirSync(folder);
    const { code, err } = await onDisk('trace', 'convert', path('cut.gz'), '--to', 'csv', '-o', path('out.csv'));
    expect([code, err.includes('MEM-TRC-031')]).toEqual([2, true]);
    expect(readFileSync(path('out.csv'), 'utf8')).toBe('precious');
    expect(readdirSync(folder)).toEqual(before);
  });

  it('hold what had to wait for the end of the trace: in front, or in each record', async () => {
    // More than a piece of records.
    const made = ['trace', 'generate', '--like', 'zipf', '-n', '70001', '-m', '3000', '--to'];
    const before = readdirSync(folder);
    for (const format of ['pgt', 'oracle-general']) {
      const there = await onDisk(...made, format, '-o', path('waited'));
      const onStandardOutput = await onDisk(...made, format);
      expect([there.code, onStandardOutput.code]).toEqual([0, 0]);
      expect(readFileSync(path('waited'), 'latin1') === onStandardOutput.out).toBe(true);
      const pages = await onDisk('trace', 'convert', path('waited'), '--to', 'pages');
      expect(pages.out === (await onDisk(...made, 'pages')).out).toBe(true);
      if (format === 'pgt') continue;
      const records = readFileSync(path('waited'));
      const next = new Map<bigint, bigint>();
      for (let request = 70_000; request >= 0; request--) {
        const object = records.readBigUInt64LE(request * 24 + 4);
        if (records.readBigInt64LE(request * 24 + 16) !== (next.get(object) ?? -1n)) expect.fail(`request ${request}`);
        next.set(object, BigInt(request));
      }
    }
    rmSync(path('waited'));
    expect(readdirSync(folder)).toEqual(before);
  });

  it('that are no plain files get their bytes in order', async () => {
    const cliPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const pipe = path('pipe');
    execFileSync('mkfifo', [pipe]);
    const script = `node ${cliPath} trace generate --like loop -n 5 -m 3 --to pgt -o ${pipe} & cat ${pipe}`;
    const piped = execFileSync('sh', ['-c', script], { encoding: 'latin1' });
    rmSync(pipe);
    expect(piped).toBe((await onDisk('trace', 'generate', '--like', 'loop', '-n', '5', '-m', '3', '--to', 'pgt')).out);
  });

  it.each([
    ['a folder as output', ['-o', folder]],
    ['a folder that is not there', ['-o', join(folder, 'no', 'x')]],
  ])('%s', async (_name, options) => {
    const { code, err } = await onDisk('trace', 'generate', '--like', 'loop', ...options);
    expect([code, err.includes('MEM-CLI-013')]).toEqual([2, true]);
  });
});

const hasValgrind = spawnSync('valgrind', ['--version']).status === 0;
const hasCompiler = spawnSync('cc', ['--version']).status === 0;

describe.runIf(hasValgrind && process.platform === 'linux' && process.arch === 'x64')('Valgrind', () => {
  it.runIf(hasCompiler)(
    'records a program whose accesses are known',
    async () => {
      execFileSync('cc', ['-O1', '-static', '-nostdlib', '-o', path('walk'), join(SAMPLES, 'walk.c')]);
      const { code, err } = await onDisk('trace', 'record', '-o', path('walk.csv'), '--to', 'csv', '--', path('walk'));
      expect(err).toBe(`${path('walk.csv')}: 6,471 references of ${path('walk')}\n`);
      expect(code).toBe(0);
      const rows = readFileSync(path('walk.csv'), 'utf8').trimEnd().split('\n').slice(1);
      expect(rows.filter((row) => row.startsWith('store,'))).toHaveLength(1024);
      expect(rows.filter((row) => row.startsWith('modify,'))).toHaveLength(64);
    },
    60_000,
  );

  it('says so when there is no such program', async () => {
    const { code, err } = await onDisk('trace', 'record', '-o', path('x'), '--', path('no-such-program'));
    expect([code, err.includes('MEM-TRC-039')]).toEqual([2, true]);
    expect(readdirSync(folder)).not.toContain('x');
  }, 60_000);
});

it('without Valgrind the error says how to get it', async () => {
  const { code, err } = await onDisk('trace', 'record', '--valgrind', path('no-valgrind'), '-o', path('x'), '--', 'ls');
  expect([code, err.includes('MEM-TRC-037')]).toEqual([2, true]);
});
