/**
 * A Python as somebody asks for it, in either of two spellings: the library's own names, or those that Python's users know
 * and that scenarios are written in.
 *
 *     PYTHONMALLOC  PYTHONMALLOCSTATS  dev      isolated            Doc/using/cmdline.rst
 *     pythonMalloc  pythonMallocStats  devMode  ignoreEnvironment   PythonOptions
 */
import { InputError } from '../mmu/input-error.ts';
import type { PythonOptions } from '../process/python/runtime.ts';
import type { PythonSpawnOptions } from './machine-api.ts';
import { checkOptions, FLAG, LIST, type OptionKind, shown, TEXT } from './options-check.ts';

const CODE = 'MEM-API-021';

/** By the users' spelling: the library's. */
const LIBRARY_NAMES = {
  PYTHONMALLOC: 'pythonMalloc',
  PYTHONMALLOCSTATS: 'pythonMallocStats',
  dev: 'devMode',
  isolated: 'ignoreEnvironment',
} as const;

const KINDS: Readonly<Record<keyof PythonSpawnOptions, OptionKind>> = {
  version: TEXT,
  PYTHONMALLOC: TEXT,
  PYTHONMALLOCSTATS: TEXT,
  dev: FLAG,
  isolated: FLAG,
  pythonMalloc: TEXT,
  pythonMallocStats: TEXT,
  devMode: FLAG,
  ignoreEnvironment: FLAG,
  debugBuild: FLAG,
  withPymalloc: FLAG,
  extensionModules: LIST,
};

/** Its version (known or not) and settings, by the library's names. */
export interface PythonSettings extends Omit<PythonOptions, 'profile'> {
  readonly version: string;
}

/** @throws InputError MEM-API-021 for keys that no Python has, and values of the wrong kind */
export function pythonSettings(python: string | PythonSpawnOptions): PythonSettings {
  if (typeof python === 'string') return { version: python };
  const hint = "write `python: '3.11'`, or `python: { version: '3.11', PYTHONMALLOC: 'debug' }`";
  if (typeof python !== 'object' || python === null || Array.isArray(python)) {
    throw new InputError({ code: CODE, message: `\`python\` must be a version, not ${shown(python)}`, hint });
  }
  checkOptions(CODE, 'python', python, KINDS);
  if (python.version === undefined) throw new InputError({ code: CODE, message: '`python` has no version', hint });
  const { PYTHONMALLOC, PYTHONMALLOCSTATS, dev, isolated, ...own } = python;
  for (const [name, same] of Object.entries(LIBRARY_NAMES) as [keyof typeof LIBRARY_NAMES, keyof PythonSettings][]) {
    if (python[name] === undefined || own[same] === undefined) continue;
    const message = `\`${name}\` and \`${same}\` of python are the same setting`;
    throw new InputError({ code: CODE, message, hint: 'give one of them' });
  }
  return {
    ...own,
    pythonMalloc: PYTHONMALLOC ?? own.pythonMalloc,
    pythonMallocStats: PYTHONMALLOCSTATS ?? own.pythonMallocStats,
    devMode: dev ?? own.devMode,
    ignoreEnvironment: isolated ?? own.ignoreEnvironment,
  };
}
