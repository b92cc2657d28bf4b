/**
 * TypeScript source with its comments, or its comments and strings, blanked out: what the architecture rules read.
 * Every blanked letter becomes a space and line breaks stay, so an index or a line number in the result is one in the
 * source. A scanner, not a parser: it knows comments, quotes, templates with nested expressions, and regular
 * expressions as far as telling `/` the operator from `/` the quote needs.
 */

type Blanking = 'comments' | 'comments-and-strings';

/** The source with comments blanked; strings (and so import paths) stay. */
export function withoutComments(source: string): string {
  return blank(source, 'comments');
}

/** The source with comments and the contents of strings, templates and regular expressions blanked. */
export function withoutCommentsAndStrings(source: string): string {
  return blank(source, 'comments-and-strings');
}

const spaces = (text: string): string => text.replace(/[^\n]/g, ' ');

function blank(source: string, what: Blanking): string {
  const pieces: string[] = [];
  /** Open `${` of templates: how many braces are open inside each. */
  const templates: number[] = [];
  let at = 0;
  /** The last letter of code that was not a space: decides what a slash means. */
  let before = '';
  let word = '';

  const quoted = (end: number): void => {
    const text = source.slice(at, end);
    const inner = text.length > 2 ? text[0] + spaces(text.slice(1, -1)) + text.at(-1) : text;
    pieces.push(what === 'comments' ? text : inner);
    before = text.at(-1) ?? '';
    word = '';
    at = end;
  };

  while (at < source.length) {
    const letter = source[at]!;
    const next = source[at + 1];
    if (letter === '/' && (next === '/' || next === '*')) {
      const closing = next === '/' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2);
      const end = closing === -1 ? source.length : next === '/' ? closing : closing + 2;
      pieces.push(spaces(source.slice(at, end)));
      at = end;
    } else if (letter === "'" || letter === '"') {
      quoted(endOfQuote(source, at, letter));
    } else if (letter === '`' || (letter === '}' && templates.at(-1) === 0)) {
      if (letter === '}') templates.pop();
      const end = endOfTemplatePiece(source, at + 1);
      if (source[end - 1] === '{') templates.push(0);
      quoted(end);
    } else if (letter === '/' && slashOpensRegExp(before, word)) {
      quoted(endOfRegExp(source, at));
    } else {
      if (templates.length > 0 && letter === '{') templates[templates.length - 1]! += 1;
      if (templates.length > 0 && letter === '}') templates[templates.length - 1]! -= 1;
      pieces.push(letter);
      if (/\w/.test(letter)) word = /\w/.test(before) && /\w/.test(source[at - 1] ?? '') ? word + letter : letter;
      if (!/\s/.test(letter)) before = letter;
      at += 1;
    }
  }
  return pieces.join('');
}

function endOfQuote(source: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, source.length);
}

/** Past the closing backtick, or past the `${` that interrupts the template. */
function endOfTemplatePiece(source: string, start: number): number {
  let at = start;
  while (at < source.length) {
    if (source[at] === '`') return at + 1;
    if (source[at] === '$' && source[at + 1] === '{') return at + 2;
    at += source[at] === '\\' ? 2 : 1;
  }
  return source.length;
}

const WORDS_BEFORE_REGEXP = ['return', 'case', 'typeof', 'in', 'of', 'do', 'else', 'void', 'yield', 'await'];

/** After a value (a name, a number, a closing bracket) a slash divides; anywhere else it opens a regular expression. */
function slashOpensRegExp(before: string, word: string): boolean {
  if (/[\w$]/.test(before)) return WORDS_BEFORE_REGEXP.includes(word);
  return !/[)\]}'"`]/.test(before);
}

function endOfRegExp(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && source[at] !== '\n') {
    const letter = source[at];
    if (letter === '\\') at += 1;
    else if (letter === '[') inClass = true;
    else if (letter === ']') inClass = false;
    else if (letter === '/' && !inClass) return at + 1;
    at += 1;
  }
  return at;
}
