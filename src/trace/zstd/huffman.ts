import { BackwardBits, ForwardBits, highestBit, ZstdError } from './bits.ts';
import { readFseTable } from './fse.ts';

/**
 * Huffman codes of literals (RFC 8878, section 4.2): a table over the next `bits` bits says which symbol begins there and
 * how long its code is.
 *
 * A tree is described by weights: a symbol of weight w > 0 has a code of bits + 1 - w bits and fills 2^(w-1) places of the
 * table; the last symbol's weight is what is missing to a power of two.
 */
const BITS_MAX = 11;
const SYMBOLS_MAX = 256;

export class HuffmanTable {
  readonly bits: number;
  private readonly symbols: Uint8Array;
  private readonly lengths: Uint8Array;

  /** @throws ZstdError when the weights make no tree */
  constructor(weights: readonly number[]) {
    const sum = weights.reduce((total, weight) => total + (weight === 0 ? 0 : 1 << (weight - 1)), 0);
    const bits = highestBit(sum) + 1;
    const missing = (1 << bits) - sum;
    if (sum === 0 || bits > BITS_MAX || (missing & (missing - 1)) !== 0 || weights.length >= SYMBOLS_MAX) {
      throw new ZstdError('the weights make no Huffman tree');
    }
    this.bits = bits;
    this.symbols = new Uint8Array(1 << bits);
    this.lengths = new Uint8Array(1 << bits);
    const all = [...weights, highestBit(missing) + 1];
    let place = 0;
    for (let weight = 1; weight <= bits; weight++) {
      for (const [symbol, own] of all.entries()) {
        if (own !== weight) continue;
        const end = place + (1 << (weight - 1));
        this.symbols.fill(symbol, place, end);
        this.lengths.fill(bits + 1 - weight, place, end);
        place = end;
      }
    }
  }

  /** Decode bytes start … end - 1 into `to` from `at` on, exactly `count` symbols. */
  decode(bytes: Uint8Array, start: number, end: number, to: Uint8Array, at: number, count: number): void {
    const { symbols, lengths } = this;
    const stream = new BackwardBits(bytes, start, end);
    const mask = symbols.length - 1;
    let state = stream.read(this.bits);
    for (let place = at; place < at + count; place++) {
      to[place] = symbols[state]!;
      const length = lengths[state]!;
      state = ((state << length) & mask) | stream.read(length);
    }
    // All that is left are the bits that filled up the state.
    if (stream.left !== -this.bits) throw new ZstdError('a stream of literals does not end where it should');
  }
}

/** A tree as a block describes it, from `at` on. @returns the table, and where it ends */
export function readHuffmanTable(bytes: Uint8Array, at: number, end: number): { table: HuffmanTable; end: number } {
  if (at >= end) throw new ZstdError('a Huffman tree is missing');
  const head = bytes[at]!;
  const start = at + 1;
  const length = head < 128 ? head : Math.ceil((head - 127) / 2);
  if (start + length > end) throw new ZstdError('a Huffman tree goes beyond its block');
  const weights = head < 128 ? codedWeights(bytes, start, start + length) : plainWeights(bytes, start, head - 127);
  return { table: new HuffmanTable(weights), end: start + length };
}

/** Four bits each, the first in the upper half of a byte. */
const plainWeights = (bytes: Uint8Array, start: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => {
    const byte = bytes[start + (index >>> 1)]!;
    return index % 2 === 0 ? byte >>> 4 : byte & 15;
  });

/** By two states that take turns, until the bits are used up. */
function codedWeights(bytes: Uint8Array, start: number, end: number): number[] {
  const description = new ForwardBits(bytes, start, end);
  const table = readFseTable(description, 6, BITS_MAX + 2);
  const stream = new BackwardBits(bytes, description.nextByte(), end);
  let state = stream.read(table.accuracy);
  let other = stream.read(table.accuracy);
  const weights: number[] = [];
  while (weights.length < SYMBOLS_MAX) {
    weights.push(table.symbols[state]!);
    const next = table.next(state, stream);
    if (stream.left < 0) {
      weights.push(table.symbols[other]!);
      return weights;
    }
    state = other;
    other = next;
  }
  throw new ZstdError('too many weights');
}
