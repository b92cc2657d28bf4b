/**
 * How one kind of operation is done. Handlers stand in the files beside this one, a family each; registry.ts lists them.
 * A process's operation gets its address resolved, and its faults counted around it; one of the world needs no process.
 */
import type { Argument } from '../../../kernel/arguments.ts';
import { errnoName } from '../../../kernel/linux-abi.ts';
import type { Process } from '../../../kernel/process.ts';
import { formatAddress } from '../notation.ts';
import type { Answer, Op } from '../recording.ts';
import type { World } from '../world.ts';

export interface WorldCall {
  readonly world: World;
  readonly op: Op;
  /** To be filled: the outcome. Faults and state are added by the replay. */
  readonly answer: Answer;
}

export interface ProcessCall extends WorldCall {
  readonly process: Process;
  /** The op's `addr`, 0 where it has none. */
  readonly address: Argument;
}

interface Supported {
  /** What of this op cannot be replayed; null when all of it can. Default: all of it can. */
  readonly unsupported?: (op: Op) => string | null;
}

export interface WorldOperation extends Supported {
  readonly by: 'world';
  readonly perform: (call: WorldCall) => void;
}

export interface ProcessOperation extends Supported {
  readonly by: 'process';
  readonly perform: (call: ProcessCall) => void;
  /** The recordings count no faults of it. */
  readonly uncounted?: true;
}

export type Operation = WorldOperation | ProcessOperation;
/** By the name of the op. */
export type Operations = Readonly<Record<string, Operation>>;

/** A system call's answer: a number, or an errno. */
export function answerNumber(answer: Answer, result: number): void {
  if (result < 0) answer.err = errnoName(result);
  else answer.ret = result;
}

/** Of a call that returns an address, which `as` binds to a name. */
export function answerAddress({ world, op, answer }: WorldCall, result: number): void {
  answerNumber(answer, result);
  if (result < 0) return;
  answer.ret = formatAddress(result);
  if (op.as !== undefined) world.bindings.set(op.as, BigInt(result));
}
