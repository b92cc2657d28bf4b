/**
 * XXH64 (Collet, xxHash specification 0.1.1), the checksum of what a Zstandard frame holds (RFC 8878, section 3.1.1: its
 * low four bytes, seed 0). Sums are of 64 bits; here each is two words, as doubles do not hold them and bigints are slow.
 *
 * ```
 *   stripe of 32 bytes   | lane 0 | lane 1 | lane 2 | lane 3 |      acc = rotl(acc + lane × P2, 31) × P1
 *   lanes                 acc[2k] low word, acc[2k + 1] high word of accumulator k
 *   rest                  less than a stripe, kept until more comes or the end
 * ```
 */
const P1 = [0x85ebca87, 0x9e3779b1] as const;
const P2 = [0x27d4eb4f, 0xc2b2ae3d] as const;
const P3 = [0x9e3779f9, 0x165667b1] as const;
const P4 = [0xc2b2ae63, 0x85ebca77] as const;
const P5 = [0x165667c5, 0x27d4eb2f] as const;
type Prime = readonly [low: number, high: number];

const STRIPE = 32;

export class Xxh64 {
  private readonly acc: Int32Array;
  private readonly rest: Uint8Array;
  private restLength: number;
  /** Bytes so far. */
  private total: number;
  /** The number at hand. */
  private low: number;
  private high: number;

  constructor() {
    this.acc = new Int32Array(8);
    this.rest = new Uint8Array(STRIPE);
    this.restLength = 0;
    this.total = 0;
    this.low = 0;
    this.high = 0;
    // P1 + P2, P2, 0, 0 - P1.
    this.set(P1[0], P1[1]);
    this.add(P2[0], P2[1]);
    this.acc[0] = this.low;
    this.acc[1] = this.high;
    this.acc[2] = P2[0];
    this.acc[3] = P2[1];
    this.set(~P1[0], ~P1[1]);
    this.add(1, 0);
    this.acc[6] = this.low;
    this.acc[7] = this.high;
  }

  update(bytes: Uint8Array): void {
    this.total += bytes.length;
    let at = 0;
    if (this.restLength > 0) {
      at = Math.min(STRIPE - this.restLength, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.restLength);
      this.restLength += at;
      if (this.restLength < STRIPE) return;
      this.stripe(this.rest, 0);
      this.restLength = 0;
    }
    for (; at + STRIPE <= bytes.length; at += STRIPE) this.stripe(bytes, at);
    this.rest.set(bytes.subarray(at));
    this.restLength = bytes.length - at;
  }

  /** The low 32 bits of the sum of all bytes so far. */
  low32(): number {
    const { acc } = this;
    if (this.total >= STRIPE) {
      this.set(0, 0);
      for (const [lane, bits] of [1, 7, 12, 18].entries()) {
        const low = acc[2 * lane]!;
        const high = acc[2 * lane + 1]!;
        this.add((low << bits) | (high >>> (32 - bits)), (high << bits) | (low >>> (32 - bits)));
      }
      for (let lane = 0; lane < 4; lane++) this.merge(acc[2 * lane]!, acc[2 * lane + 1]!);
    } else this.set(P5[0], P5[1]);
    this.add(this.total >>> 0, Math.floor(this.total / 0x1_0000_0000));
    this.addRest();
    this.fold(33);
    this.times(P2);
    this.fold(29);
    this.times(P3);
    this.fold(32);
    return this.low >>> 0;
  }

  private stripe(bytes: Uint8Array, at: number): void {
    const { acc } = this;
    for (let lane = 0; lane < 4; lane++) {
      const from = at + 8 * lane;
      this.set(word(bytes, from), word(bytes, from + 4));
      this.times(P2);
      this.add(acc[2 * lane]!, acc[2 * lane + 1]!);
      this.rotate(31);
      this.times(P1);
      acc[2 * lane] = this.low;
      acc[2 * lane + 1] = this.high;
    }
  }

  /** sum = (sum xor round(0, lane)) × P1 + P4 */
  private merge(low: number, high: number): void {
    const sumLow = this.low;
    const sumHigh = this.high;
    this.set(low, high);
    this.times(P2);
    this.rotate(31);
    this.times(P1);
    this.set(this.low ^ sumLow, this.high ^ sumHigh);
    this.times(P1);
    this.add(P4[0], P4[1]);
  }

  private addRest(): void {
    const { rest, restLength } = this;
    let at = 0;
    for (; at + 8 <= restLength; at += 8) {
      const sumLow = this.low;
      const sumHigh = this.high;
      this.set(word(rest, at), word(rest, at + 4));
      this.times(P2);
      this.rotate(31);
      this.times(P1);
      this.set(this.low ^ sumLow, this.high ^ sumHigh);
      this.rotate(27);
      this.times(P1);
      this.add(P4[0], P4[1]);
    }
    if (at + 4 <= restLength) {
      this.mix(word(rest, at), P1, 23, P2);
      this.add(P3[0], P3[1]);
      at += 4;
    }
    for (; at < restLength; at++) this.mix(rest[at]!, P5, 11, P1);
  }

  /** sum = rotl(sum xor value × by, bits) × after */
  private mix(value: number, by: Prime, bits: number, after: Prime): void {
    const sumLow = this.low;
    const sumHigh = this.high;
    this.set(value, 0);
    this.times(by);
    this.set(this.low ^ sumLow, this.high ^ sumHigh);
    this.rotate(bits);
    this.times(after);
  }

  private set(low: number, high: number): void {
    this.low = low | 0;
    this.high = high | 0;
  }

  private add(low: number, high: number): void {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.low = sum | 0;
    this.high = (this.high + high + (sum > 0xffff_ffff ? 1 : 0)) | 0;
  }

  /** The low 64 bits of the product: of the low words all 64, of the mixed ones the low 32. */
  private times(prime: Prime): void {
    const { low, high } = this;
    const a0 = low & 0xffff;
    const a1 = low >>> 16;
    const b0 = prime[0] & 0xffff;
    const b1 = prime[0] >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const upper = a0 * b1 + (middle % 0x1_0000);
    // Sums of halves are below 2^33: exact as doubles.
    const carried = a1 * b1 + Math.floor(middle / 0x1_0000) + Math.floor(upper / 0x1_0000);
    this.low = Math.imul(low, prime[0]);
    this.high = (carried + Math.imul(low, prime[1]) + Math.imul(high, prime[0])) | 0;
  }

  /** To the left, by less than 32. */
  private rotate(bits: number): void {
    const { low, high } = this;
    this.low = (low << bits) | (high >>> (32 - bits));
    this.high = (high << bits) | (low >>> (32 - bits));
  }

  /** sum = sum xor (sum >> bits) */
  private fold(bits: number): void {
    const { low, high } = this;
    if (bits >= 32) this.low = low ^ (high >>> (bits - 32));
    else {
      this.low = low ^ ((low >>> bits) | (high << (32 - bits)));
      this.high = high ^ (high >>> bits);
    }
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
