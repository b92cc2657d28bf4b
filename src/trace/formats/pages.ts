import { LOAD } from '../../mmu/units.ts';
import type { TraceKind, TraceSink } from '../reference.ts';
import type { TraceFormat, TraceParser } from './format.ts';
import { noReferences, textMistake } from './mistakes.ts';
import { headLines } from './recognition.ts';
import { HEX_VALUE } from './text-parser.ts';
import { TextWriter } from './text-writer.ts';

/**
 * Plain lists of page numbers, as exercises print them: numbers with blanks, commas, semicolons or line ends between them,
 * brackets around them if need be, `#` for a remark up to the end of its line.
 *
 * ```
 *   7, 0, 1, 2, 0, 3, 0, 4        # Silberschatz
 *   0x1f3 500 501                 in `pages` a number is decimal, or hexadecimal with 0x;
 *   1f3 1f4 1f5                   in `pages-hex` it is hexadecimal, with or without 0x
 * ```
 *
 * Read byte by byte, not line by line: a whole trace may be one line.
 */
const LF = 10;
const CR = 13;
const HASH = 35;
const ZERO = 48;
const LETTER_X = 120;

/** Where the next byte belongs. */
const BETWEEN = 0;
const NUMBER = 1;
const REMARK = 2;
/** Behind a mistake: the rest of its line is looked at, to be shown. */
const WRONG = 3;

const IS_SEPARATOR = new Uint8Array(256);
for (const character of ' \t\v\f\r\n,;[]') IS_SEPARATOR[character.charCodeAt(0)] = 1;

/** Of a line, for messages. */
const SHOWN_BYTES = 41;
/** Nothing has been wrong yet. */
const NO_MISTAKE = { code: '', message: '', hint: '' };
const HINT = 'a list of pages looks like `7, 0, 1, 2`: whole numbers up to 2^64 - 1, decimal or with 0x';

class PagesParser implements TraceParser {
  private readonly sink: TraceSink;
  private readonly hexadecimal: boolean;
  private state = BETWEEN;
  private line = 1;
  private column = 0;
  private records = 0;
  private bytes = 0;
  private high = 0;
  private low = 0;
  private digits = 0;
  private radix = 10;
  private startColumn = 0;
  private mistake = NO_MISTAKE;
  /** The first bytes of the line, for messages. */
  private readonly shown = new Uint8Array(SHOWN_BYTES);

  constructor(sink: TraceSink, hexadecimal: boolean) {
    this.sink = sink;
    this.hexadecimal = hexadecimal;
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.column < SHOWN_BYTES) this.shown[this.column] = byte;
      this.column++;
      if (this.state === NUMBER) {
        if (IS_SEPARATOR[byte] === 0 && byte !== HASH) {
          this.digit(byte);
          if (this.state === NUMBER) continue;
        } else this.finish();
      }
      if (this.state === WRONG) {
        if (byte === LF || this.column >= SHOWN_BYTES) this.fail();
        continue;
      }
      if (byte === LF) {
        this.line++;
        this.column = 0;
        this.state = BETWEEN;
      } else if (byte === HASH) this.state = REMARK;
      else if (this.state === BETWEEN && IS_SEPARATOR[byte] === 0) this.begin(byte);
    }
  }

  end(): void {
    if (this.state === NUMBER) this.finish();
    if (this.state === WRONG) this.fail();
    if (this.records === 0) throw noReferences(this.bytes === 0 ? 0 : this.line, HINT);
  }

  private begin(byte: number): void {
    this.state = NUMBER;
    this.high = 0;
    this.low = 0;
    this.digits = 0;
    this.radix = this.hexadecimal ? 16 : 10;
    this.startColumn = this.column;
    this.digit(byte);
  }

  private digit(byte: number): void {
    const digit = HEX_VALUE[byte]!;
    if (digit >= 0 && digit < this.radix) {
      this.low = this.low * this.radix + digit;
      this.high = this.high * this.radix + Math.floor(this.low / 0x1_0000_0000);
      this.low %= 0x1_0000_0000;
      this.digits++;
      if (this.high > 0xffff_ffff) this.wrong('MEM-TRC-005', 'the number has more than 64 bits');
      return;
    }
    const isPrefix = (byte | 32) === LETTER_X && this.digits === 1 && this.low === 0;
    if (!isPrefix || this.column !== this.startColumn + 1) {
      const hint = digit >= 0 ? 'are the numbers hexadecimal? --format pages-hex' : HINT;
      this.wrong('MEM-TRC-033', 'not a page number', hint);
      return;
    }
    this.radix = 16;
    this.digits = 0;
  }

  private finish(): void {
    if (this.digits === 0) {
      this.wrong('MEM-TRC-033', 'not a page number');
      return;
    }
    this.state = BETWEEN;
    this.records++;
    this.sink.access(LOAD, this.high, this.low, 1, this.line, 0);
  }

  private wrong(code: string, message: string, hint = HINT): void {
    this.state = WRONG;
    this.mistake = { code, message, hint };
  }

  private fail(): never {
    const { line, startColumn, shown, column, mistake } = this;
    let end = Math.min(column, SHOWN_BYTES);
    if (end > 0 && shown[end - 1] === LF) end--;
    if (end > 0 && shown[end - 1] === CR) end--;
    throw textMistake({ ...mistake, line, bytes: shown, start: 0, end, at: startColumn - 1 });
  }
}

