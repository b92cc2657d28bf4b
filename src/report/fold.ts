/**
 * Loops folded: a run of steps that did the same thing again and again is shown once, then counted.
 *
 * A step's *signature* is everything a reader would see of it except numbers that merely advance (addresses, values,
 * frame numbers). The executed sequence is cut into the shortest repeating blocks: a block of `period` steps whose
 * signatures repeat at least three times is shown once and its repetitions are one `Folded`. A step with a failed
 * expectation has no equal, so it is never folded away.
 *
 * Cost: O(steps × longest period).
 */
import type { StepCost, StepResult } from '../scenario/result.ts';
import { addCosts } from './outcome.ts';

export type ShownStep = { readonly kind: 'step'; readonly step: StepResult } | Folded;

export interface Folded {
  readonly kind: 'folded';
  /** Steps hidden, first and last index (0-based, inclusive). */
  readonly first: number;
  readonly last: number;
  /** Steps in one turn of the loop. */
  readonly period: number;
  readonly turns: number;
  readonly cost: StepCost;
  readonly faults: StepResult['faults'];
}

const PERIOD_MAX = 12;
/** Fewer turns than this are quicker read than explained. */
const TURNS_MIN = 3;

export function fold(steps: readonly StepResult[]): ShownStep[] {
  const signatures = steps.map(signatureOf);
  const shown: ShownStep[] = [];
  let position = 0;
  while (position < steps.length) {
    const { period, turns } = longestRepeat(signatures, position);
    const showUntil = position + period;
    for (; position < showUntil; position++) shown.push({ kind: 'step', step: steps[position]! });
    if (turns > 1) {
      const hidden = steps.slice(position, position + period * (turns - 1));
      shown.push({
        kind: 'folded',
        first: position,
        last: position + hidden.length - 1,
        period,
        turns: turns - 1,
        cost: addCosts(hidden.map((step) => step.cost)),
        faults: hidden.flatMap((step) => step.faults),
      });
      position += hidden.length;
    }
  }
  return shown;
}

/** The block starting here that hides most; `turns` 1 and `period` 1 when nothing repeats. */
function longestRepeat(signatures: readonly string[], start: number): { period: number; turns: number } {
  let best = { period: 1, turns: 1 };
  for (let period = 1; period <= PERIOD_MAX; period++) {
    let end = start + period;
    while (end < signatures.length && signatures[end] === signatures[end - period]) end++;
    const turns = Math.floor((end - start) / period);
    // A longer block must hide more: `a a a a` is four turns of `a`, not two of `a a`.
    if (turns >= TURNS_MIN && period * (turns - 1) > best.period * (best.turns - 1)) best = { period, turns };
  }
  return best;
}

function signatureOf(step: StepResult): string {
  if (step.expectations.some((expectation) => !expectation.held)) return `failed ${step.index}`;
  const events = step.events
    .map((event) => event.type)
    .filter((type) => type !== 'Translate' && type !== 'TlbInvalidate');
  const faults = step.faults.map((fault) => `${fault.kind}${fault.major ? '!' : ''}`);
  return [
    `${step.range.line}:${step.range.column}`,
    step.process ?? '',
    step.outcome.kind,
    faults.join(','),
    events.join(','),
    // A miss among hits is news even where the kernel was not asked.
    step.cost.tlbMisses === undefined ? '' : 'miss',
  ].join('|');
}
