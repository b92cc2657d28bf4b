import { placeOf } from '../kernel/reclaim/page-hash.ts';

/**
 * Small numbers for pages: 0, 1, 2, … in the order in which pages first appear.
 *
 * Everything that replays a trace keeps its per-page state in arrays indexed by these ids. A table with open
 * addressing and linear probing finds them, several times faster than a `Map`:
 *
 * ```
 *   slots:  [ 0 | id + 1 | 0 | id + 1 | id + 1 | … ]     0: free; capacity a power of two, at most half full
 *   pages:  [ page of id 0 | page of id 1 | … ]
 * ```
 *
 * - I1: pages[slots[h] - 1] = page for exactly one h, for every page seen
 *
 * Page numbers are non-negative integers up to 2^53 - 1. Costs are O(1) amortized.
 */
export class PageNumbering {
  /** Pages seen so far: the next id. */
  count: number;
  private slots: Int32Array;
  private pages: Float64Array;
  private mask: number;

  constructor() {
    this.count = 0;
    this.slots = new Int32Array(1024);
    this.pages = new Float64Array(512);
    this.mask = 1023;
  }

  /** The id of a page; a page not seen before gets the next one. */
  idOf(page: number): number {
    let place = placeOf(page) & this.mask;
    for (;;) {
      const id = this.slots[place]! - 1;
      if (id < 0) return this.add(page, place);
      if (this.pages[id] === page) return id;
      place = (place + 1) & this.mask;
    }
  }

  /** The page that has this id. */
  pageOf(id: number): number {
    return this.pages[id]!;
  }

  private add(page: number, place: number): number {
    const id = this.count++;
    this.slots[place] = id + 1;
    this.pages[id] = page;
    if (this.count === this.pages.length) this.grow();
    return id;
  }

  private grow(): void {
    const pages = new Float64Array(this.pages.length * 2);
    pages.set(this.pages);
    this.pages = pages;
    this.slots = new Int32Array(this.slots.length * 2);
    this.mask = this.slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let place = placeOf(pages[id]!) & this.mask;
      while (this.slots[place] !== 0) place = (place + 1) & this.mask;
      this.slots[place] = id + 1;
    }
  }
}
