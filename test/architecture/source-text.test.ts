import { describe, expect, it } from 'vitest';
import { withoutComments, withoutCommentsAndStrings } from './source-text.ts';

/** In the rows, `·` stands for a letter that was blanked. */
const drawn = (text: string): string => text.replaceAll('·', ' ');

describe('source text without what the rules must not read', () => {
  it.for([
    ['a line comment', 'a; // any\nb;', 'a; ······\nb;'],
    ['a block comment over lines', 'a /* x\ny */ b', 'a ····\n···· b'],
    ['a quote inside a comment', "a // don't\nb 'c'", "a ········\nb '·'"],
    ['a comment inside a quote', "x('// no') // yes", "x('·····') ······"],
    ['an escaped quote', String.raw`'it\'s any' as b`, "'·········' as b"],
    ['a template with an expression', ['`a $', '{b + `c$', '{d}`} e` any'].join(''), '`···{b + `··{d}`}··` any'],
    ['a brace inside a template expression', ['`$', '{ { a: 1 } } b` c'].join(''), '`·{ { a: 1 } }··` c'],
    ['a regular expression with a quote', 'x = /[\'"]/g; y', 'x = /····/g; y'],
    ['a regular expression with a slash in a class', 'return /[/]x/.test(y)', 'return /····/.test(y)'],
    ['a division', 'a / b / c', 'a / b / c'],
    ['a division after a bracket', "(a) / 2; 'b'", "(a) / 2; '·'"],
  ] as const)('%s', ([, source, expected]) => {
    expect(withoutCommentsAndStrings(source)).toBe(drawn(expected));
  });

  it('keeps strings when only comments are to go', () => {
    expect(withoutComments("import a from './b.ts'; // c")).toBe("import a from './b.ts';     ");
  });
});
