import { grownInts } from '../../../mmu/grown-arrays.ts';
import type { PositionSet } from '../position-set.ts';

/**
 * The resident pages by when they were loaded: each has a position, later loads have higher ones, so sets of positions
 * (PositionSet) tell which page of a kind was loaded first.
 *
 * ```
 *   pages       [ 7 | – | 3 | 12 | – | 5 | … ]      page at each position; a page that left leaves a hole
 *   positionOf  page → position
 *                                    ▲ next: where the next page loaded stands
 * ```
 *
 * Positions run out after some loads; then the resident pages move together, in their order, and whoever keeps sets of
 * positions fills them anew. There are twice as many positions as frames, so that is O(1) a load.
 */
export class LoadOrder {
  readonly positions: number;
  private readonly pages: Int32Array;
  private positionOf: Int32Array;
  private next: number;

  constructor(frames: number) {
    this.positions = Math.max(64, 2 * frames);
    this.pages = new Int32Array(this.positions).fill(-1);
    this.positionOf = new Int32Array(0);
    this.next = 0;
  }

  grow(pages: number): void {
    this.positionOf = grownInts(this.positionOf, pages, -1);
  }

  /** Of a resident page; -1 for any other. */
  of(page: number): number {
    return this.positionOf[page]!;
  }

  pageAt(position: number): number {
    return this.pages[position]!;
  }

  get isFull(): boolean {
    return this.next === this.positions;
  }

  load(page: number): number {
    const position = this.next++;
    this.pages[position] = page;
    this.positionOf[page] = position;
    return position;
  }

  leave(page: number): void {
    this.pages[this.positionOf[page]!] = -1;
    this.positionOf[page] = -1;
  }

  /** Close the holes. The sets hold positions of pages, each of at most one of them: what they hold moves along. */
  close(sets: readonly PositionSet[]): void {
    const { pages, positionOf, next } = this;
    this.next = 0;
    for (let from = 0; from < next; from++) {
      const page = pages[from]!;
      if (page < 0) continue;
      const to = this.next++;
      pages[from] = -1;
      pages[to] = page;
      positionOf[page] = to;
      const set = from === to ? undefined : sets.find((one) => one.has(from));
      set?.delete(from);
      set?.add(to);
    }
  }
}
