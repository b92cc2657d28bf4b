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
 *
 * Nearly every access is made through held pages (mmu/segment-unit.ts): a page is looked up once for all that follows in it
 * until another page is reached for. Only the first accesses of `take` and `give`, which are those that miss where there are
 * many blocks, are written in both ways.
 * [Objects/obmalloc.c: pymalloc_alloc, pymalloc_pool_extend, allocate_from_new_pool, pymalloc_free]
 */
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import type { Arenas } from './arenas.ts';
import { blockBytesOf, listEndOf, POOL, POOL_HEADER_BYTES, type PymallocLayout, usedPoolsOf } from './layout.ts';
import { PoolLinks } from './pool-links.ts';

const { used: USED, freeBlock: FREE_BLOCK, next: NEXT, previous: PREVIOUS } = POOL;
const { sizeClass: SIZE_CLASS, nextOffset: NEXT_OFFSET, maxNextOffset: MAX_NEXT_OFFSET } = POOL;
const USED_PAIR_BYTES = 16;
const SEGMENT_BYTES = 2 ** 32;
/** Where the fields are in a header of words. */
const FREE_WORD = FREE_BLOCK / 4;
const NEXT_WORD = NEXT / 4;
const PREVIOUS_WORD = PREVIOUS / 4;
const SIZE_CLASS_WORD = SIZE_CLASS / 4;
const NEXT_OFFSET_WORD = NEXT_OFFSET / 4;
const MAX_NEXT_OFFSET_WORD = MAX_NEXT_OFFSET / 4;

export class Pools {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly layout: PymallocLayout;
  private readonly arenas: Arenas;
  private readonly links: PoolLinks;
  private readonly usedPools: number;
  private readonly poolMask: number;
  private readonly classes: number;
  /** The program's segment, its high word, and where the used pools lie in it: most pointers stay inside. */
  private readonly segment: number;
  private readonly high: number;
  private readonly usedPoolsLow: number;
  private readonly alignment: number;

  constructor(memory: ProgramMemory, layout: PymallocLayout, arenas: Arenas) {
    this.memory = memory;
    this.layout = layout;
    this.arenas = arenas;
    this.links = new PoolLinks(memory, layout);
    this.usedPools = layout.usedPools;
    this.poolMask = layout.profile.poolBytes - 1;
    this.classes = layout.classes;
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
    const block = this.takeHeld(sizeClass);
    return block === NULL ? this.takeByAccess(sizeClass) : this.segment + (block >>> 0);
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
    const header = cpu.hold(pool);
    const headerSlot = cpu.heldSlot;
    const to = cpu.hold(low);
    if ((header | to) < 0) {
      const first = memory.loadPairIn(pool + FREE_BLOCK);
      const firstHigh = cpu.high;
      memory.storePairIn(low, first, firstHigh);
      this.putBack(pool, low, (first | firstHigh) === NULL, -1, 0);
      return;
    }
    const { nearWords } = cpu.memory;
    const link = nearWords[header + FREE_WORD]!;
    const linkHigh = nearWords[header + FREE_WORD + 1]!;
    nearWords[to] = link;
    nearWords[to + 1] = linkHigh;
    cpu.stamp(headerSlot, 1);
    cpu.stamp(cpu.heldSlot, 2);
    cpu.count(2, 1);
    this.putBack(pool, low, (link | linkHigh) === NULL, header, headerSlot);
  }

  /** Class of the pool that `block` lies in. */
  classOf(block: number): number {
    return this.memory.load32(block - (block & this.poolMask) + SIZE_CLASS);
  }

