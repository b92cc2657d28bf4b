/**
 * Pools and their blocks: the path that nearly every request takes.
 *
 *     pool   | header | block | block | block | block | virgin blocks …          | lost |
 *                       used    free -> free    used    ^ nextOffset               (quantization)
 *                               ^ freeBlock
 *
 * A pool serves one size class, and is
 *
 *     used    at least one block in use and one on its free list: in the circular list of its class
 *     full    no free block and no virgin one: in no list
 *     empty   all blocks free: back with its arena, its free list and its class kept
 *
 * The free list goes last in, first out, linked through the first 8 bytes of its blocks; nothing else of a free block is
 * written. While virgin blocks are left one of them is always on the list, so taking a block never has to look further.
 * Every pool holds at least 7 blocks, so one free never takes it from full to empty.
 * [Objects/obmalloc.c: pymalloc_alloc, pymalloc_pool_extend, allocate_from_new_pool, pymalloc_free]
 */
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import type { Arenas } from './arenas.ts';
import { blockBytesOf, listEndOf, POOL, POOL_HEADER_BYTES, type PymallocLayout, usedPoolsOf } from './layout.ts';

const { used: USED, freeBlock: FREE_BLOCK, next: NEXT, previous: PREVIOUS } = POOL;
const { sizeClass: SIZE_CLASS, nextOffset: NEXT_OFFSET, maxNextOffset: MAX_NEXT_OFFSET } = POOL;
/** Doubles hold words below this exactly; a link that is not below it was written by the guest, and is copied as bytes. */
const EXACT = 2 ** 53;
const WORD = 8;
const USED_PAIR_BYTES = 16;
const SEGMENT_BYTES = 2 ** 32;

export class Pools {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly layout: PymallocLayout;
  private readonly arenas: Arenas;
  private readonly usedPools: number;
  private readonly poolMask: number;
  /** The program's segment, its high word, and where the used pools lie in it: most pointers stay inside. */
  private readonly segment: number;
  private readonly high: number;
  private readonly usedPoolsLow: number;
  private readonly alignment: number;

  constructor(memory: ProgramMemory, layout: PymallocLayout, arenas: Arenas) {
    this.memory = memory;
    this.layout = layout;
    this.arenas = arenas;
    this.usedPools = layout.usedPools;
    this.poolMask = layout.profile.poolBytes - 1;
    this.segment = memory.segment;
    this.high = memory.segment / SEGMENT_BYTES;
    this.usedPoolsLow = layout.usedPools | 0;
    this.alignment = layout.profile.alignment;
  }

  /** Write the empty lists of used pools. */
  initialize(): void {
    const { memory, layout } = this;
    for (let sizeClass = 0; sizeClass < layout.classes; sizeClass++) {
      const end = listEndOf(layout, sizeClass);
      memory.store64(end + NEXT, end);
      memory.store64(end + PREVIOUS, end);
    }
  }

