/** The rows of a sweep as tables: of traces and of scenarios, whose figures differ. For the terminal and for pages. */

import type { ResultRow } from '../sweep/results.ts';
import type { ScenarioFigures, TraceFigures } from '../sweep/row.ts';
import { exactPercent, thousands } from './quantities.ts';
import { duration } from './simulation-report.ts';
import { AXES, type Axis, varying } from './sweep-axes.ts';

export interface TableCell {
  readonly text: string;
  /** To order by; null comes last. */
  readonly value: number | string | null;
}

export interface SweepTable {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly TableCell[])[];
}

const UNKNOWN = '–';

interface Column {
  readonly name: string;
  readonly numeric: boolean;
  readonly cell: (row: ResultRow) => TableCell;
}

/** Without columns that would say nothing: axes that are not there, figures that nobody has. */
export function sweepTables(rows: readonly ResultRow[]): SweepTable[] {
  const traces = rows.filter(({ kind }) => kind !== 'scenario');
  const scenarios = rows.filter(({ kind }) => kind === 'scenario');
  return [...tableOf(traces, [...TRACE_FIGURES, ...TIMES]), ...tableOf(scenarios, [...SCENARIO_FIGURES, ...TIMES])];
}

function tableOf(rows: readonly ResultRow[], figures: readonly Column[]): SweepTable[] {
  if (rows.length === 0) return [];
  const input: Column = { name: 'input', numeric: false, cell: ({ input: name }) => ({ text: name, value: name }) };
  const known = figures.filter(({ cell }) => rows.some((row) => cell(row).value !== null));
  const columns = [input, ...axesOf(rows).map(axisColumn), ...known, ...errorColumn(rows)];
  return [{ columns, rows: rows.map((row) => columns.map(({ cell }) => cell(row))) }];
}

/** Policy and frames are what one looks for; others only where they differ. */
function axesOf(rows: readonly ResultRow[]): Axis[] {
  const differing = varying(AXES, rows);
  return AXES.filter(
    (axis) =>
      differing.includes(axis) ||
      ((axis.name === 'policy' || axis.name === 'frames') &&
        rows.some(({ parameters }) => axis.text(parameters) !== null)),
  );
}

const axisColumn = ({ name, numeric, text, value }: Axis): Column => ({
  name,
  numeric,
  cell: ({ parameters }) => ({ text: text(parameters) ?? UNKNOWN, value: value(parameters) }),
});

function errorColumn(rows: readonly ResultRow[]): Column[] {
  if (rows.every(({ error }) => error === null)) return [];
  return [
    {
      name: 'not measured',
      numeric: false,
      cell: ({ error }) => ({ text: error?.message ?? '', value: error?.message ?? null }),
    },
  ];
}

/** A column of numbers; `of` is null where there is none. */
const counts = (name: string, of: (row: ResultRow) => number | null, text = thousands): Column => ({
  name,
  numeric: true,
  cell: (row) => {
    const value = of(row);
    return { text: value === null ? UNKNOWN : text(value), value };
  },
});

const ratioText = (ratio: number): string => exactPercent(ratio, 1);

const ofTrace =
  (of: (figures: TraceFigures) => number | null) =>
  ({ figures }: ResultRow): number | null =>
    figures?.kind === 'trace' ? of(figures) : null;

const TRACE_FIGURES: readonly Column[] = [
  counts(
    'references',
    ofTrace(({ references }) => references),
  ),
  counts(
    'faults',
    ofTrace(({ faults }) => faults),
  ),
  counts(
    'write-backs',
    ofTrace(({ writeBacks }) => writeBacks),
  ),
  counts(
    'hit ratio',
    ofTrace(({ hitRatio }) => hitRatio),
    ratioText,
  ),
  counts(
    'in use',
    ofTrace(({ meanResident }) => meanResident),
    (frames) => frames.toFixed(1),
  ),
  counts(
    'TLB misses',
    ofTrace(({ tlb }) => tlb?.walks ?? null),
  ),
  counts(
    'TLB hit ratio',
    ofTrace(({ tlb }) => tlb?.hitRatio ?? null),
    ratioText,
  ),
];

const ofScenario =
  (of: (figures: ScenarioFigures) => number | null) =>
  ({ figures }: ResultRow): number | null =>
    figures?.kind === 'scenario' ? of(figures) : null;

const SCENARIO_FIGURES: readonly Column[] = [
  {
    name: 'outcome',
    numeric: false,
    cell: ({ figures }) =>
      figures?.kind === 'scenario' ? { text: figures.status, value: figures.status } : { text: UNKNOWN, value: null },
  },
  counts(
    'expectations failed',
    ofScenario(({ expectationsFailed }) => expectationsFailed),
  ),
  counts(
    'accesses',
    ofScenario(({ accesses }) => accesses),
  ),
  counts(
    'minor faults',
    ofScenario(({ minorFaults }) => minorFaults),
  ),
  counts(
    'major faults',
    ofScenario(({ majorFaults }) => majorFaults),
  ),
  counts(
    'evictions',
    ofScenario(({ evictions }) => evictions),
  ),
  counts(
    'swapped out',
    ofScenario(({ swapWrites }) => swapWrites),
  ),
  counts(
    'TLB misses',
    ofScenario(({ tlbMisses }) => tlbMisses),
  ),
];

const TIMES: readonly Column[] = [counts('access time', ({ times }) => times?.effective ?? null, duration)];
