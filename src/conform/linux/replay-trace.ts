/** One trace replayed and compared: as far as its ops are supported, up to the first op that answers otherwise. */
import type { Difference } from '../first-difference.ts';
import { differences, fieldsOf } from './compare.ts';
import { whyUnsupported } from './ops/registry.ts';
import type { Op, Result, Trace } from './recording.ts';
import { Replay } from './replay.ts';
import type { World } from './world.ts';

export interface TraceOutcome {
  readonly trace: Trace;
  /** Ops compared. */
  readonly compared: number;
  /** Index of the op that differs (-1: the state before the first) and how; null when none does. */
  readonly failure: { readonly at: number; readonly op: Op | null; readonly found: readonly Difference[] } | null;
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
  const atStart = differences(fields, baseOf(trace), replay.base());
  if (atStart.length > 0) {
    return { trace, compared: 0, failure: { at: -1, op: null, found: atStart }, stopped: null, world };
  }
  for (const [at, op] of trace.ops.entries()) {
    const why = whyUnsupported(op);
    if (why !== null) return { trace, compared: at, failure: null, stopped: { at, why }, world };
    const found = differences(fields, trace.results[at]!, replay.step(op));
    if (found.length > 0) return { trace, compared: at + 1, failure: { at, op, found }, stopped: null, world };
  }
  return { trace, compared: trace.ops.length, failure: null, stopped: null, world };
}

/** The recording's state before the first operation; what is empty may be left out there. */
function baseOf({ base }: Trace): Result {
  return { maps: base.maps ?? {}, pt: base.pt ?? {}, share: base.share ?? [] };
}
