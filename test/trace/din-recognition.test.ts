/** Two columns of numbers: Dinero's labels and addresses, or a list of pages written in pairs? */
import { describe, expect, it } from 'vitest';
import { recognizeFormat } from '../../src/trace/formats/registry.ts';
import { cli } from '../cli/fake-io.ts';

const formatOf = (text: string): string => recognizeFormat(new TextEncoder().encode(text), true).name;

describe('two columns', () => {
  it.each([
    ['short addresses', '0 1\n1 2\n2 3\n'],
    ['a wrong label among right ones', '0 1\n7 2\n'],
    ['the wrong label in front', '9 1\n0 2\n1 3\n'],
    ['blanks and line ends of all kinds', '  0 1 \r\n\r\n1\t0x2\r\n'],
  ])('%s: din', (_what, text) => {
    expect(formatOf(text)).toBe('din');
  });

  it.each([
    ['one line', '1 2\n'],
    ['few labels', '7 0\n1 2\n10 3\n8 4\n'],
    ['a line of three', '0 1\n1 2\n2 3 4\n'],
    ['an odd number in the last line', '0 1\n1 2\n3\n'],
    ['commas', '0, 1\n1, 2\n'],
    ['remarks', '# pairs\n0 1\n1 2\n'],
    ['addresses in front', '0x1 1\n0x2 2\n'],
  ])('%s: pages', (_what, text) => {
    expect(formatOf(text)).toBe('pages');
  });

  it('a wrong label is refused with its line, and the way out is told', async () => {
    const { code, out, err } = await cli(['trace', 'simulate', '-', '-f', '2', '--csv'], { stdin: '0 1\n7 2\n' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('line 2 is `7 2`');
    expect(err).toContain('--format pages');
    const asPages = await cli(['trace', 'info', '-', '--format', 'pages', '--json'], { stdin: '0 1\n7 2\n' });
    expect(JSON.parse(asPages.out)).toMatchObject({ references: { total: 4 }, format: 'pages' });
  });
});
