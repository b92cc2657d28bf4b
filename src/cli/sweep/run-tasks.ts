/**
 * The tasks of a sweep, done: by as many threads as there are workers, or in this one when a single task is all there is,
 * since threads take a moment to start. Which thread does what changes nothing of what comes out.
 *
 * ```
 *   waiting tasks ──lane 1──► worker ──► rows ──► finished (journal, progress)
 *                 ──lane 2──► worker ──✝ once more ──✝ rows that say so
 * ```
 */
import { InvariantError } from '../../mmu/invariant.ts';
import type { Row } from '../../sweep/row.ts';
import type { Task } from '../../sweep/task.ts';
import type { CliIo, Workers } from '../io.ts';
import { doTask, type WorkerAnswer, type WorkerTask } from './answer-task.ts';

export interface TaskListener {
  /** In the order in which tasks end. */
  finished(rows: readonly Row[]): void;
  /** A worker died of it. @param again it is tried once more */
  died(task: Task, why: string, again: boolean): void;
  /** Time has passed. */
  tick(): void;
}

export interface TaskOptions {
  readonly folder: string;
  /** At most so many threads. */
  readonly workers: number;
}

/** Between two looks for Ctrl-C. */
const LOOK_MILLISECONDS = 100;
const ATTEMPTS = 2;

/** Ctrl-C in the middle of a task that this thread does itself. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * @returns false when interrupted: what `finished` got by then is whole
 * @throws what a listener throws; a mistake of ours
 */
export async function runTasks(
  tasks: readonly Task[],
  { folder, workers: count }: TaskOptions,
  listener: TaskListener,
  io: CliIo,
): Promise<boolean> {
  const [only] = tasks;
  if (only === undefined) return true;
  if (tasks.length === 1) return runHere({ folder, task: only }, listener, io);
  const workers = await io.startWorkers(Math.min(count, tasks.length));
  const run = new PooledRun(tasks, folder, workers, listener);
  let stopLooking = (): void => undefined;
  const interrupted = new Promise<false>((resolve) => {
    stopLooking = io.every(LOOK_MILLISECONDS, () => {
      listener.tick();
      if (io.interrupted()) resolve(false);
    });
  });
  try {
    const lanes = Array.from({ length: Math.min(count, tasks.length) }, () => run.lane());
    return await Promise.race([Promise.all(lanes).then(() => true), interrupted]);
  } finally {
    run.over = true;
    stopLooking();
    await workers.stop();
  }
}

async function runHere(message: WorkerTask, listener: TaskListener, io: CliIo): Promise<boolean> {
  try {
    const rows = await doTask(message, io, async () => {
      listener.tick();
      await io.pause();
      if (io.interrupted()) throw new Interrupted();
    });
    listener.finished(rows);
    return true;
  } catch (thrown) {
    if (thrown instanceof Interrupted) return false;
    throw thrown;
  }
}

class PooledRun {
  /** Nobody waits any more: what workers still say is not heard. */
  over: boolean;
  private readonly waiting: Task[];
  private readonly folder: string;
  private readonly workers: Workers;
  private readonly listener: TaskListener;

  constructor(tasks: readonly Task[], folder: string, workers: Workers, listener: TaskListener) {
    this.over = false;
    this.waiting = [...tasks];
    this.folder = folder;
    this.workers = workers;
    this.listener = listener;
  }

  /** One task after the other, until there are none. */
  async lane(): Promise<void> {
    for (let task = this.waiting.shift(); task !== undefined && !this.over; task = this.waiting.shift()) {
      const rows = await this.rowsOf(task);
      if (this.over) return;
      this.listener.finished(rows);
    }
  }

  private async rowsOf(task: Task): Promise<readonly Row[]> {
    let why = '';
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const message: WorkerTask = { folder: this.folder, task };
      let answer: WorkerAnswer;
      try {
        // Only answerTask answers there.
        answer = (await this.workers.run(message)) as WorkerAnswer;
      } catch (thrown) {
        // Also what `stop` does to a task that is under way.
        if (this.over) return [];
        why = thrown instanceof Error ? thrown.message : String(thrown);
        this.listener.died(task, why, attempt < ATTEMPTS);
        continue;
      }
      return rowsIn(answer);
    }
    return task.cells.map((cell) => ({ index: cell.index, id: cell.id, figures: null, error: workerDied(why) }));
  }
}

function rowsIn(answer: WorkerAnswer): readonly Row[] {
  if ('rows' in answer) return answer.rows;
  const { message, stack, broken } = answer.bug;
  // As in this thread: a rule of ours that is broken is told as one. The stack is the worker's.
  const error = broken ? new InvariantError(message) : new Error(message);
  error.stack = stack ?? message;
  throw error;
}

const workerDied = (why: string): NonNullable<Row['error']> => ({
  code: 'MEM-SWP-050',
  message: `the worker died of it, twice: ${why}`,
  hint: 'too little memory? fewer --workers leave more for each; NODE_OPTIONS=--max-old-space-size=8192 raises the limit',
});
