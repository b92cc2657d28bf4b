import type { TraceSink } from '../reference.ts';
import type { TraceParser } from './format.ts';
import { noReferences, textMistake } from './mistakes.ts';

/**
 * What the text formats share: a file cut into lines, and a cursor that reads numbers from a line's bytes without ever
 * making a string of them. A line that spans chunks is put together in `carry`; at most one is kept.
 *
 * ```
 *   bytes  …\n  S   1fff000658 , 8 \n…        record() of a format is called with the cursor at the line's first byte
 *              ^lineStart ^at      ^end
 * ```
 */

/** No instruction touches more (XSAVE of every state component is below 16 KiB). */
export const SIZE_MAX = 65536;
/** A longer line than this is no record. */
const LINE_BYTES_MAX = 1 << 20;

const LF = 10;
const CR = 13;
const TAB = 9;
const SPACE = 32;
const MINUS = 45;
const ZERO = 48;

/** Value of a hexadecimal digit by character code, -1 for everything else. */
export const HEX_VALUE = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const character = digit.toString(16);
  HEX_VALUE[character.charCodeAt(0)] = digit;
  HEX_VALUE[character.toUpperCase().charCodeAt(0)] = digit;
}

/** Bytes as characters of the same numbers: of a line that is looked at as a whole. */
export function characters(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  // As arguments of a call there may not be too many at once.
  for (let at = start; at < end; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 4096)));
  return text;
}

export abstract class TextParser implements TraceParser {
  protected readonly sink: TraceSink;
  protected readonly hint: string;
  /** Lines begun so far. */
  protected line: number;
  protected records: number;
  /** The line at hand, its line end cut off. */
  protected bytes: Uint8Array;
  protected lineStart: number;
  protected at: number;
  protected lineEnd: number;
  /** The number last read. */
  protected high: number;
  protected low: number;
  private carry: Uint8Array;
  private carried: number;

  /** @param hint what a record looks like */
  constructor(sink: TraceSink, hint: string) {
    this.sink = sink;
    this.hint = hint;
    this.line = 0;
    this.records = 0;
    this.carry = new Uint8Array(256);
    this.carried = 0;
    this.bytes = this.carry;
    this.lineStart = 0;
    this.at = 0;
    this.lineEnd = 0;
    this.high = 0;
    this.low = 0;
  }

