/** The built `mmulator sweep` as a process: real threads, killed in the middle, divided, and always the same bytes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorkers } from '../../src/cli/sweep/worker-pool.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const WALK = fileURLToPath(new URL('../fixtures/traces/walk.lackey.gz', import.meta.url));
const THRASHING = fileURLToPath(new URL('../../scenarios/thrashing.yaml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mmulator-sweep-'));
const ENV = { PATH: process.env.PATH ?? '', HOME: folder };

/** Some seconds of work, in a dozen tasks. */
const LONG = `sweep: 1
traces:
${[1, 2, 3, 4, 5, 6].map((seed) => `  - { like: zipf, count: 150000, pages: 4000, seed: ${seed} }\n`).join('')}grid: { policy: [lru, arc, lirs], frames: 64..512 }
`;
const MIXED = `sweep: 1
traces: ['${WALK}', { like: locality, count: 20000, pages: 500, stores: 0.3 }]
scenarios: ['${THRASHING}']
grid: { policy: [lru, random], frames: [16, 64], seed: 1..2, tlb: [{ entries: 16, ways: 4 }] }
`;

const sweep = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, env: ENV, encoding: 'utf8' });
const inFolder = (name: string): string => join(folder, name);
const bytesOf = (name: string): Buffer => readFileSync(inFolder(name));

beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: npm run build`);
  writeFileSync(inFolder('long.yaml'), LONG);
  writeFileSync(inFolder('mixed.yaml'), MIXED);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Until the journal has rows of a task at least. */
async function someRows(journal: string, child: ChildProcess): Promise<void> {
  const path = inFolder(journal);
  while (child.exitCode === null && (!existsSync(path) || statSync(path).size < 200)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const rowsIn = (journal: string): number =>
  (
    bytesOf(journal)
      .toString()
      .match(/"index":/g) ?? []
  ).length;

/** As many processes as these tests start take their time where others work too. */
const PATIENCE = { timeout: 180_000 };

describe('threads', PATIENCE, () => {
  it('give the same bytes as one, and as shards that were merged', () => {
    for (const workers of ['1', '3']) {
      const { status, stderr } = sweep('sweep', 'mixed.yaml', '-w', workers, '-o', `mixed-${workers}.json`, '-q');
      expect([status, stderr]).toEqual([0, '']);
      expect(bytesOf(`mixed-${workers}.json`).equals(bytesOf('mixed-1.json'))).toBe(true);
    }
    for (const shard of ['1/2', '2/2']) {
      expect(sweep('sweep', 'mixed.yaml', '--shard', shard, '-o', 'parts/', '-q').status).toBe(0);
    }
    expect(sweep('merge', 'parts/part-*.json', '-o', 'merged.json').status).toBe(0);
    expect(bytesOf('merged.json').equals(bytesOf('mixed-1.json'))).toBe(true);
  });
});

describe('killed in the middle', PATIENCE, () => {
  it.for(['SIGINT', 'SIGKILL', 'SIGTERM'] as const)('by %s, it goes on to the same bytes', async (signal) => {
    if (!existsSync(inFolder('long.json'))) expect(sweep('sweep', 'long.yaml', '-o', 'long.json', '-q').status).toBe(0);
    const output = `${signal}.json`;
    const child = spawn(process.execPath, [MAIN, 'sweep', 'long.yaml', '-o', output], { cwd: folder, env: ENV });
    let told = '';
    child.stderr?.on('data', (text) => {
      told += text;
    });
    const ended = new Promise<readonly [number | null, string | null]>((resolve) =>
      child.on('close', (status, by) => resolve([status, by])),
    );
    await someRows(`${output}.journal`, child);
    child.kill(signal);
    expect(await ended).toEqual(signal === 'SIGINT' ? [130, null] : [null, signal]);
    if (signal === 'SIGINT') expect(told).toMatch(/interrupted: \d+ of 72 cells are in SIGINT\.json\.journal/);
    expect(existsSync(inFolder(output))).toBe(false);
    const kept = rowsIn(`${output}.journal`);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(72);
    const { status, stderr } = sweep('sweep', 'long.yaml', '-o', output);
    expect(status).toBe(0);
    expect(stderr).toContain(`${kept} of 72 cells are in ${output}.journal\n`);
    expect(rowsIn(`${output}.journal`)).toBe(72);
    expect(bytesOf(output).equals(bytesOf('long.json'))).toBe(true);
  });
});

describe('the pool', () => {
  it('says that a thread died, and goes on with another', async () => {
    const worker = inFolder('worker.mjs');
    writeFileSync(worker, 'export default (task) => (task === 3 ? process.exit(7) : task * 2);\n');
    const workers = await startWorkers(`file://${worker}`, 2);
    const answers = await Promise.allSettled([1, 2, 3, 4, 3, 5].map((task) => workers.run(task)));
    await workers.stop();
    const outcome = answers.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)));
    expect(outcome).toEqual([2, 4, 'Error: worker exited with code: 7', 8, 'Error: worker exited with code: 7', 10]);
  });

  it('answers for every task where the threads cannot even load the module', async () => {
    const worker = inFolder('broken.mjs');
    writeFileSync(worker, "import { nothing } from './not-there.mjs';\nexport default () => nothing;\n");
    const workers = await startWorkers(`file://${worker}`, 2);
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((task) => workers.run(task)));
    const again = await Promise.allSettled([workers.run(6)]);
    await workers.stop();
    for (const one of [...answers, ...again]) expect(one).toMatchObject({ status: 'rejected' });
  });

  it('stops what is under way', async () => {
    const worker = inFolder('endless.mjs');
    writeFileSync(worker, 'export default () => { for (;;); };\n');
    const workers = await startWorkers(`file://${worker}`, 1);
    const answer = workers.run(0).catch(() => 'stopped');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await workers.stop();
    expect(await answer).toBe('stopped');
  });
});
