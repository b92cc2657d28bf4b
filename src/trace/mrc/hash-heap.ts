import { grownInts } from '../../mmu/grown-arrays.ts';

/**
 * Pages by their hash, the highest first: a binary heap in two arrays.
 *
 * - I1: hashes[(k - 1) >> 1] >= hashes[k] for every k from 1 below `size`; pages[k] has hashes[k]
 *
 * Costs O(log size) to push and pop.
 */
export class HashHeap {
  size = 0;
  private hashes = new Int32Array(0) as Int32Array;
  private pages = new Int32Array(0) as Int32Array;

  /** Of a heap that is not empty. */
  highest(): number {
    return this.hashes[0]!;
  }

  push(hash: number, page: number): void {
    this.hashes = grownInts(this.hashes, this.size + 1, 0);
    this.pages = grownInts(this.pages, this.size + 1, 0);
    const { hashes, pages } = this;
    let at = this.size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (hashes[above]! >= hash) break;
      hashes[at] = hashes[above]!;
      pages[at] = pages[above]!;
      at = above;
    }
    hashes[at] = hash;
    pages[at] = page;
  }

  /** @returns a page of the highest hash, which is no longer there */
  pop(): number {
    const { hashes, pages } = this;
    const popped = pages[0]!;
    const last = --this.size;
    const hash = hashes[last]!;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= last) break;
      if (below + 1 < last && hashes[below + 1]! > hashes[below]!) below++;
      if (hashes[below]! <= hash) break;
      hashes[at] = hashes[below]!;
      pages[at] = pages[below]!;
      at = below;
    }
    hashes[at] = hash;
    pages[at] = pages[last]!;
    return popped;
  }
}
