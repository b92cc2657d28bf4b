/** Which file of /proc a word on the command line means: `meminfo`, `maps` (of --process), `2/maps`, `child/maps`, `/proc/2/maps`. */
import type { Process } from '../kernel/process.ts';
import type { Machine } from '../machine/machine.ts';
import { fileCalled, isSystemFile, PROCESS_FILE_NAMES, SYSTEM_FILE_NAMES } from '../machine/proc/files.ts';
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';

export interface ProcFile {
  /** `/proc/2/maps`. */
  readonly path: string;
  readonly name: string;
  /** Null for files of the machine as a whole. */
  readonly process: Process | null;
}

/**
 * All the files that the words mean, or every mistake in them.
 * @throws InputErrors of `procFile`, and MEM-CLI-011 for a --process that there is not, even if no file asks for it
 */
export function procFiles(
  machine: Machine,
  words: readonly string[],
  wanted: string | undefined,
  step: number,
): ProcFile[] {
  const errors = new Map<string, InputError>();
  const tried = <Found>(find: () => Found): Found[] => {
    try {
      return [find()];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.set(error.message, error);
      return [];
    }
  };
  if (wanted !== undefined) tried(() => named(machine, wanted, step));
  const files = words.flatMap((word) => tried(() => procFile(machine, word, wanted, step)));
  if (errors.size > 0) throw new InputErrors([...errors.values()]);
  return files;
}

/**
 * @param wanted the value of --process
 * @param step what the machine stands behind, for messages
 * @throws InputError MEM-CLI-011, -015, -016
 */
function procFile(machine: Machine, word: string, wanted: string | undefined, step: number): ProcFile {
  const short = fileCalled(word.replace(/^\/?proc\//, ''));
  if (isSystemFile(short)) return { path: `/proc/${short}`, name: short, process: null };
  const slash = short.lastIndexOf('/');
  const name = short.slice(slash + 1);
  if (!PROCESS_FILE_NAMES.includes(name)) throw noSuchFile(word, name);
  const process = slash < 0 ? chosenProcess(machine, name, wanted, step) : named(machine, short.slice(0, slash), step);
  return { path: `/proc/${process.pid}/${name}`, name, process };
}

function noSuchFile(word: string, name: string): InputError {
  const names = [...SYSTEM_FILE_NAMES, 'dmesg', ...PROCESS_FILE_NAMES];
  const hint = suggest(name, names, 'files');
  return new InputError({ code: 'MEM-CLI-015', message: `there is no file \`${word}\` in this /proc`, hint });
}

/** /proc/self is whoever reads it. */
function noSelf(): InputError {
  const hint = 'give the name or the pid of a process: `1/maps`';
  return new InputError({ code: 'MEM-CLI-011', message: 'there is no `self`: nobody on the machine reads this', hint });
}

function named(machine: Machine, wanted: string, step: number): Process {
  const processes = [...machine.kernel.processes.values()];
  const found = processes.filter(({ name }) => name === wanted);
  if (found.length > 1) throw ambiguous(`processes called \`${wanted}\` are ${pids(found)}`, found[0]!);
  const process = found[0] ?? processes.find(({ pid }) => String(pid) === wanted);
  if (process !== undefined) return process;
  if (wanted === 'self') throw noSelf();
  const hint = suggest(
    wanted,
    processes.map(({ name }) => name),
    'processes',
  );
  throw new InputError({
    code: 'MEM-CLI-011',
    message: `after step ${step} there is no process \`${wanted}\``,
    hint: `${hint}; one that ended earlier can be seen with --at`,
  });
}

/** The process of a file that names none: --process, or the only one there is. */
function chosenProcess(machine: Machine, file: string, wanted: string | undefined, step: number): Process {
  if (wanted !== undefined) return named(machine, wanted, step);
  const all = [...machine.kernel.processes.values()];
  const running = all.filter(({ state }) => state === 'running');
  const candidates = running.length > 0 ? running : all;
  if (candidates.length === 0) {
    const hint = step === 0 ? 'the first is spawned by a step' : 'look at an earlier step with --at';
    throw new InputError({ code: 'MEM-CLI-011', message: `after step ${step} there is no process`, hint });
  }
  if (candidates.length > 1) throw ambiguous(`${file} of which process? There are ${pids(candidates)}`, candidates[0]!);
  return candidates[0]!;
}

function ambiguous(message: string, first: Process): InputError {
  const hint = `name one by its pid: --process ${first.pid}`;
  return new InputError({ code: 'MEM-CLI-016', message, hint });
}

const pids = (processes: readonly Process[]): string => processes.map(({ pid, name }) => `${pid} (${name})`).join(', ');
