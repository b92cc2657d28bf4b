import { type BackwardBits, type ForwardBits, highestBit, ZstdError } from './bits.ts';

/**
 * Finite State Entropy, Zstandard's coder of weights, lengths and offsets (RFC 8878, section 4.1).
 *
 * A table answers for each state: which symbol it stands for, and how many bits lead from which base to the next state.
 *
 * ```
 *   state → symbol | bits | base        next state = base + read(bits)
 * ```
 */
export class FseTable {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  private readonly bits: Uint8Array;
  private readonly bases: Uint16Array;

  /**
   * @param accuracy the table has 2^accuracy states
   * @param probabilities of each symbol in states; -1: less than one, which gets a state of its own at the table's end
   */
  constructor(accuracy: number, probabilities: readonly number[]) {
    const size = 1 << accuracy;
    this.accuracy = accuracy;
    this.symbols = new Uint8Array(size);
    this.bits = new Uint8Array(size);
    this.bases = new Uint16Array(size);
    const next = new Uint16Array(probabilities.length);
    let end = size;
    for (const [symbol, probability] of probabilities.entries()) {
      next[symbol] = Math.abs(probability);
      if (probability === -1) this.symbols[--end] = symbol;
    }
    this.spread(probabilities, end);
    for (let state = 0; state < size; state++) {
      const symbol = this.symbols[state]!;
      const number = next[symbol]!++;
      const bits = accuracy - highestBit(number);
      this.bits[state] = bits;
      this.bases[state] = (number << bits) - size;
    }
  }

  /** A table of one symbol. */
  static constant(symbol: number): FseTable {
    const table = new FseTable(0, [1]);
    table.symbols[0] = symbol;
    return table;
  }

  next(state: number, bits: BackwardBits): number {
    return this.bases[state]! + bits.read(this.bits[state]!);
  }

  /** Each symbol's states lie apart, in steps that visit every place once. */
  private spread(probabilities: readonly number[], end: number): void {
    const mask = this.symbols.length - 1;
    const step = (this.symbols.length >>> 1) + (this.symbols.length >>> 3) + 3;
    let place = 0;
    for (const [symbol, probability] of probabilities.entries()) {
      for (let count = 0; count < probability; count++) {
        this.symbols[place] = symbol;
        do place = (place + step) & mask;
        while (place >= end);
      }
    }
  }
}

/**
 * A table as a block describes it.
 * @throws ZstdError when it is more accurate or has more symbols than it may
 */
export function readFseTable(bits: ForwardBits, accuracyMax: number, symbolsMax: number): FseTable {
  const accuracy = bits.read(4) + 5;
  if (accuracy > accuracyMax) throw new ZstdError('a table is too accurate');
  const probabilities: number[] = [];
  let left = 1 << accuracy;
  while (left > 0 && probabilities.length < symbolsMax) {
    const probability = readProbability(bits, left);
    probabilities.push(probability);
    left -= Math.abs(probability);
    if (probability !== 0) continue;
    for (let zeros = 3; zeros === 3; ) {
      zeros = bits.read(2);
      for (let zero = 0; zero < zeros; zero++) probabilities.push(0);
    }
  }
  if (left !== 0 || probabilities.length > symbolsMax) throw new ZstdError('a table does not add up');
  return new FseTable(accuracy, probabilities);
}

/** As many bits as numbers up to `left` + 1 need; the small ones get by with one less. */
function readProbability(bits: ForwardBits, left: number): number {
  const count = highestBit(left + 1) + 1;
  const value = bits.read(count);
  const lowMask = (1 << (count - 1)) - 1;
  const threshold = (1 << count) - 1 - (left + 1);
  if ((value & lowMask) < threshold) {
    bits.unread(1);
    return (value & lowMask) - 1;
  }
  return (value > lowMask ? value - threshold : value) - 1;
}
