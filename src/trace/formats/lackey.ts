import { InputError } from '../../mmu/input-error.ts';
import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { MODIFY, type TraceKind, type TraceSink } from '../reference.ts';
import type { TraceFormat, TraceParser } from './format.ts';
import { noReferences, textMistake } from './mistakes.ts';
import { headLines, mostlyRecords } from './recognition.ts';
import { HEX_VALUE as HEX, SIZE_MAX } from './text-parser.ts';
import { KIND_LETTERS, TextWriter } from './text-writer.ts';

/**
 * Memory traces as `valgrind --tool=lackey --trace-mem=yes` prints them:
 *
 * ```
 * ==1234== Lackey, an example Valgrind tool      a message: skipped
 * I  0401ab70,3                                  3 bytes fetched at 0x401ab70
 *  S 1fff000658,8                                8 bytes stored
 *  L 0402d0a8,4                                  4 bytes loaded
 *  M 0421c7cc,4                                  4 bytes loaded and stored by one instruction
 * ```
 *
 * The parser eats chunks of bytes of any size and keeps at most one line, so a trace of any length is read in constant
 * memory. Lines end in LF or CRLF; blank lines are skipped. The first mistake stops it: what follows a damaged line of
 * a recording is not to be trusted.
 */

/** Valgrind's messages quote command lines; a longer line than this is no trace. */
const LINE_BYTES_MAX = 1 << 20;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COMMA = 44;
const MINUS = 45;
const LETTER_I = 73;

/** Kind by the letter's character code, -1 for everything else. */
const KIND = new Int8Array(256).fill(-1);
KIND['I'.charCodeAt(0)] = FETCH;
KIND['L'.charCodeAt(0)] = LOAD;
KIND['S'.charCodeAt(0)] = STORE;
KIND['M'.charCodeAt(0)] = MODIFY;

export class LackeyParser implements TraceParser {
  /** Lines begun so far, messages and blank ones included. */
  line: number;
  records: number;
  private readonly sink: TraceSink;
  /** The beginning of a line whose end is in a later chunk; valid below `carried`. */
  private carry: Uint8Array;
  private carried: number;

  constructor(sink: TraceSink) {
    this.sink = sink;
    this.line = 0;
    this.records = 0;
    this.carry = new Uint8Array(256);
    this.carried = 0;
  }

  /**
   * The next bytes of the trace.
   * @throws InputError with the line and column: MEM-TRC-002 … 010
   */
  push(chunk: Uint8Array): void {
    let start = this.carried > 0 ? this.finishCarried(chunk) : 0;
    while (start < chunk.length) {
      const after = this.plainRecord(chunk, start);
      if (after > 0) {
        start = after;
        continue;
      }
      const end = chunk.indexOf(LF, start);
      if (end < 0) {
        this.keep(chunk, start, chunk.length);
        return;
      }
      this.parseLine(chunk, start, end, true);
      start = end + 1;
    }
  }

  /**
   * There is no more.
   * @throws InputError MEM-TRC-009 when the last line breaks off, MEM-TRC-001 when there was no reference at all
   */
  end(): void {
    const length = this.carried;
    this.carried = 0;
    if (length > 0) this.parseLine(this.carry, 0, length, false);
    if (this.records > 0) return;
    throw noReferences(this.line, 'record one with `valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM`');
  }

  /** The line begun in an earlier chunk: parsed when its end is in this one. Where the next line starts. */
  private finishCarried(chunk: Uint8Array): number {
    const end = chunk.indexOf(LF);
    this.keep(chunk, 0, end < 0 ? chunk.length : end);
    if (end < 0) return chunk.length;
    const length = this.carried;
    this.carried = 0;
    this.parseLine(this.carry, 0, length, true);
    return end + 1;
  }

