/** How deep a file nests, found without a parser: parsers recurse, and the file comes from outside. */
import type { SourceRange } from '../../mmu/input-error.ts';

/**
 * The deepest place by brackets or by blanks at the start of a line (each level takes one at least; `- - -` counts too).
 * Brackets inside of quotes count as well: it is a limit, and far beyond what any scenario has.
 */
export function deepest(text: string): { readonly depth: number; readonly offset: number } {
  let best = { depth: 0, offset: 0 };
  let open = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const letter = text[offset];
    if (letter === '#' && /^\s?$/.test(text[offset - 1] ?? '')) {
      // A comment may have brackets as it likes: `[0, 8)`.
      const end = text.indexOf('\n', offset);
      if (end < 0) break;
      offset = end;
      continue;
    }
    if (letter === '[' || letter === '{') open++;
    else if (letter === ']' || letter === '}') open = Math.max(0, open - 1);
    if (open > best.depth) best = { depth: open, offset };
  }
  for (const { 0: dashes, index } of text.matchAll(/^ *(?:- +)+/gm)) {
    const depth = dashes.split('-').length - 1;
    if (depth > best.depth) best = { depth, offset: index };
  }
  return best;
}

/** The one character at an offset. */
export function rangeAt(text: string, offset: number): SourceRange {
  const before = text.slice(0, offset).split('\n');
  const [line, column] = [before.length, (before.at(-1) ?? '').length + 1];
  return { line, column, endLine: line, endColumn: column + 1 };
}