  /** Low word of a block of a used pool, found by held pages; NULL: nothing was done. */
  private takeHeld(sizeClass: number): number {
    const { cpu } = this.memory;
    const { high } = this;
    const { nearWords } = cpu.memory;
    const end = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES) | 0;
    const first = cpu.holdForLoads(end);
    if (first < 0) return NULL;
    const endSlot = cpu.heldSlot;
    const pool = nearWords[first]! | 0;
    // The end of an empty list is no multiple of a pool's size.
    if ((pool & this.poolMask) !== 0 || (nearWords[first + 1]! | 0) !== high) return NULL;
    const header = cpu.hold(pool);
    if (header < 0) return NULL;
    const headerSlot = cpu.heldSlot;
    const block = nearWords[header + FREE_WORD]! | 0;
    if ((nearWords[header + FREE_WORD + 1]! | 0) !== high) return NULL;
    const from = cpu.holdForLoads(block);
    if (from < 0) return NULL;
    cpu.stamp(endSlot, 1);
    cpu.stamp(headerSlot, 3);
    cpu.stamp(cpu.heldSlot, 4);
    cpu.count(4, 0);
    const used = nearWords[header]!;
    this.takeOut(pool, sizeClass, used, nearWords[from]! | 0, nearWords[from + 1]! | 0, header, headerSlot);
    return block;
  }

  private takeByAccess(sizeClass: number): number {
    const { memory, high } = this;
    const { cpu } = memory;
    const end = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES) | 0;
    const pool = memory.loadPairIn(end);
    if (cpu.high !== high) return this.takeAnywhere(sizeClass);
    if (pool === end - NEXT) return this.takeFromNewPool(sizeClass);
    const used = memory.loadWordIn(pool + USED);
    const block = memory.loadPairIn(pool + FREE_BLOCK);
    if (cpu.high !== high) return this.takeAnywhere(sizeClass);
    const link = memory.loadPairIn(block);
    this.takeOut(pool, sizeClass, used, link, cpu.high, -1, 0);
    return this.segment + (block >>> 0);
  }

  /**
   * The pool's first free block is taken: `link`, what it led to, is the first now. There may be none. `held`: the header,
   * as `hold` found it just now; -1: it is not held, or may not be any more.
   */
  private takeOut(
    pool: number,
    sizeClass: number,
    used: number,
    link: number,
    linkHigh: number,
    held: number,
    heldSlot: number,
  ): void {
    const { memory, high } = this;
    const { cpu } = memory;
    let header = held;
    let slot = heldSlot;
    if (header < 0 && (pool & this.poolMask) === 0) {
      header = cpu.hold(pool);
      slot = cpu.heldSlot;
    }
    if (header < 0) {
      memory.storeWordIn(pool + USED, used + 1);
      memory.storePairIn(pool + FREE_BLOCK, link, linkHigh);
      if ((link | linkHigh) === NULL) this.links.extend(pool, sizeClass);
      return;
    }
    const { nearWords } = cpu.memory;
    nearWords[header] = used + 1;
    nearWords[header + FREE_WORD] = link;
    nearWords[header + FREE_WORD + 1] = linkHigh;
    if ((link | linkHigh) !== NULL) {
      cpu.stamp(slot, 2);
      cpu.count(2, 2);
      return;
    }
    const offset = nearWords[header + NEXT_OFFSET_WORD]!;
    if (offset <= nearWords[header + MAX_NEXT_OFFSET_WORD]!) {
      // The next virgin block becomes the free list.
      const virgin = (pool + offset) | 0;
      nearWords[header + FREE_WORD] = virgin;
      nearWords[header + FREE_WORD + 1] = high;
      nearWords[header + NEXT_OFFSET_WORD] = offset + (sizeClass + 1) * this.alignment;
      cpu.stamp(slot, 6);
      cpu.count(6, 4);
      memory.storePairIn(virgin, 0, 0);
      return;
    }
    const next = nearWords[header + NEXT_WORD]! | 0;
    const previous = nearWords[header + PREVIOUS_WORD]! | 0;
    if ((nearWords[header + NEXT_WORD + 1]! | 0) !== high || (nearWords[header + PREVIOUS_WORD + 1]! | 0) !== high) {
      cpu.stamp(slot, 4);
      cpu.count(4, 2);
      this.links.unlink(this.segment + (pool >>> 0));
      return;
    }
    cpu.stamp(slot, 6);
    cpu.count(6, 2);
    this.storeBoth(next + PREVIOUS, previous, previous + NEXT, next);
  }

  /** Two stores of pointers, one after the other. */
  private storeBoth(to: number, pointer: number, thenTo: number, thenPointer: number): void {
    const { memory, high } = this;
    const { cpu } = memory;
    const at = cpu.hold(to);
    const slot = cpu.heldSlot;
    const thenAt = cpu.hold(thenTo);
    if ((at | thenAt) < 0) {
      memory.storePairIn(to, pointer, high);
      memory.storePairIn(thenTo, thenPointer, high);
      return;
    }
    const { nearWords } = cpu.memory;
    nearWords[at] = pointer;
    nearWords[at + 1] = high;
    nearWords[thenAt] = thenPointer;
    nearWords[thenAt + 1] = high;
    cpu.stamp(slot, 1);
    cpu.stamp(cpu.heldSlot, 2);
    cpu.count(2, 2);
  }

  /** The block at `low`, which has its link, goes in front of the pool's free ones; `wasFull`: there were none. */
  private putBack(pool: number, low: number, wasFull: boolean, held: number, heldSlot: number): void {
    const { memory, high } = this;
    const { cpu } = memory;
    let header = held;
    let slot = heldSlot;
    if (header < 0) {
      header = cpu.hold(pool);
      slot = cpu.heldSlot;
    }
    if (header < 0) {
      memory.storePairIn(pool + FREE_BLOCK, low, high);
      const left = memory.loadWordIn(pool + USED) - 1;
      memory.storeWordIn(pool + USED, left);
      if (wasFull) this.links.insertFirst(pool);
      else if (left === 0) this.retire(this.segment + (pool >>> 0));
      return;
    }
    const { nearWords } = cpu.memory;
    nearWords[header + FREE_WORD] = low;
    nearWords[header + FREE_WORD + 1] = high;
    const used = nearWords[header]! - 1;
    nearWords[header] = used;
    if (!wasFull) {
      cpu.stamp(slot, 3);
      cpu.count(3, 2);
      if (used === 0) this.retire(this.segment + (pool >>> 0));
      return;
    }
    // It is in no list: first in that of its class, so that it is filled up next.
    const sizeClass = nearWords[header + SIZE_CLASS_WORD]!;
    const end = (this.usedPoolsLow + sizeClass * USED_PAIR_BYTES) | 0;
    const first = sizeClass < this.classes ? cpu.holdForLoads(end) : -1;
    if (first < 0 || (nearWords[first + 1]! | 0) !== high) {
      cpu.stamp(slot, 3);
      cpu.count(3, 2);
      this.links.insertFirst(pool);
      return;
    }
    const next = nearWords[first]! | 0;
    nearWords[header + NEXT_WORD] = next;
    nearWords[header + NEXT_WORD + 1] = high;
    nearWords[header + PREVIOUS_WORD] = end - NEXT;
    nearWords[header + PREVIOUS_WORD + 1] = high;
    cpu.stamp(cpu.heldSlot, 5);
    cpu.stamp(slot, 7);
    cpu.count(7, 4);
    this.storeBoth(next + PREVIOUS, pool, end, pool);
  }

  /** `take` by full addresses: a list leads out of the segment. */
  private takeAnywhere(sizeClass: number): number {
    const { memory } = this;
    const pool = memory.load64(this.usedPools + sizeClass * USED_PAIR_BYTES);
    memory.store32(pool + USED, memory.load32(pool + USED) + 1);
    const block = memory.load64(pool + FREE_BLOCK);
    const link = this.links.copyLink(pool + FREE_BLOCK, block);
    if (link === NULL) this.links.extendAnywhere(pool, sizeClass);
    return block;
  }

  /** `give` by full addresses. */
  private giveAnywhere(block: number): void {
    const { memory } = this;
    const pool = block - (block & this.poolMask);
    const link = this.links.copyLink(block, pool + FREE_BLOCK);
    memory.store64(pool + FREE_BLOCK, block);
    const used = memory.load32(pool + USED) - 1;
    memory.store32(pool + USED, used);
    if (link === NULL) this.links.insertFirstAnywhere(pool);
    else if (used === 0) this.retire(pool);
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
      this.links.copyLink(pool + FREE_BLOCK, block);
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

  private retire(pool: number): void {
    this.links.unlink(pool);
    this.arenas.giveBackPool(pool);
  }
}
