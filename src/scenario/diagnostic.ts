/**
 * An `InputError` as the Rust compiler would show it.
 *
 *     error[MEM-SCN-007]: unknown step `stroe`
 *       --> scenarios/first.yaml:6:9
 *        |
 *      6 |   - { do: stroe, at: buf }
 *        |           ^^^^^
 *        = help: did you mean `store`?
 */
import type { InputError } from '../mmu/input-error.ts';

/** Paints a part of the text; the plain one leaves it as it is. */
export type Paint = (part: 'error' | 'code' | 'place' | 'gutter' | 'caret' | 'hint', text: string) => string;
const plain: Paint = (_part, text) => text;

/** Longer source lines are cut around the caret. */
const LINE_MAX = 160;

export function renderDiagnostic(error: InputError, source: string | null, paint: Paint = plain): string {
  const lines = [`${paint('error', 'error')}${paint('code', `[${error.code}]`)}: ${error.message}`];
  const { range } = error;
  if (range === undefined) {
    if (error.file !== undefined) lines.push(`  ${paint('gutter', '-->')} ${paint('place', error.file)}`);
    if (error.hint !== undefined) lines.push(`   ${paint('gutter', '=')} ${paint('hint', `help: ${error.hint}`)}`);
    return lines.join('\n');
  }
  const number = String(range.line);
  const margin = ' '.repeat(number.length + 1);
  const bar = paint('gutter', '|');
  const file = error.file ?? 'scenario';
  lines.push(`${margin}${paint('gutter', '-->')} ${paint('place', `${file}:${range.line}:${range.column}`)}`);
  const line = source?.split(/\r?\n/)[range.line - 1];
  if (line !== undefined) {
    const shown = excerpt(
      line,
      range.column - 1,
      range.endLine === range.line ? range.endColumn - 1 : line.trimEnd().length,
    );
    lines.push(`${margin} ${bar}`);
    lines.push(`${paint('gutter', ` ${number}`)} ${bar} ${shown.text}`);
    lines.push(`${margin} ${bar} ${shown.blank}${paint('caret', '^'.repeat(shown.width))}`);
  }
  if (error.hint !== undefined) lines.push(`${margin} ${paint('gutter', '=')} ${paint('hint', `help: ${error.hint}`)}`);
  return lines.join('\n');
}

/** All of them, one blank line apart, and a count at the end. */
export function renderDiagnostics(errors: readonly InputError[], source: string | null, paint: Paint = plain): string {
  const parts = errors.map((error) => renderDiagnostic(error, source, paint));
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return [...parts, `${paint('error', count)}`].join('\n\n');
}

function excerpt(line: string, from: number, to: number): { text: string; blank: string; width: number } {
  const cut = from > LINE_MAX - 40 ? from - 40 : 0;
  const text = (cut > 0 ? '…' : '') + line.slice(cut, cut + LINE_MAX) + (line.length > cut + LINE_MAX ? '…' : '');
  const start = from - cut + (cut > 0 ? 1 : 0);
  // Tabs keep their width in whatever shows this: copy them into the blank part.
  const blank = text.slice(0, start).replaceAll(/[^\t]/g, ' ').padEnd(start, ' ');
  return { text, blank, width: Math.max(1, Math.min(to, cut + LINE_MAX) - from) };
}
