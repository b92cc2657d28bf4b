/** Reading what the person named, with Node's errors turned into ours. */
import { InputError } from '../mmu/input-error.ts';
import type { CliIo } from './io.ts';
import { STDIN } from './scenario-files.ts';

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'part of the path is not a folder',
  EMFILE: 'too many open files',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'larger than files may become here',
  EROFS: 'the file system is read-only',
};

function problemOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // What has no code is no answer of the file system but a bug of ours.
  if (code === '') throw error;
  return PROBLEMS[code] ?? code;
}

export async function readInputBytes(io: CliIo, file: string): Promise<Uint8Array> {
  return file === STDIN ? io.readStdin() : fileBytes(io, file);
}

/** @throws InputError */
export function fileBytes(io: Pick<CliIo, 'readBytes'>, file: string): Uint8Array {
  try {
    return io.readBytes(file);
  } catch (error) {
    throw readProblem(error, file);
  }
}

/** The bytes of a file in pieces. @throws InputError while it is iterated */
export async function* fileChunks(
  io: Pick<CliIo, 'readChunks'>,
  file: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* io.readChunks(file);
  } catch (error) {
    throw readProblem(error, file);
  }
}

/** What kept a file from being read, as a mistake of the person's; a bug of ours is thrown on. */
export function readProblem(error: unknown, file: string): InputError {
  if (error instanceof InputError) return error;
  const problem = problemOf(error);
  const code = problem === PROBLEMS.ENOENT ? 'MEM-CLI-001' : 'MEM-CLI-004';
  return new InputError({ code, message: problem, file });
}

export async function readInputText(io: CliIo, file: string): Promise<string> {
  const bytes = await readInputBytes(io, file);
  return new TextDecoder().decode(bytes);
}

export function writeOutput(io: CliIo, file: string, text: string): void {
  try {
    io.writeFile(file, text);
  } catch (error) {
    throw writeProblem(error, file);
  }
}

/** What kept a file from being written; a bug of ours is thrown on. */
export function writeProblem(error: unknown, file: string): InputError {
  if (error instanceof InputError) return error;
  const problem = problemOf(error);
  const reason = problem === PROBLEMS.ENOENT ? 'its folder does not exist' : problem;
  return new InputError({ code: 'MEM-CLI-013', message: `cannot write: ${reason}`, file });
}
