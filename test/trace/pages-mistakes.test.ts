/** What is wrong with a list of pages: recognized as one all the same, with its line, quoted as it is. */
import { describe, expect, test } from 'vitest';
import type { InputError } from '../../src/mmu/input-error.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { bytesOf, cutAt } from './format-samples.ts';

function mistakeIn(text: string, cuts: readonly number[], format?: string): InputError {
  const reader = new TraceReader(() => ({ take: () => undefined }), { format });
  try {
    for (const piece of cutAt(bytesOf(text), cuts)) reader.push(piece);
    reader.end();
  } catch (error) {
    return error as InputError;
  }
  throw new Error('nothing was wrong');
}

const long = Array.from({ length: 50 }, (_, at) => `${at}\n`).join('');

describe('the whole line is quoted, and its number told', () => {
  test.each([
    ['a negative number in a short list', '1\n2\n-3\n', 3, 1, '`-3`'],
    ['a fraction in a short list', '1\n2\n1.5', 3, 1, '`1.5`'],
    ['a word', `${long}hello\n7\n`, 51, 1, '`hello`'],
    ['a word in a line', `${long}12 hello 13\n7\n`, 51, 4, '`12 hello 13`'],
    ['with line ends of Windows', `${long}hello\r\n7\r\n`, 51, 1, '`hello`'],
    ['a prefix alone', `${long}0x\n7\n`, 51, 1, '`0x`'],
    ['far into a long line', `${'1 '.repeat(100)}x\n`, 1, 201, `\`${'1 '.repeat(20)}…\``],
  ] as const)('%s', (_name, text, line, column, quoted) => {
    for (const cuts of [[], [text.length - 3], [text.length - 4, text.length - 3, text.length - 2], [3, 9]]) {
      const { code, message, range } = mistakeIn(text, cuts);
      expect([code, range?.line, range?.column]).toEqual(['MEM-TRC-033', line, column]);
      expect(message).toContain(`line ${line} is ${quoted}`);
    }
  });

  test('a hexadecimal digit behind decimal numbers: how to say so', () => {
    expect(mistakeIn(`${long}ab\n`, [], 'pages').hint).toContain('--format pages-hex');
    expect(mistakeIn(`${long}xy\n`, [], 'pages').hint).not.toContain('pages-hex');
  });
});
