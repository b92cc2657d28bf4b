/** One scenario file: read, run, compared with its golden record if it has one; and the exit code that means. */
import type { InputError } from '../mmu/input-error.ts';
import { InvariantError } from '../mmu/invariant.ts';
import type { AnyHostAllocator } from '../process/python/host-functions.ts';
import {
  compareGolden,
  type GoldenDifference,
  goldenFileOf,
  goldenRecord,
  goldenText,
  parseGolden,
} from '../scenario/golden.ts';
import type { ExpectationResult, ScenarioResult, StepResult } from '../scenario/result.ts';
import { ScenarioEngine } from '../scenario/run/engine.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { inputErrorsIn, showBug, showErrors } from './failure.ts';
import { readText } from './io.ts';
import { loadFile } from './load-file.ts';
import { writeOutput } from './read-input.ts';
import { runSliced } from './run-sliced.ts';
import { STDIN } from './scenario-files.ts';

export interface FileRunOptions {
  readonly seed: number | null;
  readonly maxSteps: number | null;
  /** Write the golden record instead of comparing with it. */
  readonly update: boolean;
  readonly verbose: boolean;
  /** Allocators that steps may name. */
  readonly allocators: readonly AnyHostAllocator[];
}

export type FileRun =
  | { readonly kind: 'ran'; readonly code: ExitCode; readonly result: ScenarioResult }
  | { readonly kind: 'bad'; readonly code: ExitCode; readonly errors: readonly InputError[] }
  /** Interrupted, or a bug of ours: told on standard error already. */
  | { readonly kind: 'ended'; readonly code: ExitCode };

/** `beforeMessage` is called before anything is written to standard error. */
export async function runFile(
  file: string,
  options: FileRunOptions,
  context: CommandContext,
  beforeMessage: () => void,
): Promise<FileRun> {
  const { scenario, errors, text } = await loadFile(file, context.io);
  const refuse = (mistakes: readonly InputError[]): FileRun => {
    beforeMessage();
    showErrors(mistakes, text, context);
    return { kind: 'bad', code: EXIT.badInput, errors: mistakes };
  };
  if (scenario === null) return refuse(errors);
  let stepsDone = 0;
  const seed = options.seed ?? scenario.machine.seed ?? 0;
  const bug = (thrown: unknown, step: number | null): FileRun => {
    beforeMessage();
    return { kind: 'ended', code: showBug(thrown, { file, seed, step }, context, options.verbose) };
  };
  try {
    const onStep = (step: StepResult) => {
      stepsDone = step.index + 1;
    };
    const result = await run(scenario, options, onStep, context);
    if (result === null) return { kind: 'ended', code: EXIT.interrupted };
    if (result.invariants.length > 0) {
      bug(new InvariantError(result.invariants.join('; ')), stepsDone);
      return { kind: 'ran', code: EXIT.ourBug, result };
    }
    const compared = withGolden(result, file, options, context);
    return { kind: 'ran', code: codeOf(compared), result: compared };
  } catch (thrown) {
    const mistakes = inputErrorsIn(thrown);
    return mistakes === null ? bug(thrown, stepsDone + 1) : refuse(mistakes);
  }
}

function run(scenario: Scenario, options: FileRunOptions, onStep: (step: StepResult) => void, { io }: CommandContext) {
  const engine = new ScenarioEngine(scenario, {
    allocators: options.allocators,
    ...(options.seed === null ? {} : { seed: options.seed }),
  });
  return runSliced(engine, { onStep, ...(options.maxSteps === null ? {} : { maxSteps: options.maxSteps }) }, io);
}

function codeOf({ status }: ScenarioResult): ExitCode {
  if (status === 'failed') return EXIT.failed;
  return status === 'step-limit' ? EXIT.stepLimit : EXIT.held;
}

/** More differences than this say nothing that the first ones do not. */
const DIFFERENCES_SHOWN = 8;

/**
 * The golden record is an expectation like any other, only written by `--update`. With another seed than the file's
 * the run is another run, and an unfinished one has nothing to compare.
 */
function withGolden(
  result: ScenarioResult,
  file: string,
  options: FileRunOptions,
  { io }: CommandContext,
): ScenarioResult {
  if (file === STDIN || options.seed !== null || result.status === 'step-limit') return result;
  const goldenFile = goldenFileOf(file);
  if (options.update) {
    // A run that breaks its own expectations is no example to follow.
    if (result.passed) writeOutput(io, goldenFile, goldenText(goldenRecord(result)));
    return result;
  }
  if (io.kindOf(goldenFile) !== 'file') return result;
  const differences = compareGolden(parseGolden(readText(io, goldenFile), goldenFile), goldenRecord(result));
  const shown = differences
    .slice(0, DIFFERENCES_SHOWN)
    .map((difference) => differenceExpectation(difference, result, goldenFile));
  if (shown.length === 0) return { ...result, final: [...result.final, goldenHeld(result, goldenFile)] };
  const more = differences.length - shown.length;
  if (more > 0)
    shown.push({ ...shown[0]!, what: 'golden', expected: 'as recorded', actual: `${more} more differences` });
  return { ...result, status: 'failed', passed: false, final: [...result.final, ...shown] };
}

const FIRST_LINE = { line: 1, column: 1, endLine: 1, endColumn: 2 };

function goldenHeld(result: ScenarioResult, goldenFile: string): ExpectationResult {
  const range = result.steps[0]?.range ?? FIRST_LINE;
  return { what: 'golden', expected: goldenFile, actual: 'the same', held: true, explanation: [], range };
}

function differenceExpectation(
  { what, expected, actual }: GoldenDifference,
  result: ScenarioResult,
  goldenFile: string,
): ExpectationResult {
  // The record's lines are those of the steps that were kept; the lines themselves say the step's number.
  const position = /^step (\d+)$/.exec(what)?.[1];
  const step = position === undefined ? undefined : result.steps[Number(position) - 1];
  const parts = differingParts(expected, actual);
  return {
    what: `golden ${step === undefined ? what : `step ${step.index + 1}`}`,
    ...parts,
    held: false,
    explanation: [`${goldenFile} has it otherwise; if the new behaviour is right: mmulator run --update`],
    range: step?.range ?? FIRST_LINE,
  };
}

/** Of two lines of a golden record, the parts that are not the same in both. */
function differingParts(expected: string, actual: string): { readonly expected: string; readonly actual: string } {
  // A line begins with the step's index, which `what` already says.
  const split = (line: string) => line.replace(/^\d+ /, '').split(/[;,] /);
  const [before, after] = [split(expected), split(actual)];
  const own = (mine: readonly string[], other: readonly string[]) =>
    mine.filter((part) => !other.includes(part)).join(', ');
  return { expected: own(before, after) || 'nothing more', actual: own(after, before) || 'nothing more' };
}
