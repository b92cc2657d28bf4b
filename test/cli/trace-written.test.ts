/** What `trace convert`, `generate` and `record` say of the file they wrote. */
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';

const STORES = 'kind,address,size\nload,0x1ffc,8\nstore,0x3000,4\n';
const LOADS = 'kind,address,size\nload,0x1ffc,8\nload,0x3000,4\n';
const convert = (text: string, ...args: string[]) => cli(['trace', 'convert', 't', ...args], { files: { t: text } });
const LOST = ': `pages` does not say which references are stores or fetches: that is lost\n';

describe('trace convert', () => {
  it('says on standard error what it wrote, counted in what the format counts', async () => {
    const { code, out, err } = await convert(STORES, '--to', 'csv-pages', '-o', 'o.csv');
    expect([code, out, err]).toEqual([0, '', 'o.csv: 3 references\n']);
  });

  it('with --json as a document', async () => {
    const { out, err } = await convert(STORES, '--to', 'csv', '-o', 'o.csv', '--json');
    expect(JSON.parse(out)).toEqual({ file: 'o.csv', format: 'csv', references: 2, lost: [] });
    expect(err).toBe('');
    const lossy = await convert(STORES, '--to', 'pages', '-o', 'o', '--json');
    expect(JSON.parse(lossy.out)).toEqual({ file: 'o', format: 'pages', references: 3, lost: ['kinds'] });
  });

  it('to a format without kinds says that they are lost, if there are any', async () => {
    const { out, err } = await convert(STORES, '--to', 'pages');
    expect([out.trim().split('\n').length, err]).toEqual([3, `standard output${LOST}`]);
    expect((await convert(STORES, '--to', 'pages', '-o', 'o')).err).toBe(`o${LOST}o: 3 references\n`);
    expect((await convert(LOADS, '--to', 'pages')).err).toBe('');
    expect((await convert(STORES, '--to', 'csv-pages')).err).toBe('');
  });
});

describe('trace generate', () => {
  const generate = (...args: string[]) => cli(['trace', 'generate', '--like', 'loop', '-n', '2000', ...args]);

  it('tells as convert does', async () => {
    expect((await generate('-o', 'loop.pages')).err).toBe('loop.pages: 2,000 references\n');
    const { out, err } = await generate('-o', 'loop.pages', '--json');
    expect(JSON.parse(out)).toEqual({ file: 'loop.pages', format: 'pages', references: 2000, lost: [] });
    expect(err).toBe('');
  });

  it('to standard output is the trace alone', async () => {
    const { out, err } = await generate();
    expect([out.trim().split('\n').length, err]).toEqual([2000, '']);
  });
});

it('trace record --json is a document, too', async () => {
  const { out, err } = await cli(['trace', 'record', '--json', '--', 'ls'], {
    program: (_program, _args, heard) => {
      heard(Buffer.from('I  1000,4\n S 5000,8\n'));
      return { status: 0, signal: null };
    },
  });
  expect(JSON.parse(out)).toEqual({ file: 'ls.lackey.gz', format: 'lackey', references: 2, lost: [] });
  expect(err).toBe('');
});
