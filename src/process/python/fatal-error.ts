/**
 * What a dying interpreter writes to standard error [Python/pylifecycle.c:fatal_error, Python/traceback.c].
 *
 *     Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte     FUNC since 3.9
 *     Python runtime state: initialized                                  since 3.8
 *
 *     Thread 0x00007f0c30c576c0 (most recent call first):                youngest thread first
 *       File "worker.py", line 9 in run
 *
 *     Current thread 0x00007f0c317fab80 (most recent call first):
 *       File "main.py", line 3 in <module>
 *
 *     Extension modules: numpy.core (total: 1)                           since 3.10, when there are any
 *
 * A runtime that is not initialized has no threads to show: the empty line before them is the last.
 */
import { dumpedName } from './dumped-name.ts';
import type { Frame } from './frame.ts';
import type { PythonProfile } from './profiles.ts';
import type { RuntimeState } from './runtime-state.ts';
import { isSince } from './version-order.ts';

/** A thread that has a Python thread state. */
export interface ThreadTrace {
  readonly ident: number;
  /** It is the one that dies. */
  readonly isCurrent: boolean;
  /** Most recent call first. */
  readonly frames: readonly Frame[];
}

export interface FatalReport {
  readonly func: string;
  readonly message: string;
  readonly state: RuntimeState;
  /** Address of the thread state that finalizes. */
  readonly finalizer: number;
  /** Youngest first. */
  readonly threads: readonly ThreadTrace[];
  readonly extensionModules: readonly string[];
}

const THREADS_MAX = 100;
const FRAMES_MAX = 100;
const POINTER_DIGITS = 16;

export function fatalText(profile: PythonProfile, report: FatalReport): string {
  const { func, message } = report;
  let text = `Fatal Python error: ${profile.fatalNamesFunction ? `${func}: ` : ''}${message}\n`;
  if (profile.fatalShowsState) text += `Python runtime state: ${stateText(report)}\n`;
  // 2.7 aborts right away; 3.3 came with faulthandler's tracebacks.
  if (!isSince(profile, '3.3')) return text;
  text += '\n';
  if (!hasInterpreter(report.state)) return text;
  text += threadsText(profile, report.threads);
  if (profile.fatalShowsExtensions) text += modulesText(report.extensionModules);
  return text;
}

function hasInterpreter(state: RuntimeState): boolean {
  return state === 'core initialized' || state === 'initialized' || state === 'finalizing';
}

function stateText({ state, finalizer }: FatalReport): string {
  return state === 'finalizing' ? `finalizing (tstate=0x${pointerDigits(finalizer)})` : state;
}

function threadsText(profile: PythonProfile, threads: readonly ThreadTrace[]): string {
  const shown = threads.slice(0, THREADS_MAX).map((thread) => threadText(profile, thread));
  if (threads.length > THREADS_MAX) shown.push('...\n');
  return shown.join('\n');
}

function threadText(profile: PythonProfile, { ident, isCurrent, frames }: ThreadTrace): string {
  const head = `${isCurrent ? 'Current thread' : 'Thread'} 0x${pointerDigits(ident)} (most recent call first):\n`;
  if (frames.length === 0) return head + noFrame(profile);
  const lines = frames
    .slice(0, FRAMES_MAX)
    .map(({ file, line, name }) => `  File "${dumpedName(file)}", line ${line} in ${dumpedName(name)}\n`);
  if (frames.length > FRAMES_MAX) lines.push('  ...\n');
  return head + lines.join('');
}

/** Nothing up to 3.7; 3.8 and 3.9 forgot to indent it. */
function noFrame(profile: PythonProfile): string {
  if (!isSince(profile, '3.8')) return '';
  return `${isSince(profile, '3.10') ? '  ' : ''}<no Python frame>\n`;
}

function modulesText(modules: readonly string[]): string {
  if (modules.length === 0) return '';
  return `\nExtension modules: ${modules.map(dumpedName).join(', ')} (total: ${modules.length})\n`;
}

function pointerDigits(value: number): string {
  return value.toString(16).padStart(POINTER_DIGITS, '0');
}
