import { placeOf } from './page-hash.ts';
import { SlotList } from './slot-list.ts';

/**
 * Pages remembered after they left, in the order in which they did: the ghosts of a policy.
 *
 * Answers: is this page among them, and which of them left first? A full queue forgets that one for each new page.
 *
 * ```
 *   order   oldest ⇄ … ⇄ newest             entries, each the place of one page in `pages`
 *   table   [ 0 | entry + 1 | entry + 1 | 0 | … ]      open addressing, linear probing, at most half full
 * ```
 *
 * - I1: the table holds every entry of `order` once, and each is found from its page's place without meeting a 0
 * - I2: an entry is in `order` or on the stack of spare ones
 *
 * Page numbers are whole, of either sign, up to 2^53. Every operation is O(1) on average; storage grows with the ghosts there have been at once.
 */
export class GhostQueue {
  private readonly most: number;
  private readonly order: SlotList;
  private pages: Float64Array;
  private table: Int32Array;
  private spare: Int32Array;
  private spares: number;

  /** @param most pages remembered at once, 0 … 2^27 */
  constructor(most: number) {
    this.most = most;
    this.order = new SlotList(Math.max(1, most));
    this.pages = new Float64Array(0);
    this.table = new Int32Array(2);
    this.spare = new Int32Array(0);
    this.spares = 0;
  }

  get size(): number {
    return this.order.size;
  }

  has(page: number): boolean {
    return this.find(page) >= 0;
  }

  /** Where the page is kept: a small number that no other page has meanwhile; -1 when it is not remembered. */
  entryOf(page: number): number {
    const place = this.find(page);
    return place < 0 ? -1 : this.table[place]! - 1;
  }

  pageAt(entry: number): number {
    return this.pages[entry]!;
  }

  /** The entry of the page that left first; -1 when there is none. */
  oldest(): number {
    return this.order.front();
  }

  /** Remember a page as the one that left last. */
  add(page: number): void {
    if (this.most === 0) return;
    this.delete(page);
    if (this.order.size === this.most) this.forgetOldest();
    if (this.spares === 0) this.grow();
    const entry = this.spare[--this.spares]!;
    this.pages[entry] = page;
    this.order.pushBack(entry);
    this.enter(entry);
  }

  /** Forget a page; false when it was not remembered. */
  delete(page: number): boolean {
    const place = this.find(page);
    if (place < 0) return false;
    const entry = this.table[place]! - 1;
    this.order.unlink(entry);
    this.spare[this.spares++] = entry;
    this.close(place);
    return true;
  }

  forgetOldest(): void {
    const oldest = this.order.front();
    if (oldest >= 0) this.delete(this.pages[oldest]!);
  }

  /** The pages, the one that left first in front. */
  toArray(): number[] {
    return this.order.toArray().map((entry) => this.pages[entry]!);
  }

  checkInvariants(): string[] {
    const broken = this.order.checkInvariants();
    if (this.order.size > this.most) broken.push('ghosts: no more are remembered than allowed');
    if (this.order.toArray().some((entry) => this.table[this.find(this.pages[entry]!)] !== entry + 1)) {
      broken.push('ghosts: every page remembered is found');
    }
    if (this.order.size + this.spares !== this.pages.length) broken.push('ghosts: an entry is used or spare');
    return broken;
  }

  /** Place in the table; -1 when the page is not remembered. */
  private find(page: number): number {
    const mask = this.table.length - 1;
    for (let place = placeOf(page) & mask; ; place = (place + 1) & mask) {
      const entry = this.table[place]! - 1;
      if (entry < 0) return -1;
      if (this.pages[entry] === page) return place;
    }
  }

  private enter(entry: number): void {
    const mask = this.table.length - 1;
    let place = placeOf(this.pages[entry]!) & mask;
    while (this.table[place] !== 0) place = (place + 1) & mask;
    this.table[place] = entry + 1;
  }

  /** Empty a place and move up what was only behind it because it was taken. */
  private close(place: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let hole = place;
    for (let next = (hole + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const wanted = placeOf(this.pages[table[next]! - 1]!) & mask;
      if (((next - wanted) & mask) < ((next - hole) & mask)) continue;
      table[hole] = table[next]!;
      hole = next;
    }
    table[hole] = 0;
  }

  private grow(): void {
    const before = this.pages.length;
    const length = Math.min(Math.max(16, 2 * before), this.most);
    const pages = new Float64Array(length);
    pages.set(this.pages);
    this.pages = pages;
    this.spare = new Int32Array(length);
    for (let entry = length - 1; entry >= before; entry--) this.spare[this.spares++] = entry;
    let places = 2;
    while (places < 2 * length) places *= 2;
    this.table = new Int32Array(places);
    for (const entry of this.order.toArray()) this.enter(entry);
  }
}
