/**
 * A seeded pseudo-random generator: sfc32 (Chris Doty-Humphrey's "Small Fast Counter", from PractRand).
 *
 * The whole state is four 32-bit numbers in plain fields, so a snapshot of the machine that copies fields
 * copies the generator too, and a rewound machine draws the same numbers again.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** @param seed any integer; its low 53 bits count. The same seed gives the same stream on every machine. */
  constructor(seed: number) {
    this.a = 0;
    this.b = seed | 0;
    this.c = Math.floor(seed / 2 ** 32) | 0;
    this.counter = 1;
    // PractRand's seeding: fifteen rounds are enough for every bit of the seed to reach every bit of the state.
    for (let round = 0; round < 15; round++) this.next();
  }

  /** The next number, uniform over 0 … 2^32 - 1. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /**
   * A number uniform over 0 … bound - 1.
   *
   * Draws that fall in the last, incomplete run of `bound` are thrown away, so no value is favoured.
   * @param bound 1 … 2^32
   */
  below(bound: number): number {
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let drawn = this.next();
    while (drawn >= limit) drawn = this.next();
    return drawn % bound;
  }

  /** An independent generator that will draw the same numbers from here on. */
  clone(): Random {
    const copy = new Random(0);
    copy.a = this.a;
    copy.b = this.b;
    copy.c = this.c;
    copy.counter = this.counter;
    return copy;
  }
}
