import { grownBytes, grownInts } from '../mmu/grown-arrays.ts';

/**
 * Page references kept, for whoever has to know them all before the first can be judged: 5 bytes each.
 *
 * ```
 *   ids:   [ 0 | 1 | 0 | 2 | … ]      dense, in the order of first appearance
 *   kinds: [ L | S | L | I | … ]      as in a batch
 * ```
 */
export class PageRecording {
  ids: Int32Array = new Int32Array(0);
  kinds: Uint8Array = new Uint8Array(0);
  length = 0;

  add(ids: Int32Array, kinds: Uint8Array, count: number): void {
    const { length } = this;
    this.ids = grownInts(this.ids, length + count, 0);
    this.kinds = grownBytes(this.kinds, this.ids.length);
    this.ids.set(ids.subarray(0, count), length);
    this.kinds.set(kinds.subarray(0, count), length);
    this.length = length + count;
  }

  push(id: number, kind: number): void {
    const at = this.length++;
    if (at === this.ids.length) {
      this.ids = grownInts(this.ids, at + 1, 0);
      this.kinds = grownBytes(this.kinds, this.ids.length);
    }
    this.ids[at] = id;
    this.kinds[at] = kind;
  }

  /** One more than the largest id among them. */
  get pages(): number {
    let pages = 0;
    for (let at = 0; at < this.length; at++) if (this.ids[at]! >= pages) pages = this.ids[at]! + 1;
    return pages;
  }
}
