import { POLICIES } from '../kernel/reclaim/registry.ts';
import type { Cell, CellInput } from './cell.ts';
import { runKey } from './cell-keys.ts';

/**
 * What one worker does at a time: cells of one input, for a trace all of one page size, so that one pass over it serves all
 * of them. Plain data. How cells are divided into tasks changes nothing about their rows.
 */
export interface Task {
  readonly input: CellInput;
  readonly cells: readonly Cell[];
}

/** Cells that go through a trace together: each has buffers and tables of its own. */
const PASS_CELLS_MAX = 32;
/** What their tables may have in rows together, a row a frame or a known page of each: some 20 bytes apiece. */
const PASS_ROWS_MAX = 2 ** 25;
/** Fewer, and the reading of the trace would cost more than what is done with it. */
const PASS_CELLS_MIN = 4;
/** Tasks a worker should get, so that the last ones do not leave the others waiting. */
const TASKS_PER_WORKER = 4;

/** @param workers how many will share them @returns the tasks with most cells first */
export function tasksOf(cells: readonly Cell[], workers: number): Task[] {
  const replayed = cells.filter(({ input }) => input.kind !== 'scenario').length;
  const most = Math.min(PASS_CELLS_MAX, Math.max(PASS_CELLS_MIN, Math.ceil(replayed / (workers * TASKS_PER_WORKER))));
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const alone = cell.input.kind === 'scenario' ? cell.index : null;
    const key = JSON.stringify([cell.input.kind, cell.input.name, cell.parameters.pageSize, alone]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  const tasks = [...groups.values()].flatMap((group) => divided(inPassOrder(group), most));
  return tasks.sort((one, other) => other.cells.length - one.cells.length);
}

/** In equal parts, cut again where the tables of one would be too large. */
function divided(group: readonly Cell[], most: number): Task[] {
  const size = Math.ceil(group.length / Math.ceil(group.length / most));
  const tasks: { readonly input: CellInput; readonly cells: Cell[] }[] = [];
  let rows = 0;
  for (const cell of group) {
    const last = tasks.at(-1);
    const more = tableRows(cell);
    if (last === undefined || last.cells.length === size || rows + more > PASS_ROWS_MAX) {
      tasks.push({ input: cell.input, cells: [cell] });
      rows = more;
    } else {
      last.cells.push(cell);
      rows += more;
    }
  }
  return tasks;
}

const tableRows = ({ input, parameters }: Cell): number =>
  (parameters.frames ?? 0) + (input.kind === 'generated' ? input.source.options.pages : 0);

/** Policies that keep the whole trace share one recording, cells that differ in their TLB alone one replay: those go together. */
function inPassOrder(group: readonly Cell[]): Cell[] {
  const keyed = group.map((cell) => {
    const { policy } = cell.parameters;
    const keeps = policy !== null && POLICIES[policy].needsFuture;
    return { cell, key: `${keeps ? 1 : 0}${runKey(cell)}` };
  });
  return keyed
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : one.cell.index - other.cell.index))
    .map(({ cell }) => cell);
}