  /**
   * The fast way through a line exactly as Lackey writes it: three characters, at most 16 digits, a comma, at most four
   * digits, a line feed, all of it in this chunk. Returns where the next line starts; 0 when the line is anything
   * else, with nothing done: `parseLine` knows what it is or what is wrong with it.
   */
  private plainRecord(chunk: Uint8Array, start: number): number {
    // The longest plain line has 25 bytes; near the end of a chunk `parseLine` does it.
    if (start + 25 > chunk.length || chunk[start + 2] !== SPACE) return 0;
    const blank = chunk[start]!;
    const letter = chunk[start + 1]!;
    const kind = blank === SPACE ? KIND[letter]! : letter === SPACE && blank === LETTER_I ? FETCH : -1;
    if (kind < 0) return 0;
    let at = start + 3;
    const digitsEnd = at + 16;
    let high = 0;
    let low = 0;
    let digit = HEX[chunk[at]!]!;
    while (digit >= 0 && at < digitsEnd) {
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
      digit = HEX[chunk[++at]!]!;
    }
    if (at === start + 3 || chunk[at] !== COMMA) return 0;
    at++;
    const sizeEnd = at + 4;
    let size = 0;
    let figure = chunk[at]! - 48;
    while (figure >= 0 && figure <= 9 && at < sizeEnd) {
      size = size * 10 + figure;
      figure = chunk[++at]! - 48;
    }
    if (size === 0 || chunk[at] !== LF || high === -1) return 0;
    this.line++;
    this.records++;
    this.sink.access(kind as TraceKind, high >>> 0, low >>> 0, size, this.line, 0);
    return at + 1;
  }

  private keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.carried + end - start;
    if (needed > LINE_BYTES_MAX) {
      this.line++;
      this.fail('MEM-TRC-010', 'the line is longer than 1 MiB: this is no Lackey trace', chunk, start, start, end);
    }
    if (needed > this.carry.length) {
      const longer = new Uint8Array(Math.max(needed, 2 * this.carry.length));
      longer.set(this.carry.subarray(0, this.carried));
      this.carry = longer;
    }
    this.carry.set(chunk.subarray(start, end), this.carried);
    this.carried = needed;
  }

  /** One line, bytes start … end - 1. `complete`: its line feed was there. */
  private parseLine(bytes: Uint8Array, start: number, lineEnd: number, complete: boolean): void {
    this.line++;
    if (this.line === 1) this.refuseGzip(bytes, start, lineEnd);
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    let at = start;
    while (at < end && isBlank(bytes[at]!)) at++;
    if (at === end || isMessage(bytes, at, end)) return;

    const kind = KIND[bytes[at]!]!;
    if (kind < 0) this.fail('MEM-TRC-003', 'not a Lackey record', bytes, start, at, end);
    at++;
    const afterLetter = at;
    while (at < end && isBlank(bytes[at]!)) at++;
    if (at === afterLetter) {
      this.refuse(complete, 'MEM-TRC-003', 'a space belongs after the kind of access', bytes, start, at, end);
    }

    const addressStart = at;
    let high = 0;
    let low = 0;
    let digit = at < end ? HEX[bytes[at]!]! : -1;
    while (digit >= 0) {
      if (high >= 0x1000_0000) {
        this.fail('MEM-TRC-005', 'the address has more than 64 bits', bytes, start, addressStart, end);
      }
      high = ((high << 4) | (low >>> 28)) >>> 0;
      low = ((low << 4) | digit) >>> 0;
      at++;
      digit = at < end ? HEX[bytes[at]!]! : -1;
    }
    if (at === addressStart) {
      this.refuse(complete, 'MEM-TRC-004', 'a hexadecimal address belongs here', bytes, start, at, end);
    }
    if (at === end || bytes[at] !== COMMA) {
      this.refuse(complete, 'MEM-TRC-003', 'a comma belongs after the address', bytes, start, at, end);
    }
    at++;

    const sizeStart = at;
    if (at < end && bytes[at] === MINUS) {
      this.fail('MEM-TRC-007', 'the size is negative', bytes, start, sizeStart, end);
    }
    let size = 0;
    while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) {
      size = Math.min(size * 10 + bytes[at]! - 48, SIZE_MAX + 1);
      at++;
    }
    if (at === sizeStart) {
      this.refuse(complete, 'MEM-TRC-006', 'a size in bytes belongs here', bytes, start, at, end);
    }
    while (at < end && isBlank(bytes[at]!)) at++;
    if (at < end) this.fail('MEM-TRC-003', 'something follows the record', bytes, start, at, end);
    if (size === 0) this.fail('MEM-TRC-007', 'the size is zero', bytes, start, sizeStart, end);
    if (size > SIZE_MAX) this.fail('MEM-TRC-008', 'the size is above 65536 bytes', bytes, start, sizeStart, end);
    if (high === 0xffff_ffff && low + size > 0x1_0000_0000) {
      this.fail('MEM-TRC-005', 'the access ends beyond 64 bits', bytes, start, addressStart, end);
    }
    this.records++;
    this.sink.access(kind as TraceKind, high, low, size, this.line, 0);
  }

  /** Something is missing: when the file ended in the middle of the line, say that instead. */
  private refuse(
    complete: boolean,
    code: string,
    message: string,
    bytes: Uint8Array,
    start: number,
    at: number,
    end: number,
  ): never {
    if (complete || at < end) this.fail(code, message, bytes, start, at, end);
    this.fail('MEM-TRC-009', 'the last line breaks off', bytes, start, at, end);
  }

  private fail(code: string, message: string, bytes: Uint8Array, start: number, at: number, end: number): never {
    const { line } = this;
    throw textMistake({ code, message, hint: HINTS[code] ?? RECORD_HINT, line, bytes, start, end, at });
  }

  private refuseGzip(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 2 || bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b) return;
    throw new InputError({
      code: 'MEM-TRC-002',
      message: 'the trace is still compressed (gzip)',
      hint: 'unpack it first: `gunzip FILE.gz`, or pass a file whose name ends in .gz to the command',
    });
  }
}

