/** The steps of a run as aligned lines: number, mark, the step, what came of it, what it cost; below, why. */
import type { ExpectationResult, StepResult } from '../scenario/result.ts';
import { wrap } from './columns.ts';
import { type Folded, fold, type ShownStep } from './fold.ts';
import type { Names } from './names.ts';
import { costText, faultsText, outcomeIsGood, outcomeText } from './outcome.ts';
import { place } from './reporter.ts';
import { type Ink, padEnd, padStart, paint, type Style, visibleWidth } from './style.ts';
import { type WhyLine, whyLines } from './why.ts';

export interface StepTableOptions {
  readonly style: Style;
  readonly file: string;
  /** Show every turn of every loop. */
  readonly unfolded: boolean;
  /** Only steps with an expectation that did not hold. */
  readonly failuresOnly: boolean;
}

/** Steps are numbered from 1, here and wherever a person types a step number. */
export const stepNumber = (step: Pick<StepResult, 'index'>): number => step.index + 1;

interface Widths {
  readonly number: number;
  readonly text: number;
  readonly came: number;
}
/** Beyond these a long cell pushes only its own line. */
const TEXT_MAX = 42;
const CAME_MAX = 32;
const WHY_LINES_MAX = 12;

export function stepTable(steps: readonly StepResult[], names: Names, options: StepTableOptions): string[] {
  const failing = (step: StepResult) => step.expectations.some((expectation) => !expectation.held);
  const shown: ShownStep[] = options.failuresOnly
    ? steps.filter(failing).map((step) => ({ kind: 'step', step }))
    : options.unfolded
      ? steps.map((step) => ({ kind: 'step', step }))
      : fold(steps);
  const own = shown.flatMap((item) => (item.kind === 'step' ? [item.step] : []));
  const widest = (cell: (step: StepResult) => string, max: number) =>
    own.reduce((width, step) => Math.max(width, Math.min(max, visibleWidth(cell(step)))), 0);
  const widths: Widths = {
    number: Math.max(3, String(steps.length).length),
    text: widest((step) => step.text, TEXT_MAX),
    came: widest((step) => cameText(step, names), CAME_MAX),
  };
  return shown.flatMap((item) =>
    item.kind === 'step' ? stepLines(item.step, names, widths, options) : [foldedLine(item, widths, options.style)],
  );
}

/** Outcome and faults as one cell: `= 42`, `demand-zero`, `pid 2`. */
function cameText(step: StepResult, names: Names): string {
  return [outcomeText(step.outcome, names), faultsText(step.faults)].filter((part) => part !== '').join('  ');
}

function stepLines(step: StepResult, names: Names, widths: Widths, options: StepTableOptions): string[] {
  const { style } = options;
  const failed = step.expectations.filter((expectation) => !expectation.held);
  const number = paint(style, 'dim', padStart(String(stepNumber(step)), widths.number));
  const indent = ' '.repeat(widths.number + 6);
  const text = shortened(step.text, style.width - indent.length - 1);
  const came = paint(style, inkOf(step), cameText(step, names));
  const lines = [`  ${number} ${markOf(step, style)}  ${text}`];
  // Each cell goes beside what stands there, or, where it does not fit, on a line of its own.
  const add = (cell: string, column: number) => {
    if (cell === '') return;
    const line = padEnd(lines.at(-1)!, column);
    if (visibleWidth(line) + 2 + visibleWidth(cell) < style.width) lines[lines.length - 1] = `${line}  ${cell}`;
    else lines.push(`${indent}  ${cell}`);
  };
  add(came, indent.length + widths.text);
  add(paint(style, 'dim', costText(step.cost)), indent.length + widths.text + 2 + widths.came);
  if (step.note !== null) lines.push(...noteLines(step.note, indent, style));
  lines.push(...whyBlock(whyLines(step.events, names), indent, style));
  for (const expectation of failed) lines.push(...expectationLines(expectation, style, options.file));
  return lines;
}

const shortened = (text: string, width: number): string =>
  visibleWidth(text) <= width ? text : `${text.slice(0, width - 1)}…`;

function markOf(step: StepResult, style: Style): string {
  if (step.expectations.length === 0) return ' ';
  return step.expectations.every((expectation) => expectation.held)
    ? paint(style, 'green', '✓')
    : paint(style, 'red', '✗');
}

/** A signal somebody expected is no alarm; the mark says whether it was. */
function inkOf(step: StepResult): Ink {
  if (!outcomeIsGood(step.outcome)) return 'yellow';
  return step.faults.some((fault) => fault.major) ? 'magenta' : 'cyan';
}

function noteLines(note: string, indent: string, style: Style): string[] {
  return wrap(note, style.width - indent.length - 2).map((line) => `${indent}${paint(style, 'dim', `# ${line}`)}`);
}

const TONES: Readonly<Record<WhyLine['tone'], Ink>> = {
  kernel: 'dim',
  eviction: 'magenta',
  signal: 'yellow',
  hardware: 'blue',
};

function whyBlock(lines: readonly WhyLine[], indent: string, style: Style): string[] {
  const shown = lines.slice(0, WHY_LINES_MAX);
  const block = shown.flatMap(({ tone, text }) =>
    wrap(text, style.width - indent.length - 3).map(
      (line) => `${indent}${paint(style, 'dim', '│')} ${paint(style, TONES[tone], line)}`,
    ),
  );
  if (lines.length > shown.length) {
    block.push(`${indent}${paint(style, 'dim', `│ … and ${lines.length - shown.length} more events`)}`);
  }
  return block;
}

/** Expected, actual, where it is asked for, and why it came out so. */
export function expectationLines(expectation: ExpectationResult, style: Style, file: string): string[] {
  if (expectation.held) return [`        ${paint(style, 'green', '✓')} ${expectation.what}: ${expectation.actual}`];
  const head = `        ${paint(style, 'red', '✗')} ${paint(style, 'bold', expectation.what)}  ${paint(style, 'dim', place(file, expectation.range))}`;
  const lines = [
    head,
    `            expected  ${paint(style, 'green', expectation.expected)}`,
    `            actual    ${paint(style, 'red', expectation.actual)}`,
  ];
  for (const sentence of expectation.explanation) {
    const [first, ...more] = wrap(sentence, style.width - 24);
    if (first === undefined) continue;
    lines.push(
      `            ${paint(style, 'dim', 'because')}   ${first}`,
      ...more.map((line) => `                      ${line}`),
    );
  }
  return lines;
}

function foldedLine(folded: Folded, widths: Widths, style: Style): string {
  const { first, last, period, turns } = folded;
  const range = last === first ? `step ${first + 1}` : `steps ${first + 1}–${last + 1}`;
  const what = period === 1 ? `${turns} more like it` : `${turns} more turns of these ${period} steps`;
  const sums = [faultsText(folded.faults), costText(folded.cost)].filter((part) => part !== '').join('; ');
  const text = `${what} (${range})${sums === '' ? '' : `: ${sums}`}`;
  return `  ${padStart('⋮', widths.number)}    ${paint(style, 'dim', text)}`;
}
