/**
 * A scenario stepped through by hand: forward, and back by checkpoint and replay (machine/rewind.ts).
 *
 *     const session = new ScenarioSession(scenario);
 *     session.next();            // the first step's result
 *     session.goTo(40);          // after 40 steps; session.machine can be looked at
 *     session.goTo(7);           // and back
 */
import type { Machine } from '../machine/machine.ts';
import { Rewinder, type RewinderOptions } from '../machine/rewind.ts';
import type { MachineView } from '../machine/view.ts';
import type { ExpectationResult, StepResult } from './result.ts';
import { type EngineOptions, type EngineSnapshot, ScenarioEngine } from './run/engine.ts';
import { checkFinal } from './run/final.ts';
import type { Scenario } from './scenario.ts';

export interface SessionOptions extends EngineOptions, RewinderOptions {}

export class ScenarioSession {
  readonly scenario: Scenario;
  private readonly engine: ScenarioEngine;
  private readonly rewinder: Rewinder<EngineSnapshot>;
  /** The result of the step done last, once somebody wanted it. */
  private last: StepResult | null = null;
  /** How the rewinder should do its next step: with a result, or for its effect alone. */
  private wanted = false;

  /** @throws InputErrors when the machine cannot be built; InputError MEM-REW-001 for bad checkpoint options. */
  constructor(scenario: Scenario, options: SessionOptions = {}) {
    this.scenario = scenario;
    this.engine = new ScenarioEngine(scenario, options);
    this.rewinder = new Rewinder(this.engine, () => this.advance(), options);
  }

  /** Steps done. */
  get position(): number {
    return this.engine.index;
  }

  /** Steps in all, loops unrolled. */
  get total(): number {
    return this.scenario.totalSteps;
  }

  get machine(): Machine {
    return this.engine.machine;
  }

  /** Addresses bound by `as:` so far. */
  get symbols(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.engine.names.symbols);
  }

  /** The result of the step that led here; null at the start. */
  get current(): StepResult | null {
    return this.last;
  }

  view(): MachineView {
    return this.engine.machine.view();
  }

  /** Do one step; null at the end. */
  next(): StepResult | null {
    if (this.engine.atEnd()) return null;
    this.wanted = true;
    this.rewinder.forward();
    this.wanted = false;
    return this.last;
  }

  /** Stand after `position` steps (or at the end, if there are fewer). The result of the step that led there. */
  goTo(position: number): StepResult | null {
    const target = Math.min(position, this.total);
    if (target <= 0) {
      this.rewinder.goTo(Math.max(0, position));
      this.last = null;
      return null;
    }
    // The last step is done again with its result: a checkpoint has no results.
    this.rewinder.goTo(target - 1);
    return this.next();
  }

  /** The final expectations, checked where the session stands: meaningful at the end. */
  finalExpectations(): ExpectationResult[] {
    return checkFinal(this.engine);
  }

  private advance(): void {
    if (this.wanted) this.last = this.engine.step();
    else this.engine.skip();
  }
}