  /** One line that is not blank: the cursor is at its first byte that is not a blank. */
  protected abstract record(): void;

  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.carried > 0) {
      const end = chunk.indexOf(LF);
      this.keep(chunk, 0, end < 0 ? chunk.length : end);
      if (end < 0) return;
      const length = this.carried;
      this.carried = 0;
      this.parseLine(this.carry, 0, length);
      start = end + 1;
    }
    while (start < chunk.length) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) {
        this.keep(chunk, start, chunk.length);
        return;
      }
      this.parseLine(chunk, start, end);
      start = end + 1;
    }
  }

  end(): void {
    const length = this.carried;
    this.carried = 0;
    if (length > 0) this.parseLine(this.carry, 0, length);
    if (this.records === 0) throw noReferences(this.line, this.hint);
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.carried + end - start;
    if (needed > LINE_BYTES_MAX) {
      this.line++;
      this.bytes = chunk;
      this.lineStart = start;
      this.lineEnd = end;
      this.fail('MEM-TRC-010', 'the line is longer than 1 MiB', start);
    }
    if (needed > this.carry.length) {
      const longer = new Uint8Array(Math.max(needed, 2 * this.carry.length));
      longer.set(this.carry.subarray(0, this.carried));
      this.carry = longer;
    }
    this.carry.set(chunk.subarray(start, end), this.carried);
    this.carried = needed;
  }

  private parseLine(bytes: Uint8Array, start: number, end: number): void {
    this.line++;
    this.bytes = bytes;
    this.lineStart = start;
    this.at = start;
    this.lineEnd = end > start && bytes[end - 1] === CR ? end - 1 : end;
    if (this.line === 1) this.refuseOldLineEnds();
    this.skipBlanks();
    if (this.at < this.lineEnd) this.record();
  }

  /** Lines that end in carriage returns alone would be one line, and the rest of it a remark. */
  private refuseOldLineEnds(): void {
    const at = this.bytes.subarray(this.lineStart, this.lineEnd).indexOf(CR);
    if (at >= 0)
      this.fail('MEM-TRC-032', 'lines end in line feeds, not in carriage returns alone', this.lineStart + at);
  }

  protected emit(kind: 0 | 1 | 2 | 3, size: number, process: number): void {
    this.records++;
    this.sink.access(kind, this.high, this.low, size, this.line, process);
  }

  /** The byte under the cursor; -1 at the end of the line. */
  protected peek(): number {
    return this.at < this.lineEnd ? this.bytes[this.at]! : -1;
  }

  protected skipBlanks(): void {
    const { bytes } = this;
    while (this.at < this.lineEnd && (bytes[this.at] === SPACE || bytes[this.at] === TAB)) this.at++;
  }

  /** Over everything that is not a blank. */
  protected skipWord(): void {
    const { bytes } = this;
    while (this.at < this.lineEnd && bytes[this.at] !== SPACE && bytes[this.at] !== TAB) this.at++;
  }

  /** Do these characters stand here? Then the cursor moves behind them. */
  protected accept(text: string): boolean {
    if (this.at + text.length > this.lineEnd) return false;
    for (let index = 0; index < text.length; index++) {
      if (this.bytes[this.at + index] !== text.charCodeAt(index)) return false;
    }
    this.at += text.length;
    return true;
  }

  /** Hexadecimal digits from the cursor on, with or without 0x, into high and low. Returns how many digits there were. */
  protected hex(): number {
    const { bytes, lineEnd } = this;
    const start = this.at;
    let at = start;
    if (at + 2 < lineEnd && bytes[at] === ZERO && (bytes[at + 1]! | 32) === 120) at += 2;
    const digits = at;
    let high = 0;
    let low = 0;
    while (at < lineEnd) {
      const digit = HEX_VALUE[bytes[at]!]!;
      if (digit < 0) break;
      if (high >= 0x1000_0000) this.fail('MEM-TRC-005', 'the number has more than 64 bits', start);
      high = ((high << 4) | (low >>> 28)) >>> 0;
      low = ((low << 4) | digit) >>> 0;
      at++;
    }
    this.high = high;
    this.low = low;
    this.at = at;
    return at - digits;
  }

  /** Decimal digits from the cursor on into high and low. Returns how many there were. */
  protected decimal(): number {
    const { bytes, lineEnd } = this;
    const start = this.at;
    let high = 0;
    let low = 0;
    while (this.at < lineEnd) {
      const digit = bytes[this.at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      low = low * 10 + digit;
      high = high * 10 + Math.floor(low / 0x1_0000_0000);
      low %= 0x1_0000_0000;
      if (high > 0xffff_ffff) this.fail('MEM-TRC-005', 'the number has more than 64 bits', start);
      this.at++;
    }
    this.high = high;
    this.low = low;
    return this.at - start;
  }

  /** A size in bytes at the cursor, 1 … most. high and low are left as they are. */
  protected size(most: number, hexadecimal: boolean): number {
    const start = this.at;
    if (this.peek() === MINUS) this.fail('MEM-TRC-007', 'the size is negative', start);
    const { high, low } = this;
    const digits = hexadecimal ? this.hex() : this.decimal();
    const size = this.high * 0x1_0000_0000 + this.low;
    this.high = high;
    this.low = low;
    if (digits === 0) this.fail('MEM-TRC-006', 'a size in bytes belongs here', start);
    if (size === 0) this.fail('MEM-TRC-007', 'the size is zero', start);
    if (size > most) this.fail('MEM-TRC-008', `the size is above ${most} bytes`, start);
    return size;
  }

  /** The access in high and low has this size: does it end within 64 bits? */
  protected checkEnd(size: number, at: number): void {
    if (this.high === 0xffff_ffff && this.low + size > 0x1_0000_0000) {
      this.fail('MEM-TRC-005', 'the access ends beyond 64 bits', at);
    }
  }

  protected fail(code: string, message: string, at: number): never {
    const { bytes, line, hint, lineStart: start, lineEnd: end } = this;
    throw textMistake({ code, message, hint, line, bytes, start, end, at });
  }
}
