/**
 * A reporter: takes what each file came to, gives text.
 *
 *   const run = reporter.start(context)
 *   output += run.file(report)      once a file, in order; may be printed at once
 *   output += run.end()             once, after the last file
 *
 * It reads the record only; it never asks the machine, and never learns the time, so the same runs give the same bytes.
 */
import type { InputError } from '../mmu/input-error.ts';
import type { ScenarioResult } from '../scenario/result.ts';
import type { Style } from './style.ts';

export interface ReportContext {
  readonly style: Style;
  /** Files in this run; one file is told step by step, many get a line each. */
  readonly files: number;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** `0.1.0`: formats that name their producer say it. */
  readonly version: string;
}

/** A file ran, or could not because it is wrong. */
export type FileReport =
  | { readonly kind: 'ran'; readonly file: string; readonly result: ScenarioResult }
  | { readonly kind: 'bad'; readonly file: string; readonly errors: readonly InputError[] };

export interface ReporterRun {
  file(report: FileReport): string;
  end(): string;
}

export interface Reporter {
  readonly name: string;
  /** One line for `list` and `--help`. */
  readonly description: string;
  start(context: ReportContext): ReporterRun;
}

/** What all the files came to together. */
export interface Tally {
  scenarios: number;
  held: number;
  failed: number;
  stepLimit: number;
  bad: number;
  steps: number;
  expectations: number;
  expectationsFailed: number;
}

export function emptyTally(): Tally {
  return {
    scenarios: 0,
    held: 0,
    failed: 0,
    stepLimit: 0,
    bad: 0,
    steps: 0,
    expectations: 0,
    expectationsFailed: 0,
  };
}

export function addToTally(tally: Tally, report: FileReport): void {
  tally.scenarios++;
  if (report.kind === 'bad') {
    tally.bad++;
    return;
  }
  const { result } = report;
  const { held, failed } = expectationCounts(result);
  tally.steps += stepCount(result);
  tally.expectations += held + failed;
  tally.expectationsFailed += failed;
  if (result.status === 'held') tally.held++;
  else if (result.status === 'failed') tally.failed++;
  else tally.stepLimit++;
}

/** Steps run: of a long run not all are kept. */
export const stepCount = (result: ScenarioResult): number => result.stepsRun ?? result.steps.length;

/** Expectations checked, those of steps that were not kept included. */
export function expectationCounts(result: ScenarioResult): { readonly held: number; readonly failed: number } {
  const listed = [...result.steps.flatMap((step) => step.expectations), ...result.final];
  const failed = listed.filter((expectation) => !expectation.held).length;
  // What was added to the result since it was counted (a golden record) is in the lists only.
  return {
    held: Math.max(result.expectations?.held ?? 0, listed.length - failed),
    failed: Math.max(result.expectations?.failed ?? 0, failed),
  };
}

/** `scenarios/a.yaml:12:5`: terminals and editors make it a link. */
export function place(file: string, range: { readonly line: number; readonly column: number }): string {
  return `${file}:${range.line}:${range.column}`;
}
