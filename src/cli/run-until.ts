/** A scenario run up to some step, for a look at the step and at the machine there. */
import type { Machine } from '../machine/machine.ts';
import type { MachineView } from '../machine/view.ts';
import { InputError } from '../mmu/input-error.ts';
import type { PageTableFormat } from '../mmu/page-table/formats.ts';
import type { AnyHostAllocator } from '../process/python/host-functions.ts';
import type { ScenarioResult, StepResult } from '../scenario/result.ts';
import { ScenarioEngine } from '../scenario/run/engine.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { inputErrorsIn, refuse, showBug } from './failure.ts';
import { loadFile } from './load-file.ts';
import { runSliced } from './run-sliced.ts';

export interface StoppedRun {
  readonly kind: 'stopped';
  readonly result: ScenarioResult;
  /** The machine after the last step done, and as data. */
  readonly machine: Machine;
  readonly machineView: MachineView;
  readonly format: PageTableFormat;
  /** `kernel: none`. */
  readonly bare: boolean;
  /** Steps done: the number of the last one, as people count. */
  readonly position: number;
  /** The step done last; null before the first. */
  readonly last: StepResult | null;
}

export interface UntilOptions {
  /** Stop after so many steps; null: at the end. */
  readonly steps: number | null;
  readonly seed: number | null;
  readonly verbose: boolean;
  /** Allocators that steps may name. */
  readonly allocators: readonly AnyHostAllocator[];
}

/** What is wrong has been told on standard error already. */
export interface NotRun {
  readonly kind: 'not-run';
  readonly code: ExitCode;
}

export async function runUntil(
  file: string,
  options: UntilOptions,
  context: CommandContext,
): Promise<StoppedRun | NotRun> {
  const { io } = context;
  const { scenario, errors, text } = await loadFile(file, io);
  const notRun = (mistakes: readonly InputError[]): NotRun => {
    refuse(mistakes, text, context);
    return { kind: 'not-run', code: EXIT.badInput };
  };
  if (scenario === null) return notRun(errors);
  let last: StepResult | null = null;
  const onStep = (step: StepResult) => {
    last = step;
  };
  try {
    const engine = new ScenarioEngine(scenario, {
      allocators: options.allocators,
      ...(options.seed === null ? {} : { seed: options.seed }),
    });
    const stopAtStep = options.steps ?? Number.POSITIVE_INFINITY;
    const result = await runSliced(engine, { stopAtStep, onStep, maxSteps: Number.POSITIVE_INFINITY }, io);
    if (result === null) return { kind: 'not-run', code: EXIT.interrupted };
    if (options.steps !== null && engine.index < options.steps)
      return notRun([noSuchStep(options.steps, engine.index, file)]);
    const machineView = result.lastView ?? engine.machine.view();
    const { machine } = engine;
    const { format, config } = machine;
    return {
      kind: 'stopped',
      result,
      machine,
      machineView,
      format,
      bare: config.kernel === 'none',
      position: engine.index,
      last,
    };
  } catch (thrown) {
    const mistakes = inputErrorsIn(thrown);
    if (mistakes !== null) return notRun(mistakes);
    const step = last === null ? 1 : (last as StepResult).index + 2;
    const seed = options.seed ?? scenario.machine.seed ?? 0;
    return { kind: 'not-run', code: showBug(thrown, { file, seed, step }, context, options.verbose) };
  }
}

function noSuchStep(wanted: number, count: number, file: string): InputError {
  return new InputError({
    code: 'MEM-CLI-010',
    message: `there is no step ${wanted}`,
    hint: `this scenario has ${count === 1 ? 'one step' : `steps 1 to ${count}`}`,
    file,
  });
}
