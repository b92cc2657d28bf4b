/**
 * Marsaglia's xorshift128 ("Xorshift RNGs", 2003, section 4), with which the generated traces of conformance/replacement
 * are made. The seed takes the place of the first word; 64 words are thrown away, until it has spread.
 */
export class Xorshift128 {
  private x: number;
  private y: number;
  private z: number;
  private w: number;

  /** @param seed an integer, of which the lower 32 bits count */
  constructor(seed: number) {
    this.x = seed | 0;
    this.y = 362436069;
    this.z = 521288629;
    this.w = 88675123;
    for (let round = 0; round < 64; round++) this.word();
  }

  /** 32 bits, as a number from 0. */
  word(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w = this.w ^ (this.w >>> 19) ^ t ^ (t >>> 8);
    return this.w >>> 0;
  }

  /** 53 bits, as a number from 0 to below 1. */
  fraction(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }
}
