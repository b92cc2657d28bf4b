/** Results of a made-up sweep, for the reports: two traces under two policies at three sizes, and a scenario. */
import type { Cell, CellParameters } from '../../src/sweep/cell.ts';
import type { ResultRow, SweepResults } from '../../src/sweep/results.ts';
import type { ScenarioFigures, TraceFigures } from '../../src/sweep/row.ts';

const NO_PARAMETERS: CellParameters = {
  policy: null,
  frames: null,
  memory: null,
  tlb: null,
  pageSize: null,
  seed: null,
  options: {},
};

export function traceFigures(hits: number, references: number, more: Partial<TraceFigures> = {}): TraceFigures {
  return {
    kind: 'trace',
    references,
    hits,
    faults: references - hits,
    coldFaults: 10,
    hitRatio: hits / references,
    writeBacks: null,
    meanResident: null,
    tlb: null,
    ...more,
  };
}

export const scenarioFigures = (more: Partial<ScenarioFigures>): ScenarioFigures => ({
  kind: 'scenario',
  status: 'held',
  steps: 12,
  expectationsHeld: 9,
  expectationsFailed: 0,
  accesses: 100,
  minorFaults: 10,
  majorFaults: 0,
  evictions: 0,
  dirtyEvictions: 0,
  swapReads: 0,
  swapWrites: 0,
  oomKills: 0,
  tlbHits: 80,
  tlbMisses: 20,
  l2TlbHits: 0,
  walks: 20,
  pteReads: 60,
  ...more,
});

export type RowSpec = Pick<ResultRow, 'input' | 'figures'> & {
  readonly parameters?: Partial<CellParameters>;
  readonly kind?: Cell['input']['kind'];
  readonly error?: ResultRow['error'];
  readonly times?: ResultRow['times'];
};

export function resultsOf(specs: readonly RowSpec[], more: Partial<SweepResults> = {}): SweepResults {
  const rows = specs.map(
    ({ input, figures, parameters = {}, kind = 'trace', error = null, times = null }, index): ResultRow => ({
      index,
      id: index.toString(16).padStart(32, '0'),
      input,
      kind,
      parameters: { ...NO_PARAMETERS, ...parameters },
      figures,
      times,
      error,
    }),
  );
  const grid = { policy: null, frames: null, memory: null, tlb: null, pageSize: null, seed: null, options: [{}] };
  return {
    format: 'mmulator-sweep',
    version: 1,
    title: null,
    planDigest: 'c0ffee'.repeat(10),
    plan: { title: null, traces: [], scenarios: [], grid, cost: null },
    inputs: { traces: [], scenarios: [] },
    cells: rows.length,
    rows,
    ...more,
  };
}

/** `hits` of 1000 references for each policy, at 16, 64 and 256 frames. */
export const policyRows = (input: string, hits: Readonly<Record<string, readonly number[]>>): RowSpec[] =>
  Object.entries(hits).flatMap(([policy, list]) =>
    list.map((count, at) => ({
      input,
      figures: traceFigures(count, 1000),
      parameters: { policy: policy as NonNullable<CellParameters['policy']>, frames: 16 * 4 ** at },
    })),
  );
