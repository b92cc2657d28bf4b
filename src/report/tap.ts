/**
 * TAP version 14 (https://testanything.org/tap-version-14-specification.html): a subtest a scenario, a test point an
 * expectation, YAML diagnostics below each failure.
 */
import { printable } from './printable.ts';
import type { FileReport, Reporter, ReporterRun } from './reporter.ts';
import { place } from './reporter.ts';
import { type TestPoint, testPoints } from './test-points.ts';

export const tapReporter: Reporter = {
  name: 'tap',
  description: 'TAP 14: a subtest a scenario, YAML diagnostics below each failure',
  start: () => new TapRun(),
};

class TapRun implements ReporterRun {
  private count = 0;

  file(report: FileReport): string {
    const head = this.count === 0 ? 'TAP version 14\n' : '';
    this.count++;
    const lines = report.kind === 'bad' ? badLines(report, this.count) : scenarioLines(report, this.count);
    return `${head}${lines.join('\n')}\n`;
  }

  end(): string {
    return `${this.count === 0 ? 'TAP version 14\n' : ''}1..${this.count}\n`;
  }
}

function scenarioLines(report: FileReport & { kind: 'ran' }, number: number): string[] {
  const { result } = report;
  const points = testPoints(result);
  const title = escaped(`${result.name} (${result.file})`);
  return [
    `# Subtest: ${title}`,
    `    1..${points.length}`,
    ...points.flatMap((point, index) => pointLines(point, index + 1).map((line) => `    ${line}`)),
    `${result.passed ? 'ok' : 'not ok'} ${number} - ${title}`,
  ];
}

function badLines(report: FileReport & { kind: 'bad' }, number: number): string[] {
  const errors = report.errors.map(
    (error): Record<string, string> => ({
      code: error.code,
      message: error.message,
      at: error.range === undefined ? report.file : place(report.file, error.range),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    }),
  );
  return [`not ok ${number} - ${escaped(report.file)}`, ...diagnostics({ severity: 'error', errors })];
}

function pointLines(point: TestPoint, number: number): string[] {
  const line = `${point.ok ? 'ok' : 'not ok'} ${number} - ${escaped(point.name)}`;
  if (point.ok) return [line];
  const details: Record<string, Detail> = { message: point.message, severity: 'fail' };
  if (point.expected !== null) details.expected = point.expected;
  if (point.actual !== null) details.actual = point.actual;
  if (point.at !== null) details.at = point.at;
  if (point.explanation.length > 0) details.because = [...point.explanation];
  return [line, ...diagnostics(details)];
}

type Detail = string | readonly string[] | readonly Readonly<Record<string, string>>[];

/** A YAML block. Strings are written as JSON, every one of which is a YAML 1.2 scalar, so nothing needs escaping rules. */
function diagnostics(details: Readonly<Record<string, Detail>>): string[] {
  const lines = Object.entries(details).flatMap(([key, value]) => {
    if (typeof value === 'string') return [`${key}: ${quoted(value)}`];
    return [`${key}:`, ...value.flatMap(itemLines)];
  });
  return ['---', ...lines, '...'].map((line) => `  ${line}`);
}

function itemLines(item: string | Readonly<Record<string, string>>): string[] {
  if (typeof item === 'string') return [`  - ${quoted(item)}`];
  return Object.entries(item).map(([key, value], index) => `${index === 0 ? '  - ' : '    '}${key}: ${quoted(value)}`);
}

/** What JSON leaves as it is and a terminal would obey (C1, marks of direction) is written `\u009b`, which JSON reads too. */
const quoted = (text: string): string => printable(JSON.stringify(text));

/** `#` would start a directive, `\` an escape; a line break would end the point. */
const escaped = (text: string): string => printable(text.replace(/[\\#]/g, '\\$&').replace(/\s*[\r\n]+\s*/g, ' '));
