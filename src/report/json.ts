/**
 * Everything a run recorded, as JSON: for scripts, `jq` and the next program.
 *
 * One document: `{ mmulator, version: 1, results: [ … ], summary }`. Each result is a `ScenarioResult` as it is
 * (src/scenario/result.ts), or `{ file, status: 'bad-input', errors }`. The two pictures of the machine, often larger
 * than all the rest, are left out unless the run is verbose. 64-bit constants that no double holds are strings, `"0x…"`.
 * Results are written as they come, so a run of many files holds one at a time.
 */
import type { InputError } from '../mmu/input-error.ts';
import { hex } from './quantities.ts';
import {
  addToTally,
  emptyTally,
  type FileReport,
  type ReportContext,
  type Reporter,
  type ReporterRun,
  type Tally,
} from './reporter.ts';

export const jsonReporter: Reporter = {
  name: 'json',
  description: 'for programs: every step, event, cost and expectation as one JSON document',
  start: (context) => new JsonRun(context),
};

class JsonRun implements ReporterRun {
  private readonly context: ReportContext;
  private readonly tally: Tally = emptyTally();

  constructor(context: ReportContext) {
    this.context = context;
  }

  file(report: FileReport): string {
    const before = this.tally.scenarios === 0 ? this.opening() : ',\n';
    addToTally(this.tally, report);
    return before + indented(toJson(this.document(report)), '    ');
  }

  end(): string {
    const before = this.tally.scenarios === 0 ? this.opening() : '\n';
    return `${before}  ],\n  "summary": ${indented(toJson(this.tally), '  ').trimStart()}\n}\n`;
  }

  private opening(): string {
    return `{\n  "mmulator": ${JSON.stringify(this.context.version)},\n  "version": 1,\n  "results": [\n`;
  }

  private document(report: FileReport): unknown {
    if (report.kind === 'bad') {
      return { file: report.file, passed: false, status: 'bad-input', errors: report.errors.map(errorDocument) };
    }
    if (this.context.verbose) return report.result;
    const { firstView: _first, lastView: _last, ...rest } = report.result;
    return rest;
  }
}

export function errorDocument(error: InputError): Readonly<Record<string, unknown>> {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
    file: error.file ?? null,
    range: error.range ?? null,
  };
}

/** `JSON.stringify`, two blanks a level, with bigints as `"0x…"`. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? hex(item) : item), 2);
}

const indented = (text: string, indent: string): string => indent + text.replaceAll('\n', `\n${indent}`);
