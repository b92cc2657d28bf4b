/**
 * A task of a sweep, done where its message arrives: in a worker, or in the main thread when there is only one. Whatever
 * happens is answered, so that a thread that answers nothing has died.
 */
import { InvariantError } from '../../mmu/invariant.ts';
import { measureTask } from '../../sweep/measure.ts';
import type { Row } from '../../sweep/row.ts';
import type { Task } from '../../sweep/task.ts';
import type { CliIo } from '../io.ts';
import { fileBytes, fileChunks } from '../read-input.ts';
import { unpackedChunks } from '../unpack-stream.ts';
import { besideSweep } from './inputs.ts';

/** Plain data: it goes to a thread. */
export interface WorkerTask {
  /** The folder that files of the task are relative to. */
  readonly folder: string;
  readonly task: Task;
}

/** Plain data: it comes from a thread. */
export type WorkerAnswer =
  | { readonly rows: readonly Row[] }
  | { readonly bug: { readonly message: string; readonly stack: string | undefined; readonly broken: boolean } };

/** @param beat awaited now and then; what it throws is thrown on */
export async function doTask(
  { folder, task }: WorkerTask,
  io: Pick<CliIo, 'readChunks' | 'readBytes'>,
  beat?: () => Promise<void>,
): Promise<Row[]> {
  return measureTask(task, {
    chunks: (file) => unpackedChunks(fileChunks(io, besideSweep(folder, file)), file),
    text: async (file) => new TextDecoder().decode(fileBytes(io, besideSweep(folder, file))),
    ...(beat === undefined ? {} : { beat }),
  });
}

export async function answerTask(
  message: WorkerTask,
  io: Pick<CliIo, 'readChunks' | 'readBytes'>,
): Promise<WorkerAnswer> {
  try {
    return { rows: await doTask(message, io) };
  } catch (thrown) {
    const broken = thrown instanceof InvariantError;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { bug: { message: error.message, stack: error.stack, broken } };
  }
}
