/** What a sweep's results become for people: rankings, tables, pictures. */
import { describe, expect, it } from 'vitest';
import { PLAIN } from '../../src/report/style.ts';
import { rankings } from '../../src/report/sweep-best.ts';
import { sweepPictures } from '../../src/report/sweep-curves.ts';
import { sweepLines } from '../../src/report/sweep-report.ts';
import { sweepTables } from '../../src/report/sweep-table.ts';
import { policyRows, resultsOf, scenarioFigures, traceFigures } from './sweep-rows.ts';

const LS = { lru: [100, 500, 900], arc: [120, 510, 900], opt: [300, 700, 950] };
const text = (results: ReturnType<typeof resultsOf>, verbose = false): string =>
  sweepLines(results, PLAIN, { verbose }).join('\n');

describe('who was best', () => {
  it('ranks policies by their faults, at each size', () => {
    const { rows } = resultsOf(policyRows('ls', LS));
    expect(rankings(rows).map(({ input, place, ranked }) => [input, place, ranked.map(({ name }) => name)])).toEqual([
      ['ls', '16 frames', ['opt', 'arc', 'lru']],
      ['ls', '64 frames', ['opt', 'arc', 'lru']],
      ['ls', '256 frames', ['opt', 'lru = arc']],
    ]);
    expect(rankings(rows)[0]?.ranked[0]?.text).toBe('700 faults');
  });

  it('names equal ones together, and not all of many', () => {
    const same = Object.fromEntries(['lru', 'fifo', 'clock', 'arc', 'car', 'opt'].map((name) => [name, [7]]));
    expect(rankings(resultsOf(policyRows('ls', same)).rows)[0]?.ranked).toEqual([
      { name: 'lru = fifo = clock = … (6)', text: '993 faults' },
    ]);
  });

  it('takes options and seeds that vary for contenders of their own', () => {
    const { rows } = resultsOf([
      {
        input: 'a',
        figures: traceFigures(1, 10),
        parameters: { policy: 'wsclock', frames: 8, options: { window: 2 } },
      },
      {
        input: 'a',
        figures: traceFigures(5, 10),
        parameters: { policy: 'wsclock', frames: 8, options: { window: 9 } },
      },
      { input: 'a', figures: traceFigures(3, 10), parameters: { policy: 'random', frames: 8, seed: 4 } },
    ]);
    expect(rankings(rows)[0]?.ranked.map(({ name }) => name)).toEqual([
      'wsclock, window=9',
      'random, seed 4',
      'wsclock, window=2',
    ]);
  });

  it('compares nobody with himself, and nothing that was not measured', () => {
    expect(rankings(resultsOf(policyRows('ls', { lru: [1, 2, 3] })).rows)).toEqual([]);
    const failed = { code: 'MEM-TRC-030', message: 'no trace', hint: null };
    const { rows } = resultsOf([
      { input: 'a', figures: traceFigures(1, 10), parameters: { policy: 'lru', frames: 8 } },
      { input: 'a', figures: null, error: failed, parameters: { policy: 'fifo', frames: 8 } },
    ]);
    expect(rankings(rows)).toEqual([]);
  });

  it('does not count a TLB for the policy that runs beside it', () => {
    const rows = [4, 8].flatMap((entries) =>
      (['lru', 'fifo'] as const).map((policy, at) => ({
        input: 'a',
        figures: traceFigures(at + 1, 10),
        parameters: { policy, frames: 8, tlb: { entries, ways: 4 } },
      })),
    );
    expect(rankings(resultsOf(rows).rows)).toHaveLength(1);
    const machines = rows.map((row) => ({ ...row, kind: 'scenario' as const, figures: scenarioFigures({}) }));
    expect(rankings(resultsOf(machines).rows).map(({ place }) => place)).toEqual(['TLB 4/4', 'TLB 8/4']);
  });
});

describe('pictures', () => {
  it('one an input; a policy has the same ink in all of them', () => {
    const found = sweepPictures(
      resultsOf([...policyRows('ls', { lru: [1, 2, 3] }), ...policyRows('gzip', { fifo: [1, 2, 3], lru: [2, 3, 4] })])
        .rows,
    );
    expect(
      found.map(({ title, measure, curves }) => [title, measure, curves.map(({ name, ink }) => [name, ink])]),
    ).toEqual([
      ['ls', 'hit ratio', [['lru', 0]]],
      [
        'gzip',
        'hit ratio',
        [
          ['fifo', 1],
          ['lru', 0],
        ],
      ],
    ]);
    expect(found[1]?.curves[1]?.points).toEqual([
      [16, 0.002],
      [64, 0.003],
      [256, 0.004],
    ]);
  });

  it('none of a single size', () => {
    const rows = policyRows('ls', LS).filter(({ parameters }) => parameters?.frames === 64);
    expect(sweepPictures(resultsOf(rows).rows)).toEqual([]);
  });

  it('of TLBs: a curve a shape, each point once though every policy measured it', () => {
    const rows = [16, 64].flatMap((entries) =>
      [4, entries].flatMap((ways) =>
        (['lru', 'fifo'] as const).map((policy) => ({
          input: 'ls',
          figures: traceFigures(5, 10, {
            tlb: { lookups: 10, l1Hits: entries / 16, l2Hits: 0, walks: 9, hitRatio: entries / 160 },
          }),
          parameters: { policy, frames: 8, tlb: { entries, ways } },
        })),
      ),
    );
    const [picture, ...others] = sweepPictures(resultsOf(rows).rows);
    expect(others).toEqual([]);
    expect(picture?.measure).toBe('TLB hit ratio');
    expect(picture?.curves.map(({ name, points }) => [name, points])).toEqual([
      [
        '4 ways, lru',
        [
          [16, 0.1],
          [64, 0.4],
        ],
      ],
      [
        'fully associative, lru',
        [
          [16, 0.1],
          [64, 0.4],
        ],
      ],
    ]);
  });

  it('of scenarios: page faults over frames, or over memory', () => {
    const at = (frames: number | null, memory: number | null, majorFaults: number) => ({
      input: 'thrash.yaml',
      kind: 'scenario' as const,
      figures: scenarioFigures({ majorFaults }),
      parameters: { policy: 'lru' as const, frames, memory },
    });
    const [byFrames] = sweepPictures(resultsOf([at(8, null, 30), at(4, null, 90)]).rows);
    expect([byFrames?.xLabel, byFrames?.measure]).toEqual(['frames', 'page faults']);
    expect(byFrames?.curves[0]?.points).toEqual([
      [4, 100],
      [8, 40],
    ]);
    const [byMemory] = sweepPictures(resultsOf([at(null, 65536, 30), at(null, 131072, 9)]).rows);
    expect([byMemory?.title, byMemory?.xLabel]).toEqual(['thrash.yaml', 'bytes of memory']);
  });
});

