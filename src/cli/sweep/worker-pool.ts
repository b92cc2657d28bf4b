/**
 * Threads that do tasks. Nobody else knows that piscina is behind them: it is loaded when the first sweep needs it, so that
 * other commands start as fast as without.
 */
import type { Workers } from '../io.ts';

/**
 * @param file URL of the module whose default export is called with each task; what it throws and what it dies of are the
 *   same to whoever waits, so it had better answer with its mistakes
 * @param count threads: all of them from the start, since there are as many tasks. Fewer at least than at most will not do: when
 *   the last ones die together the pool starts none for tasks that wait already, and they wait for ever
 */
export async function startWorkers(file: string, count: number): Promise<Workers> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({ filename: file, minThreads: count, maxThreads: count });
  let giveUp = (_why: unknown): void => undefined;
  const useless = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  useless.catch(() => undefined);
  // A thread that ends between two tasks takes nothing with it, and the pool starts another. One that cannot even load the
  // module it does not replace: with the last of them gone, tasks that wait would wait for ever.
  pool.on('error', (why: unknown) => {
    if (pool.threads.length === 0) giveUp(why);
  });
  return {
    run: (task) => Promise.race([pool.run(task), useless]),
    stop: () => pool.destroy(),
  };
}
