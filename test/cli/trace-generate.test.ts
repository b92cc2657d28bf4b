/** `trace generate`: which options belong together, and what is written of them. */
import { describe, expect, it } from 'vitest';
import { cli } from './fake-io.ts';

const generate = (options: string) => cli(['trace', 'generate', ...options.split(' ')]);

describe('an option that would do nothing is refused', () => {
  it.each([
    ['--like zipf --addresses 1,2', '--addresses', 'ostep'],
    ['--like loop --local-pages 3', '--local-pages', 'locality'],
    ['--like zipf --phase 3', '--phase', 'locality'],
    ['--like zipf --hot-pages 0.3', '--hot-pages', '80-20'],
    ['--like locality --hot-references 0.3', '--hot-references', '80-20'],
    ['--like zipf --physmem 64k', '--physmem', 'ostep-relocation'],
    ['--like zipf --stores 0.3 --to pages', '--stores', 'csv-pages'],
    ['--like zipf --stores 0.3 --to oracle-general', '--stores', 'csv-pages'],
  ])('%s', async (options, says, belongs) => {
    const { code, out, err } = await generate(options);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err).toContain(belongs);
  });

  it.each(['--like locality --local-pages 3 --phase 5', '--like 80-20 --hot-pages 0.3 --hot-references 0.9'])(
    '%s is taken',
    async (options) => {
      expect((await generate(options)).code).toBe(0);
    },
  );
});

it('stores are written: the default format is one that says which they are', async () => {
  const { out } = await generate('--like zipf -n 1000 -m 50 --stores 0.5');
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toBe('kind,page,size,process');
  expect(rows.filter((row) => row.startsWith('store,')).length / 1000).toBeCloseTo(0.5, 1);
});

it.each(['zipf', 'mix'])('%s of more pages than its tables hold is refused at once', async (like) => {
  const { code, err } = await generate(`--like ${like} -m 2000000000`);
  expect([code, err.includes('MEM-TRC-040')]).toEqual([2, true]);
});
