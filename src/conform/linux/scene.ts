/**
 * What led to an answer that differs: the ops before it, and what the machine did for the op itself. A replay is the same
 * each time, so it is done once more up to that op, with somebody listening: the others need not pay for events.
 */
import type { MachineEvent } from '../../machine/events.ts';
import type { Scene } from '../outcome.ts';
import { fieldsOf } from './compare.ts';
import type { Op, Result, Trace } from './recording.ts';
import { Replay } from './replay.ts';

/** Ops told before the one that differs. */
const BEFORE_MAX = 3;

/** `at`: index of the op; -1 for the state before the first. All ops up to there must be supported. */
export function sceneOf(trace: Trace, at: number): Scene {
  const replay = new Replay(trace);
  const { world } = replay;
  const events: MachineEvent[] = [];
  for (const [index, op] of trace.ops.slice(0, at + 1).entries()) {
    if (index === at) world.machine.on((event) => events.push(event));
    replay.step(op);
  }
  const from = Math.max(0, at - BEFORE_MAX);
  const before = trace.ops.slice(from, Math.max(at, 0)).map((op, index) => doneText(from + index, op, trace.results));
  return { before, events, processes: new Map(world.names), symbols: symbolsOf(world.bindings) };
}

const OUTCOME = fieldsOf(1);

/** `op 14 {"op":"munmap",…} -> ret 0`. Up to the op that differs the recorded answers are also ours. */
function doneText(index: number, op: Op, results: readonly Result[]): string {
  const result = results[index]!;
  const outcome = OUTCOME.filter((field) => result[field] !== undefined).map((field) => `${field} ${result[field]}`);
  return `op ${index} ${JSON.stringify(op)} -> ${outcome.join(', ')}`;
}

function symbolsOf(bindings: ReadonlyMap<string, bigint>): Record<string, number> {
  return Object.fromEntries([...bindings].map(([name, address]) => [name, Number(address)]));
}
