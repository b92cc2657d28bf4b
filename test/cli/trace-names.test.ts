/** What a trace is called, whose references are asked for and what its numbers are, as all commands about traces take it. */
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';

const COMMANDS = [
  'trace info',
  'trace run',
  'trace simulate -f 2',
  'trace simulate -f 2 --explain 2',
  'trace convert --to csv-pages',
  'mrc',
] as const;

describe('a file named with an escape sequence', () => {
  const name = 'esc\u001b[31m.txt';

  it.each(COMMANDS)('%s shows it, and does not send it', async (command) => {
    const good = await cli([...command.split(' '), name, '--progress'], {
      files: { [name]: '1\n2\n1\n' },
      pauseMs: 9000,
    });
    expect(good.code).toBe(0);
    expect(good.err).toContain('esc\\e[31m.txt');
    const bad = await cli([...command.split(' '), name], { files: { [name]: '1\n2\nfoo\n' } });
    expect(bad.code).toBe(2);
    expect(bad.err).toContain('esc\\e[31m.txt');
    expect([good.out, good.err, bad.out, bad.err].join('')).not.toContain('\u001b');
  });

  it('is called by its name in JSON', async () => {
    const { out } = await cli(['trace', 'info', name, '--json'], { files: { [name]: '1\n2\n' } });
    expect(JSON.parse(out).file).toBe(name);
  });
});

describe('a process that has no references', () => {
  const files = { a: 'page,pid\n1,1\n2,1\n' };

  it.each(COMMANDS)('%s says so', async (command) => {
    const { code, err, out, files: written } = await cli([...command.split(' '), 'a', '--process', '9'], { files });
    expect([code, out, written.size]).toEqual([2, '', 0]);
    expect(err).toContain('MEM-TRC-055');
    expect(err).toContain('of process 9');
    expect(err).toContain('--> a');
  });
});

describe('trace info --unit', () => {
  const info = async (...options: string[]) =>
    cli(['trace', 'info', 'a', ...options], { files: { a: '4096\n8191\n20480\n' } });

  it('takes pages for addresses', async () => {
    const facts = JSON.parse((await info('--unit', 'address', '--json')).out);
    expect([facts.unit, facts.pages.distinct]).toEqual(['address', 2]);
    const { out } = await info('--unit', 'address');
    expect(out).toContain('0x1000 to 0x5000');
    expect(out).toContain('pages of 4KiB, 8KiB');
  });

  it('and takes them for pages where nothing else is said', async () => {
    expect(JSON.parse((await info('--json')).out).unit).toBe('page');
    expect((await info()).out).toContain('4096 to 20480');
  });
});