class PagesWriter extends TextWriter {
  protected line(_kind: TraceKind, high: number, low: number): void {
    this.decimal64(high, low);
    this.byte(LF);
  }
}

class HexPagesWriter extends TextWriter {
  protected line(_kind: TraceKind, high: number, low: number): void {
    this.byte(ZERO);
    this.byte(LETTER_X);
    this.hex(high, low, 1);
    this.byte(LF);
  }
}

const carries = { kinds: 'none', sizes: false, processes: false } as const;

export const pages: TraceFormat = {
  name: 'pages',
  title: 'a list of page numbers: decimal, or with 0x',
  unit: 'page',
  carries,
  recognizes: (head, whole) => isDecimal(wordsOf(head, whole)),
  parser: (sink) => new PagesParser(sink, false),
  writer: (out) => new PagesWriter(out),
};

export const hexPages: TraceFormat = {
  name: 'pages-hex',
  title: 'a list of page numbers: hexadecimal, with or without 0x',
  unit: 'page',
  carries,
  recognizes: (head, whole) => isHexadecimal(wordsOf(head, whole)),
  parser: (sink) => new PagesParser(sink, true),
  writer: (out) => new HexPagesWriter(out),
};

interface Words {
  readonly count: number;
  readonly decimal: number;
  readonly hexadecimal: number;
}

function wordsOf(head: Uint8Array, whole: boolean): Words {
  const words = (headLines(head, whole) ?? []).flatMap((line) =>
    line
      .replace(/#.*/, '')
      .split(/[\s,;[\]]+/)
      .filter((word) => word !== ''),
  );
  const matching = (pattern: RegExp): number => words.filter((word) => pattern.test(word)).length;
  return { count: words.length, decimal: matching(/^(\d+|0x[0-9a-f]+)$/i), hexadecimal: matching(/^(0x)?[0-9a-f]+$/i) };
}

/**
 * Of hexadecimal words nine of ten are numbers, since words of a language may look like them; of decimal ones more than half:
 * what is wrong with the others the parser says. One hexadecimal digit makes a list of nothing but such numbers hexadecimal.
 */
const isHexadecimal = ({ count, decimal, hexadecimal }: Words): boolean =>
  hexadecimal > 0.9 * count && (decimal <= 0.9 * count || (hexadecimal === count && decimal < count));
const isDecimal = (words: Words): boolean => words.decimal > 0.5 * words.count && !isHexadecimal(words);
