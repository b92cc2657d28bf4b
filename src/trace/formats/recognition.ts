/** How the text formats look at the beginning of a trace: as lines of characters, once, before anything is parsed. */
import { InputError } from '../../mmu/input-error.ts';
import { characters } from './text-parser.ts';

const LINES_MAX = 64;
/** Control characters that a text has at most. */
const ODD_ONE_IN = 20;
/** Patterns look at so much of a line: on a whole megabyte they would take for ever. */
const LINE_MAX = 1000;

/**
 * The first lines that are not blank, without the last one where it may be cut off; null when this is no text.
 * @param whole there is no more than these bytes
 */
export function headLines(head: Uint8Array, whole: boolean): readonly string[] | null {
  let odd = 0;
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) odd++;
  // A text with a few damaged bytes is still one: its parser says where they are.
  if (odd * ODD_ONE_IN > head.length) return null;
  const text = characters(head, 0, head.length);
  const lines = text.split(/\r?\n/);
  if (!whole && lines.length > 1) lines.pop();
  return lines.filter((line) => line.trim() !== '').slice(0, LINES_MAX);
}

/** Are these lines records, or half of them at least? `aside` are lines that a trace of this format may also have, and that prove nothing. */
export function mostlyRecords(lines: readonly string[] | null, record: RegExp, aside: RegExp | null = null): boolean {
  if (lines === null) return false;
  const shown = lines.map((line) => line.slice(0, LINE_MAX));
  const telling = aside === null ? shown : shown.filter((line) => !aside.test(line));
  const records = telling.filter((line) => record.test(line)).length;
  return records > 0 && records * 2 >= telling.length;
}

/** The longest mark of an encoding. */
export const MARK_BYTES = 3;

/**
 * Text without the mark that some editors put in front of UTF-8.
 * @throws InputError MEM-TRC-030 for text in UTF-16, as Windows' PowerShell writes it
 */
export function withoutMark(head: Uint8Array): Uint8Array {
  const [first, second, third] = head;
  if (first === 0xef && second === 0xbb && third === 0xbf) return head.subarray(MARK_BYTES);
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (!isUtf16) return head;
  throw new InputError({
    code: 'MEM-TRC-030',
    message: 'the trace is text in UTF-16',
    hint: 'make it plain text: iconv -f UTF-16 -t UTF-8 FILE',
  });
}

/** Are there only blank lines and remarks? */
export const isSilent = (lines: readonly string[] | null): boolean =>
  lines?.every((line) => line.trimStart().startsWith('#')) ?? false;
