/** Which files the person means: files as they are, folders all the way down, glob patterns for shells that have none. */
import { InputError } from '../mmu/input-error.ts';
import { nearest } from '../mmu/nearest.ts';
import { globRoot, globToRegExp, isGlob } from './glob.ts';
import type { CliIo } from './io.ts';

const SCENARIO_EXTENSION = /\.ya?ml$/i;
/** Never scenarios, and often huge. */
const SKIPPED_FOLDERS = new Set(['node_modules', '.git']);
/** Standard input: `-` on the command line. Under a name of its own, since yargs drops a bare `-` from a list. */
export const STDIN = '<stdin>';

export interface FoundFiles {
  /** Each once, in the order asked for; inside a folder by name. */
  readonly files: readonly string[];
  readonly errors: readonly InputError[];
}

/** What a folder on the command line stands for. */
export interface FolderRule {
  /** Of the files meant, by their names. */
  readonly extension: RegExp;
  /** What to say of a folder that has none. */
  readonly nothing: (folder: string) => InputError;
}

const SCENARIOS: FolderRule = {
  extension: SCENARIO_EXTENSION,
  nothing: (folder) =>
    new InputError({
      code: 'MEM-CLI-003',
      message: `no scenario in this folder`,
      hint: 'scenarios end in .yaml or .yml; `mmulator init` writes one',
      file: folder,
    }),
};

export const findScenarioFiles = (io: CliIo, wanted: readonly string[]): FoundFiles => findFiles(io, wanted, SCENARIOS);

export function findFiles(io: CliIo, wanted: readonly string[], rule: FolderRule): FoundFiles {
  const files = new Set<string>();
  const errors: InputError[] = [];
  for (const path of wanted) {
    const found = filesAt(io, path, rule);
    if (found instanceof InputError) errors.push(found);
    else for (const file of found) files.add(file);
  }
  return { files: [...files], errors };
}

function filesAt(io: CliIo, path: string, rule: FolderRule): readonly string[] | InputError {
  if (path === STDIN) return [STDIN];
  const kind = io.kindOf(path);
  if (kind === 'folder') {
    const found = filesBelow(io, path).filter((file) => rule.extension.test(file));
    return found.length > 0 ? found : rule.nothing(path);
  }
  // A file that exists is meant literally, whatever characters its name has.
  if (kind !== null) return [path];
  if (isGlob(path)) {
    const root = globRoot(path);
    const pattern = globToRegExp(path);
    const found = io.kindOf(root) === 'folder' ? filesBelow(io, root).filter((file) => pattern.test(file)) : [];
    if (found.length > 0) return found;
    return new InputError({ code: 'MEM-CLI-002', message: 'no file matches this pattern', file: path });
  }
  return new InputError({
    code: 'MEM-CLI-001',
    message: 'no such file',
    hint: similarName(io, path, rule.extension),
    file: path,
  });
}

function filesBelow(io: CliIo, folder: string): string[] {
  const files: string[] = [];
  for (const entry of io.listFolder(folder)) {
    const path = joined(folder, entry.name);
    if (entry.kind === 'file') files.push(path);
    else if (entry.kind === 'folder' && !SKIPPED_FOLDERS.has(entry.name)) files.push(...filesBelow(io, path));
  }
  return files;
}

const joined = (folder: string, name: string): string =>
  folder === '.' ? name : folder.endsWith('/') ? folder + name : `${folder}/${name}`;

/** `did you mean scenarios/fork.yaml?`: a file beside it whose name is close, or the same with `.yaml`. */
function similarName(io: CliIo, path: string, extension: RegExp): string | undefined {
  const slash = path.lastIndexOf('/');
  const folder = slash < 0 ? '.' : path.slice(0, slash) || '/';
  if (io.kindOf(folder) !== 'folder') return undefined;
  // Without the extension: it is the same everywhere, and would make any two short names look alike.
  const stem = (name: string) => name.replace(extension, '');
  const names = io.listFolder(folder).map((entry) => entry.name);
  const wanted = stem(path.slice(slash + 1));
  const nearestStem = nearest(wanted, names.map(stem));
  const close = names.find((name) => stem(name) === (nearestStem ?? wanted)) ?? null;
  return close === null ? undefined : `did you mean ${joined(folder, close)}?`;
}
