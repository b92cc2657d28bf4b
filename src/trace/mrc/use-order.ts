import { grownInts } from '../../mmu/grown-arrays.ts';

/**
 * The order in which pages were used last, and so the answer to: how many different pages were used since this one?
 *
 * Each use takes the next position on a line, and a bit there; the bit of the page's use before is cleared. So the bits
 * behind a page's position are the pages used after it, each once.
 *
 * ```
 *   positions   0 1 2 3 4 5 6 7 8 …           uses  a b a c b …
 *   bits        · · 1 1 1                     a at 2, c at 3, b at 4:  before the next use of a two others were used
 *   words       32 positions each
 *   blocks      8 words each: a Fenwick tree counts the bits of the closed ones, the last one is still open
 * ```
 *
 * - I1: lastAt[page] = position + 1 of its one bit, or 0; `live` bits are set
 * - I2: the tree holds blocks 0 … closed - 1; closed = now / 256, rounded down
 *
 * When the line ends, the pages move to its beginning in their order; it is at least four times as long as there are
 * pages, so that costs each use less than a step. Uses of pages used a short while ago stay in the open block and never
 * meet the tree. Cost: O(log pages) a use; memory by the pages, not by the uses.
 */
export class UseOrder {
  /** Pages in the order. */
  live = 0;
  private lastAt: Int32Array;
  private bits: Int32Array;
  /** From 1, as Fenwick trees are. */
  private tree: Int32Array;
  private closed = 0;
  private now = 0;
  private room: number;

  constructor() {
    this.room = ROOM_MIN;
    this.lastAt = new Int32Array(1024);
    this.bits = new Int32Array(this.room >>> WORD_SHIFT);
    this.tree = new Int32Array((this.room >>> BLOCK_SHIFT) + 1);
  }

  /** From now on pages 0 … pages - 1 may be used. */
  grow(pages: number): void {
    this.lastAt = grownInts(this.lastAt, pages, 0);
  }

  /** @returns different pages used since its last use, itself counted: from 1 up; 0 for its first use */
  use(page: number): number {
    const before = this.lastAt[page]! - 1;
    let depth = 0;
    if (before < 0) this.live++;
    else {
      if (before === this.now - 1) return 1;
      depth = this.clear(before);
    }
    const { now } = this;
    this.bits[now >>> WORD_SHIFT]! |= 1 << (now & WORD_MASK);
    this.lastAt[page] = now + 1;
    this.now = now + 1;
    if ((this.now & BLOCK_MASK) === 0) this.close();
    return depth;
  }

  /** The page was never used. */
  forget(page: number): void {
    const before = this.lastAt[page]! - 1;
    if (before < 0) return;
    this.clear(before);
    this.lastAt[page] = 0;
    this.live--;
  }

  /** @returns bits from this position on, before its own was cleared */
  private clear(position: number): number {
    const { bits } = this;
    const word = position >>> WORD_SHIFT;
    const value = bits[word]!;
    const block = position >>> BLOCK_SHIFT;
    bits[word] = value & ~(1 << (position & WORD_MASK));
    if (block === this.closed) {
      let above = ones(value >>> (position & WORD_MASK));
      const last = this.now >>> WORD_SHIFT;
      for (let at = word + 1; at <= last; at++) above += ones(bits[at]!);
      return above;
    }
    let below = ones(value & ((1 << (position & WORD_MASK)) - 1));
    for (let at = block << (BLOCK_SHIFT - WORD_SHIFT); at < word; at++) below += ones(bits[at]!);
    const { tree, closed } = this;
    for (let at = block; at > 0; at &= at - 1) below += tree[at]!;
    for (let at = block + 1; at <= closed; at += at & -at) tree[at]!--;
    return this.live - below;
  }

  /** The open block is full: into the tree with it. */
  private close(): void {
    const { bits, tree } = this;
    const first = this.closed << (BLOCK_SHIFT - WORD_SHIFT);
    let count = 0;
    for (let word = first; word < first + (BLOCK >>> WORD_SHIFT); word++) count += ones(bits[word]!);
    const node = ++this.closed;
    const end = node & (node - 1);
    for (let at = node - 1; at > end; at &= at - 1) count += tree[at]!;
    tree[node] = count;
    if (this.now === this.room) this.compact();
  }

  /** Move all pages to the beginning of the line, and make it longer where they need it. */
  private compact(): void {
    const { bits, lastAt, live } = this;
    const below = new Int32Array(bits.length);
    for (let word = 1; word < below.length; word++) below[word] = below[word - 1]! + ones(bits[word - 1]!);
    for (let page = 0; page < lastAt.length; page++) {
      const position = lastAt[page]! - 1;
      if (position < 0) continue;
      const word = position >>> WORD_SHIFT;
      lastAt[page] = 1 + below[word]! + ones(bits[word]! & ((1 << (position & WORD_MASK)) - 1));
    }
    while (this.room < ROOM_A_PAGE * live) this.room *= 2;
    this.bits = new Int32Array(this.room >>> WORD_SHIFT);
    this.bits.fill(-1, 0, live >>> WORD_SHIFT);
    this.bits[live >>> WORD_SHIFT] = (1 << (live & WORD_MASK)) - 1;
    this.tree = new Int32Array((this.room >>> BLOCK_SHIFT) + 1);
    this.now = live;
    this.closed = live >>> BLOCK_SHIFT;
    for (let node = 1; node <= this.closed; node++) this.tree[node] = BLOCK * (node & -node);
  }
}

const WORD_SHIFT = 5;
const WORD_MASK = 31;
const BLOCK_SHIFT = 8;
const BLOCK = 1 << BLOCK_SHIFT;
const BLOCK_MASK = BLOCK - 1;
/** Positions at least, and for each page. */
const ROOM_MIN = 1 << 14;
const ROOM_A_PAGE = 4;

/** Bits set in a word. */
function ones(word: number): number {
  let count = word - ((word >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return Math.imul((count + (count >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
