/**
 * The buddy system (Knowlton 1965; Knuth 2.5; OSTEP 17.4): blocks of 2^k bytes, a free list for each k.
 *
 * A request gets the smallest power of two that holds it. When no block of that order is free a larger one is halved, the
 * upper halves going to their lists; a freed block merges with its buddy, the other half of what it was cut from, as long as
 * that is free and whole. The buddy's address is the block's with bit k turned over, counted from the heap's first byte.
 *
 *     order 18  |                256K                |        request 21 KiB: 256, 128, 64 are halved
 *     order 15  |32K used|32K|  64K  |     128K      |        free lists: 15, 16, 17 hold one block each
 *
 * Free blocks are doubly linked, so that a buddy leaves its list without a search:
 *
 *     |tag, magic: 0 to 16 bytes|next|previous|...            a heap that is no power of two starts as several blocks
 */
import { type HeapRegion, NULL, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { BuddyTags, ORDERS, orderOf, TAG_FREE, TAG_USED } from './buddy-tags.ts';
import { brokenBuddyRules, buddyRegions } from './buddy-walk.ts';
import { HeapSource } from './heap-source.ts';
import { Links } from './links.ts';
import { type BuddyOptions, HEAP_BYTES_MAX, type ResolvedBuddy, resolveBuddy } from './options.ts';
import { STATE_COALESCES, STATE_POLICY, STATE_SPLITS, WORD_BYTES } from './state.ts';
import { TextbookHeap } from './textbook-heap.ts';
import { UnitGrid } from './unit-grid.ts';

const LINK = 4;

export class BuddyAllocator extends TextbookHeap {
  readonly options: ResolvedBuddy;
  readonly source: HeapSource;
  readonly grid: UnitGrid;
  readonly tags: BuddyTags;
  private readonly links: Links;

  constructor(memory: ProgramMemory, state: number, options: BuddyOptions) {
    super(memory, state);
    this.options = resolveBuddy(options);
    this.source = new HeapSource(this.state, this.options);
    this.grid = new UnitGrid(this.source, 2 ** this.options.minOrder, this.options.bytes === 0);
    this.tags = new BuddyTags(this.state, this.grid, this.options.header);
    this.links = new Links(this.state, LINK);
  }

  malloc(size: Size): number {
    this.state.countRequest();
    if (typeof size !== 'number' || size > HEAP_BYTES_MAX) return this.state.countFailure();
    const order = this.orderFor(size + this.options.header);
    if (order >= ORDERS) return this.state.countFailure();
    let from = this.orderWithBlock(order);
    if (from === ORDERS && this.grow(order)) from = this.orderWithBlock(order);
    if (from === ORDERS) return this.state.countFailure();
    const block = this.first(this.memory, from);
    this.unlink(block, from);
    for (; from > order; from--) {
      this.link(block + 2 ** (from - 1), from - 1);
      this.state.add(STATE_SPLITS, 1);
    }
    this.tags.write(block, TAG_USED | order);
    return block + this.options.header;
  }

  free(address: number): void {
    if (address === NULL) return;
    const block = this.tags.claim(address);
    this.give(block, orderOf(this.tags.read(this.memory, block)));
  }

  usableSize(address: number): number {
    if (address === NULL) return 0;
    const tag = this.tags.read(this.memory, Math.max(0, address - this.options.header));
    return tag === 0 ? 0 : 2 ** orderOf(tag) - this.options.header;
  }

  regions(reader: MemoryReader): HeapRegion[] {
    return buddyRegions(reader, this);
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenBuddyRules(reader, this);
  }

  /** First free block of 2^order bytes; 0: none. */
  first(reader: MemoryReader, order: number): number {
    return this.state.get(reader, STATE_POLICY + order * WORD_BYTES);
  }

  next(reader: MemoryReader, block: number): number {
    return this.links.read(reader, block + this.options.header);
  }

  previous(reader: MemoryReader, block: number): number {
    return this.links.read(reader, block + this.options.header + LINK);
  }

  /** The other half of the block that this one was cut from; 0: it would not be in the heap. */
  buddyOf(reader: MemoryReader, block: number, order: number): number {
    const size = 2 ** order;
    const base = this.grid.address(reader, 0);
    const buddy = Math.floor((block - base) / size) % 2 === 0 ? block + size : block - size;
    const segment = this.source.segmentOf(reader, block);
    if (segment < 0) return 0;
    const start = this.grid.address(reader, this.grid.firstUnit(reader, segment));
    const end = this.grid.address(reader, this.grid.endUnit(reader, segment));
    return buddy >= start && buddy + size <= end ? buddy : 0;
  }

  private orderFor(bytes: number): number {
    let order = this.options.minOrder;
    while (2 ** order < bytes) order++;
    return order;
  }

  /** The lowest order from `order` on with a free block, ORDERS when there is none. Every list asked is counted. */
  private orderWithBlock(order: number): number {
    let at = order;
    while (at < ORDERS && this.first(this.memory, at) === 0) at++;
    // Behind the largest block that the heap can hold no list is worth a look.
    this.state.countSearched(Math.min(at, this.topOrder()) - order + 1);
    return at;
  }

  private topOrder(): number {
    return Math.max(this.options.minOrder, Math.floor(Math.log2(Math.max(1, this.source.bytes(this.memory)))));
  }

  /** A free block goes to its list, with its buddies as far as they are free. */
  private give(freed: number, ofOrder: number): void {
    let block = freed;
    let order = ofOrder;
    while (this.options.coalescing === 'immediate' && order < ORDERS - 1) {
      const buddy = this.buddyOf(this.memory, block, order);
      if (buddy === 0 || this.tags.read(this.memory, buddy) !== (TAG_FREE | order)) break;
      this.unlink(buddy, order);
      this.tags.erase(Math.max(block, buddy));
      block = Math.min(block, buddy);
      order++;
      this.state.add(STATE_COALESCES, 1);
    }
    this.link(block, order);
  }

  private link(block: number, order: number): void {
    const place = block + this.options.header;
    const next = this.first(this.memory, order);
    this.tags.write(block, TAG_FREE | order);
    this.links.write(place, next);
    this.links.write(place + LINK, 0);
    if (next !== 0) this.links.write(next + this.options.header + LINK, block);
    this.state.set(STATE_POLICY + order * WORD_BYTES, block);
  }

  private unlink(block: number, order: number): void {
    const next = this.next(this.memory, block);
    const previous = this.previous(this.memory, block);
    if (previous === 0) this.state.set(STATE_POLICY + order * WORD_BYTES, next);
    else this.links.write(previous + this.options.header, next);
    if (next !== 0) this.links.write(next + this.options.header + LINK, previous);
  }

  /** More memory, a block of 2^order bytes in it: cut into the largest blocks that lie where blocks of their order do. */
  private grow(order: number): boolean {
    const { grid, memory, options, source } = this;
    const units = 2 ** (order - options.minOrder);
    const bytes = grid.bytesFor(memory, units, units);
    // The table first: blocks that it cannot describe would be lost.
    if (!this.tags.reach(grid.endAfter(memory, bytes))) return false;
    const from = source.grow(bytes);
    if (from === 0) return false;
    const segment = source.count(memory) - 1;
    const end = grid.endUnit(memory, segment);
    let unit = grid.unitsBefore(memory, segment, from);
    if (end <= unit || !this.tags.reach(end)) return false;
    while (unit < end) {
      let size = 1;
      while (unit % (2 * size) === 0 && unit + 2 * size <= end && options.minOrder + Math.log2(size) < ORDERS - 1)
        size *= 2;
      this.give(grid.address(memory, unit), options.minOrder + Math.log2(size));
      unit += size;
    }
    return true;
  }
}
