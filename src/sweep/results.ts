/** The document a sweep leaves: plan, inputs and rows. The same bytes whatever the number of workers, shards and interruptions. */
import { type AccessTimes, replayTimes } from '../trace/cost-model.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Cell, CellInput, CellParameters } from './cell.ts';
import { inputsInOrder } from './input-files.ts';
import type { Digest, SweepCost, SweepInputs, SweepPlan } from './plan.ts';
import type { CellError, Figures, Row } from './row.ts';

export const RESULTS_FORMAT = 'mmulator-sweep';
export const RESULTS_VERSION = 1;

export interface SweepResults {
  readonly format: typeof RESULTS_FORMAT;
  readonly version: typeof RESULTS_VERSION;
  readonly title: string | null;
  /** Of plan and inputs: parts with the same one belong together. */
  readonly planDigest: string;
  readonly plan: SweepPlan;
  readonly inputs: SweepInputs;
  /** Of the whole grid. */
  readonly cells: number;
  /** By index; of a part, or an interrupted sweep, not all. */
  readonly rows: readonly ResultRow[];
}

/** A row with what its cell is. */
export interface ResultRow {
  readonly index: number;
  readonly id: string;
  /** Name of the input. */
  readonly input: string;
  readonly kind: CellInput['kind'];
  readonly parameters: CellParameters;
  readonly figures: Figures | null;
  /** In ns, of replayed traces, where the plan has costs. */
  readonly times: AccessTimes | null;
  readonly error: CellError | null;
}

/**
 * @param cells all of the plan
 * @param rows any of them in any order; of a cell that is there twice the first counts, rows of other sweeps do not
 */
export function sweepResults(
  plan: SweepPlan,
  inputs: SweepInputs,
  cells: readonly Cell[],
  rows: readonly Row[],
  digest: Digest,
): SweepResults {
  const byId = new Map<string, Row>();
  for (const row of rows) if (!byId.has(row.id)) byId.set(row.id, row);
  return {
    format: RESULTS_FORMAT,
    version: RESULTS_VERSION,
    title: plan.title,
    planDigest: planDigest(plan, inputs, digest),
    plan,
    inputs: inputsInOrder(inputs),
    cells: cells.length,
    rows: cells.flatMap((cell) => {
      const row = byId.get(cell.id);
      return row === undefined ? [] : [resultRow(cell, row, costOf(cell, plan))];
    }),
  };
}

/** The same for every order in which the files were found. */
export function planDigest(plan: SweepPlan, inputs: SweepInputs, digest: Digest): string {
  return digest(canonicalJson({ plan, inputs: inputsInOrder(inputs) }));
}

function resultRow(cell: Cell, { figures, error }: Row, cost: SweepCost | null): ResultRow {
  const { index, id, input, parameters } = cell;
  return {
    index,
    id,
    input: input.name,
    kind: input.kind,
    parameters,
    figures,
    times: cost === null || figures === null ? null : timesOf(figures, cost),
    error,
  };
}

/** Where `null` is a point of the axis there is no TLB, so nothing is looked up and every access walks. */
function costOf({ parameters }: Cell, { cost, grid }: SweepPlan): SweepCost | null {
  const isWithout = grid.tlb !== null && parameters.tlb === null;
  return cost === null || !isWithout || cost.tlbHit !== null ? cost : { ...cost, tlb: 0, tlbHit: 0 };
}

/** As `trace simulate --cost`; with a TLB of its own the cell knows the share of hits that the model otherwise assumes. */
function timesOf(figures: Figures, cost: SweepCost): AccessTimes | null {
  if (figures.kind !== 'trace' || figures.faults === null) return null;
  const { faults, references, writeBacks, tlb } = figures;
  const model = { ...cost, tlbHit: cost.tlbHit ?? tlb?.hitRatio ?? 1 };
  return replayTimes(model, { references, faults, writeBacks });
}

/** Two blanks a level and a newline at the end. */
export const resultsJson = (results: SweepResults): string => `${JSON.stringify(results, null, 2)}\n`;
