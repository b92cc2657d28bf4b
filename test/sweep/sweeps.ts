/** Sweeps for tests: files held in memory, measured without workers. */
import { createHash } from 'node:crypto';
import type { Cell } from '../../src/sweep/cell.ts';
import { cellsOf } from '../../src/sweep/grid.ts';
import { measureTask, type TaskSource } from '../../src/sweep/measure.ts';
import type { InputFile, SweepInputs, SweepPlan } from '../../src/sweep/plan.ts';
import { type SweepResults, sweepResults } from '../../src/sweep/results.ts';
import type { Row } from '../../src/sweep/row.ts';
import { readSweepFile } from '../../src/sweep/sweep-file.ts';
import { tasksOf } from '../../src/sweep/task.ts';

/** By name relative to the sweep file: unpacked. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

export interface Sweep {
  readonly plan: SweepPlan;
  readonly inputs: SweepInputs;
  readonly cells: readonly Cell[];
}

/** Names in the sweep file are whole names of `files`; `*.x` is every file that ends so. */
export function sweepOf(text: string, files: Files = {}): Sweep {
  const plan = readSweepFile(text, 'sweep.yaml');
  const inputs: SweepInputs = {
    traces: plan.traces.map((trace) => (trace.kind === 'file' ? matching(trace.file, files) : [])),
    scenarios: plan.scenarios.flatMap((pattern) => matching(pattern, files)),
  };
  return { plan, inputs, cells: cellsOf(plan, inputs, sha256) };
}

function matching(pattern: string, files: Files): InputFile[] {
  const fits = (name: string): boolean =>
    pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : name === pattern;
  return Object.entries(files).flatMap(([file, content]) => (fits(file) ? [{ file, digest: sha256(content) }] : []));
}

export const sourceOf = (files: Files): TaskSource => ({
  async *chunks(file) {
    const content = files[file]!;
    yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
  },
  text: (file) => Promise.resolve(String(files[file])),
});

/** Every task, the last one first. */
export async function measured(cells: readonly Cell[], files: Files = {}, workers = 1): Promise<Row[]> {
  const rows: Row[] = [];
  for (const task of tasksOf(cells, workers).reverse()) rows.push(...(await measureTask(task, sourceOf(files))));
  return rows;
}

export const resultsOf = ({ plan, inputs, cells }: Sweep, rows: readonly Row[]): SweepResults =>
  sweepResults(plan, inputs, cells, rows, sha256);

/** A small scenario that pages: six pages one after the other, again and again. */
export const PAGING_SCENARIO = `version: 1
name: six pages, around and around
machine: { memory: 256KiB, swap: 1MiB, residentPages: 64, seed: 3 }
steps:
  - { do: mmap, length: 24KiB, as: buf }
  - do: repeat
    times: 5
    steps:
      - do: for
        var: i
        below: 6
        steps:
          - { do: store, at: buf+i*page, value: i }
expect:
  counters: { majorFaults: 0 }
`;
