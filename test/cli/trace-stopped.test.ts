/** Traces whose reader goes away, and recordings that are stopped. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';

describe('trace convert into a pipe that is closed', () => {
  // Several buffers of the writer.
  const text = Array.from({ length: 100_000 }, (_, at) => `${at % 1000}\n`).join('');

  it.each([[], ['-o', '-']])('%j stops, and is content', async (...options) => {
    const argv = ['trace', 'convert', 'a', '--to', 'csv-pages', ...options];
    const whole = await cli(argv, { files: { a: text } });
    expect([whole.code, whole.out.length > 1_000_000]).toEqual([0, true]);
    const { code, out, err } = await cli(argv, { files: { a: text }, closeAfter: 1 });
    expect([code, err]).toEqual([0, '']);
    expect(out.length).toBeLessThan(whole.out.length / 5);
    expect(whole.out.startsWith(out)).toBe(true);
  });
});

describe('trace record, interrupted', () => {
  const recorded = async (said: readonly string[], interruptAfter: number | undefined) =>
    cli(['trace', 'record', '--', 'server'], {
      ...(interruptAfter === undefined ? {} : { interruptAfter }),
      program: (_program, _args, heard) => {
        for (const text of said) heard(Buffer.from(text));
        return { status: null, signal: 'SIGINT' };
      },
    });
  const unpacked = (content: string | undefined): string => gunzipSync(Buffer.from(content ?? '', 'latin1')).toString();

  it('keeps every line that is whole', async () => {
    const { code, err, files } = await recorded(['I  1ffe,4\n L 50', '00,8\n S 5', '008,16'], 0);
    expect([code, err]).toEqual([0, 'server.lackey.gz: 2 references of server, up to the interruption\n']);
    expect(unpacked(files.get('server.lackey.gz'))).toBe('I  00001ffe,4\n L 00005000,8\n');
  });

  it('of nothing is none', async () => {
    const { code, files } = await recorded(['==1== Lackey\n', ' L 5'], 0);
    expect([code, files.size]).toEqual([130, 0]);
  });

  it('else its last line counts, line end or not', async () => {
    const { code, files } = await recorded(['I  1ffe,4\n L 50', '00,8'], undefined);
    expect(code).toBe(0);
    expect(unpacked(files.get('server.lackey.gz'))).toBe('I  00001ffe,4\n L 00005000,8\n');
  });
});
