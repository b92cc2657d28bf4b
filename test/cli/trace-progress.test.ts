/** How far reading a trace is: on a terminal, in a log that asked for it, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';

/** The fake files come in pieces of 1000 bytes and more; the clock goes on by a second with each. */
const lines = Array.from({ length: 12_000 }, (_, at) => ` L ${(0x100000 + at * 64).toString(16)},8\n`).join('');
const files = { t: lines };
const slow = { files, pauseMs: 1000 };
const BAR =
  /\[Kt {2}([█▏▎▍▌▋▊▉ ]{24}) +(\d+) % {2}(\d+) kB of 144 kB, ([\d,]+) references, (?:(\d+) min )?(\d+) s left/g;

describe('a trace that takes long', () => {
  it('on a terminal: a bar, percent, bytes, references and the time that is left, wiped at the end', async () => {
    const { code, err } = await cli(['trace', 'simulate', 't', '-f', '4', '--no-color'], { ...slow, tty: true });
    expect(code).toBe(0);
    const drawn = [...err.matchAll(BAR)];
    expect(drawn.length).toBeGreaterThan(5);
    const percents = drawn.map((match) => Number(match[2]));
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    // A cell of the bar is a 24th.
    for (const match of drawn) {
      const full = match[1]!.replaceAll(' ', '').length;
      expect(Math.abs(full - (24 * Number(match[2])) / 100)).toBeLessThan(1.3);
    }
    const left = drawn.map((match) => 60 * Number(match[5] ?? 0) + Number(match[6]));
    expect(left[0]).toBeGreaterThan(left.at(-1)!);
    expect(err.endsWith('\r\u001b[K')).toBe(true);
  });

  it('from standard input: what has come so far, as nobody knows how much there will be', async () => {
    const { err } = await cli(['trace', 'info', '-', '--progress'], { stdin: lines, pauseMs: 6000 });
    expect(err).toBe('standard input  144 kB, 12,000 references\n');
  });

  it('in a log that asks for it: lines, seconds apart, without escapes', async () => {
    const { err } = await cli(['trace', 'convert', 't', '--to', 'pages', '--progress'], slow);
    const told = err.trimEnd().split('\n');
    expect(told.length).toBeGreaterThan(1);
    expect(told.length).toBeLessThan(40);
    for (const line of told)
      expect(line).toMatch(/^t {3,4}\d+ % {2}\d+ kB of 144 kB, [\d,]+ references, (\d+ min )?\d+ s left$/);
  });

  it('making one up counts references', async () => {
    const argv = ['trace', 'generate', '--like', 'loop', '-n', '1000000', '--to', 'pgt', '-o', 'out', '--progress'];
    const { err } = await cli(argv, { pauseMs: 6000 });
    expect(err.split('\n')[0]).toMatch(/^loop {3}26 % {2}262,144 of 1,000,000 references, \d+ s left$/);
  });

  it('replays that follow are told one by one', async () => {
    const argv = ['trace', 'simulate', 't', '-p', 'opt', '-f', '1..8:1', '--progress'];
    const { err } = await cli(argv, { files, pauseMs: 6000 });
    expect(err).toMatch(/^opt, \d frames {3,4}\d+ % {2}\d of 8 runs, \d+ s left$/m);
  });
});

describe('nothing is told', () => {
  it.each([
    ['without a terminal', {}, []],
    ['of what is soon over', { tty: true, pauseMs: 1 }, []],
    ['where nobody wants it', { tty: true, pauseMs: 1000 }, ['--no-progress']],
  ] as const)('%s', async (_what, options, more) => {
    for (const command of ['info', 'run', 'simulate']) {
      const argv = ['trace', command, 't', ...(command === 'simulate' ? ['-f', '8'] : []), ...more];
      expect((await cli(argv, { files, pauseMs: 1000, ...options })).err).toBe('');
    }
  });
});
