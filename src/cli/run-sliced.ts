/**
 * A scenario run in slices, so that Ctrl-C is noticed in the middle of a long one: between two slices the process
 * listens. What comes out is what one run in one piece would have given.
 */
import type { ScenarioResult, StepResult } from '../scenario/result.ts';
import type { ScenarioEngine } from '../scenario/run/engine.ts';
import { type RunOptions, runEngine } from '../scenario/run.ts';
import type { CliIo } from './io.ts';

/** A fraction of a second's work. */
const SLICE_STEPS = 10_000;

export interface SlicedOptions {
  readonly maxSteps?: number | undefined;
  readonly stopAtStep?: number | undefined;
  readonly onStep?: (step: StepResult) => void;
}

/** Null when interrupted. */
export async function runSliced(
  engine: ScenarioEngine,
  options: SlicedOptions,
  io: CliIo,
): Promise<ScenarioResult | null> {
  const { stopAtStep: last = Number.POSITIVE_INFINITY, maxSteps, onStep } = options;
  const firstView = engine.machine.view();
  let whole: ScenarioResult | null = null;
  for (;;) {
    const stopAtStep = Math.min(last, engine.index + SLICE_STEPS);
    const slice: RunOptions = {
      ...(maxSteps === undefined ? {} : { maxSteps }),
      ...(onStep === undefined ? {} : { onStep }),
      stopAtStep,
      views: false,
      invariants: 'end',
      // As a run in one piece would: every step of the beginning, then only those that failed.
      ...(whole === null ? {} : { keep: 'failed' as const }),
    };
    const result = runEngine(engine, slice);
    whole = whole === null ? result : together(whole, result);
    if (engine.index < stopAtStep || engine.index >= last || result.status === 'step-limit') break;
    if (result.invariants.length > 0) break;
    await io.pause();
    if (io.interrupted()) return null;
  }
  return { ...whole, firstView, lastView: engine.machine.view() };
}

function together(before: ScenarioResult, after: ScenarioResult): ScenarioResult {
  const failed = before.status === 'failed' || after.status === 'failed';
  return {
    ...after,
    status: failed ? 'failed' : after.status,
    passed: before.passed && after.passed,
    steps: [...before.steps, ...after.steps],
    expectations: {
      held: (before.expectations?.held ?? 0) + (after.expectations?.held ?? 0),
      failed: (before.expectations?.failed ?? 0) + (after.expectations?.failed ?? 0),
    },
    invariants: [...before.invariants, ...after.invariants],
  };
}
