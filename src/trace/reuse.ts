/** Page references from one use of a page to its next: so many intervals are at least `from` and below `to` long. */
import { grownDoubles } from '../mmu/grown-arrays.ts';
export interface ReuseRow {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** The mean size of the working set for a window. */
export interface WindowRow {
  /** Page references. */
  readonly window: number;
  /** Pages, the mean over all moments of the trace. */
  readonly pages: number;
}

const BUCKETS = 53;

/**
 * How soon pages are used again, and with it the mean working-set size for every window that is a power of two (Denning
 * and Schwartz 1972): a page used at time i, and not again before n_i, is in the working set of window T for min(T, n_i - i)
 * moments. So the sizes, summed over time, are the sum of those; buckets that end at powers of two answer it exactly.
 *
 * ```
 *   intervals   1 | 2 3 | 4…7 | 8…15 | …        counts[k], and the sum of the intervals in sums[k]
 * ```
 */
export class ReuseIntervals {
  /** Page references so far. */
  private time: number;
  /** When each page was used last, from 1; 0 for never. */
  private last: Float64Array;
  private readonly counts: Float64Array;
  private readonly sums: Float64Array;

  constructor() {
    this.time = 0;
    this.last = new Float64Array(1024);
    this.counts = new Float64Array(BUCKETS);
    this.sums = new Float64Array(BUCKETS);
  }

  pages(ids: Int32Array, count: number): void {
    for (let at = 0; at < count; at++) {
      const id = ids[at]!;
      if (id >= this.last.length) this.last = grownDoubles(this.last, id + 1);
      const before = this.last[id]!;
      this.last[id] = ++this.time;
      if (before > 0) add(this.counts, this.sums, this.time - before);
    }
  }

  /** From the shortest to the longest there is. */
  rows(): ReuseRow[] {
    const used = lastUsed(this.counts) + 1;
    return Array.from({ length: used }, (_, bucket) => ({
      from: 2 ** bucket,
      to: 2 ** (bucket + 1),
      count: this.counts[bucket]!,
    }));
  }

  /** Windows 1, 2, 4, … up to the first that holds the whole trace. */
  byWindow(): WindowRow[] {
    const { time } = this;
    const counts = this.counts.slice();
    const sums = this.sums.slice();
    // The last use of each page lasts to the end.
    for (const last of this.last) if (last > 0) add(counts, sums, time + 1 - last);
    const windows = time === 0 ? 0 : Math.ceil(Math.log2(time)) + 1;
    let shorter = 0;
    let longer = counts.reduce((total, count) => total + count, 0);
    return Array.from({ length: windows }, (_, bucket) => {
      const window = 2 ** bucket;
      if (bucket > 0) {
        shorter += sums[bucket - 1]!;
        longer -= counts[bucket - 1]!;
      }
      return { window, pages: (shorter + window * longer) / time };
    });
  }
}

function add(counts: Float64Array, sums: Float64Array, interval: number): void {
  const bucket = interval < 2 ** 31 ? 31 - Math.clz32(interval) : Math.floor(Math.log2(interval));
  counts[bucket]!++;
  sums[bucket]! += interval;
}

const lastUsed = (counts: Float64Array): number => counts.findLastIndex((count) => count > 0);
