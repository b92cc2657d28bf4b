/** The reporter for people: one line a step, the *why* below it, failures in full, the counters at the end. */
import type { ScenarioResult } from '../scenario/result.ts';
import { counterLines } from './counters.ts';
import { namesOf } from './names.ts';
import { allExpectationLines, stepTable } from './pretty-steps.ts';
import { printable, printableResult } from './printable.ts';
import { counted } from './quantities.ts';
import {
  addToTally,
  emptyTally,
  expectationCounts,
  type FileReport,
  type ReportContext,
  type Reporter,
  type ReporterRun,
  stepCount,
  type Tally,
} from './reporter.ts';
import { paint, type Style } from './style.ts';

export const prettyReporter: Reporter = {
  name: 'pretty',
  description: 'for people: a line a step, why it happened, a summary of the counters',
  start: (context) => new PrettyRun(context),
};

class PrettyRun implements ReporterRun {
  private readonly context: ReportContext;
  private readonly tally: Tally = emptyTally();

  constructor(context: ReportContext) {
    this.context = context;
  }

  file(report: FileReport): string {
    addToTally(this.tally, report);
    const { style, quiet, files } = this.context;
    if (report.kind === 'bad') {
      // The diagnostics themselves stand on stderr; among many results the file must not be missing.
      if (files === 1) return '';
      const [first] = report.errors;
      const why =
        report.errors.length === 1 && first !== undefined ? first.message : counted(report.errors.length, 'mistake');
      return `${paint(style, 'red', '✗')} ${printable(report.file)}  ${paint(style, 'red', `not run: ${printable(why)}`)}\n`;
    }
    const result = printableResult(report.result);
    const inFull = (files === 1 && !quiet) || this.context.verbose;
    if (inFull) return `${this.inFull(result).join('\n')}\n`;
    if (result.passed && quiet) return '';
    return `${this.inShort(result).join('\n')}\n`;
  }

  end(): string {
    const { style, files, quiet } = this.context;
    if (files === 1 && !quiet) return '';
    return `${quiet ? '' : '\n'}${tallyLine(this.tally, style)}\n`;
  }

  private inFull(result: ScenarioResult): string[] {
    const { style, verbose } = this.context;
    const names = namesOf(result);
    const lines = ['', ` ${paint(style, 'bold', result.name)}`, ` ${paint(style, 'dim', result.file)}`, ''];
    lines.push(
      ...stepTable(result.steps, names, {
        style,
        file: result.file,
        unfolded: verbose,
        failuresOnly: false,
      }),
    );
    const dropped = stepCount(result) - result.steps.length;
    if (dropped > 0) lines.push(paint(style, 'dim', `    ⋮  ${counted(dropped, 'more step')}, not kept`));
    if (result.final.length > 0) lines.push(...finalLines(result, style, verbose));
    lines.push('', ` ${verdictLine(result, style)}`, ...counterLines(result.counters, style, '   '), '');
    return lines;
  }

  /** One line for what held; for what failed, the failing steps below it. */
  private inShort(result: ScenarioResult): string[] {
    const { style } = this.context;
    const mark = paint(style, result.passed ? 'green' : 'red', result.passed ? '✓' : '✗');
    const head = `${mark} ${result.file}  ${paint(style, 'dim', result.name)}`;
    if (result.passed) return [head];
    const names = namesOf(result);
    return [
      head,
      ...stepTable(result.steps, names, {
        style,
        file: result.file,
        unfolded: true,
        failuresOnly: true,
      }),
      ...finalLines(result, style, false),
      `  ${verdictLine(result, style)}`,
    ];
  }
}

/** The scenario's own `expect:`, checked at the end. */
function finalLines(result: ScenarioResult, style: Style, verbose: boolean): string[] {
  const shown = result.final.filter((expectation) => verbose || !expectation.held);
  if (shown.length === 0) return [];
  return ['', `  ${paint(style, 'dim', 'at the end')}`, ...allExpectationLines(shown, style, result.file)];
}

function verdictLine(result: ScenarioResult, style: Style): string {
  const { held, failed } = expectationCounts(result);
  const steps = counted(stepCount(result), 'step');
  if (result.invariants.length > 0) {
    return paint(
      style,
      'red',
      `✗ mmulator is wrong: ${counted(result.invariants.length, 'invariant')} broken after ${steps}`,
    );
  }
  if (result.status === 'step-limit') return paint(style, 'yellow', `⏹ stopped by the step limit after ${steps}`);
  const expectations = counted(held + failed, 'expectation');
  if (!result.passed)
    return paint(style, 'red', `✗ ${failed} of ${expectations} failed`) + paint(style, 'dim', `, ${steps}`);
  const verdict = held === 0 ? '✓ ran to the end' : `✓ ${expectations} held`;
  return paint(style, 'green', verdict) + paint(style, 'dim', `, ${steps}`);
}

function tallyLine(tally: Tally, style: Style): string {
  const parts = [
    tally.held > 0 ? paint(style, 'green', `${tally.held} held`) : '',
    tally.failed > 0 ? paint(style, 'red', `${tally.failed} failed`) : '',
    tally.stepLimit > 0 ? paint(style, 'yellow', `${tally.stepLimit} stopped by the step limit`) : '',
    tally.bad > 0 ? paint(style, 'red', `${tally.bad} not run`) : '',
  ].filter((part) => part !== '');
  const rest = paint(style, 'dim', `(${counted(tally.steps, 'step')}, ${counted(tally.expectations, 'expectation')})`);
  return `${counted(tally.scenarios, 'scenario')}: ${parts.join(', ') || 'none run'} ${rest}`;
}
