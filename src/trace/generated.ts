import { InputError } from '../mmu/input-error.ts';

export const GENERATED_KINDS = ['zipf', 'mix'] as const;
export type GeneratedKind = (typeof GENERATED_KINDS)[number];

export interface GeneratedTrace {
  /**
   * - `zipf`: pages drawn by Zipf's law with exponent 1, the ranks shuffled over the page numbers
   * - `mix`: bursts of 1,000 … 9,999 references: seven in ten by Zipf's law, two in ten of a loop over pages / 16 more
   *   pages that goes on where it stopped, one in ten of a scan over pages never seen again
   */
  readonly kind: GeneratedKind;
  /** References. */
  readonly n: number;
  /** Pages drawn by Zipf's law. */
  readonly pages: number;
  readonly seed: number;
}

/**
 * The generated traces of the recordings (traces.json of replacement.jsonl), the same on every machine: Marsaglia's xorshift128
 * with the seed as its first word, 64 numbers thrown away; drawn by a binary search in the sums of 1 / rank.
 * @returns page numbers, not dense for a `mix` that ends early
 * @throws InputError MEM-TRC-024
 */
export function generateTrace({ kind, n, pages, seed }: GeneratedTrace): Int32Array {
  const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!whole(n, 0, 2 ** 31 - 1) || !whole(pages, 1, 2 ** 29) || !Number.isSafeInteger(seed)) {
    throw new InputError({
      code: 'MEM-TRC-024',
      message: `a generated trace of ${n} references to ${pages} pages with seed ${seed} is not possible`,
      hint: 'references 0 … 2147483647, pages 1 … 536870912, and a whole number for the seed',
    });
  }
  const random = new Xorshift128(seed);
  const zipf = new Zipf(pages, random);
  const ids = new Int32Array(n);
  if (kind === 'zipf') {
    for (let at = 0; at < n; at++) ids[at] = zipf.draw();
    return ids;
  }
  const looped = Math.floor(pages / 16);
  let inLoop = 0;
  let scanned = pages + looped;
  for (let at = 0; at < n; ) {
    const lot = random.next() % 10;
    const end = Math.min(n, at + 1000 + (random.next() % 9000));
    if (lot < 7) while (at < end) ids[at++] = zipf.draw();
    else if (lot < 9) {
      for (; at < end; at++) {
        ids[at] = pages + inLoop;
        if (++inLoop === looped) inLoop = 0;
      }
    } else while (at < end) ids[at++] = scanned++;
  }
  return ids;
}

class Xorshift128 {
  private x: number;
  private y = 362436069;
  private z = 521288629;
  private w = 88675123;

  constructor(seed: number) {
    this.x = seed | 0;
    for (let thrown = 0; thrown < 64; thrown++) this.next();
  }

  /** Uniform over 0 … 2^32 - 1. */
  next(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w = this.w ^ (this.w >>> 19) ^ t ^ (t >>> 8);
    return this.w >>> 0;
  }

  /** Uniform over [0, 1), 53 bits. */
  fraction(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }
}

class Zipf {
  private readonly random: Xorshift128;
  /** Sum of 1 / rank up to each rank. */
  private readonly sums: Float64Array;
  private readonly pageOf: Int32Array;

  constructor(pages: number, random: Xorshift128) {
    this.random = random;
    this.sums = new Float64Array(pages);
    this.pageOf = new Int32Array(pages);
    let sum = 0;
    for (let rank = 0; rank < pages; rank++) {
      sum += 1 / (rank + 1);
      this.sums[rank] = sum;
      this.pageOf[rank] = rank;
    }
    for (let rank = pages - 1; rank > 0; rank--) {
      const other = random.next() % (rank + 1);
      const page = this.pageOf[rank]!;
      this.pageOf[rank] = this.pageOf[other]!;
      this.pageOf[other] = page;
    }
  }

  draw(): number {
    const { sums } = this;
    const drawn = this.random.fraction() * sums[sums.length - 1]!;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    return this.pageOf[low]!;
  }
}