const RECORD_HINT = 'a record looks like ` L 1fff000658,8`: kind (I, L, S or M), hexadecimal address, decimal size';
const HINTS: Readonly<Record<string, string>> = {
  'MEM-TRC-007': 'an access touches at least one byte',
  'MEM-TRC-009': 'the recording was cut short; remove the last line to use the rest',
};

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** `==1234== …`, `--1234-- …`, `**1234** …`: what Valgrind says about itself. */
function isMessage(bytes: Uint8Array, start: number, end: number): boolean {
  const mark = bytes[start]!;
  if (mark !== 61 && mark !== MINUS && mark !== 42) return false;
  let at = start;
  while (at < end && at < start + 2 && bytes[at] === mark) at++;
  if (at < start + 2) return false;
  while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) at++;
  return at > start + 2 && at + 2 <= end && bytes[at] === mark && bytes[at + 1] === mark;
}

/** Lackey's own look: `I` in the first column, the others in the second, at least eight digits. */
class LackeyWriter extends TextWriter {
  protected line(kind: TraceKind, high: number, low: number, size: number): void {
    const fetch = kind === FETCH;
    this.byte(fetch ? LETTER_I : SPACE);
    this.byte(fetch ? SPACE : KIND_LETTERS.charCodeAt(kind));
    this.byte(SPACE);
    this.hex(high, low, 8);
    this.byte(COMMA);
    this.decimal(size);
    this.byte(LF);
  }
}

export const lackey: TraceFormat = {
  name: 'lackey',
  title: 'valgrind --tool=lackey --trace-mem=yes',
  unit: 'address',
  carries: { kinds: 'all', sizes: true, processes: false },
  recognizes: (head, whole) => {
    const lines = headLines(head, whole);
    // A trace may begin with more messages than the head has lines.
    return mostlyRecords(lines, RECORD_LINE, MESSAGE_LINE) || mostlyRecords(lines, MESSAGE_LINE);
  },
  parser: (sink) => new LackeyParser(sink),
  writer: (out) => new LackeyWriter(out),
};

const RECORD_LINE = /^\s*[ILSM]\s+[0-9a-f]+,/i;
const MESSAGE_LINE = /^\s*(==|--|\*\*)\d+\1/;
