/** A sweep that is interrupted goes on: what its journal keeps, what counts of it, and what does not. */
import { describe, expect, it } from 'vitest';
import { headLine, parseJournal, rowsLine } from '../../src/cli/sweep/journal-text.ts';
import { VERSION } from '../../src/cli/version.ts';
import type { Row } from '../../src/sweep/row.ts';
import { cli, type FakeOptions } from './fake-io.ts';
import { CELLS, FILES, SWEEP } from './sweep-files.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const row = (index: number): Row => ({
  index,
  id: `id${index}`,
  figures: {
    kind: 'trace',
    references: 10,
    hits: 1,
    faults: 9,
    coldFaults: 9,
    hitRatio: 0.1,
    writeBacks: null,
    meanResident: null,
    tlb: null,
  },
  error: null,
});

const sweep = (args: readonly string[], options: FakeOptions = {}) =>
  cli(['sweep', 'sweep.yaml', '-o', 'all.json', ...args], { files: FILES, ...options });

/** Counts the cells that are measured. */
function counting(): { readonly worker: NonNullable<FakeOptions['worker']>; readonly measured: () => number } {
  let cells = 0;
  return {
    worker: ({ task }, otherwise) => {
      cells += task.cells.length;
      return otherwise();
    },
    measured: () => cells,
  };
}

/** Interrupted after its first task: the journal it left. */
async function begun(): Promise<string> {
  let tasks = 0;
  const { code, files, err } = await sweep(['--workers', '1'], {
    interruptAfter: 5,
    worker: async (_task, otherwise) => (tasks++ === 0 ? otherwise() : new Promise(() => undefined)),
  });
  expect([code, [...files.keys()]]).toEqual([130, ['all.json.journal']]);
  expect(err).toMatch(
    /^interrupted: \d+ of 18 cells are in all\.json\.journal; the same command goes on from there\n$/,
  );
  return files.get('all.json.journal') ?? '';
}

describe('the text of a journal', () => {
  const text = headLine('1.2.3') + rowsLine([row(0), row(1)]) + rowsLine([row(2)]);

  it('says what was written', () => {
    const journal = parseJournal(bytes(text));
    expect(journal).toEqual({
      foreign: false,
      mmulator: '1.2.3',
      rows: [row(0), row(1), row(2)],
      wholeBytes: text.length,
      damaged: [],
    });
  });

  it('cut anywhere, is whole up to its last line feed', () => {
    for (let length = 0; length <= text.length; length++) {
      const { foreign, mmulator, rows, wholeBytes, damaged } = parseJournal(bytes(text.slice(0, length)));
      const lines = text.slice(0, length).split('\n').length - 1;
      expect([foreign, damaged]).toEqual([false, []]);
      expect(mmulator).toBe(lines === 0 ? null : '1.2.3');
      expect(rows.length).toBe([0, 0, 2, 3][lines]);
      expect(wholeBytes).toBe(
        text.lastIndexOf('\n', length - 1) + 1 > length ? 0 : text.slice(0, length).lastIndexOf('\n') + 1,
      );
    }
  });

  it('passes over a damaged line, and keeps those around it', () => {
    const damaged =
      headLine('1') +
      rowsLine([row(0)]) +
      '{"rows":[{"index":1,"id"\n\u0000\u0000\n{"rows":[4]}\n' +
      rowsLine([row(5)]);
    const journal = parseJournal(bytes(damaged));
    expect(journal.rows.map(({ index }) => index)).toEqual([0, 5]);
    expect(journal.damaged).toEqual([3, 4, 5]);
  });

  it('knows what is none', () => {
    for (const other of [
      'x',
      'hello\n',
      '{"format":"other"}\n',
      '{"rows":[]}\n',
      `${rowsLine([row(1)])}${headLine('1')}`,
    ]) {
      expect(parseJournal(bytes(other)).foreign).toBe(true);
    }
  });
});

