import type { AccessTimes } from '../trace/cost-model.ts';
import { tlbText } from './cell-text.ts';
import type { ResultRow, SweepResults } from './results.ts';
import type { ScenarioFigures, TlbFigures, TraceFigures } from './row.ts';

type Value = string | number | null;

/** Columns in words of a table, and where each comes from. All are always there, so that files of several sweeps fit together. */
const CELL_COLUMNS: Readonly<Record<string, (row: ResultRow) => Value>> = {
  index: ({ index }) => index,
  id: ({ id }) => id,
  input: ({ input }) => input,
  kind: ({ kind }) => kind,
  policy: ({ parameters }) => parameters.policy,
  options: ({ parameters }) =>
    Object.entries(parameters.options)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(' ') || null,
  frames: ({ parameters }) => parameters.frames,
  memory_bytes: ({ parameters }) => parameters.memory,
  tlb: ({ parameters }) => (parameters.tlb === null ? null : tlbText(parameters.tlb)),
  page_bytes: ({ parameters }) => parameters.pageSize,
  seed: ({ parameters }) => parameters.seed,
};

const TRACE_COLUMNS: Readonly<Record<string, (figures: TraceFigures) => Value>> = {
  references: ({ references }) => references,
  hits: ({ hits }) => hits,
  faults: ({ faults }) => faults,
  cold_faults: ({ coldFaults }) => coldFaults,
  write_backs: ({ writeBacks }) => writeBacks,
  hit_ratio: ({ hitRatio }) => hitRatio,
  mean_resident: ({ meanResident }) => meanResident,
};

const TLB_COLUMNS: Readonly<Record<string, (figures: TlbFigures) => Value>> = {
  tlb_lookups: ({ lookups }) => lookups,
  tlb_l1_hits: ({ l1Hits }) => l1Hits,
  tlb_l2_hits: ({ l2Hits }) => l2Hits,
  tlb_walks: ({ walks }) => walks,
  tlb_hit_ratio: ({ hitRatio }) => hitRatio,
};

const TIME_COLUMNS: Readonly<Record<string, (times: AccessTimes) => Value>> = {
  access_ns: ({ access }) => access,
  fault_ns: ({ fault }) => fault,
  effective_ns: ({ effective }) => effective,
  instruction_ns: ({ instruction }) => instruction,
};

const SCENARIO_COLUMNS: Readonly<Record<string, (figures: ScenarioFigures) => Value>> = {
  status: ({ status }) => status,
  steps: ({ steps }) => steps,
  expectations_held: ({ expectationsHeld }) => expectationsHeld,
  expectations_failed: ({ expectationsFailed }) => expectationsFailed,
  accesses: ({ accesses }) => accesses,
  minor_faults: ({ minorFaults }) => minorFaults,
  major_faults: ({ majorFaults }) => majorFaults,
  evictions: ({ evictions }) => evictions,
  dirty_evictions: ({ dirtyEvictions }) => dirtyEvictions,
  swap_reads: ({ swapReads }) => swapReads,
  swap_writes: ({ swapWrites }) => swapWrites,
  oom_kills: ({ oomKills }) => oomKills,
  tlb_hits: ({ tlbHits }) => tlbHits,
  tlb_misses: ({ tlbMisses }) => tlbMisses,
  l2_tlb_hits: ({ l2TlbHits }) => l2TlbHits,
  walks: ({ walks }) => walks,
  pte_reads: ({ pteReads }) => pteReads,
};

const HEAD = [
  ...[CELL_COLUMNS, TRACE_COLUMNS, TLB_COLUMNS, TIME_COLUMNS, SCENARIO_COLUMNS].flatMap((columns) =>
    Object.keys(columns),
  ),
  'error_code',
  'error',
];

/** Every row as a line, a head before them; lines end in `\n`, fields are quoted as RFC 4180 has it. */
export function resultsCsv({ rows }: SweepResults): string {
  const lines = rows.map((row) => {
    const { figures, times, error } = row;
    const trace = figures?.kind === 'trace' ? figures : null;
    const scenario = figures?.kind === 'scenario' ? figures : null;
    return [
      ...values(CELL_COLUMNS, row),
      ...values(TRACE_COLUMNS, trace),
      ...values(TLB_COLUMNS, trace?.tlb ?? null),
      ...values(TIME_COLUMNS, times),
      ...values(SCENARIO_COLUMNS, scenario),
      error?.code ?? null,
      error?.message ?? null,
    ];
  });
  return [HEAD, ...lines].map((line) => `${line.map(field).join(',')}\n`).join('');
}

const values = <From>(columns: Readonly<Record<string, (from: From) => Value>>, from: From | null): Value[] =>
  Object.values(columns).map((take) => (from === null ? null : take(from)));

function field(value: Value): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
