/** Recordings of the Linux kernel as files: which of those named are any. */
import { conformLinux, type LinuxConformOptions } from '../conform/linux/conform-traces.ts';
import { isLinuxRecording } from '../conform/linux/trace-file.ts';
import { InputError } from '../mmu/input-error.ts';
import type { OpenedRecording } from './conform-files.ts';
import { globToRegExp } from './glob.ts';
import type { CliIo } from './io.ts';
import { readInputBytes } from './read-input.ts';
import { decoded, HEAD_BYTES } from './recordings.ts';
import type { FolderRule } from './scenario-files.ts';
import { unpacked, unpackedHead } from './unpack.ts';

export const LINUX_RECORDING_FOLDERS: FolderRule = {
  extension: /\.jsonl(?:\.gz)?$/i,
  nothing: (folder) =>
    new InputError({
      code: 'MEM-CNF-009',
      message: 'no recording in this folder',
      hint: 'recordings are files of traces: NAME.jsonl or NAME.jsonl.gz',
      file: folder,
    }),
};

export interface OpenLinuxOptions extends LinuxConformOptions {
  /** The person named this very file, so it had better be a recording; else it came with its folder. */
  readonly meant: boolean;
}

/** Null: none of the file's traces is meant. @throws InputError or InputErrors what is wrong with the file */
export async function openLinuxRecording(io: CliIo, file: string, options: OpenLinuxOptions): Promise<OpenedRecording> {
  const bytes = await readInputBytes(io, file);
  if (isLinuxRecording(decoded(unpackedHead(bytes, HEAD_BYTES, file)))) {
    return conformLinux(file, decoded(unpacked(bytes, file)), options);
  }
  if (!options.meant) return null;
  throw new InputError({
    code: 'MEM-CNF-010',
    message: 'this is no recording of Linux’s memory manager',
    hint: 'expected a trace on every line: {"trace":…,"family":…,"ops":[…],"base":{…},"results":[…]}',
    file,
  });
}

/** Traces named on the command line: `fork-017`, or several with commas, or patterns: `fork-0*,mix-003`. */
export class TraceSelection {
  private readonly names: readonly { readonly name: string; readonly pattern: RegExp }[];
  private readonly found = new Set<string>();

  /** undefined: all traces. */
  constructor(only: string | undefined) {
    const names = only === undefined ? [] : only.split(',').map((name) => name.trim());
    this.names = names.map((name) => ({ name, pattern: globToRegExp(name) }));
  }

  /** Is the trace meant? Every name that means it counts as found. */
  takes(trace: string): boolean {
    const meant = this.names.filter(({ pattern }) => pattern.test(trace));
    for (const { name } of meant) this.found.add(name);
    return this.names.length === 0 || meant.length > 0;
  }

  /** Names that no trace seen so far has. */
  missed(): string[] {
    return this.names.flatMap(({ name }) => (this.found.has(name) ? [] : [name]));
  }
}

/** What to say of files that hold no trace of that name. */
export const noTraceNamed = (only: string, file?: string) =>
  new InputError({
    code: 'MEM-CNF-012',
    message: `no trace here is called \`${only}\``,
    hint: "names stand in the field `trace`; `--only 'fork-0*'` takes several, commas part them",
    ...(file === undefined ? {} : { file }),
  });