describe('a sweep that was interrupted', () => {
  it('goes on where it was, to the same bytes', async () => {
    const journal = await begun();
    const kept = parseJournal(bytes(journal)).rows.length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(CELLS);
    const { worker, measured } = counting();
    const { code, files, err } = await sweep([], { files: { ...FILES, 'all.json.journal': journal }, worker });
    expect(code).toBe(0);
    expect(err).toContain(`${kept} of 18 cells are in all.json.journal\n`);
    expect(measured()).toBe(CELLS - kept);
    expect(files.get('all.json')).toBe((await sweep([])).files.get('all.json'));
  });

  it('wherever its journal was torn', async () => {
    const { files } = await sweep(['--workers', '1']);
    const [whole, journal] = [files.get('all.json'), files.get('all.json.journal') ?? ''];
    for (const length of [0, 1, 30, 70, 200, journal.length - 300, journal.length - 1]) {
      const torn = await sweep([], { files: { ...FILES, 'all.json.journal': journal.slice(0, length) } });
      expect([torn.code, torn.files.get('all.json') === whole]).toEqual([0, true]);
      // The torn line is gone, and what followed is whole.
      expect(parseJournal(bytes(torn.files.get('all.json.journal') ?? ''))).toMatchObject({
        damaged: [],
        foreign: false,
      });
      if (length > 70) expect(torn.err).toContain('its last line is torn');
    }
  });

  it('says that nothing is kept without --output', async () => {
    const { code, err, out } = await cli(['sweep', 'sweep.yaml'], {
      files: FILES,
      interruptAfter: 5,
      worker: () => new Promise(() => undefined),
    });
    expect([code, out, err]).toEqual([130, '', 'interrupted: nothing is kept without --output\n']);
  });

  it('in the middle of the only task, too', async () => {
    const one = 'sweep: 1\ntraces: [pages.txt]\ngrid: { frames: 3 }\n';
    const { code, files } = await sweep([], { files: { ...FILES, 'sweep.yaml': one }, interruptAfter: 1 });
    expect([code, files.has('all.json')]).toEqual([130, false]);
  });
});

describe('what counts of a journal', () => {
  const finished = async (): Promise<string> => (await sweep([])).files.get('all.json.journal') ?? '';

  it('all of it, the second time', async () => {
    const worker = async () => expect.unreachable('measured again');
    const again = await sweep([], { files: { ...FILES, 'all.json.journal': await finished() }, worker });
    expect(again.code).toBe(0);
    expect(again.files.get('all.json')).toBe((await sweep([])).files.get('all.json'));
  });

  it('nothing with --fresh', async () => {
    const { worker, measured } = counting();
    const { files } = await sweep(['--fresh'], { files: { ...FILES, 'all.json.journal': await finished() }, worker });
    expect(measured()).toBe(CELLS);
    expect(parseJournal(bytes(files.get('all.json.journal') ?? '')).rows).toHaveLength(CELLS);
  });

  it('when the grid grows, what is in both', async () => {
    const grown = { ...FILES, 'sweep.yaml': SWEEP.replace('frames: 3,8,32', 'frames: 3,4,8,32') };
    const { worker, measured } = counting();
    const { files } = await sweep([], { files: { ...grown, 'all.json.journal': await finished() }, worker });
    expect(measured()).toBe(6);
    expect(files.get('all.json')).toBe((await sweep([], { files: grown })).files.get('all.json'));
  });

  it('when an input changes, that of the others', async () => {
    const changed = { ...FILES, 'pages.txt': '1 2 3 4 1 2 5 1 2 3 4 5\n' };
    const { worker, measured } = counting();
    const { files } = await sweep([], { files: { ...changed, 'all.json.journal': await finished() }, worker });
    expect(measured()).toBe(9);
    expect(files.get('all.json')).toBe((await sweep([], { files: changed })).files.get('all.json'));
  });

  it('nothing of another sweep, and it says so', async () => {
    const other = { ...FILES, 'sweep.yaml': SWEEP.replace('frames: 3,8,32', 'frames: 5') };
    const { code, err } = await sweep([], { files: { ...other, 'all.json.journal': await finished() } });
    expect(code).toBe(0);
    expect(err).toContain('all.json.journal: none of its rows is of a cell of this sweep');
  });

  it('nothing of another version, and it says so', async () => {
    const old = (await finished()).replace(`"mmulator":"${VERSION}"`, '"mmulator":"0.0.9"');
    const { worker, measured } = counting();
    const { err, files } = await sweep([], { files: { ...FILES, 'all.json.journal': old }, worker });
    expect(measured()).toBe(CELLS);
    expect(err).toContain('written by mmulator 0.0.9, so all cells are measured anew');
    expect(files.get('all.json.journal')).toContain(`"mmulator":"${VERSION}"`);
    expect(files.get('all.json.journal')).not.toContain('0.0.9');
  });

  it('no cell that failed: it is tried again', async () => {
    const dies: FakeOptions['worker'] = async ({ task }, otherwise) => {
      if (task.input.name === 'zipf') throw new Error('out of memory');
      return otherwise();
    };
    const first = await sweep([], { worker: dies });
    expect(first.code).toBe(1);
    const journal = first.files.get('all.json.journal') ?? '';
    const { worker, measured } = counting();
    const second = await sweep([], { files: { ...FILES, 'all.json.journal': journal }, worker });
    expect([second.code, measured()]).toEqual([0, 9]);
    expect(second.files.get('all.json')).toBe((await sweep([])).files.get('all.json'));
  });

  it('a file that is something else is refused, and stays as it is', async () => {
    for (const fresh of [[], ['--fresh']]) {
      const { code, err, files } = await sweep(fresh, { files: { ...FILES, 'all.json.journal': 'dear diary\n' } });
      expect([code, files.size]).toEqual([2, 0]);
      expect(err).toContain('not the journal of a sweep');
    }
  });
});
