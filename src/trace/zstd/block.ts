import { BackwardBits, ForwardBits, ZstdError } from './bits.ts';
import { FseTable, readFseTable } from './fse.ts';
import { type HuffmanTable, readHuffmanTable } from './huffman.ts';

/**
 * A compressed block of Zstandard (RFC 8878, section 3.1.1.3): literals, then sequences. A sequence says: copy so many
 * literals, then so many bytes from so far behind.
 *
 * ```
 *   literals   "abc…"                  sequence (3 literals, match of 4, offset 3)   →  abc abca
 * ```
 */
export const BLOCK_BYTES_MAX = 1 << 17;

const LITERAL_BASES = [
  16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536,
];
const LITERAL_BITS = [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BASES = [
  35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539,
];
const MATCH_BITS = [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/** Codes below stand for themselves, or for themselves and 3. */
const LITERALS_PLAIN = 16;
const MATCHES_PLAIN = 32;
const MATCH_MIN = 3;

const repeat = (value: number, times: number): number[] => new Array<number>(times).fill(value);

/** What a field of the sequences may be, and its table where a block brings none (section 3.1.1.3.2.2). */
interface Field {
  readonly accuracyMax: number;
  readonly symbols: number;
  readonly usual: FseTable;
}
const LITERAL_LENGTHS: Field = {
  accuracyMax: 9,
  symbols: 36,
  usual: new FseTable(6, [4, 3, ...repeat(2, 11), 1, 1, 1, ...repeat(2, 9), 3, 2, ...repeat(1, 5), ...repeat(-1, 4)]),
};
const OFFSETS: Field = {
  accuracyMax: 8,
  symbols: 32,
  usual: new FseTable(5, [...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(-1, 5)]),
};
const MATCH_LENGTHS: Field = {
  accuracyMax: 9,
  symbols: 53,
  usual: new FseTable(6, [1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(-1, 7)]),
};

/** Where decoded bytes go, and what is behind them. */
export interface History {
  append(from: Uint8Array, start: number, end: number): void;
  /** @throws ZstdError for an offset that reaches beyond what there is */
  repeat(offset: number, length: number): void;
}

/** What one block of a frame leaves to the next: tables and the last three offsets. */
export class BlockDecoder {
  private readonly literals: Uint8Array;
  private literalCount: number;
  private huffman: HuffmanTable | null;
  private lengths: FseTable | null;
  private offsets: FseTable | null;
  private matches: FseTable | null;
  private recent: [number, number, number];

  constructor() {
    this.literals = new Uint8Array(BLOCK_BYTES_MAX);
    this.literalCount = 0;
    this.huffman = null;
    this.lengths = null;
    this.offsets = null;
    this.matches = null;
    this.recent = [1, 4, 8];
  }

  /** Bytes start … end - 1 are the block. @throws ZstdError */
  decode(bytes: Uint8Array, start: number, end: number, history: History): void {
    const at = this.readLiterals(bytes, start, end);
    this.readSequences(bytes, at, end, history);
  }

  /** @returns where the sequences begin */
  private readLiterals(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) throw new ZstdError('an empty block');
    const head = bytes[start]!;
    const type = head & 3;
    const format = (head >>> 2) & 3;
    if (type >= 2) return this.readCodedLiterals(bytes, start, end, type === 3, format);
    const headBytes = format === 1 ? 2 : format === 3 ? 3 : 1;
    const word = head | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16);
    const count = headBytes === 1 ? head >>> 3 : (word & (headBytes === 2 ? 0xffff : 0xffffff)) >>> 4;
    const at = start + headBytes;
    const used = type === 0 ? count : 1;
    this.expectLiterals(count, at + used, end);
    if (type === 0) this.literals.set(bytes.subarray(at, at + count));
    else this.literals.fill(bytes[at]!, 0, count);
    return at + used;
  }

  private readCodedLiterals(bytes: Uint8Array, start: number, end: number, again: boolean, format: number): number {
    const headBytes = format < 2 ? 3 : format + 2;
    const sizeBits = [10, 10, 14, 18][format]!;
    let word = 0;
    for (let index = headBytes - 1; index >= 0; index--) word = word * 256 + (bytes[start + index] ?? 0);
    const sizes = Math.floor(word / 16);
    const count = sizes % 2 ** sizeBits;
    const packed = Math.floor(sizes / 2 ** sizeBits);
    let at = start + headBytes;
    const after = at + packed;
    this.expectLiterals(count, after, end);
    if (!again) {
      const read = readHuffmanTable(bytes, at, after);
      this.huffman = read.table;
      at = read.end;
    }
    if (this.huffman === null) throw new ZstdError('the first block uses a tree of one before it');
    if (format === 0) this.huffman.decode(bytes, at, after, this.literals, 0, count);
    else this.readStreams(this.huffman, bytes, at, after, count);
    return after;
  }

  /** Four streams, the sizes of the first three ahead of them. */
  private readStreams(huffman: HuffmanTable, bytes: Uint8Array, start: number, end: number, count: number): void {
    const each = Math.floor((count + 3) / 4);
    let at = start + 6;
    for (let stream = 0; stream < 4; stream++) {
      const place = start + 2 * stream;
      const streamEnd = stream === 3 ? end : at + (bytes[place]! | (bytes[place + 1]! << 8));
      const symbols = stream === 3 ? count - 3 * each : each;
      if (streamEnd > end || symbols < 0) throw new ZstdError('streams of literals go beyond their block');
      huffman.decode(bytes, at, streamEnd, this.literals, stream * each, symbols);
      at = streamEnd;
    }
  }

  private expectLiterals(count: number, after: number, end: number): void {
    if (count > BLOCK_BYTES_MAX || after > end) throw new ZstdError('literals go beyond their block');
    this.literalCount = count;
  }

  private readSequences(bytes: Uint8Array, start: number, end: number, history: History): void {
    const { count, at } = sequenceCount(bytes, start, end);
    if (count === 0) {
      history.append(this.literals, 0, this.literalCount);
      return;
    }
    if (at >= end) throw new ZstdError('sequences go beyond their block');
    const modes = bytes[at]!;
    const reader = new TableReader(bytes, at + 1, end);
    const lengths = reader.read(modes >>> 6, LITERAL_LENGTHS, this.lengths);
    const offsets = reader.read((modes >>> 4) & 3, OFFSETS, this.offsets);
    const matches = reader.read((modes >>> 2) & 3, MATCH_LENGTHS, this.matches);
    this.lengths = lengths;
    this.offsets = offsets;
    this.matches = matches;
    const bits = new BackwardBits(bytes, reader.at, end);
    let lengthState = bits.read(lengths.accuracy);
    let offsetState = bits.read(offsets.accuracy);
    let matchState = bits.read(matches.accuracy);
    let literal = 0;
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offsetState]!;
      const value = 2 ** offsetCode + bits.readLong(offsetCode);
      const matchCode = matches.symbols[matchState]!;
      const match =
        matchCode < MATCHES_PLAIN
          ? matchCode + MATCH_MIN
          : MATCH_BASES[matchCode - MATCHES_PLAIN]! + bits.read(MATCH_BITS[matchCode - MATCHES_PLAIN]!);
      const lengthCode = lengths.symbols[lengthState]!;
      const length =
        lengthCode < LITERALS_PLAIN
          ? lengthCode
          : LITERAL_BASES[lengthCode - LITERALS_PLAIN]! + bits.read(LITERAL_BITS[lengthCode - LITERALS_PLAIN]!);
      if (bits.left < 0 || literal + length > this.literalCount) throw new ZstdError('a sequence has too few bytes');
      history.append(this.literals, literal, literal + length);
      literal += length;
      history.repeat(this.offsetOf(value, length), match);
      if (left === 1) break;
      lengthState = lengths.next(lengthState, bits);
      matchState = matches.next(matchState, bits);
      offsetState = offsets.next(offsetState, bits);
    }
    if (bits.left !== 0) throw new ZstdError('sequences do not end where they should');
    history.append(this.literals, literal, this.literalCount);
  }

  /** Values 1 to 3 name the last three offsets; after no literals they name others (section 3.1.1.5). */
  private offsetOf(value: number, literals: number): number {
    const [first, second, third] = this.recent;
    if (value > 3) {
      this.recent = [value - 3, first, second];
      return value - 3;
    }
    const which = value + (literals === 0 ? 1 : 0);
    if (which === 1) return first;
    if (which === 2) {
      this.recent = [second, first, third];
      return second;
    }
    const offset = which === 3 ? third : first - 1;
    this.recent = [offset, first, second];
    return offset;
  }
}

