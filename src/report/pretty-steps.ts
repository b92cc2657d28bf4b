/** The steps of a run as aligned lines: number, mark, the step, what came of it, what it cost; below, why. */
import type { ExpectationResult, StepResult } from '../scenario/result.ts';
import { wrap } from './columns.ts';
import { type Folded, fold, type ShownStep } from './fold.ts';
import { foundBy, printedBy } from './heap-report.ts';
import type { Names } from './names.ts';
import { costText, faultsText, stepIsGood, stepOutcomeText, summedCostText } from './outcome.ts';
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
    text: widest((step) => (step.do === 'comment' ? '' : textOf(step, options.style)), TEXT_MAX),
    came: widest((step) => cameText(step, names), CAME_MAX),
  };
  const told = new Set<string>();
  return shown.flatMap((item) => {
    if (item.kind === 'folded') return foldedLines(item, widths, options.style);
    const indent = ' '.repeat(widths.number + 6);
    return [
      ...stepLines(item.step, names, widths, indent, options),
      ...detailLines(item.step, names, indent, told, options),
    ];
  });
}

/** `store c{i}` in the turn where i is 3: `store c3`. */
export const filledIn = ({ text, loop }: StepResult): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(loop, name) ? String(loop[name]) : whole));

/** The step, with the loop variables that its symbols stand for: `store buf+i*4KiB = i  [i = 3]`. */
function textOf(step: StepResult, style: Style): string {
  const variables = Object.entries(step.loop).map(([name, value]) => `${name} = ${value}`);
  return variables.length === 0 ? step.text : `${filledIn(step)} ${paint(style, 'dim', `[${variables.join(', ')}]`)}`;
}

/** Outcome and faults as one cell: `= 42`, `demand-zero`, `pid 2`. */
function cameText(step: StepResult, names: Names): string {
  // Why a step did not run stands below it, as what was expected and failed.
  const came = step.outcome.kind === 'dead' && step.expectations.length > 0 ? 'not run' : stepOutcomeText(step, names);
  return [came, faultsText(step.faults)].filter((part) => part !== '').join('  ');
}

/** The step's own line; more than one where it is too long. */
function stepLines(
  step: StepResult,
  names: Names,
  widths: Widths,
  indent: string,
  { style }: StepTableOptions,
): string[] {
  const number = paint(style, 'dim', padStart(String(stepNumber(step)), widths.number));
  if (step.do === 'comment') return remark(step.note ?? step.text, number, indent, style);
  const text = shortened(textOf(step, style), filledIn(step), style.width - indent.length - 1);
  const lines = [`  ${number} ${markOf(step, style)}  ${text}`];
  // Each cell goes in its column, or closer where there is no room, or on a line of its own.
  const add = (cell: string, column: number) => {
    if (cell === '') return;
    const last = lines.at(-1)!;
    const line = [padEnd(last, column), last].find(
      (start) => visibleWidth(start) + 2 + visibleWidth(cell) < style.width,
    );
    if (line === undefined) lines.push(`${indent}  ${cell}`);
    else lines[lines.length - 1] = `${line}  ${cell}`;
  };
  add(paint(style, inkOf(step), cameText(step, names)), indent.length + widths.text);
  add(paint(style, 'dim', costText(step.cost)), indent.length + widths.text + 2 + widths.came);
  return lines;
}

/** What stands below a step: its note, why things happened, expectations that failed. */
function detailLines(
  step: StepResult,
  names: Names,
  indent: string,
  told: Set<string>,
  options: StepTableOptions,
): string[] {
  const { style, file } = options;
  const failed = step.expectations.filter((expectation) => !expectation.held);
  return [
    ...(step.note === null || step.do === 'comment' ? [] : noteLines(step.note, indent, style)),
    ...whyBlock([...refusedLines(step), ...whyLines(step.events, names, told)], indent, style),
    ...heapBlock(step, names, indent, style),
    ...allExpectationLines(failed, style, file),
  ];
}

/** Why an administrator's step was refused; a process's system call tells it by its event. */
function refusedLines({ do: name, outcome }: StepResult): WhyLine[] {
  if (outcome.kind !== 'errno' || outcome.why === undefined) return [];
  return [{ tone: 'signal', text: `${name}: ${outcome.errno}: ${outcome.why}` }];
}

/** A step that only says something. */
function remark(note: string, number: string, indent: string, style: Style): string[] {
  return wrap(note, style.width - indent.length - 1).map((line, index) =>
    index === 0 ? `  ${number}    ${paint(style, 'bold', line)}` : `${indent}${paint(style, 'bold', line)}`,
  );
}

/** Cut, without its colours, when it is longer than a line. */
const shortened = (text: string, plain: string, width: number): string =>
  visibleWidth(text) <= width ? text : `${plain.slice(0, width - 1)}…`;

function markOf(step: StepResult, style: Style): string {
  if (step.expectations.length === 0) return ' ';
  return step.expectations.every((expectation) => expectation.held)
    ? paint(style, 'green', '✓')
    : paint(style, 'red', '✗');
}

/** A signal somebody expected is no alarm; the mark says whether it was. */
function inkOf(step: StepResult): Ink {
  if (!stepIsGood(step)) return 'yellow';
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

const PRINTED_MAX = 60;

/** What the program printed or answered in lines, and what the tools beside it found. */
function heapBlock(step: StepResult, names: Names, indent: string, style: Style): string[] {
  const printed = printedBy(step);
  const more = printed.length > PRINTED_MAX ? [`… and ${printed.length - PRINTED_MAX} more lines`] : [];
  const found = foundBy(step, names);
  return [
    ...[...printed.slice(0, PRINTED_MAX), ...more].map((line) => `${indent}${paint(style, 'dim', '┃')} ${line}`),
    ...found.map((line) => `${indent}${paint(style, 'yellow', '==')} ${line}`),
  ];
}

/** Several expectations of one step mostly fail for the same reasons: each reason is given once. */
export function allExpectationLines(expectations: readonly ExpectationResult[], style: Style, file: string): string[] {
  const said = new Set<string>();
  return expectations.flatMap((expectation) => {
    const explanation = expectation.held ? [] : expectation.explanation.filter((sentence) => !said.has(sentence));
    for (const sentence of explanation) said.add(sentence);
    return expectationLines({ ...expectation, explanation }, style, file);
  });
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

function foldedLines(folded: Folded, widths: Widths, style: Style): string[] {
  const { first, last, period, turns } = folded;
  const range = last === first ? `step ${first + 1}` : `steps ${first + 1}–${last + 1}`;
  const what = period === 1 ? `${turns} more like it` : `${turns} more turns of these ${period} steps`;
  const sums = [faultsText(folded.faults), summedCostText(folded.cost)].filter((part) => part !== '').join('; ');
  const indent = ' '.repeat(widths.number + 6);
  return wrap(`${what} (${range})${sums === '' ? '' : `: ${sums}`}`, style.width - indent.length - 1).map(
    (line, index) => {
      const start = index === 0 ? `  ${padStart('⋮', widths.number)}    ` : indent;
      return start + paint(style, 'dim', line);
    },
  );
}
