/**
 * pymalloc, CPython's allocator of small blocks: sizes 1 to 512 from pools, everything else from the raw domain.
 *
 *     request ──small──▶ Pools ──no pool──▶ Arenas ──none usable──▶ arena allocator
 *         `──── 0, large, or no arena ────▶ raw domain, through its current record
 *
 * What it knows is bytes in the program's memory (layout.ts); this object holds addresses. Which domain calls (mem or
 * obj) it does not know. Public overflow checks come before it.
 * [Objects/obmalloc.c: _PyObject_Malloc, _PyObject_Calloc, _PyObject_Realloc, _PyObject_Free]
 */
import { type HeapRegion, NULL, productOf, type Size, type WalkableHeap } from '../../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';
import type { AllocatorFunctions } from '../allocator-record.ts';
import type { PythonProfile } from '../profiles.ts';
import { ArenaMap } from './arena-map.ts';
import { Arenas } from './arenas.ts';
import { countDown, countUp } from './block-counter.ts';
import type { PymallocHost } from './host.ts';
import { blockBytesOf, layoutOf, type PymallocLayout } from './layout.ts';
import { Pools } from './pools.ts';
import { heapRegions } from './regions.ts';
import { brokenRules } from './rules.ts';
import { statisticsText } from './statistics.ts';
import { liveBlocks, type PymallocSummary, summarize } from './summary.ts';
import { type BlockPlace, HeapWalk } from './walk.ts';

/** A block is resized in place when it shrinks by no more than a quarter: keep while 4 n > 3 class size. */
const PARTS = 4;
const KEPT_PARTS = 3;

export class Pymalloc implements AllocatorFunctions, WalkableHeap {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly layout: PymallocLayout;
  private readonly host: PymallocHost;
  private readonly map: ArenaMap | null;
  private readonly arenas: Arenas;
  private readonly pools: Pools;
  private readonly smallMax: number;
  private readonly classShift: number;
  private readonly countsAll: boolean;
  private readonly counter: number;

  /** `state`: `pymallocStateBytes(profile)` bytes, zeroed before the first `initialize`. */
  constructor(memory: ProgramMemory, state: number, profile: PythonProfile, host: PymallocHost) {
    const layout = layoutOf(profile, state);
    this.memory = memory;
    this.layout = layout;
    this.host = host;
    this.map = profile.radix === null ? null : new ArenaMap(memory, layout, host);
    this.arenas = new Arenas(memory, layout, host, this.map);
    this.pools = new Pools(memory, layout, this.arenas);
    this.smallMax = profile.smallMax;
    this.classShift = Math.log2(profile.alignment);
    this.countsAll = profile.blockCounter === 'all';
    this.counter = layout.blockCounter;
  }

  /** Once per program (and interpreter, from 3.12 on), before the first request. */
  initialize(): void {
    this.pools.initialize();
  }

  /** Sizes 0 and above 512, and all when no arena can be had, are the raw domain's. 0: no memory. */
  malloc(_ctx: number, size: Size): number {
    const block = this.small(size);
    if (block !== NULL) {
      if (this.countsAll) countUp(this.memory, this.counter);
      return block;
    }
    const raw = this.host.rawMalloc(size);
    if (raw !== NULL) countUp(this.memory, this.counter);
    return raw;
  }

  /** Zeroes the bytes asked for, not the rest of the block. The raw domain gets the two factors as they are. */
  calloc(_ctx: number, count: Size, size: Size): number {
    const bytes = productOf(count, size);
    const block = this.small(bytes);
    if (block !== NULL) {
      this.memory.fill(block, 0, Number(bytes));
      if (this.countsAll) countUp(this.memory, this.counter);
      return block;
    }
    const raw = this.host.rawCalloc(count, size);
    if (raw !== NULL) countUp(this.memory, this.counter);
    return raw;
  }

  /**
   * A block of the raw domain stays there, however small it gets. A pool's block stays where it is while it fits and
   * loses no more than a quarter of its class; else the new block is taken before the old one is freed. 0: no memory,
   * and the old block is as it was.
   */
  realloc(ctx: number, address: number, size: Size): number {
    if (address === NULL) return this.malloc(ctx, size);
    if (!this.isInside(address)) return this.reallocRaw(address, size);
    let kept: number = this.sizeOf(address);
    if (size <= kept) {
      const wanted = Number(size);
      if (PARTS * wanted > KEPT_PARTS * kept) return address;
      kept = wanted;
    }
    const block = this.malloc(ctx, size);
    if (block !== NULL) {
      this.memory.copy(block, address, kept);
      this.free(ctx, address);
    }
    return block;
  }

  free(_ctx: number, address: number): void {
    if (address === NULL) return;
    if (this.countsAll) countDown(this.memory, this.counter);
    if (this.isInside(address)) {
      this.pools.give(address);
      return;
    }
    this.host.rawFree(address);
    if (!this.countsAll) countDown(this.memory, this.counter);
  }

  /** Whether pymalloc takes `address` for its own: address_in_range. Reads the program's memory, and up to 3.9 anybody's. */
  isInside(address: number): boolean {
    return this.map === null ? this.arenas.holds(address) : this.map.covers(address);
  }

  /** Usable bytes of a pool's block: those of its class. `isInside(address)` holds. */
  sizeOf(address: number): number {
    return blockBytesOf(this.layout.profile, this.pools.classOf(address));
  }

  /** Where an address lies among the arenas; null: in no pool. */
  locate(address: number, reader: MemoryReader = this.memory): BlockPlace | null {
    return new HeapWalk(reader, this.layout).locate(address);
  }

  /** sys.getallocatedblocks(). */
  allocatedBlocks(reader: MemoryReader): number {
    return liveBlocks(new HeapWalk(reader, this.layout));
  }

  /**
   * The allocator's part of sys._debugmallocstats(), to the last newline. `serial`: up to 3.7 with debug hooks installed,
   * their number of calls.
   */
  statistics(reader: MemoryReader, serial: number | null = null): string {
    return statisticsText(new HeapWalk(reader, this.layout), serial);
  }

  /** Arenas held. */
  arenasNow(reader: MemoryReader): number {
    return reader.load64(this.layout.current);
  }

  summary(reader: MemoryReader): PymallocSummary {
    return summarize(new HeapWalk(reader, this.layout));
  }

  regions(reader: MemoryReader): HeapRegion[] {
    return heapRegions(new HeapWalk(reader, this.layout));
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenRules(new HeapWalk(reader, this.layout));
  }

  /** A pool's block if the size is small and there is a pool. */
  private small(size: Size): number {
    if (typeof size !== 'number' || size <= 0 || size > this.smallMax) return NULL;
    return this.pools.take((size - 1) >>> this.classShift);
  }

  private reallocRaw(address: number, size: Size): number {
    if (size !== 0 || !this.layout.profile.reallocsZeroAsOne) return this.host.rawRealloc(address, size);
    const block = this.host.rawRealloc(address, 1);
    return block === NULL ? address : block;
  }
}
