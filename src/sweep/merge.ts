/** Parts of a sweep become the whole: the same bytes as if it had never been divided. */
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Cell } from './cell.ts';
import { cellText } from './cell-text.ts';
import { contradictionIn } from './contradiction.ts';
import { cellsOf } from './grid.ts';
import type { Digest, InputFile, SweepInputs } from './plan.ts';
import { planDigest, type ResultRow, type SweepResults, sweepResults } from './results.ts';

export interface Part {
  /** To name in what is wrong with it. */
  readonly file: string;
  readonly results: SweepResults;
}

/** Of one kind of complaint about one file. */
const TOLD_MAX = 10;

/**
 * Rows that several parts have must be the same; cells that none has are no mistake here: see `missingCells`.
 * @throws InputErrors MEM-SWP-042 nothing to merge; -043 a part of another plan; -044 of other inputs; -045 damaged; -046 rows
 *   that contradict each other
 */
export function mergeResults(parts: readonly Part[], digest: Digest): SweepResults {
  const [first] = parts;
  if (first === undefined) {
    throw new InputErrors([new InputError({ code: 'MEM-SWP-042', message: 'there are no parts to merge' })]);
  }
  const errors = parts.flatMap((part) => strangerErrors(part, first, digest));
  if (errors.length > 0) throw new InputErrors(errors);
  const { plan, inputs } = first.results;
  const cells = cellsOf(plan, inputs, digest);
  const taken = new Map<number, { readonly row: ResultRow; readonly file: string }>();
  for (const { file, results } of parts) {
    const told = new ComplaintList(file, errors);
    for (const row of results.rows) {
      const cell = cells[row.index];
      if (cell === undefined || cell.id !== row.id || !isWhole(row)) {
        told.add('MEM-SWP-045', `row ${row.index} is not one of this sweep, or damaged`, OTHER_VERSION);
        continue;
      }
      const contradiction = row.figures === null ? null : contradictionIn(row.figures);
      if (contradiction !== null) {
        told.add('MEM-SWP-045', `\`${cellText(cell)}\` contradicts itself: ${contradiction}`, MEASURE_AGAIN);
        continue;
      }
      const other = taken.get(row.index);
      if (other === undefined) taken.set(row.index, { row, file });
      else if (contentOf(other.row) !== contentOf(row)) {
        told.add('MEM-SWP-046', `\`${cellText(cell)}\` came out otherwise in ${other.file}`, SAME_CELL);
      }
    }
  }
  if (errors.length > 0) throw new InputErrors(errors);
  const rows = Array.from(taken.values(), ({ row }) => row);
  return sweepResults(plan, inputs, cells, rows, digest);
}

const OTHER_VERSION = 'all parts must be measured by the same version of mmulator';
const MEASURE_AGAIN = 'was the file changed? Measure it again';
const SAME_CELL = 'the same cell gives the same figures everywhere: were all parts measured by the same version?';

/** Of the whole grid those without a row. */
export function missingCells({ plan, inputs, rows }: SweepResults, digest: Digest): Cell[] {
  const measured = new Set(rows.map(({ index }) => index));
  return cellsOf(plan, inputs, digest).filter(({ index }) => !measured.has(index));
}

const isWhole = ({ figures, error }: ResultRow): boolean => (figures === null) !== (error === null);

const contentOf = ({ figures, error }: ResultRow): string => canonicalJson([figures, error]);

/** Why a part does not belong to the first one. */
function strangerErrors({ file, results }: Part, first: Part, digest: Digest): InputError[] {
  const { plan, inputs, planDigest: said } = results;
  if (planDigest(plan, inputs, digest) !== said) {
    const message = 'the plan in it is not the one that was measured';
    return [new InputError({ code: 'MEM-SWP-045', message, hint: MEASURE_AGAIN, file })];
  }
  if (said === first.results.planDigest) return [];
  if (canonicalJson(plan) !== canonicalJson(first.results.plan)) {
    const message = `a part of another sweep than ${first.file}`;
    return [new InputError({ code: 'MEM-SWP-043', message, hint: 'merge parts of one and the same sweep file', file })];
  }
  const told: InputError[] = [];
  const list = new ComplaintList(file, told);
  for (const message of differences(inputs, first.results.inputs)) {
    list.add('MEM-SWP-044', `measured with other inputs than ${first.file}: ${message}`, SAME_INPUTS);
  }
  return told;
}

const SAME_INPUTS = 'every shard needs the same files, byte for byte';

function differences(inputs: SweepInputs, others: SweepInputs): string[] {
  const [here, there] = [allFiles(inputs), allFiles(others)];
  const names = [...new Set([...here.keys(), ...there.keys()])].sort();
  return names.flatMap((name) => {
    if (!there.has(name)) return `${name} is here only`;
    if (!here.has(name)) return `${name} is missing here`;
    return here.get(name) === there.get(name) ? [] : `${name} has other contents`;
  });
}

const allFiles = ({ traces, scenarios }: SweepInputs): Map<string, string> =>
  new Map([...traces.flat(), ...scenarios].map(({ file, digest }: InputFile) => [file, digest]));

/** Complaints about one file: the first of each kind; the last of them says how it goes on. */
class ComplaintList {
  private readonly file: string;
  private readonly errors: InputError[];
  private readonly counts = new Map<string, number>();

  constructor(file: string, errors: InputError[]) {
    this.file = file;
    this.errors = errors;
  }

  add(code: string, message: string, hint: string): void {
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count > TOLD_MAX) return;
    const shown = count === TOLD_MAX ? `${message} (there may be more)` : message;
    this.errors.push(new InputError({ code, message: shown, hint, file: this.file }));
  }
}
