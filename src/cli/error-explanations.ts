/** Every error code with its explanation: of scenario files, the command line, traces, and the library. */
import { columns, wrap } from '../report/columns.ts';
import { paint, type Style } from '../report/style.ts';
import { SCENARIO_ERRORS } from '../scenario/error-catalogue.ts';
import { CONFORM_ERROR_CODES } from './conform-error-codes.ts';
import { CLI_ERROR_CODES } from './error-codes.ts';
import { LIBRARY_ERROR_CODES } from './library-error-codes.ts';
import { SIMULATE_ERROR_CODES } from './simulate-error-codes.ts';
import { SWEEP_ERROR_CODES } from './sweep-error-codes.ts';
import { SWEEP_RUN_ERROR_CODES } from './sweep-run-error-codes.ts';
import { TRACE_ERROR_CODES } from './trace-error-codes.ts';

export interface ErrorExplanation {
  readonly code: string;
  readonly title: string;
  readonly explanation: string;
  readonly example: string | null;
  readonly fix: string | null;
}

export const ERROR_EXPLANATIONS: readonly ErrorExplanation[] = [
  ...SCENARIO_ERRORS,
  ...[
    ...CLI_ERROR_CODES,
    ...TRACE_ERROR_CODES,
    ...SIMULATE_ERROR_CODES,
    ...SWEEP_ERROR_CODES,
    ...SWEEP_RUN_ERROR_CODES,
    ...CONFORM_ERROR_CODES,
    ...LIBRARY_ERROR_CODES,
  ].map(({ code, title, text }) => ({
    code,
    title,
    explanation: text,
    example: null,
    fix: null,
  })),
];

/** Capital letters do not matter; nor does `SCN-7` for `MEM-SCN-007`. */
export function findCode(word: string): ErrorExplanation | undefined {
  const match = /^(?:mem-)?([a-z]+)-(\d+)$/i.exec(word.trim());
  if (match === null) return undefined;
  const code = `MEM-${match[1]!.toUpperCase()}-${match[2]!.padStart(3, '0')}`;
  return ERROR_EXPLANATIONS.find((entry) => entry.code === code);
}

export function codeLines(entry: ErrorExplanation, style: Style): string[] {
  const lines = [` ${paint(style, 'bold', entry.code)}  ${entry.title}`, ''];
  lines.push(...wrap(entry.explanation, Math.min(style.width, 88) - 4).map((line) => `   ${line}`));
  lines.push(...snippet('wrong', entry.example, style), ...snippet('right', entry.fix, style));
  return lines;
}

function snippet(title: string, text: string | null, style: Style): string[] {
  if (text === null) return [];
  const ink = title === 'wrong' ? 'red' : 'green';
  const rows = text.split('\n').map((line, index) => [index === 0 ? paint(style, ink, title) : '', line]);
  return ['', ...columns(rows, { indent: '   ' })];
}
