/** Files that are there only when they are whole: on a real disk, which fills up, or a folder of which goes away. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createFile } from '../../src/cli/output-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'mmulator-output-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const cliPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

describe.runIf(existsSync('/dev/shm'))('a file below /dev/shm', () => {
  const place = `/dev/shm/mmulator-test-${process.pid}`;
  afterAll(() => rmSync(place, { force: true }));

  it('is a file: what was there stays until another is whole', () => {
    writeFileSync(place, 'precious');
    const given = createFile(place);
    expect(given.isInOrder).toBe(false);
    given.write(bytes('half'));
    given.discard();
    expect(readFileSync(place, 'utf8')).toBe('precious');
    const whole = createFile(place);
    whole.write(bytes('body'));
    whole.finish(bytes('head '));
    expect(readFileSync(place, 'utf8')).toBe('head body');
  });
});

describe.runIf(process.platform === 'linux')('a stream', () => {
  it.each(['/dev/stdout', '/dev/../dev/stdout', 'link', '/proc/self/fd/1'])(
    '%s of a plain file is written in order, not replaced',
    (name) => {
      rmSync(path('link'), { force: true });
      symlinkSync('/dev/stdout', path('link'));
      const place = name === 'link' ? path('link') : name;
      const script = `{ echo before; node ${cliPath} trace generate --like loop -n 3 -m 2 -o ${place}; } > ${path('log')}`;
      execFileSync('sh', ['-c', script]);
      // At its own place in the file it opened anew: what matters is that the file is the same one.
      expect(readFileSync(path('log'), 'utf8')).toContain('0\n1\n0\n');
      expect(readdirSync(folder).filter((entry) => entry.includes('partial'))).toEqual([]);
    },
  );

  it('/dev/null', () => {
    const file = createFile('/dev/null');
    expect(file.isInOrder).toBe(true);
    file.finish(new Uint8Array(0));
  });
});

describe('a link', () => {
  it('stays one: the file it leads to is written', () => {
    writeFileSync(path('target'), 'old');
    symlinkSync('target', path('alias'));
    const file = createFile(path('alias'));
    file.write(bytes('new'));
    file.finish(new Uint8Array(0));
    expect(readFileSync(path('target'), 'utf8')).toBe('new');
    expect(readFileSync(path('alias'), 'utf8')).toBe('new');
  });

  it('to itself is refused', () => {
    symlinkSync('round', path('round'));
    expect(() => createFile(path('round'))).toThrow('ELOOP');
  });
});

describe('when finishing fails', () => {
  it.each([
    ['without a head', ''],
    ['with a head', 'head'],
  ])('%s nothing is left over, and discarding again is no harm', (_name, head) => {
    mkdirSync(path('inner'));
    const file = createFile(path('inner/out'));
    file.write(bytes('body'));
    // Moving a file over a folder cannot be.
    mkdirSync(path('inner/out'));
    expect(() => file.finish(bytes(head))).toThrow('EISDIR');
    file.discard();
    expect(readdirSync(path('inner'))).toEqual(['out']);
    rmSync(path('inner'), { recursive: true });
  });

  it('its descriptor is closed once: the number may be that of another file by then', () => {
    const file = createFile(path('closed'));
    file.finish(new Uint8Array(0));
    // This one gets the number that has become free.
    const next = createFile(path('next'));
    file.discard();
    next.write(bytes('still open'));
    next.finish(new Uint8Array(0));
    expect(readFileSync(path('next'), 'utf8')).toBe('still open');
    expect(existsSync(path('closed'))).toBe(true);
  });
});

describe.runIf(process.platform === 'linux')('a disk that is full', () => {
  const source = path('many.pages');
  writeFileSync(source, Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 50_021).join('\n'));
  const convert = (to: string, blocks: number, ...rest: string[]) => {
    const command = `ulimit -f ${blocks}; node ${cliPath} trace convert ${source} --to ${to} ${rest.join(' ')}`;
    return spawnSync('bash', ['-c', command], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  };

  it.each([
    // The references take 100 KB, with the table in front 208 KB.
    ['while the head goes in front', 'pgt', 150],
    ['while a temporary file is written', 'oracle-general', 100],
    ['while the file is written', 'pages', 50],
  ])('%s', (_name, to, blocks) => {
    const { status, stderr } = convert(to, blocks, '-o', path('full.out'));
    expect([status, stderr]).toEqual([2, expect.stringContaining('MEM-CLI-013')]);
    expect(stderr).toContain('larger than files may become here');
    expect(readdirSync(folder).filter((entry) => entry.includes('full.out'))).toEqual([]);
  });

  it.each([['pgt'], ['oracle-general']])('no folder for temporary files, %s on standard output', (to) => {
    const { status, stderr } = spawnSync('node', [cliPath, 'trace', 'convert', source, '--to', to], {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: path('no-such-folder') },
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('TMPDIR')]);
  });
});
