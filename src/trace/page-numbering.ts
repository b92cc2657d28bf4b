import { AddressPages } from './address-pages.ts';

/**
 * Small numbers for pages: 0, 1, 2, … in the order in which pages first appear. Everything that replays a trace keeps its
 * per-page state in arrays indexed by these ids.
 *
 * As AddressPages, for one address space whose page numbers are non-negative integers up to 2^53 - 1.
 */
export class PageNumbering {
  private readonly pages: AddressPages = new AddressPages();

  /** Pages seen so far: the next id. */
  get count(): number {
    return this.pages.count;
  }

  /** The id of a page; a page not seen before gets the next one. */
  idOf(page: number): number {
    return this.pages.idOf(0, page / 0x1_0000_0000, page);
  }

  /** The page that has this id. */
  pageOf(id: number): number {
    return this.pages.highOf(id) * 0x1_0000_0000 + this.pages.lowOf(id);
  }
}
