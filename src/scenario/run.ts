/** Run a scenario from its first step to its last, and tell what came of it. */

import { loadScenario } from './load.ts';
import type { ExpectationResult, ScenarioResult, StepResult } from './result.ts';
import { type EngineOptions, ScenarioEngine } from './run/engine.ts';
import { checkFinal } from './run/final.ts';
import type { Scenario } from './scenario.ts';

export interface RunOptions extends EngineOptions {
  /** Stop with status `step-limit` after this many steps. Default 1,000,000. */
  readonly maxSteps?: number | undefined;
  /** When to check the machine's invariants. Default `off`. */
  readonly invariants?: 'off' | 'every-step' | 'end' | undefined;
  /** Take views of the machine before the first and after the last step. Default true. */
  readonly views?: boolean | undefined;
  /**
   * Which step results to keep: `all`; only those with an expectation that `failed`; `none`. Left out: all of the first
   * 10,000, then only failed ones (1,000 at most). `ScenarioResult.stepsRun` has the true number.
   */
  readonly keep?: 'all' | 'failed' | 'none' | undefined;
  /** Called after each step: progress, streaming. */
  readonly onStep?: ((step: StepResult, engine: ScenarioEngine) => void) | undefined;
  /** Stop after this many steps, without checking the final expectations; to look at the machine there. */
  readonly stopAtStep?: number | undefined;
}

export const MAX_STEPS_DEFAULT = 1_000_000;
const KEPT_MAX = 10_000;
const KEPT_FAILED_MAX = 1_000;

/** @throws InputErrors when the machine cannot be built as the scenario describes it. */
export function runScenario(scenario: Scenario, options: RunOptions = {}): ScenarioResult {
  return runEngine(new ScenarioEngine(scenario, options), options);
}

/**
 * Load and run in one call.
 * @throws InputErrors with every mistake in the text
 */
export function runScenarioText(text: string, options: RunOptions & { readonly file?: string } = {}): ScenarioResult {
  return runScenario(loadScenario(text, options.file), options);
}

/** Run an engine from where it stands. The engine stays usable: its machine is where the run ended. */
export function runEngine(engine: ScenarioEngine, options: RunOptions = {}): ScenarioResult {
  const { scenario, machine } = engine;
  const { invariants = 'off', views = true, onStep, stopAtStep = Number.POSITIVE_INFINITY } = options;
  const maxSteps = options.maxSteps ?? MAX_STEPS_DEFAULT;
  const steps = new KeptSteps(options.keep);
  const broken: string[] = [];
  const firstView = views ? machine.view() : null;
  let limited = false;

  while (engine.index < stopAtStep) {
    if (engine.index >= maxSteps) {
      // At the limit a scenario may just be over; asking the cursor of a copy leaves the engine where it is.
      limited = !engine.atEnd();
      break;
    }
    const step = engine.step();
    if (step === null) break;
    steps.add(step);
    if (invariants === 'every-step')
      broken.push(...machine.checkInvariants().map((rule) => `after step ${step.index + 1}: ${rule}`));
    onStep?.(step, engine);
  }
  if (invariants === 'end') broken.push(...machine.checkInvariants());

  const complete = !limited && engine.index < stopAtStep;
  const lastView = views ? machine.view() : null;
  const counters = machine.counters();
  const final: ExpectationResult[] = complete ? checkFinal(engine) : [];
  const failed = steps.failed + final.filter((expectation) => !expectation.held).length;
  const held = steps.held + final.filter((expectation) => expectation.held).length;
  const status = failed > 0 ? 'failed' : limited ? 'step-limit' : 'held';
  return {
    file: scenario.file,
    name: scenario.name,
    description: scenario.description,
    seed: machine.config.seed,
    passed: status === 'held' && broken.length === 0,
    status,
    steps: steps.kept,
    stepsRun: engine.index,
    expectations: { held, failed },
    final,
    counters,
    invariants: broken,
    firstView,
    lastView,
    symbols: Object.fromEntries(engine.names.symbols),
  };
}

/** Bounded memory of a run: see `RunOptions.keep`. */
class KeptSteps {
  readonly kept: StepResult[] = [];
  held = 0;
  failed = 0;
  private failedKept = 0;
  private readonly keep: RunOptions['keep'];

  constructor(keep: RunOptions['keep']) {
    this.keep = keep;
  }

  add(step: StepResult): void {
    const failures = step.expectations.filter((expectation) => !expectation.held).length;
    this.failed += failures;
    this.held += step.expectations.length - failures;
    if (this.keep === 'none') return;
    const early = this.keep === 'all' || (this.keep === undefined && this.kept.length < KEPT_MAX);
    if (early) this.kept.push(step);
    else if (failures > 0 && this.failedKept < KEPT_FAILED_MAX) {
      this.failedKept++;
      this.kept.push(step);
    }
  }
}