  /** A block of the class, its contents what they were; NULL: no pool to be had. */
  take(sizeClass: number): number {
    const { memory } = this;
    const { cpu } = memory;
    const { high } = this;
    const head = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES) | 0;
    const pool = memory.loadPairIn(head);
    if (cpu.high !== high) return this.takeAnywhere(sizeClass);
    if (pool === head - NEXT) return this.takeFromNewPool(sizeClass);
    const used = memory.loadWordIn(pool + USED);
    const block = memory.loadPairIn(pool + FREE_BLOCK);
    if (cpu.high !== high) return this.takeAnywhere(sizeClass);
    const link = memory.loadPairIn(block);
    const linkHigh = cpu.high;
    memory.storeWordIn(pool + USED, used + 1);
    memory.storePairIn(pool + FREE_BLOCK, link, linkHigh);
    if ((link | linkHigh) === NULL) this.extend(pool, sizeClass);
    return this.segment + (block >>> 0);
  }

  /** `block` lies in a pool. */
  give(block: number): void {
    const { memory } = this;
    const { cpu } = memory;
    const within = block - this.segment;
    if (within < 0 || within >= SEGMENT_BYTES) {
      this.giveAnywhere(block);
      return;
    }
    const low = within | 0;
    const pool = low & ~this.poolMask;
    const link = memory.loadPairIn(pool + FREE_BLOCK);
    const linkHigh = cpu.high;
    memory.storePairIn(low, link, linkHigh);
    memory.storePairIn(pool + FREE_BLOCK, low, this.high);
    const used = memory.loadWordIn(pool + USED) - 1;
    memory.storeWordIn(pool + USED, used);
    if ((link | linkHigh) === NULL) this.insertFirst(pool);
    else if (used === 0) this.retire(this.segment + (pool >>> 0));
  }

  /** `take` by full addresses: a list leads out of the segment. */
  private takeAnywhere(sizeClass: number): number {
    const { memory } = this;
    const pool = memory.load64(this.usedPools + sizeClass * USED_PAIR_BYTES);
    memory.store32(pool + USED, memory.load32(pool + USED) + 1);
    const block = memory.load64(pool + FREE_BLOCK);
    const link = this.copyLink(pool + FREE_BLOCK, block);
    if (link === NULL) this.extendAnywhere(pool, sizeClass);
    return block;
  }

  /** `give` by full addresses. */
  private giveAnywhere(block: number): void {
    const { memory } = this;
    const pool = block - (block & this.poolMask);
    const link = this.copyLink(block, pool + FREE_BLOCK);
    memory.store64(pool + FREE_BLOCK, block);
    const used = memory.load32(pool + USED) - 1;
    memory.store32(pool + USED, used);
    if (link === NULL) this.insertFirstAnywhere(pool);
    else if (used === 0) this.retire(pool);
  }

  /** Class of the pool that `block` lies in. */
  classOf(block: number): number {
    return this.memory.load32(block - (block & this.poolMask) + SIZE_CLASS);
  }

  /** The link at `from`, also written to `to`. */
  private copyLink(to: number, from: number): number {
    const { memory } = this;
    const link = memory.load64(from);
    if (link < EXACT) memory.store64(to, link);
    else memory.copy(to, from, WORD);
    return link;
  }

  /** The free list is used up: the next virgin block becomes it; without one the pool is full and leaves its list. */
  private extend(pool: number, sizeClass: number): void {
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

  private extendAnywhere(pool: number, sizeClass: number): void {
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

  /** No pool of the class has a free block: take one from an arena. */
  private takeFromNewPool(sizeClass: number): number {
    const { memory, layout } = this;
    const pool = this.arenas.takePool();
    if (pool === NULL) return NULL;
    const end = listEndOf(layout, sizeClass);
    const next = memory.load64(usedPoolsOf(layout, sizeClass));
    memory.store64(pool + NEXT, next);
    memory.store64(pool + PREVIOUS, next);
    memory.store64(end + NEXT, pool);
    memory.store64(end + PREVIOUS, pool);
    memory.store32(pool + USED, 1);
    if (memory.load32(pool + SIZE_CLASS) === sizeClass) {
      // It served this class before: its free list is as good as new.
      const block = memory.load64(pool + FREE_BLOCK);
      this.copyLink(pool + FREE_BLOCK, block);
      return block;
    }
    const bytes = blockBytesOf(layout.profile, sizeClass);
    const block = pool + POOL_HEADER_BYTES;
    memory.store32(pool + SIZE_CLASS, sizeClass);
    memory.store32(pool + NEXT_OFFSET, POOL_HEADER_BYTES + 2 * bytes);
    memory.store32(pool + MAX_NEXT_OFFSET, layout.profile.poolBytes - bytes);
    memory.store64(pool + FREE_BLOCK, block + bytes);
    memory.store64(block + bytes, NULL);
    return block;
  }

  /** A full pool has a free block again: first in the list of its class, so that it is filled up next. */
  private insertFirst(pool: number): void {
    const { memory, high } = this;
    const sizeClass = memory.loadWordIn(pool + SIZE_CLASS);
    const end = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES - NEXT) | 0;
    const next = memory.loadPairIn(end + NEXT);
    if (memory.cpu.high !== high || sizeClass < 0) {
      this.insertFirstAnywhere(this.segment + (pool >>> 0));
      return;
    }
    memory.storePairIn(pool + NEXT, next, high);
    memory.storePairIn(pool + PREVIOUS, end, high);
    memory.storePairIn(next + PREVIOUS, pool, high);
    memory.storePairIn(end + NEXT, pool, high);
  }

  private insertFirstAnywhere(pool: number): void {
    const { memory } = this;
    const sizeClass = memory.load32(pool + SIZE_CLASS);
    const end = listEndOf(this.layout, sizeClass);
    const next = memory.load64(end + NEXT);
    memory.store64(pool + NEXT, next);
    memory.store64(pool + PREVIOUS, end);
    memory.store64(next + PREVIOUS, pool);
    memory.store64(end + NEXT, pool);
  }

  private retire(pool: number): void {
    this.unlink(pool);
    this.arenas.giveBackPool(pool);
  }

  private unlink(pool: number): void {
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

  private unlinkAnywhere(pool: number): void {
    const { memory } = this;
    const next = memory.load64(pool + NEXT);
    const previous = memory.load64(pool + PREVIOUS);
    memory.store64(next + PREVIOUS, previous);
    memory.store64(previous + NEXT, next);
  }
}
