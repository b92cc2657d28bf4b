/** A glossary entry as text. */
import { wrap } from './columns.ts';
import type { Term } from './glossary.ts';
import { paint, type Style } from './style.ts';

export function termLines(entry: Term, style: Style): string[] {
  const lines = [
    ` ${paint(style, 'bold', entry.term)}`,
    ...wrap(entry.text, Math.min(style.width, 88) - 4).map((line) => `   ${line}`),
  ];
  if (entry.see.length > 0) lines.push(`   ${paint(style, 'dim', `see also: ${entry.see.join(', ')}`)}`);
  return lines;
}
