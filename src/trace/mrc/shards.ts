import { InputError } from '../../mmu/input-error.ts';
import { PageNumbering } from '../page-numbering.ts';
import { HashHeap } from './hash-heap.ts';
import { UseOrder } from './use-order.ts';
import { WideningHistogram } from './widening-histogram.ts';

export interface ShardsConfig {
  /** Part of the pages looked at, above 0 and at most 1. */
  readonly rate: number;
  /** Pages looked at at most: then the rate goes down as more pages turn up. Null: the rate stays. */
  readonly pagesMax: number | null;
}

/** Hashes are 0 … 2^24 - 1; a page is looked at when its hash is below the threshold. */
const HASHES = 2 ** 24;

/**
 * SHARDS (Waldspurger and others, FAST 2015): LRU stack distances of a sample of the pages, chosen by a hash of the page,
 * so that of a page all references are looked at or none.
 *
 * ```
 *   hash(page) < threshold ?  ─no──► counted, no more        rate = threshold / 2^24
 *          │ yes
 *          ▼
 *   UseOrder: depth d among the sampled pages  ─► a reference of depth d / rate, of the weight 1 / rate
 * ```
 *
 * With `pagesMax` the pages of the highest hashes leave when there are more, and the threshold goes down to theirs (they
 * never come back). What was counted before keeps the weight it had then.
 *
 * The adjustment (SHARDS-adj): the sample has more or fewer references than its rate promised, mostly as very hot pages are
 * in it or not; those find their page at the top of the stack. So the difference counts as references of depth 1.
 */
export class Shards {
  references = 0;
  sampledReferences = 0;
  private readonly pagesMax: number | null;
  private threshold: number;
  private readonly numbering = new PageNumbering();
  private readonly order = new UseOrder();
  private readonly heap = new HashHeap();
  private readonly depths = new WideningHistogram();
  /** Of all sampled references together. */
  private weight = 0;

  /** @throws InputError MEM-TRC-045 */
  constructor({ rate, pagesMax }: ShardsConfig) {
    this.pagesMax = pagesMax;
    this.threshold = Math.round(rate * HASHES);
    if (!(rate <= 1) || !(this.threshold >= 1)) throw impossible(`${rate} is no part of the pages to look at`);
    if (pagesMax !== null && !(Number.isInteger(pagesMax) && pagesMax >= 1)) {
      throw impossible(`${pagesMax} is no number of pages to look at`);
    }
  }

  /** Part of the pages looked at now. */
  get rate(): number {
    return this.threshold / HASHES;
  }

  get sampledPages(): number {
    return this.order.live;
  }

  /** @param ids pages; only the first `count` are read */
  feed(ids: Int32Array, count: number): void {
    for (let at = 0; at < count; at++) {
      const hash = hashOf(ids[at]!);
      if (hash < this.threshold) this.use(ids[at]!, hash);
    }
    this.references += count;
  }

  /** Misses of LRU with each of these numbers of frames, estimated, first uses included. */
  missesAt(frames: readonly number[]): number[] {
    const { references, weight, depths } = this;
    return frames.map((count) => Math.min(references, Math.max(0, weight - depths.upTo(count))));
  }

  private use(id: number, hash: number): void {
    const { numbering, order } = this;
    const page = numbering.idOf(id);
    order.grow(numbering.count);
    const weight = HASHES / this.threshold;
    const depth = order.use(page);
    this.sampledReferences++;
    this.weight += weight;
    if (depth > 0) {
      this.depths.add(depth * weight, weight);
      return;
    }
    if (this.pagesMax === null) return;
    this.heap.push(hash, page);
    if (this.heap.size > this.pagesMax) this.lower();
  }

  /** The pages of the highest hash leave, and with them the right of that hash. */
  private lower(): void {
    const { heap, order } = this;
    const highest = heap.highest();
    // A single page that fills the sample stays: without any there is nothing to see.
    if (highest === 0) return;
    this.threshold = highest;
    while (heap.size > 0 && heap.highest() === highest) order.forget(heap.pop());
  }
}

/** MurmurHash3's finalizer, the upper 24 bits: neighbouring pages are spread evenly. */
function hashOf(page: number): number {
  let hash = page + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 8;
}

function impossible(message: string): InputError {
  return new InputError({
    code: 'MEM-TRC-045',
    message,
    hint: 'a rate is above 0 and at most 1, such as 0.01; a number of pages is whole, such as 8192',
  });
}