function sequenceCount(bytes: Uint8Array, start: number, end: number): { count: number; at: number } {
  if (start >= end) throw new ZstdError('a block without sequences');
  const first = bytes[start]!;
  if (first < 128) return { count: first, at: start + 1 };
  if (first < 255) return { count: ((first - 128) << 8) + bytes[start + 1]!, at: start + 2 };
  return { count: bytes[start + 1]! + (bytes[start + 2]! << 8) + 0x7f00, at: start + 3 };
}

/** The tables that a block has of the three fields, one behind the other. */
class TableReader {
  at: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** @param mode 0 the usual table, 1 one symbol, 2 described here, 3 that of the block before */
  read(mode: number, field: Field, before: FseTable | null): FseTable {
    if (mode === 0) return field.usual;
    if (mode === 3) {
      if (before === null) throw new ZstdError('the first block uses a table of one before it');
      return before;
    }
    if (mode === 1) {
      const symbol = this.at < this.end ? this.bytes[this.at++]! : field.symbols;
      if (symbol >= field.symbols) throw new ZstdError('an unknown code');
      return FseTable.constant(symbol);
    }
    const bits = new ForwardBits(this.bytes, this.at, this.end);
    const table = readFseTable(bits, field.accuracyMax, field.symbols);
    this.at = bits.nextByte();
    return table;
  }
}
