import { grownInts } from '../../../mmu/grown-arrays.ts';

/**
 * Pages of which the one with the lowest count is known; among equals the one loaded first. A heap in an array, each page
 * before the two below it; `at` is a page's place plus one, 0 for a page that is not in it.
 *
 * Counts and times of loading belong to whoever keeps the heap, and change only for pages that are not in it.
 */
export class PageHeap {
  private readonly heap: Int32Array;
  private at: Int32Array;
  size: number;

  constructor(frames: number) {
    this.heap = new Int32Array(frames);
    this.at = new Int32Array(0);
    this.size = 0;
  }

  grow(pages: number): void {
    this.at = grownInts(this.at, pages, 0);
  }

  has(page: number): boolean {
    return this.at[page] !== 0;
  }

  /** Of a heap that is not empty. */
  first(): number {
    return this.heap[0]!;
  }

  add(page: number, counts: Int32Array, loadedAt: Float64Array): void {
    this.rise(page, this.size++, counts, loadedAt);
  }

  delete(page: number, counts: Int32Array, loadedAt: Float64Array): void {
    const place = this.at[page]! - 1;
    const last = this.heap[--this.size]!;
    this.at[page] = 0;
    if (last === page) return;
    this.rise(last, place, counts, loadedAt);
    if (this.at[last] === place + 1) this.sink(last, place, counts, loadedAt);
  }

  private put(page: number, place: number): void {
    this.heap[place] = page;
    this.at[page] = place + 1;
  }

  private rise(page: number, from: number, counts: Int32Array, loadedAt: Float64Array): void {
    let place = from;
    while (place > 0) {
      const above = this.heap[(place - 1) >> 1]!;
      if (!isBefore(page, above, counts, loadedAt)) break;
      this.put(above, place);
      place = (place - 1) >> 1;
    }
    this.put(page, place);
  }

  private sink(page: number, from: number, counts: Int32Array, loadedAt: Float64Array): void {
    const { heap, size } = this;
    let place = from;
    for (let below = 2 * place + 1; below < size; below = 2 * place + 1) {
      if (below + 1 < size && isBefore(heap[below + 1]!, heap[below]!, counts, loadedAt)) below++;
      if (!isBefore(heap[below]!, page, counts, loadedAt)) break;
      this.put(heap[below]!, place);
      place = below;
    }
    this.put(page, place);
  }
}

function isBefore(a: number, b: number, counts: Int32Array, loadedAt: Float64Array): boolean {
  const difference = counts[a]! - counts[b]!;
  return difference !== 0 ? difference < 0 : loadedAt[a]! < loadedAt[b]!;
}
