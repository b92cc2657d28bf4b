/** Figures that contradict each other are known; those that were measured never do. */
import { describe, expect, it } from 'vitest';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { contradictionIn } from '../../src/sweep/contradiction.ts';
import { mergeResults } from '../../src/sweep/merge.ts';
import { resultsJson } from '../../src/sweep/results.ts';
import { parseResults } from '../../src/sweep/results-file.ts';
import { scenarioFigures, traceFigures } from '../report/sweep-rows.ts';
import { measured, PAGING_SCENARIO, resultsOf, sha256, sweepOf } from './sweeps.ts';

const TLB = { lookups: 100, l1Hits: 80, l2Hits: 10, walks: 10, hitRatio: 0.9 };

describe('a row against itself', () => {
  it.each([
    [traceFigures(90, 100, { faults: 11 }), '90 hits and 11 faults are not 100 references'],
    [traceFigures(90, 100, { hitRatio: 0.91 }), 'the hit ratio 0.91'],
    [traceFigures(90, 100, { coldFaults: 11 }), '11 cold faults of 10'],
    [traceFigures(90, 100, { faults: null }), 'hits without faults'],
    [traceFigures(90, 100, { tlb: { ...TLB, walks: 9 } }), 'not 100 look-ups'],
    [traceFigures(90, 100, { tlb: { ...TLB, hitRatio: 0.8 } }), 'not 0.8'],
    [scenarioFigures({ evictions: 2, dirtyEvictions: 3 }), '3 dirty evictions of 2'],
    [scenarioFigures({ tlbHits: 2, l2TlbHits: 3 }), 'second-level'],
  ])('%#', (figures, says) => {
    expect(contradictionIn(figures)).toContain(says);
  });

  it.each([
    traceFigures(90, 100),
    traceFigures(0, 100, { tlb: TLB }),
    scenarioFigures({ evictions: 3, dirtyEvictions: 3 }),
  ])('is content with %#', (figures) => {
    expect(contradictionIn(figures)).toBeNull();
  });
});

it('what is measured does not contradict itself, changed by hand it does not merge', async () => {
  const files = { 'page.yaml': PAGING_SCENARIO };
  const sweep = sweepOf(
    `sweep: 1
traces: [{like: locality, count: 2000, pages: 64, seed: 2, stores: 0.2}]
scenarios: [page.yaml]
grid:
  policy: [lru, wsclock, pff]
  frames: [4, 7]
  tlb: [null, {entries: 4, ways: 2, l2: {entries: 8, ways: 8}}]
cost: {memory: 90ns, swapOut: 2ms}
`,
    files,
  );
  const rows = await measured(sweep.cells, files);
  for (const { figures } of rows) if (figures !== null) expect(contradictionIn(figures)).toBeNull();
  const text = resultsJson(resultsOf(sweep, rows));
  const merge = (part: string) =>
    mergeResults([{ file: 'part.json', results: parseResults(part, 'part.json') }], sha256);
  expect(resultsJson(merge(text))).toBe(text);
  const forged = text.replace(/"hits": ?\d+/, '"hits": 3');
  expect(forged).not.toBe(text);
  expect(() => merge(forged)).toThrow(InputErrors);
  expect(() => merge(forged)).toThrow(/contradicts itself: 3 hits and/);
});
