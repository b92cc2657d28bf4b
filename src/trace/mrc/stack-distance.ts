import { grownDoubles } from '../../mmu/grown-arrays.ts';
import { UseOrder } from './use-order.ts';

/**
 * How deep in the LRU stack each reference finds its page (Mattson and others 1970), counted: LRU with C frames misses
 * exactly the references deeper than C, so one pass answers for all sizes.
 *
 *     const distances = new StackDistances();
 *     distances.feed(ids, n);                     // any number of times
 *     distances.missesAt([64, 128, 256])
 */
export class StackDistances {
  references = 0;
  private readonly order = new UseOrder();
  /** References by depth - 1. */
  private counts: Float64Array = new Float64Array(1024);
  private pages = 0;

  /** @param ids pages, numbered 0, 1, 2, … in the order of their first appearance; only the first `count` are read */
  feed(ids: Int32Array, count: number): void {
    for (let at = 0; at < count; at++) if (ids[at]! >= this.pages) this.pages = ids[at]! + 1;
    this.counts = grownDoubles(this.counts, this.pages);
    const { order, counts } = this;
    order.grow(this.pages);
    for (let at = 0; at < count; at++) {
      const depth = order.use(ids[at]!);
      if (depth > 0) counts[depth - 1]!++;
    }
    this.references += count;
  }

  /** Different pages so far. */
  get distinctPages(): number {
    return this.order.live;
  }

  /** Misses of LRU with each of these numbers of frames, first uses included. */
  missesAt(frames: readonly number[]): number[] {
    const hits = new Float64Array(this.pages + 1);
    for (let depth = 1; depth < hits.length; depth++) hits[depth] = hits[depth - 1]! + this.counts[depth - 1]!;
    return frames.map((count) => this.references - hits[Math.min(count, this.pages)]!);
  }
}
