/** Traces from files and standard input: unpacked, recognized, read piece by piece, with a line that says how far. */
import type { Options } from 'yargs';
import { thousands } from '../report/quantities.ts';
import { TRACE_FORMATS } from '../trace/formats/registry.ts';
import { inFile as inNamedFile } from '../trace/in-file.ts';
import type { ReaderOptions } from '../trace/reader.ts';
import type { CommandContext } from './command.ts';
import type { CliIo } from './io.ts';
import { wholeNumber } from './numbers.ts';
import { readProblem } from './read-input.ts';
import { STDIN } from './scenario-files.ts';
import { megabytes, TraceProgress } from './trace-progress.ts';
import { unpackedChunks } from './unpack-stream.ts';

/** Options of every command that reads a trace. */
export const TRACE_INPUT_OPTIONS = {
  format: {
    choices: TRACE_FORMATS.map(({ name }) => name),
    describe: 'What the trace is; default: told by how it begins',
  },
  columns: { type: 'string', describe: 'Columns of a CSV without header line, such as time,page,size' },
  unit: { choices: ['address', 'page'] as const, describe: 'What the numbers are, where the format does not mean it' },
  process: { type: 'string', describe: 'Only the references of this process' },
  progress: { type: 'boolean', describe: 'Tell how far it is, on standard error; default: on a terminal' },
} as const satisfies Record<string, Options>;

interface TraceInputArgs {
  readonly format?: string | undefined;
  readonly columns?: string | undefined;
  readonly unit?: 'address' | 'page' | undefined;
  readonly process?: string | undefined;
}

/** @throws InputError for what is no number */
export function readerOptions({ format, columns, unit, process }: TraceInputArgs): ReaderOptions {
  return {
    format,
    unit,
    columns: columns?.split(',').map((name) => name.trim()),
    process: process === undefined ? undefined : wholeNumber('--process', process),
  };
}

/** Who takes the bytes of a trace: a TraceReader, a TraceRun. */
interface TraceEater {
  /** So far. */
  readonly references: number;
  push(chunk: Uint8Array): void;
}

interface PushOptions {
  readonly progress?: boolean | undefined;
  /** Asked after each piece: is the rest of no use to anybody? */
  readonly isEnough?: () => boolean;
}

/**
 * Push all of a trace, unpacked; its end is the caller's to tell.
 * @returns false when interrupted, or enough came @throws InputError for what cannot be read or is wrong with the trace, with the file
 */
export async function pushTrace(
  file: string,
  eater: TraceEater,
  context: CommandContext,
  { progress: asked, isEnough }: PushOptions,
): Promise<boolean> {
  const { io } = context;
  const progress = new TraceProgress(
    context,
    {
      name: nameOf(file),
      // Packed bytes: how long the unpacked trace is nobody knows before its end.
      total: file === STDIN ? null : io.sizeOf(file),
      text: megabytes,
      also: () => `${thousands(eater.references)} references`,
    },
    asked,
  );
  try {
    for await (const chunk of unpackedChunks(counted(packedChunks(io, file), progress), nameOf(file))) {
      eater.push(chunk);
      await io.pause();
      if (io.interrupted() || isEnough?.() === true) return false;
    }
    return true;
  } catch (thrown) {
    throw inFile(thrown, file);
  } finally {
    progress.clear();
  }
}

/** As `trace/in-file.ts` does it, of a file as it was named. */
export const inFile = (thrown: unknown, file: string): unknown => inNamedFile(thrown, nameOf(file));

export const nameOf = (file: string): string => (file === STDIN ? 'standard input' : file);

async function* packedChunks(io: CliIo, file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* file === STDIN ? io.stdinChunks() : io.readChunks(file);
  } catch (error) {
    throw readProblem(error, file);
  }
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  progress: TraceProgress,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk;
    progress.add(chunk.length);
  }
}
