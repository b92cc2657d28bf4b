/** What a step cost: the counters that rose over it. */
import type { CounterName, Counters } from '../../machine/view.ts';
import type { StepCost } from '../result.ts';
import { COUNTER_NAMES } from '../schema/expect.ts';

/** As `costBetween` of machine/during.ts, without its intermediate lists: this runs once a step, a million times a run. */
export function stepCost(before: Counters, after: Counters): StepCost {
  const cost: { -readonly [Name in CounterName]?: number } = {};
  for (const name of COUNTER_NAMES) if (after[name] !== before[name]) cost[name] = after[name] - before[name];
  return cost;
}
