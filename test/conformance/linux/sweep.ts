/** Replays many recordings and adds up how they compare. */
import { type Difference, differences, LEVELS, type Level } from './compare.ts';
import type { Trace } from './recording.ts';
import { Replay } from './replay.ts';
import { isWhollySupported, replayableLength, treatmentOf } from './selection.ts';

export interface Outcome {
  readonly trace: Trace;
  /** Operations compared, passed over, and not reached because one before is not built yet. */
  readonly compared: number;
  readonly passedOver: number;
  readonly notReached: number;
  readonly whole: boolean;
  readonly found: readonly Difference[];
  /** Fields compared, by level. */
  readonly fields: Readonly<Record<Level, number>>;
  /** Rules of the machine broken at the end. */
  readonly broken: readonly string[];
}

/** Replay the supported part of one trace. Stops at its first difference: what follows would only repeat it. */
export function replayTrace(trace: Trace): Outcome {
  const end = replayableLength(trace);
  const replay = new Replay(trace);
  const fields: Record<Level, number> = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0 };
  const found = differences(trace.trace, -1, { op: 'base' }, baseOf(trace), replay.base());
  let compared = 0;
  let passedOver = 0;
  for (let i = 0; i < end && found.length === 0; i++) {
    const op = trace.ops[i]!;
    const linux = trace.results[i]!;
    if (treatmentOf(op, linux) === 'pass over') {
      replay.bindFrom(op, linux);
      passedOver++;
      continue;
    }
    const ours = replay.step(op);
    compared++;
    for (const [level, names] of Object.entries(LEVELS)) {
      fields[Number(level) as Level] += names.filter((name) => linux[name] !== undefined).length;
    }
    found.push(...differences(trace.trace, i, op, linux, ours));
  }
  const notReached = trace.ops.length - end;
  const broken = replay.machine.checkInvariants();
  return { trace, compared, passedOver, notReached, whole: isWhollySupported(trace), found, fields, broken };
}

/** The recording's state before the first operation. */
function baseOf({ base }: Trace): Pick<Trace['base'], 'maps' | 'pt' | 'share'> {
  return { ...base, maps: base.maps ?? {}, pt: base.pt ?? {}, share: base.share ?? [] };
}

const sum = (group: readonly Outcome[], count: (outcome: Outcome) => number): number =>
  group.reduce((total, outcome) => total + count(outcome), 0);

/** A trace of which nothing could be compared is neither passed nor failed. */
const kindOf = ({ compared, found, whole }: Outcome): string => {
  if (found.length > 0) return 'failed';
  if (whole) return 'passed';
  return compared > 0 ? 'passed in part' : 'not selected';
};

function row(name: string, group: readonly Outcome[]): string {
  const traces = ['passed', 'passed in part', 'failed', 'not selected'].map(
    (kind) => `${sum(group, (outcome) => (kindOf(outcome) === kind ? 1 : 0))} ${kind}`,
  );
  const operations = [
    `${sum(group, ({ compared }) => compared)} compared`,
    `${sum(group, ({ passedOver }) => passedOver)} passed over`,
    `${sum(group, ({ notReached }) => notReached)} not supported yet`,
  ];
  return `${name.padEnd(9)} traces: ${traces.join(', ')}; operations: ${operations.join(', ')}`;
}

/** A line for each family, one for all, one for each level. */
export function summarize(outcomes: readonly Outcome[]): string {
  const families = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const known = families.get(outcome.trace.family);
    if (known === undefined) families.set(outcome.trace.family, [outcome]);
    else known.push(outcome);
  }
  const levels = Object.keys(LEVELS).map((level) => {
    const key = Number(level) as Level;
    const differ = sum(outcomes, ({ found }) => found.filter((difference) => difference.level === key).length);
    return `level ${level}: ${sum(outcomes, ({ fields }) => fields[key])} fields compared, ${differ} differ`;
  });
  return [...[...families].map(([name, group]) => row(name, group)), row('all', outcomes), ...levels].join('\n');
}