describe('tables', () => {
  it('have the columns that say something', () => {
    const [table] = sweepTables(resultsOf(policyRows('ls', LS)).rows);
    expect(table?.columns.map(({ name }) => name)).toEqual([
      'input',
      'policy',
      'frames',
      'references',
      'faults',
      'hit ratio',
    ]);
    expect(table?.rows[0]?.map((cell) => cell.text)).toEqual(['ls', 'lru', '16', '1,000', '900', '10.00 %']);
    expect(table?.rows[0]?.at(-1)?.value).toBe(0.1);
  });

  it('keep traces and scenarios apart, and tell what could not be measured', () => {
    const error = { code: 'MEM-TRC-001', message: 'the trace is empty', hint: null };
    const tables = sweepTables(
      resultsOf([
        { input: 'ls', figures: traceFigures(1, 10), parameters: { policy: 'lru', frames: 4, pageSize: 4096 } },
        { input: 'no', figures: null, error, parameters: { policy: 'lru', frames: 4, pageSize: 8192 } },
        { input: 'a.yaml', kind: 'scenario', figures: scenarioFigures({ status: 'failed', expectationsFailed: 2 }) },
      ]).rows,
    );
    expect(tables.map(({ columns }) => columns.map(({ name }) => name))).toEqual([
      ['input', 'policy', 'frames', 'page size', 'references', 'faults', 'hit ratio', 'not measured'],
      expect.arrayContaining(['outcome', 'expectations failed', 'major faults', 'TLB misses']),
    ]);
    expect(tables[0]?.rows[1]?.map((cell) => cell.text)).toEqual([
      'no',
      'lru',
      '4',
      '8KiB',
      '–',
      '–',
      '–',
      'the trace is empty',
    ]);
  });
});

describe('the terminal', () => {
  it('tells the grid, the best, the rows, the curves', () => {
    const out = text(resultsOf(policyRows('ls', LS), { title: 'policies on ls' }));
    expect(out).toContain(' policies on ls\n 9 cells, 1 input, 3 × policy, 3 × frames\n');
    expect(out).toMatch(/Fewest faults\n {3}ls {2}16 frames +opt 700 faults +arc 880 faults +lru 900 faults/);
    expect(out).toMatch(/ls +lru +16 +1,000 +900 +10\.00 %\n {3} +lru +64/);
    expect(out).toMatch(/ls: miss ratio, logarithmic\n/);
    expect(out).toContain('frames');
  });

  it('is short of much, and says so; --verbose tells all', () => {
    const many = Array.from({ length: 40 }, (_, at) => policyRows(`trace-${at}`, LS)).flat();
    const brief = text(resultsOf(many));
    expect(brief).toContain('… and 300 other rows: --verbose, --csv or --html tell all');
    expect(brief).toContain('… and 90 other lines');
    expect(brief).toContain('… and 37 other pictures');
    const whole = text(resultsOf(many), true);
    expect(whole).not.toContain('… and');
    expect(whole.match(/: (hit|miss) ratio.*\n/g)).toHaveLength(40);
  });

  it('counts what is missing, failed, or held nowhere else', () => {
    const error = { code: 'MEM-TRC-001', message: 'the trace is empty', hint: null };
    const out = text(
      resultsOf(
        [
          { input: 'no', figures: null, error },
          { input: 'a.yaml', kind: 'scenario', figures: scenarioFigures({ status: 'failed' }) },
        ],
        { cells: 12 },
      ),
    );
    expect(out).toContain('2 of 12 cells, 2 inputs, 1 not measured, 1 with expectations that do not hold there');
  });

  it('sends no control characters of names to the terminal', () => {
    const out = text(resultsOf(policyRows('a\u001b[31mb', LS), { title: 'x\u0007' }));
    expect([out.includes('\u001b'), out.includes('\u0007')]).toEqual([false, false]);
    expect(out).toContain('a\\e[31mb');
  });
});
