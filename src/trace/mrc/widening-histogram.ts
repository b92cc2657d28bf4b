/**
 * How much weight lies up to a depth, for depths of any size in constant memory: buckets as wide as the greatest depth so
 * far demands.
 *
 * ```
 *   bucket k   depths above k × width, up to (k + 1) × width          width: 1, 2, 4, … as depths beyond the last turn up
 * ```
 *
 * Exact to a depth up to 2^16, and then to 1 part in 2^15 of the greatest.
 */
export class WideningHistogram {
  private readonly buckets = new Float64Array(BUCKETS);
  private width = 1;

  /** @param depth above 0 */
  add(depth: number, weight: number): void {
    while (depth > BUCKETS * this.width) this.widen();
    this.buckets[Math.ceil(depth / this.width) - 1]! += weight;
  }

  /** Weight of the depths up to this one; within a bucket they are taken to lie evenly. */
  upTo(depth: number): number {
    const { buckets, width } = this;
    const whole = Math.min(BUCKETS, Math.floor(depth / width));
    let weight = 0;
    for (let bucket = 0; bucket < whole; bucket++) weight += buckets[bucket]!;
    return whole === BUCKETS ? weight : weight + buckets[whole]! * (depth / width - whole);
  }

  private widen(): void {
    const { buckets } = this;
    for (let bucket = 0; bucket < BUCKETS / 2; bucket++) {
      buckets[bucket] = buckets[2 * bucket]! + buckets[2 * bucket + 1]!;
    }
    buckets.fill(0, BUCKETS / 2);
    this.width *= 2;
  }
}

const BUCKETS = 1 << 16;
