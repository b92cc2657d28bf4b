/** What can be wrong with the running of a sweep: its workers, its journal, its parts. */
import type { ErrorCode } from './error-codes.ts';

export const SWEEP_RUN_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-SWP-050',
    title: 'a worker died',
    text: 'The thread that measured this cell ended without an answer, twice: most often because there was not enough memory. Fewer `--workers` leave more for each; `NODE_OPTIONS=--max-old-space-size=8192` raises the limit of a thread. The other cells are measured; the next run tries this one again.',
  },
  {
    code: 'MEM-SWP-051',
    title: 'not a journal',
    text: 'A sweep keeps its finished cells in a journal beside its output, and something else has its name. It is left as it is.',
  },
  {
    code: 'MEM-SWP-052',
    title: 'no part in this folder',
    text: 'To `mmulator merge` a folder stands for every .json file in it and below it. There is none.',
  },
];
