/** What can be wrong with a simulation of a trace. */
import type { ErrorCode } from './error-codes.ts';

export const SIMULATE_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-TRC-050',
    title: 'no such cost',
    text: 'A cost model is told as `--cost name=value`: times with a unit (`memory=100ns`, `service=8ms`), shares from 0 to 1 (`tlbHit=0.98`), counts (`levels=4`). `mmulator trace simulate --help` lists the names.',
  },
  {
    code: 'MEM-TRC-051',
    title: 'whose references?',
    text: 'Frames can be divided among processes only where the trace says whose references it holds: `csv` and `csv-pages` with a column of processes, and `perf`, do.',
  },
  {
    code: 'MEM-TRC-052',
    title: 'fewer frames than processes',
    text: 'With frames of their own all processes run at the same time, so each needs at least one.',
  },
  {
    code: 'MEM-TRC-053',
    title: 'too many runs at once',
    text: 'Every policy with every number of frames is a run, and all of them go through the trace together, each with memory of its own.',
  },
  {
    code: 'MEM-TRC-054',
    title: 'no such reference',
    text: 'References are counted from 1, one for each page that is touched: an access that crosses a page boundary is two. `--kinds` and `--process` choose before the counting.',
  },
  {
    code: 'MEM-TRC-055',
    title: 'nothing left to simulate',
    text: 'The trace has references, but `--kinds` or `--process` chose none of them. `mmulator trace info` tells what a trace holds.',
  },
];
