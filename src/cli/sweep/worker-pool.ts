/**
 * Threads that do tasks. Nobody else knows that piscina is behind them: it is loaded when the first sweep needs it, so that
 * other commands start as fast as without.
 */
import type { Workers } from '../io.ts';

/**
 * @param file URL of the module whose default export is called with each task; what it throws and what it dies of are the
 *   same to whoever waits, so it had better answer with its mistakes
 * @param count threads at most; they are started when there are tasks for them
 */
export async function startWorkers(file: string, count: number): Promise<Workers> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename: file, minThreads: 0, maxThreads: count, idleTimeout: IDLE_MILLISECONDS });
  // A thread that ends between two tasks takes nothing with it: the pool starts another when it is needed.
  pool.on('error', () => undefined);
  return {
    run: (task) => pool.run(task),
    stop: () => pool.destroy(),
  };
}

/** Longer than the pause between two tasks of one thread. */
const IDLE_MILLISECONDS = 1000;
