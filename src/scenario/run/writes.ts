/**
 * Who wrote what: the latest writes of a run, so that a wrong value can be told where it comes from.
 *
 * Addresses are those of the program. A child has its parent's bytes as they were at the fork, so a search that comes to
 * the fork goes on with the parent.
 */
import type { Process } from '../../kernel/process.ts';
import type { ActionNode } from '../scenario.ts';
import { DEFAULT_ACCESS_BYTES } from '../scenario.ts';
import type { Executed } from './executed.ts';
import type { StepContext } from './state.ts';

export interface Write {
  readonly pid: number;
  /** Bytes [start, end); of a fork none. */
  readonly start: number;
  readonly end: number;
  /** The child that a fork made; null for a write. */
  readonly child: number | null;
  /** The step, from 1, and its text. */
  readonly step: number;
  readonly text: string;
}

/** Older ones are forgotten. */
export const WRITES_MAX = 512;

/** Remember what the step wrote, if it did. `index`: steps done before it. */
export function noteWrite(context: StepContext, node: ActionNode, executed: Executed, index: number): void {
  const { process, names } = context;
  const { step, text } = node;
  if (process === null || executed.outcome.kind === 'dead' || executed.signal !== undefined) return;
  const note = (start: number, length: number, child: number | null = null): void => {
    if (names.writes.length >= WRITES_MAX) names.writes.splice(0, WRITES_MAX / 2);
    names.writes.push({ pid: process.pid, start, end: start + length, child, step: index + 1, text });
  };
  switch (step.do) {
    case 'fork':
      if (executed.pid !== undefined) note(0, 0, executed.pid);
      return;
    case 'store': {
      const text = step.text === undefined ? undefined : new TextEncoder().encode(step.text);
      note(Number(context.address(step.at)), (step.bytes ?? text)?.length ?? step.size ?? DEFAULT_ACCESS_BYTES);
      return;
    }
    case 'rmw':
    case 'pokedata':
      note(Number(context.address(step.at)), 1);
      return;
    case 'touch':
      if ((step.access ?? 'store') === 'store') note(Number(context.address(step.at)), context.count(step.length));
      return;
    case 'read':
    case 'pread64':
      note(Number(context.address(step.at)), executed.count ?? 0);
      return;
    default:
      return;
  }
}

/** Where the bytes [start, end) of a process come from, in a sentence; none where it is not known for certain. */
export function originOf(context: StepContext, process: Process, start: number, end: number): string[] {
  const { writes } = context.names;
  // Others write to shared memory too, at addresses of their own.
  const area = context.machine
    .view()
    .processes[String(process.pid)]?.areas.find((one) => one.start <= start && start < one.end);
  if (area?.perms.endsWith('s')) return [];
  let { pid } = process;
  for (const write of writes.toReversed()) {
    if (write.child === pid) pid = write.pid;
    else if (write.pid === pid && write.child === null && write.start < end && write.end > start) {
      return [`last written by step ${write.step}, \`${write.text}\``];
    }
  }
  const all = writes.length === 0 || writes[0]?.step === 1 || writes.length < WRITES_MAX / 2;
  return all ? ['no step before has written there'] : [];
}
