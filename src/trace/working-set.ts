/**
 * The working set of the last `window` page references, at every moment of a trace (Denning 1968): how many different
 * pages there are among them.
 *
 * ```
 *   ring   | id | id | id | … |        the last `window` references; the oldest is the next to be overwritten
 *   last   when each page was used last: a page leaves with the reference that was its last one
 * ```
 *
 * Samples of the size are taken in even steps; when there are too many, every other is dropped and the step doubles. So
 * a trace of any length leaves SAMPLES_MAX / 2 to SAMPLES_MAX of them.
 */
import { grownDoubles } from '../mmu/grown-arrays.ts';

const SAMPLES_MAX = 256;

export class SlidingWorkingSet {
  private readonly ring: Int32Array;
  /** Of the next reference, from 1; and in `last` 0 for never. */
  private time: number;
  private last: Float64Array;
  private size: number;
  private peak: number;
  private sum: number;
  private samples: number[];
  private every: number;
  private untilSample: number;

  /** @param window page references, 1 … 2^28 */
  constructor(window: number) {
    this.ring = new Int32Array(window);
    this.time = 1;
    this.last = new Float64Array(1024);
    this.size = 0;
    this.peak = 0;
    this.sum = 0;
    this.samples = [];
    this.every = 1;
    this.untilSample = 1;
  }

  pages(ids: Int32Array, count: number): void {
    const { ring } = this;
    const window = ring.length;
    let place = (this.time - 1) % window;
    for (let at = 0; at < count; at++) {
      const id = ids[at]!;
      if (id >= this.last.length) this.last = grownDoubles(this.last, id + 1);
      const start = this.time - window;
      if (start > 0 && this.last[ring[place]!] === start) this.size--;
      const before = this.last[id]!;
      if (before === 0 || before <= start) this.size++;
      this.last[id] = this.time++;
      ring[place] = id;
      if (++place === window) place = 0;
      this.sum += this.size;
      if (this.size > this.peak) this.peak = this.size;
      if (--this.untilSample === 0) this.sample();
    }
  }

  result(): {
    readonly window: number;
    readonly every: number;
    readonly sizes: readonly number[];
    readonly mean: number;
    readonly peak: number;
  } {
    const references = this.time - 1;
    return {
      window: this.ring.length,
      every: this.every,
      sizes: [...this.samples],
      mean: references === 0 ? 0 : this.sum / references,
      peak: this.peak,
    };
  }

  private sample(): void {
    this.samples.push(this.size);
    if (this.samples.length === SAMPLES_MAX) {
      this.samples = this.samples.filter((_, index) => index % 2 === 1);
      this.every *= 2;
    }
    this.untilSample = this.every;
  }
}
