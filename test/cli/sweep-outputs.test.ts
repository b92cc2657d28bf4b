/** Where results go when one of their files cannot be put in its place. */
import { describe, expect, it } from 'vitest';
import { type ResultPlaces, writeResults } from '../../src/cli/sweep/outputs.ts';
import type { InputError } from '../../src/mmu/input-error.ts';
import { PLAIN } from '../../src/report/style.ts';
import { measured, resultsOf, sweepOf } from '../sweep/sweeps.ts';
import { fakeWorld } from './fake-io.ts';

const PLACES: ResultPlaces = {
  stdout: 'table',
  journal: null,
  files: [
    { path: 'r.json', format: 'json' },
    { path: 'r.csv', format: 'csv' },
    { path: 'r.html', format: 'html' },
  ],
};

/** @param broken whose last step fails */
async function written(broken: string) {
  const world = fakeWorld();
  const open = new Set<string>();
  const io: typeof world.io = {
    ...world.io,
    createFile: (path) => {
      const file = world.io.createFile(path);
      open.add(path);
      return {
        ...file,
        finish: (head) => {
          if (path === broken) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
          file.finish(head);
          open.delete(path);
        },
        discard: () => open.delete(path),
      };
    },
  };
  const sweep = sweepOf('sweep: 1\ntraces: [{like: loop, count: 20, pages: 5}]\ngrid: {frames: 3}\n');
  const results = resultsOf(sweep, await measured(sweep.cells));
  const context = { io, version: '0', json: false, style: PLAIN, errorStyle: PLAIN, behind: [], verbose: false };
  const wrong = await writeResults(results, PLACES, context).then(
    () => null,
    (error: InputError) => error,
  );
  return { wrong, open: [...open], files: [...world.files.keys()], out: world.out() };
}

describe('files of results', () => {
  it('are all put in their places, then the table is told', async () => {
    const { wrong, open, files, out } = await written('none');
    expect([wrong, open, files]).toEqual([null, [], ['r.json', 'r.csv', 'r.html']]);
    expect(out).toContain('1 cell, 1 input');
  });

  it('if the first cannot be, none is, and nothing is left beside them', async () => {
    const { wrong, open, files, out } = await written('r.json');
    expect([open, files, out]).toEqual([[], [], '']);
    expect(wrong).toMatchObject({ code: 'MEM-CLI-013', file: 'r.json' });
  });

  it('if a later one cannot be, those before it are named, and the rest is given up', async () => {
    const { wrong, open, files, out } = await written('r.csv');
    expect([open, files, out]).toEqual([[], ['r.json'], '']);
    expect(wrong).toMatchObject({ code: 'MEM-CLI-013', file: 'r.csv', hint: 'r.json is written, and nothing else' });
  });
});
