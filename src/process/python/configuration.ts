/**
 * From the command line and the environment to the allocators that a program starts with
 * [Python/preconfig.c, Objects/obmalloc.c:_PyMem_SetupAllocators; -X dev; Doc/using/cmdline.rst:PYTHONMALLOC].
 *
 *     PYTHONMALLOC          raw        mem         obj          name
 *     malloc                malloc     malloc      malloc       malloc
 *     pymalloc, default     malloc     pymalloc    pymalloc     pymalloc
 *     *_debug, debug        the same, each under the debug hooks
 *
 * PYTHONMALLOC came with 3.6 (before, only the build decided), `default` and the development mode with 3.7, `mimalloc` with
 * 3.13. mimalloc itself is not emulated: asking for it is answered by `unsupported`, which is our answer and none of CPython's.
 */
import type { PythonProfile } from './profiles.ts';
import { isSince } from './version-order.ts';

export interface PythonOptions {
  readonly profile: PythonProfile;
  /** PYTHONMALLOC; undefined: unset. */
  readonly pythonMalloc?: string | undefined;
  /** PYTHONMALLOCSTATS; undefined: unset. */
  readonly pythonMallocStats?: string | undefined;
  /** -X dev, or PYTHONDEVMODE=1 where the environment is read. */
  readonly devMode?: boolean | undefined;
  /** -E or -I: no PYTHON* variable is read. (3.6 looks at -I too late to hide PYTHONMALLOC: there, -E alone counts.) */
  readonly ignoreEnvironment?: boolean | undefined;
  /** Built with Py_DEBUG. */
  readonly debugBuild?: boolean | undefined;
  /** Built with pymalloc, as CPython is unless `--without-pymalloc` is given. */
  readonly withPymalloc?: boolean | undefined;
  /** Extension modules that a fatal error lists (3.10). */
  readonly extensionModules?: readonly string[] | undefined;
}

export type BaseName = 'malloc' | 'pymalloc';

/** What the domains start with. */
export interface InitialAllocators {
  readonly raw: 'malloc';
  readonly mem: BaseName;
  readonly obj: BaseName;
  /** Debug hooks over raw, and over mem and obj. */
  readonly rawHooks: boolean;
  readonly hooks: boolean;
}

/** How the interpreter refuses to start. */
export interface StartRefusal {
  readonly ok: false;
  /** What it writes to standard error. */
  readonly stderr: string;
  readonly exitCode: number;
  /** It would have started; this machine cannot do it. */
  readonly unsupported?: true;
}

export type StartAnswer = { readonly ok: true; readonly allocators: InitialAllocators } | StartRefusal;

export function chooseAllocators(options: PythonOptions): StartAnswer {
  const { profile } = options;
  const hasPymalloc = options.withPymalloc ?? true;
  if (!isSince(profile, '3.6.0')) return started(builtIn(profile, options.debugBuild ?? false, hasPymalloc));
  const value = allocatorWanted(options);
  if (value === null) return mimallocAnswer(options) ?? unknown(profile, options.pythonMalloc ?? '');
  const onPymalloc = value.base === 'pymalloc' ? 'pymalloc' : 'malloc';
  return started({ raw: 'malloc', mem: onPymalloc, obj: onPymalloc, rawHooks: value.hooks, hooks: value.hooks });
}

/** Is PYTHONMALLOCSTATS in force? Up to 3.5 only debug builds look at it, and take an empty value too. */
export function wantsMallocStats(options: PythonOptions): boolean {
  const { profile, pythonMallocStats: value } = options;
  if (value === undefined || options.ignoreEnvironment === true) return false;
  return isSince(profile, '3.6.0') ? value !== '' : options.debugBuild === true;
}

interface Wanted {
  readonly base: BaseName;
  readonly hooks: boolean;
}

/** What PYTHONMALLOC and its companions ask for; null: this build knows no such allocator. */
function allocatorWanted(options: PythonOptions): Wanted | null {
  const { profile } = options;
  const base: BaseName = (options.withPymalloc ?? true) ? 'pymalloc' : 'malloc';
  const set = options.ignoreEnvironment === true ? '' : (options.pythonMalloc ?? '');
  // The development mode stands in for a variable that is not set.
  const value = set === '' && options.devMode === true && profile.knowsDefault ? 'debug' : set;
  const byBuild: Wanted = { base, hooks: options.debugBuild === true };
  switch (value) {
    case '':
      return byBuild;
    case 'default':
      return profile.knowsDefault ? byBuild : null;
    case 'debug':
      // 3.6 starts on malloc to read its arguments, and puts the hooks on that: seen in 3.6.15.
      return { base: isSince(profile, '3.7.3') ? base : 'malloc', hooks: true };
    case 'malloc':
    case 'malloc_debug':
      return { base: 'malloc', hooks: value === 'malloc_debug' };
    case 'pymalloc':
    case 'pymalloc_debug':
      return base === 'pymalloc' ? { base, hooks: value === 'pymalloc_debug' } : null;
    default:
      return null;
  }
}

/** Before PYTHONMALLOC: what the build says. Before there were domains, a debug build had PyMem_Malloc go to pymalloc too. */
function builtIn(profile: PythonProfile, isDebug: boolean, hasPymalloc: boolean): InitialAllocators {
  const obj: BaseName = hasPymalloc ? 'pymalloc' : 'malloc';
  const mem = isDebug && !profile.hasDomains ? obj : 'malloc';
  return { raw: 'malloc', mem, obj, rawHooks: isDebug && profile.hasDomains, hooks: isDebug };
}

function started(allocators: InitialAllocators): StartAnswer {
  return { ok: true, allocators };
}

function mimallocAnswer(options: PythonOptions): StartRefusal | null {
  const value = options.pythonMalloc ?? '';
  if (!options.profile.knowsMimalloc || (value !== 'mimalloc' && value !== 'mimalloc_debug')) return null;
  const stderr = `mmulator: PYTHONMALLOC=${value}: CPython ${options.profile.name} has it, but mimalloc is not emulated\n`;
  return { ok: false, stderr, exitCode: 1, unsupported: true };
}

function unknown(profile: PythonProfile, value: string): StartRefusal {
  return { ok: false, stderr: unknownText(profile, value), exitCode: 1 };
}

function unknownText(profile: PythonProfile, value: string): string {
  if (profile.unknownAllocator === '3.6') return `Error in PYTHONMALLOC: unknown allocator "${value}"!\n`;
  if (profile.unknownAllocator === '3.7') {
    return 'Fatal Python error: _Py_InitializeCore_impl: Unknown PYTHONMALLOC allocator\n\n';
  }
  return (
    'Fatal Python error: preconfig_init_allocator: PYTHONMALLOC: unknown allocator\n' +
    'Python runtime state: preinitializing\n\n'
  );
}
