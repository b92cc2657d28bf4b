/** Text set in columns: every cell padded to its column's widest, trailing blanks removed. */
import { padEnd, padStart, visibleWidth } from './style.ts';

export interface ColumnsOptions {
  /** One letter a column: `l` left (default), `r` right. */
  readonly align?: string;
  /** Blanks between columns. Default 2. */
  readonly gap?: number;
  /** Put before every line. */
  readonly indent?: string;
}

export function columns(rows: readonly (readonly string[])[], options: ColumnsOptions = {}): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, visibleWidth(cell));
    });
  }
  const gap = ' '.repeat(options.gap ?? 2);
  return rows.map((row) => {
    const cells = row.map((cell, index) => {
      const width = widths[index] ?? 0;
      return options.align?.[index] === 'r' ? padStart(cell, width) : padEnd(cell, width);
    });
    return `${options.indent ?? ''}${cells.join(gap)}`.trimEnd();
  });
}

/** Words set in lines of at most `width` columns; a word longer than that stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (word === '') continue;
    if (line !== '' && visibleWidth(line) + 1 + visibleWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}
