/**
 * A recorded debug-hook case, played again: every answer, everything on standard error and how the program ended must be what
 * the real interpreter's were.
 *
 *     ops   m o 1 16   w 1 16 78   f o 1
 *     out   @0x2000…   W                       stderr  Debug memory block at address …     returncode  -6
 *                                 one answer fewer: the last op did not return
 *
 * A double free can make the real dump read at an address that was never mapped; it ends there by SIGSEGV or SIGBUS, whichever
 * the recording machine's kernel chose. Here the same read faults, and the signal is SIGSEGV.
 */
import { NULL } from '../../process/allocator.ts';
import { ProgramStopped } from '../../process/program-stopped.ts';
import { type PythonProfile, pythonProfile } from '../../process/python/profiles.ts';
import { type DebugOp, parseDebugOp } from './debug-hook-ops.ts';
import { type DebugHookProgram, startDebugHookProgram } from './debug-hook-program.ts';

export interface DebugCase {
  readonly name: string;
  /** Release that it was recorded from: `3.11.7`. */
  readonly python: string;
  readonly debugHooks: boolean;
  readonly ops: readonly string[];
  /** `@0x…`, `N` (NULL), `F` (freed), `W` (written), `H:hex`: one for each op that returned. */
  readonly out: readonly string[];
  /** A character for each byte. */
  readonly stderr: string;
  /** 0, or minus a signal's number. */
  readonly returnCode: number;
}

export interface DebugCaseDivergence {
  readonly where: 'out' | 'stderr' | 'end';
  /** Number of the op, from 1: the one whose answer differs, or that the recorded program was in last. */
  readonly op: number;
  readonly expected: string;
  readonly actual: string;
}

export interface DebugCaseResult {
  readonly passed: boolean;
  /** The first; null when passed. */
  readonly divergence: DebugCaseDivergence | null;
}

const NORMAL_END = 'the program goes on';
/** How a return code is called here. */
const ENDS: ReadonlyMap<number, string> = new Map([
  [0, NORMAL_END],
  [-6, 'SIGABRT'],
  [-7, 'SIGSEGV'],
  [-11, 'SIGSEGV'],
]);
const NO_ANSWER = 'no answer';
const HEX = 16;
/** Releases from which on blocks are aligned to 16 bytes, in the series where that changed. */
const ALIGNED_SINCE: Readonly<Record<string, number>> = { '3.6': 9, '3.7': 4 };
/** What the releases of such a series before that are called. */
const BEFORE_ALIGNED: Readonly<Record<string, string>> = { '3.6': '3.6.0', '3.7': '3.7.3' };

/** The profile of a release: `3.11.7` is 3.11. Undefined when none is known. */
export function profileOfRelease(release: string): PythonProfile | undefined {
  const [, series = '', patch = ''] = /^(\d+\.\d+)(?:\.(\d+))?/.exec(release) ?? [];
  const early = patch !== '' && Number(patch) < (ALIGNED_SINCE[series] ?? 0);
  return pythonProfile(early ? BEFORE_ALIGNED[series]! : series);
}

/** `profile`: of the case's release. @throws InputError MEM-CNF-004 when an op is none */
export function replayDebugCase(recorded: DebugCase, profile: PythonProfile): DebugCaseResult {
  const ops = recorded.ops.map(parseDebugOp);
  const program = startDebugHookProgram(profile, recorded.debugHooks);
  const out: string[] = [];
  const end = run(program, ops, out);
  const stderr = String.fromCharCode(...program.memory.process.output);
  const divergence = outDivergence(recorded.out, out) ?? lastDivergence(recorded, stderr, end);
  return { passed: divergence === null, divergence };
}

/** Perform the ops; how the program was at the end, in the words of `ENDS`. */
function run(program: DebugHookProgram, ops: readonly DebugOp[], out: string[]): string {
  const blocks = new Map<string, number>();
  try {
    for (const op of ops) out.push(perform(program, op, blocks));
    return NORMAL_END;
  } catch (thrown) {
    if (!(thrown instanceof ProgramStopped)) throw thrown;
    return program.memory.process.lastSignal?.signal ?? 'an end without a signal';
  }
}

function perform({ memory, runtime }: DebugHookProgram, op: DebugOp, blocks: Map<string, number>): string {
  const block = blocks.get(op.id) ?? NULL;
  switch (op.kind) {
    case 'malloc':
      return given(runtime.malloc(op.domain, op.size), op.id, blocks);
    case 'calloc':
      return given(runtime.calloc(op.domain, op.count, op.size), op.id, blocks);
    case 'realloc':
      return given(runtime.realloc(op.domain, block, op.size), op.id, blocks);
    case 'free':
      runtime.free(op.domain, block);
      return 'F';
    case 'write':
      memory.write(block + op.offset, op.bytes);
      return 'W';
    case 'look': {
      const bytes = memory.bytes(block + op.offset, op.length);
      return `H:${Array.from(bytes, (byte) => byte.toString(HEX).padStart(2, '0')).join('')}`;
    }
  }
}

/** A refusal leaves the id with the block it had. */
function given(address: number, id: string, blocks: Map<string, number>): string {
  if (address === NULL) return 'N';
  blocks.set(id, address);
  return `@0x${address.toString(HEX)}`;
}

function outDivergence(expected: readonly string[], actual: readonly string[]): DebugCaseDivergence | null {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    if (expected[index] === actual[index]) continue;
    return {
      where: 'out',
      op: index + 1,
      expected: expected[index] ?? NO_ANSWER,
      actual: actual[index] ?? NO_ANSWER,
    };
  }
  return null;
}

function lastDivergence(recorded: DebugCase, stderr: string, end: string): DebugCaseDivergence | null {
  const op = Math.min(recorded.out.length + 1, recorded.ops.length);
  if (stderr !== recorded.stderr) {
    const expected = recorded.stderr.split('\n');
    const actual = stderr.split('\n');
    const line = expected.findIndex((text, index) => text !== actual[index]);
    const at = line < 0 ? expected.length : line;
    return { where: 'stderr', op, expected: lineText(expected, at), actual: lineText(actual, at) };
  }
  const expected = ENDS.get(recorded.returnCode) ?? `return code ${recorded.returnCode}`;
  return end === expected ? null : { where: 'end', op, expected, actual: end };
}

function lineText(lines: readonly string[], index: number): string {
  const text = lines[index];
  return text === undefined ? `only ${lines.length} lines` : `line ${index + 1}: ${text}`;
}
