/**
 * Bits of a Zstandard file (RFC 8878). Tables are described in streams read forwards, lowest bit of the first byte first;
 * symbols lie in streams read backwards, from the last set bit of the last byte (section 4.1).
 *
 * ```
 *   forwards    | 7…0 | 15…8 | …            backwards   … | … 1xxxxxxx |   the 1 marks the end; reading goes to the left
 *                    ^ first                                   ^ first
 * ```
 */

/** `unsupported`: the file may be sound, but asks for what this decoder has not. */
type ZstdProblem = 'damaged' | 'cut short' | 'unsupported';

export class ZstdError extends Error {
  override readonly name = 'ZstdError';
  readonly problem: ZstdProblem;

  constructor(message: string, problem: ZstdProblem = 'damaged') {
    super(message);
    this.problem = problem;
  }
}

/** The position of the highest set bit; -1 for 0. */
export const highestBit = (value: number): number => 31 - Math.clz32(value);

export class ForwardBits {
  private readonly bytes: Uint8Array;
  private readonly end: number;
  /** In bits. */
  private at: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start * 8;
    this.end = end * 8;
  }

  /** @param count at most 16 */
  read(count: number): number {
    const value = bitsAt(this.bytes, this.at, count);
    this.at += count;
    if (this.at > this.end) throw new ZstdError('a table goes beyond its block');
    return value;
  }

  unread(count: number): void {
    this.at -= count;
  }

  /** Where the next whole byte begins. */
  nextByte(): number {
    return Math.ceil(this.at / 8);
  }
}

export class BackwardBits {
  /** Bits that are left; below zero when more were read than there are, which gives zeros. */
  left: number;
  private readonly bytes: Uint8Array;
  private readonly start: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    const last = end > start ? bytes[end - 1]! : 0;
    if (last === 0) throw new ZstdError('a stream of symbols has no end mark');
    this.bytes = bytes;
    this.start = start * 8;
    this.left = (end - start) * 8 - (8 - highestBit(last));
  }

  /** @param count at most 24 */
  read(count: number): number {
    this.left -= count;
    if (this.left >= 0) return bitsAt(this.bytes, this.start + this.left, count);
    const there = count + this.left;
    return there <= 0 ? 0 : bitsAt(this.bytes, this.start, there) << (count - there);
  }

  /** @param count at most 31 */
  readLong(count: number): number {
    if (count <= 16) return this.read(count);
    const high = this.read(count - 16);
    return high * 65536 + this.read(16);
  }
}

/** Up to 24 bits; past the end of the array there are zeros. */
function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >>> 3;
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return (word >>> (bit & 7)) & ((1 << count) - 1);
}
