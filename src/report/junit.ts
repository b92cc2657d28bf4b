/**
 * JUnit XML, as CI servers read it (the common dialect: testsuites > testsuite > testcase > failure | error).
 * No times: a run's report is the same bytes every time.
 */
import { markup } from './markup.ts';
import { printable } from './printable.ts';
import type { FileReport, ReportContext, Reporter, ReporterRun } from './reporter.ts';
import { place } from './reporter.ts';
import { type TestPoint, testPoints } from './test-points.ts';

export const junitReporter: Reporter = {
  name: 'junit',
  description: 'JUnit XML for CI servers: a test suite a scenario, a test case an expectation',
  start: (context) => new JunitRun(context),
};

class JunitRun implements ReporterRun {
  private readonly context: ReportContext;
  private readonly suites: string[] = [];
  private tests = 0;
  private failures = 0;
  private errors = 0;

  constructor(context: ReportContext) {
    this.context = context;
  }

  /** The totals stand in the first line, so nothing can be printed before the last file. */
  file(report: FileReport): string {
    if (report.kind === 'bad') this.bad(report);
    else this.ran(report);
    return '';
  }

  end(): string {
    const name = `mmulator ${this.context.version}`;
    const head = element('testsuites', { name, tests: this.tests, failures: this.failures, errors: this.errors });
    return `<?xml version="1.0" encoding="UTF-8"?>\n<${head}>\n${this.suites.join('')}</testsuites>\n`;
  }

  private ran({ result }: FileReport & { kind: 'ran' }): void {
    const points = testPoints(result);
    const failed = points.filter((point) => !point.ok).length;
    this.tests += points.length;
    this.failures += failed;
    const head = element('testsuite', {
      name: result.name,
      file: result.file,
      tests: points.length,
      failures: failed,
      errors: 0,
      skipped: 0,
    });
    const properties = `    <properties>\n      <${element('property', { name: 'seed', value: result.seed })}/>\n    </properties>\n`;
    const cases = points.map((point) => testCase(point, result.file)).join('');
    this.suites.push(`  <${head}>\n${properties}${cases}  </testsuite>\n`);
  }

  private bad({ file, errors }: FileReport & { kind: 'bad' }): void {
    this.tests++;
    this.errors++;
    const head = element('testsuite', { name: file, file, tests: 1, failures: 0, errors: 1, skipped: 0 });
    const body = errors
      .map((error) => `${error.range === undefined ? file : place(file, error.range)}: ${error.code}: ${error.message}`)
      .join('\n');
    const error = element('error', { message: errors[0]?.message ?? 'not run', type: errors[0]?.code ?? 'InputError' });
    const testcase = element('testcase', { name: 'is a valid scenario', classname: file });
    this.suites.push(
      `  <${head}>\n    <${testcase}>\n      <${error}>${escaped(body)}</error>\n    </testcase>\n  </testsuite>\n`,
    );
  }
}

function testCase(point: TestPoint, file: string): string {
  const head = element('testcase', { name: point.name, classname: file });
  if (point.ok) return `    <${head}/>\n`;
  const failure = element('failure', { message: point.message, type: 'expectation' });
  const body = [
    point.at ?? '',
    point.expected === null ? '' : `expected  ${point.expected}`,
    point.actual === null ? '' : `actual    ${point.actual}`,
    ...point.explanation.map((sentence) => `because   ${sentence}`),
  ].filter((line) => line !== '');
  return `    <${head}>\n      <${failure}>${escaped(body.join('\n'))}</failure>\n    </testcase>\n`;
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): string {
  return [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(String(value), true)}"`)].join(
    ' ',
  );
}

/** In an attribute, white space would be normalized to blanks, so it is written as character references. */
function escaped(text: string, attribute = false): string {
  const entities = markup(printable(withoutForbidden(text)));
  return attribute ? entities.replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`) : entities;
}

/** XML 1.0 has no way at all to write most control characters and lone surrogates: shown as U+FFFD. */
function withoutForbidden(text: string): string {
  let clean = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const allowed =
      point === 0x9 ||
      point === 0xa ||
      point === 0xd ||
      (point >= 0x20 && point <= 0xd7ff) ||
      (point >= 0xe000 && point <= 0xfffd) ||
      point >= 0x10000;
    clean += allowed ? character : '\ufffd';
  }
  return clean;
}
