/**
 * Run a scenario and keep the record of it: the first view, and for each step its events and the patches that lead to
 * the next view and back (machine/record.ts). It is what a viewer reads; a machine is not needed any more.
 *
 * A view is taken after every step, so the cost of a step is that of looking at everything in use: for runs that a
 * person looks at. `stepsMax` bounds the record of longer ones to their last steps.
 */
import { RecordBuilder, type RunRecord } from '../machine/record.ts';
import type { ScenarioResult } from './result.ts';
import { ScenarioEngine } from './run/engine.ts';
import { type RunOptions, runEngine } from './run.ts';
import type { Scenario } from './scenario.ts';

export interface RecordOptions extends RunOptions {
  /** Keep the record of this many steps, the last ones. Default: all. */
  readonly stepsMax?: number | undefined;
}

export interface RecordedRun {
  readonly result: ScenarioResult;
  readonly record: RunRecord;
}

/** @throws InputErrors when the machine cannot be built as the scenario describes it. */
export function recordScenario(scenario: Scenario, options: RecordOptions = {}): RecordedRun {
  const engine = new ScenarioEngine(scenario, { ...options, events: true });
  const { stepsMax } = options;
  const builder = new RecordBuilder(engine.machine.view(), stepsMax === undefined ? {} : { stepsMax });
  const result = runEngine(engine, {
    ...options,
    onStep(step, at) {
      builder.add(step.events, at.machine.view());
      options.onStep?.(step, at);
    },
  });
  return { result, record: builder.finish() };
}
