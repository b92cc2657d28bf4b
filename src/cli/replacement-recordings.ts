/** Recordings of page replacement as files: which of those named are any, and where their traces lie. */
import { Mistakes } from '../conform/fields.ts';
import { REPLACEMENT_RECORDINGS, type ReplacementRecordingName } from '../conform/replacement/kinds.ts';
import type { TraceFile } from '../conform/replacement/recorded-trace.ts';
import { readTraceList, TRACE_LIST } from '../conform/replacement/trace-list.ts';
import { InputError } from '../mmu/input-error.ts';
import type { OpenedRecording } from './conform-files.ts';
import type { CliIo } from './io.ts';
import { readInputBytes, readProblem } from './read-input.ts';
import { decoded, HEAD_BYTES } from './recordings.ts';
import { type FolderRule, STDIN } from './scenario-files.ts';
import { unpacked, unpackedHead } from './unpack.ts';

export const REPLACEMENT_FOLDERS: FolderRule = {
  extension: /\.jsonl?(?:\.gz)?$/i,
  nothing: (folder) =>
    new InputError({
      code: 'MEM-CNF-009',
      message: 'no recording in this folder',
      hint: 'recordings are replacement.jsonl, tlb.jsonl and mrc.json, each with traces.json beside it',
      file: folder,
    }),
};

export interface OpenReplacementOptions {
  /** The folder of traces.json and its files; undefined: that of the recording. */
  readonly traces: string | undefined;
  readonly isMeant: (trace: string) => boolean;
  /** The person named this very file, so it had better be a recording; else it came with its folder. */
  readonly meant: boolean;
}

/** Null: a file of another kind, or none of its rows is meant. @throws InputError or InputErrors what is wrong with it */
export async function openReplacementRecording(
  io: CliIo,
  file: string,
  name: ReplacementRecordingName,
  { traces, isMeant, meant }: OpenReplacementOptions,
): Promise<OpenedRecording> {
  const bytes = await readInputBytes(io, file);
  const head = decoded(unpackedHead(bytes, HEAD_BYTES, file));
  const recording = REPLACEMENT_RECORDINGS[name];
  if (!recording.holds(head)) {
    if (meant) throw notThisKind(file, name, head);
    return null;
  }
  const folder = traces ?? folderOf(file);
  const list = readBeside(io, folder, TRACE_LIST, file);
  return recording.open(file, decoded(unpacked(bytes, file)), {
    traces: readTraceList(decoded(list.bytes), new Mistakes(list.path)),
    readFile: (trace) => readBeside(io, folder, trace, file),
    isMeant,
  });
}

function notThisKind(file: string, name: ReplacementRecordingName, head: string): InputError {
  const other = Object.entries(REPLACEMENT_RECORDINGS).find(([, recording]) => recording.holds(head));
  return new InputError({
    code: 'MEM-CNF-018',
    message: `this is no recording that \`conform ${name}\` takes`,
    hint:
      other === undefined
        ? `expected ${REPLACEMENT_RECORDINGS[name].expected}`
        : `it is one for \`mmulator conform ${other[0]}\``,
    file,
  });
}

function folderOf(file: string): string {
  const slash = file === STDIN ? -1 : file.lastIndexOf('/');
  return slash < 0 ? '' : file.slice(0, slash + 1);
}

/** @throws InputError MEM-CNF-017 */
function readBeside(io: CliIo, folder: string, name: string, file: string): TraceFile {
  const path = folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`;
  if (io.kindOf(path) === null) {
    throw new InputError({
      code: 'MEM-CNF-017',
      message: `\`${name}\` is missing`,
      hint: `looked for ${path}; --traces DIR names another folder`,
      file,
    });
  }
  try {
    return { path, bytes: unpacked(io.readBytes(path), path) };
  } catch (error) {
    throw readProblem(error, path);
  }
}
