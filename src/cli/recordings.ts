/**
 * Recordings of a real CPython as files: which of those named are any, where the trace of a result lies, and what takes their
 * hashes.
 */
import { createHash } from 'node:crypto';
import { AllocationResult } from '../conform/cpython/conform-allocations.ts';
import { conformDebugHooks } from '../conform/cpython/conform-debug-hooks.ts';
import { recognise } from '../conform/cpython/recognise.ts';
import type { RunningHash } from '../conform/outcome.ts';
import { InputError } from '../mmu/input-error.ts';
import type { OpenedRecording } from './conform-files.ts';
import type { CliIo } from './io.ts';
import { readInputBytes } from './read-input.ts';
import { type FolderRule, STDIN } from './scenario-files.ts';
import { unpacked, unpackedHead } from './unpack.ts';

export const RECORDING_FOLDERS: FolderRule = {
  extension: /\.jsonl?(?:\.gz)?$/i,
  nothing: noRecordingIn,
};

function noRecordingIn(folder: string): InputError {
  return new InputError({
    code: 'MEM-CNF-009',
    message: 'no recording in this folder',
    hint: 'recordings are results (NAME.PROFILE.jsonl.gz) and debug-hook cases',
    file: folder,
  });
}

/** Enough for the first line of any of them. */
export const HEAD_BYTES = 1 << 16;
/** Where the trace of a result is looked for, from the result's folder. */
const TRACE_FOLDERS = ['../traces', '.'];
const TRACE_EXTENSIONS = ['.jsonl.gz', '.jsonl'];

export interface OpenOptions {
  /** The only folder in which traces are looked for. */
  readonly traces: string | undefined;
  /** The person named this very file, so it had better be a recording; else it came with its folder. */
  readonly meant: boolean;
}

/** @throws InputError or InputErrors what is wrong with the file or its trace */
export async function openRecording(io: CliIo, file: string, options: OpenOptions): Promise<OpenedRecording> {
  const bytes = await readInputBytes(io, file);
  switch (recognise(decoded(unpackedHead(bytes, HEAD_BYTES, file)))) {
    case 'result': {
      const result = new AllocationResult(file, decoded(unpacked(bytes, file)));
      const skipped = result.skipped();
      if (skipped !== null) return skipped;
      const trace = findTrace(io, file, result.trace, options.traces);
      return result.replay(trace, decoded(unpacked(await readInputBytes(io, trace), trace)), makeSha256);
    }
    case 'debug hooks':
      return conformDebugHooks(file, decoded(unpacked(bytes, file)));
    case 'trace':
      if (!options.meant) return null;
      throw new InputError({
        code: 'MEM-CNF-002',
        message: 'this is a trace: what was asked for, not what came of it',
        hint: 'name its result files (NAME.PROFILE.jsonl.gz, often in ../results); each finds its trace itself',
        file,
      });
    case null:
      if (!options.meant) return null;
      throw new InputError({
        code: 'MEM-CNF-001',
        message: 'this is no recording of CPython’s allocators',
        hint: 'expected a result ({"trace":…,"profile":…} on line 1) or debug-hook cases ({"header":…,"cases":[…]})',
        file,
      });
  }
}

export const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** @throws InputError MEM-CNF-008 */
function findTrace(io: CliIo, file: string, name: string, traces: string | undefined): string {
  const slash = file === STDIN ? -1 : file.lastIndexOf('/');
  const folder = slash < 0 ? '' : file.slice(0, slash + 1);
  const folders = traces === undefined ? TRACE_FOLDERS.map((place) => folder + place) : [traces.replace(/\/$/, '')];
  const places = folders.flatMap((place) => TRACE_EXTENSIONS.map((extension) => within(place, name + extension)));
  // A name with a slash in it would lead elsewhere.
  const found = name.includes('/') ? undefined : places.find((place) => io.kindOf(place) === 'file');
  if (found !== undefined) return found;
  throw new InputError({
    code: 'MEM-CNF-008',
    message: `its trace \`${name}\` is missing`,
    hint: `looked for ${places.join(', ')}; --traces DIR names another folder`,
    file,
  });
}

/** `./name` is `name`, `a/./name` is `a/name`, `a/../b/name` is `b/name`. */
function within(folder: string, name: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${name}`.split('/')) {
    if (part === '.') continue;
    if (part === '..' && parts.length > 0 && !['..', ''].includes(parts.at(-1)!)) parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function makeSha256(): RunningHash {
  const hash = createHash('sha256');
  return {
    update: (text) => {
      hash.update(text);
    },
    digest: () => hash.copy().digest('hex'),
  };
}
