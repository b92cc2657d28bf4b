/**
 * The rarer moves of a pool, one load or store after the other: its next virgin block, into the list of its class, out of it.
 *
 * Each exists twice. By the low words of addresses, while all pointers stay inside the program's segment
 * (mmu/segment-unit.ts); and by full addresses (`…Anywhere`), for the links that a guest has overwritten.
 */
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import { blockBytesOf, listEndOf, POOL, type PymallocLayout } from './layout.ts';

const { freeBlock: FREE_BLOCK, next: NEXT, previous: PREVIOUS } = POOL;
const { sizeClass: SIZE_CLASS, nextOffset: NEXT_OFFSET, maxNextOffset: MAX_NEXT_OFFSET } = POOL;
/** Doubles hold words below this exactly; a link that is not below it was written by the guest, and is copied as bytes. */
const EXACT = 2 ** 53;
const WORD = 8;
const USED_PAIR_BYTES = 16;
const SEGMENT_BYTES = 2 ** 32;

export class PoolLinks {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly layout: PymallocLayout;
  private readonly segment: number;
  private readonly high: number;
  private readonly usedPoolsLow: number;
  private readonly alignment: number;

  constructor(memory: ProgramMemory, layout: PymallocLayout) {
    this.memory = memory;
    this.layout = layout;
    this.segment = memory.segment;
    this.high = memory.segment / SEGMENT_BYTES;
    this.usedPoolsLow = layout.usedPools | 0;
    this.alignment = layout.profile.alignment;
  }

  /** The link at `from`, also written to `to`. */
  copyLink(to: number, from: number): number {
    const { memory } = this;
    const link = memory.load64(from);
    if (link < EXACT) memory.store64(to, link);
    else memory.copy(to, from, WORD);
    return link;
  }

  /** The free list is used up: the next virgin block becomes it; without one the pool is full and leaves its list. */
  extend(pool: number, sizeClass: number): void {
    const { memory } = this;
    const offset = memory.loadWordIn(pool + NEXT_OFFSET);
    // Unsigned: an overflow may have written anything there.
    if (offset >>> 0 > memory.loadWordIn(pool + MAX_NEXT_OFFSET) >>> 0) {
      this.unlink(this.segment + (pool >>> 0));
      return;
    }
    const block = (pool + offset) | 0;
    memory.storePairIn(pool + FREE_BLOCK, block, this.high);
    memory.storeWordIn(pool + NEXT_OFFSET, offset + (sizeClass + 1) * this.alignment);
    memory.storePairIn(block, 0, 0);
  }

  extendAnywhere(pool: number, sizeClass: number): void {
    const { memory } = this;
    const offset = memory.load32(pool + NEXT_OFFSET);
    if (offset > memory.load32(pool + MAX_NEXT_OFFSET)) {
      this.unlink(pool);
      return;
    }
    const block = pool + offset;
    memory.store64(pool + FREE_BLOCK, block);
    memory.store32(pool + NEXT_OFFSET, offset + blockBytesOf(this.layout.profile, sizeClass));
    memory.store64(block, NULL);
  }

  /** A full pool has a free block again: first in the list of its class, so that it is filled up next. */
  insertFirst(pool: number): void {
    const { memory, high } = this;
    const sizeClass = memory.loadWordIn(pool + SIZE_CLASS);
    if (sizeClass < 0 || sizeClass >= this.layout.classes) {
      this.insertOfClass(this.segment + (pool >>> 0), sizeClass >>> 0);
      return;
    }
    const end = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES - NEXT) | 0;
    const next = memory.loadPairIn(end + NEXT);
    if (memory.cpu.high !== high) {
      const address = (memory.cpu.high >>> 0) * SEGMENT_BYTES + (next >>> 0);
      this.insertBetween(this.segment + (pool >>> 0), this.segment + (end >>> 0), address);
      return;
    }
    memory.storePairIn(pool + NEXT, next, high);
    memory.storePairIn(pool + PREVIOUS, end, high);
    memory.storePairIn(next + PREVIOUS, pool, high);
    memory.storePairIn(end + NEXT, pool, high);
  }

  insertFirstAnywhere(pool: number): void {
    this.insertOfClass(pool, this.memory.load32(pool + SIZE_CLASS));
  }

  private insertOfClass(pool: number, sizeClass: number): void {
    const end = listEndOf(this.layout, sizeClass);
    this.insertBetween(pool, end, this.memory.load64(end + NEXT));
  }

  private insertBetween(pool: number, end: number, next: number): void {
    const { memory } = this;
    memory.store64(pool + NEXT, next);
    memory.store64(pool + PREVIOUS, end);
    memory.store64(next + PREVIOUS, pool);
    memory.store64(end + NEXT, pool);
  }

  unlink(pool: number): void {
    const { memory, high } = this;
    const within = pool - this.segment;
    if (within < 0 || within >= SEGMENT_BYTES) {
      this.unlinkAnywhere(pool);
      return;
    }
    const low = within | 0;
    const next = memory.loadPairIn(low + NEXT);
    const nextHigh = memory.cpu.high;
    const previous = memory.loadPairIn(low + PREVIOUS);
    if (nextHigh !== high || memory.cpu.high !== high) {
      this.unlinkAnywhere(pool);
      return;
    }
    memory.storePairIn(next + PREVIOUS, previous, high);
    memory.storePairIn(previous + NEXT, next, high);
  }

  unlinkAnywhere(pool: number): void {
    const { memory } = this;
    const next = memory.load64(pool + NEXT);
    const previous = memory.load64(pool + PREVIOUS);
    memory.store64(next + PREVIOUS, previous);
    memory.store64(previous + NEXT, next);
  }
}
