import { InputError } from '../../mmu/input-error.ts';

/** What is wrong in a trace, and where: line and column of a text, byte offset of a binary file. */

export interface TextMistake {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** From 1. */
  readonly line: number;
  readonly bytes: Uint8Array;
  /** The line is bytes start … end - 1. */
  readonly start: number;
  readonly end: number;
  /** Where in it the mistake begins. */
  readonly at: number;
}

export function textMistake({ code, message, hint, line, bytes, start, end, at }: TextMistake): InputError {
  const column = at - start + 1;
  return new InputError({
    code,
    message: `${message}: line ${line} is ${quotedBytes(bytes, start, end)}`,
    hint,
    range: { line, column, endLine: line, endColumn: Math.max(column, end - start) + 1 },
  });
}

/** @param offset from 0, in the unpacked trace */
export function byteMistake(code: string, message: string, offset: number, hint: string): InputError {
  return new InputError({ code, message: `${message} (byte ${offset})`, hint });
}

/** @param lines how many there were: none means there was nothing at all */
export function noReferences(lines: number, hint: string): InputError {
  const message = lines === 0 ? 'the trace is empty' : 'the trace has no memory references';
  return new InputError({ code: 'MEM-TRC-001', message, hint });
}

/** @param format to be written @param what it has no way to say @param place where the reference is in the trace that is read */
export function cannotHold(format: string, what: string, place: number): InputError {
  return new InputError({
    code: 'MEM-TRC-036',
    message: `${format} cannot hold ${what} (line or record ${place} of the input)`,
    hint: 'convert to another format: `csv` and `csv-pages` hold everything',
  });
}

/** A line as it can be shown: at most 40 characters, what is not printable ASCII as `\xNN`. */
export function quotedBytes(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end && at < start + 40; at++) {
    const byte = bytes[at]!;
    const printable = byte >= 32 && byte < 127;
    text += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `\`${text}${end - start > 40 ? '…' : ''}\``;
}
