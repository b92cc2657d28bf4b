/** A thread of `mmulator sweep`: started by name from the built package (see node-io.ts), called with each task. */
import { readFileSync } from 'node:fs';
import { readChunks } from './node-io.ts';
import { answerTask, type WorkerAnswer, type WorkerTask } from './sweep/answer-task.ts';

export default (message: WorkerTask): Promise<WorkerAnswer> =>
  answerTask(message, { readChunks, readBytes: (path) => readFileSync(path) });
