/** One trace replayed and compared: as far as its ops are supported, up to the first op that answers otherwise. */
import { differences, type FieldDifference, fieldsOf } from './compare.ts';
import { whyUnsupported } from './ops/registry.ts';
import type { Op, Result, Trace } from './recording.ts';
import { Replay } from './replay.ts';
import type { World } from './world.ts';

/** The first op that answers otherwise. */
export interface TraceFailure {
  /** Its index; -1: the state before the first. */
  readonly at: number;
  readonly op: Op | null;
  /** At least one. */
  readonly found: readonly FieldDifference[];
  readonly linux: Result;
  readonly ours: Result;
}

export interface TraceOutcome {
  readonly trace: Trace;
  /** Ops compared. */
  readonly compared: number;
  /** Null when none differs. */
  readonly failure: TraceFailure | null;
  /** Index and name of the first op that cannot be replayed; null when it was not reached or there is none. */
  readonly stopped: { readonly at: number; readonly why: string } | null;
  /** As the replay left it. */
  readonly world: World;
}

/** `level`: 1 to 6, see compare.ts. */
export function replayTrace(trace: Trace, level: number): TraceOutcome {
  const replay = new Replay(trace);
  const { world } = replay;
  const fields = fieldsOf(level);
  const differs = (at: number, linux: Result, ours: Result, told = fields): TraceOutcome | null => {
    const found = differences(told, linux, ours);
    if (found.length === 0) return null;
    const failure = { at, op: trace.ops[at] ?? null, found, linux, ours };
    return { trace, compared: at + 1, failure, stopped: null, world };
  };
  const { base } = trace;
  if (base !== undefined) {
    const told = fields.filter((field) => field in base);
    const atStart = differs(-1, base, replay.base(), told);
    if (atStart !== null) return atStart;
  }
  for (const [at, op] of trace.ops.entries()) {
    const why = whyUnsupported(op);
    if (why !== null) return { trace, compared: at, failure: null, stopped: { at, why }, world };
    const failed = differs(at, trace.results[at]!, replay.step(op));
    if (failed !== null) return failed;
  }
  return { trace, compared: trace.ops.length, failure: null, stopped: null, world };
}
