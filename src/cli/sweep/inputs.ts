/** What a sweep file names, found on the disk: patterns expanded, every file's bytes hashed. */
import { createHash } from 'node:crypto';
import { isAbsolute, posix, relative } from 'node:path';
import { InputError, InputErrors } from '../../mmu/input-error.ts';
import type { InputFile, SweepInputs } from '../../sweep/plan.ts';
import type { NamedInputs } from '../../sweep/sweep-file.ts';
import type { CliIo } from '../io.ts';
import { fileChunks } from '../read-input.ts';
import { type FoundFiles, findFiles, findScenarioFiles, STDIN } from '../scenario-files.ts';

/** The folder of a sweep file, which what it names is relative to. */
export const folderOf = (sweepFile: string): string => (sweepFile === STDIN ? '.' : posix.dirname(sweepFile));

/** Where a file is that a sweep in `folder` names. */
export const besideSweep = (folder: string, file: string): string =>
  isAbsolute(file) ? file : posix.join(folder, file);

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

interface FoundInputs {
  /** By trace; none for one that is made up. */
  readonly traces: readonly (readonly string[])[];
  readonly scenarios: readonly string[];
  readonly errors: InputError[];
}

/** Patterns expanded; nothing is opened. */
function lookFor(named: NamedInputs, folder: string, io: CliIo): FoundInputs {
  const traces = named.traces.map((source) =>
    source.kind === 'generated' ? NOTHING : traceFiles(besideSweep(folder, source.file), io),
  );
  const scenarios = findScenarioFiles(
    io,
    named.scenarios.map((file) => besideSweep(folder, file)),
  );
  return {
    traces: traces.map(({ files }) => files),
    scenarios: scenarios.files,
    errors: [...traces, scenarios].flatMap(({ errors }) => errors),
  };
}

const NOTHING: FoundFiles = { files: [], errors: [] };

/** What of it is not there: for a sweep file that is wrong already, so that all is told at once. */
export const missingInputs = (named: NamedInputs, folder: string, io: CliIo): readonly InputError[] =>
  lookFor(named, folder, io).errors;

/** @returns null when interrupted @throws InputErrors everything that is not there or cannot be read */
export async function findInputs(named: NamedInputs, folder: string, io: CliIo): Promise<SweepInputs | null> {
  const { traces, scenarios, errors } = lookFor(named, folder, io);
  const digests = new Map<string, string>();
  for (const path of new Set([...traces.flat(), ...scenarios])) {
    try {
      const digest = await fileDigest(path, io);
      if (digest === null) return null;
      digests.set(path, digest);
    } catch (thrown) {
      if (!(thrown instanceof InputError)) throw thrown;
      errors.push(thrown);
    }
  }
  if (errors.length > 0) throw new InputErrors(errors);
  const inputOf = (path: string): InputFile => ({ file: nameBeside(folder, path), digest: digests.get(path) ?? '' });
  return { traces: traces.map((files) => files.map(inputOf)), scenarios: scenarios.map(inputOf) };
}

/** Any file may be a trace: what is in a folder is not guessed. */
function traceFiles(path: string, io: CliIo): FoundFiles {
  const isFolder = (): InputError =>
    new InputError({
      code: 'MEM-CLI-004',
      message: 'is a folder, not a file',
      hint: `name its files, such as ${path.replace(/\/$/, '')}/*.gz`,
      file: path,
    });
  if (io.kindOf(path) === 'folder') return { files: [], errors: [isFolder()] };
  return findFiles(io, [path], { extension: /(\.[a-z0-9]+)+$/i, nothing: isFolder });
}

async function fileDigest(path: string, io: CliIo): Promise<string | null> {
  const hash = createHash('sha256');
  for await (const chunk of fileChunks(io, path)) {
    hash.update(chunk);
    await io.pause();
    if (io.interrupted()) return null;
  }
  return hash.digest('hex');
}

/** With `/`, as on every computer. */
function nameBeside(folder: string, path: string): string {
  return isAbsolute(path) && !isAbsolute(folder) ? path : relative(folder, path).replaceAll('\\', '/');
}
