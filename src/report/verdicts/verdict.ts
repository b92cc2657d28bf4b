/**
 * A judgement on something recorded, with the reason in words: what the matchers of `mmulator/vitest` say. Like every
 * report these read plain data and never ask a machine.
 *
 * What is judged comes from a test, so its type is found out here: each kind of thing has fields no other has.
 */
import type { Observed } from '../../machine/during.ts';
import type { SignalInfo } from '../../machine/events.ts';
import type { Counters, MachineView } from '../../machine/view.ts';
import type { Translation } from '../../mmu/translation.ts';
import type { ScenarioResult, StepResult } from '../../scenario/result.ts';

export interface Verdict {
  readonly pass: boolean;
  /** Why it did not pass; or, where it did and should not have, what was found. */
  readonly why: () => string;
}

/** A process, by itself, its pid or its name. */
export type ProcessName = string | number | { readonly pid: number };

/** As much of a machine's `AccessResult` as can be judged. */
export interface AccessOutcome {
  readonly ok: boolean;
  readonly bytes: Uint8Array | null;
  readonly signal: SignalInfo | null;
  readonly minor: number;
  readonly major: number;
}

const has = (value: unknown, ...names: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && names.every((name) => name in value);

export const isAccess = (value: unknown): value is AccessOutcome => has(value, 'ok', 'bytes', 'signal', 'minor');
export const isObserved = (value: unknown): value is Observed<unknown> => has(value, 'result', 'signals', 'cost');
export const isTranslation = (value: unknown): value is Translation => has(value, 'walk', 'physical', 'fault');
export const isStep = (value: unknown): value is StepResult => has(value, 'outcome', 'expectations', 'faults');
export const isScenario = (value: unknown): value is ScenarioResult => has(value, 'steps', 'final', 'status');
export const isView = (value: unknown): value is MachineView => has(value, 'memory', 'frames', 'processes', 'clock');

/** The test handed over something that the matcher cannot judge: an error of the test, under `.not` as well. */
export function cannotJudge(matcher: string, judges: string): TypeError {
  return new TypeError(`${matcher} judges ${judges}`);
}

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

export function signalSentence(signal: SignalInfo): string {
  const code = signal.code === null ? '' : ` (${signal.code})`;
  return `${signal.signal}${code} at ${hex(signal.address)}: ${signal.reason}`;
}

/** The differences between two sets of numbers, as lines; only names that `expected` has count. */
export function differingCounts(expected: Partial<Counters>, actual: Partial<Counters>): string[] {
  return Object.entries(expected).flatMap(([name, count]) => {
    const found = actual[name as keyof Counters] ?? 0;
    return Object.is(found, count) ? [] : [`${name}: expected ${count}, was ${found}`];
  });
}
