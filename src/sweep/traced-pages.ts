import { grownDoubles, grownInts } from '../mmu/grown-arrays.ts';
import type { AddressPages } from '../trace/address-pages.ts';

/** A TLB's tags have these numbers of pages. */
const PAGE_NUMBERS = 2 ** 52;

/**
 * What a TLB has to know of the pages of a trace: for each id its page number and its address space.
 *
 * ```
 *   numbers: [ 0x7f3a1 | 0x7f3a2 | 0x400 | … ]
 *   spaces:  [ 0       | 0       | 1     | … ]      processes in the order in which they first appear
 * ```
 */
export class TracedPages {
  numbers: Float64Array = new Float64Array(1024);
  spaces: Int32Array = new Int32Array(1024);
  /** There is a page that no TLB has a tag for: tiny pages in a large address space. */
  isTooLarge = false;
  private readonly numbering: AddressPages;
  private readonly spaceOf = new Map<number, number>();
  private known = 0;

  constructor(numbering: AddressPages) {
    this.numbering = numbering;
  }

  /** Take in the pages that have appeared since the last call. */
  grow(): void {
    const { numbering } = this;
    if (numbering.count > this.numbers.length) {
      this.numbers = grownDoubles(this.numbers, numbering.count);
      this.spaces = grownInts(this.spaces, this.numbers.length, 0);
    }
    for (let id = this.known; id < numbering.count; id++) {
      const number = numbering.highOf(id) * 2 ** 32 + numbering.lowOf(id);
      if (number >= PAGE_NUMBERS) this.isTooLarge = true;
      this.numbers[id] = number;
      this.spaces[id] = this.space(numbering.processOf(id));
    }
    this.known = numbering.count;
  }

  private space(process: number): number {
    const found = this.spaceOf.get(process) ?? this.spaceOf.size;
    this.spaceOf.set(process, found);
    return found;
  }
}
