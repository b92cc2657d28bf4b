/** The built command as a process: streams, pipes, signals and exit statuses of the real thing. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BAD, FAILING, HOLDING } from './scenarios.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mmulator-cli-'));

/** Without a terminal; colours only where a test asks. */
const ENV = { PATH: process.env.PATH ?? '', HOME: folder };
const mmulator = (argv: readonly string[], input = '') =>
  spawnSync(process.execPath, [MAIN, ...argv], { cwd: folder, env: ENV, input, encoding: 'utf8' });

const TOUCHES = '  - { do: touch, at: buf, length: 256KiB }\n'.repeat(60);
const WIDE = `version: 1\nname: wide\nsteps:\n  - { do: mmap, as: buf, length: 256KiB }\n${TOUCHES}`;

beforeAll(() => {
  // `npm test` builds first; whoever runs vitest alone is told what is missing instead of seeing forty odd failures.
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: npm run build`);
  writeFileSync(join(folder, 'a.yaml'), HOLDING);
  writeFileSync(join(folder, 'b.yaml'), FAILING);
  writeFileSync(join(folder, 'c.yaml'), BAD);
  writeFileSync(join(folder, 'wide.yaml'), WIDE);
  writeFileSync(
    join(folder, 'endless.yaml'),
    'version: 1\nname: long\nsteps:\n  - { do: repeat, times: 900000, steps: [{ do: load, at: stack-8 }] }\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the process', () => {
  it.for([
    [['run', 'a.yaml'], 0],
    [['run', 'b.yaml'], 1],
    [['run', 'c.yaml'], 2],
    [['run', 'a.yaml', '--max-steps', '2'], 124],
    [['--nonsense'], 2],
  ] as const)('%o exits with %d', ([argv, status]) => {
    expect(mmulator(argv).status).toBe(status);
  });

  it('keeps results and diagnostics apart', () => {
    const { stdout, stderr } = mmulator(['run', 'a.yaml', 'c.yaml', '--json']);
    expect(JSON.parse(stdout).results).toHaveLength(2);
    expect(stderr).toContain('c.yaml:4:11');
  });

  it.skipIf(!existsSync('/dev/full'))('says in one line that the disk is full', () => {
    for (const argv of [
      ['run', 'a.yaml'],
      ['list', '--json'],
    ]) {
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [MAIN, ...argv], {
        cwd: folder,
        env: ENV,
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      closeSync(full);
      expect(stderr).toBe('mmulator: cannot write to standard output: no space left on the device\n');
      expect(status).toBe(2);
    }
  });

  it('reads standard input and writes files', () => {
    expect(mmulator(['run', '-', '-r', 'tap', '-o', 'report.tap'], HOLDING).status).toBe(0);
    expect(readFileSync(join(folder, 'report.tap'), 'utf8')).toContain('ok 1 - fork and write (standard input)');
  });

  it('says what is wrong with a folder named as a file, in words', () => {
    const { status, stderr } = mmulator(['inspect', '.', 'maps']);
    expect(status).toBe(2);
    expect(stderr).toContain('is a folder, not a file');
  });

  it('gives a pipe all of a long output', async () => {
    // More than a pipe holds at once, to a reader that takes its time.
    const child = spawn(process.execPath, [MAIN, 'run', 'wide.yaml', '--json'], { cwd: folder, env: ENV });
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(JSON.parse(text).results[0].steps).toHaveLength(61);
    expect(text.length).toBeGreaterThan(1 << 20);
  });

  it('does not crash when the reader goes away', async () => {
    const child = spawn(process.execPath, [MAIN, 'run', 'wide.yaml', '--json'], { cwd: folder, env: ENV });
    child.stdout.destroy();
    let stderr = '';
    for await (const chunk of child.stderr) stderr += String(chunk);
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect([status, stderr]).toEqual([0, '']);
  });

  it('exits with 130 on Ctrl-C in the middle of a scenario', async () => {
    const child = spawn(process.execPath, [MAIN, 'run', 'a.yaml', 'endless.yaml'], { cwd: folder, env: ENV });
    // The first file's line says that it is at work.
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGINT');
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect(status).toBe(130);
  });

  it('completes by itself', () => {
    const { stdout } = mmulator(['--get-yargs-completions', 'mmulator', 'tr']);
    expect(stdout.split('\n')).toContain('trace');
  });

  it('prints a bash script that bash accepts', () => {
    const script = mmulator(['completion', 'bash']).stdout;
    expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});
