/**
 * Caches of objects of one size, cut from slabs (Bonwick 1994; Linux's kmem_cache).
 *
 *     cache (in the state)          slab (one unit of the heap)
 *     |partial|full|empty|count|    |cache|in use|free|next|previous| object 0 | object 1 | object 2 | lost
 *         |                                        |                            ^ its first word: the next free one
 *         `-> slab <-> slab                        `-> number of a free object, from 1; 0: none
 *
 * A slab is in the list of its state: partial, full, or empty (at most `keepEmpty` of those, the others are given back).
 * Objects carry no header: the slab they are in is found by their address.
 */
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { Links } from './links.ts';
import { type ResolvedSlab, slabObjectsOffset } from './options.ts';
import { type AllocatorState, STATE_COALESCES, STATE_POLICY, STATE_SPLITS } from './state.ts';
import type { UnitGrid } from './unit-grid.ts';
import type { UnitRuns } from './unit-runs.ts';

const CACHE_BYTES = 32;
/** Words of a cache: list heads, and the number of empty slabs. */
export const PARTIAL = 0;
export const FULL = 8;
export const EMPTY = 16;
const EMPTY_COUNT = 24;
/** Words of a slab. */
const IN_USE = 4;
const FREE = 8;
const NEXT = 12;
const PREVIOUS = 16;

export class SlabCaches {
  readonly options: ResolvedSlab;
  private readonly memory: ProgramMemory;
  private readonly state: AllocatorState;
  private readonly grid: UnitGrid;
  private readonly units: UnitRuns;
  private readonly links: Links;

  constructor(state: AllocatorState, grid: UnitGrid, units: UnitRuns, options: ResolvedSlab) {
    this.memory = state.memory;
    this.state = state;
    this.grid = grid;
    this.units = units;
    this.options = options;
    this.links = new Links(state, 4);
  }

  get count(): number {
    return this.options.objectSizes.length;
  }

  /** The cache for requests of `size` bytes; -1: none has objects so large. */
  cacheFor(size: number): number {
    return this.options.objectSizes.findIndex((objectBytes) => objectBytes >= size);
  }

  objectBytes(cache: number): number {
    return this.options.objectSizes[cache] ?? 0;
  }

  /** Where object `index` (from 0) of a slab is. */
  object(slab: number, cache: number, index: number): number {
    const bytes = this.objectBytes(cache);
    return slab + slabObjectsOffset(bytes) + index * bytes;
  }

  perSlab(cache: number): number {
    const bytes = this.objectBytes(cache);
    return Math.floor((this.options.slabBytes - slabObjectsOffset(bytes)) / bytes);
  }

  /** An object of the cache; 0: there is no slab to be had. Each slab looked at counts as an element searched. */
  allocate(cache: number): number {
    const { memory } = this;
    this.state.countSearched(1);
    let slab = this.first(memory, cache, PARTIAL);
    if (slab === 0) {
      slab = this.first(memory, cache, EMPTY);
      if (slab !== 0) this.countEmpty(cache, -1);
      else slab = this.newSlab(cache);
      if (slab === 0) return 0;
      this.move(slab, cache, EMPTY, PARTIAL);
    }
    const index = this.firstFree(memory, slab);
    const object = this.object(slab, cache, index - 1);
    memory.store32(slab + FREE, memory.load32(object));
    const inUse = this.inUse(memory, slab) + 1;
    memory.store32(slab + IN_USE, inUse);
    if (inUse === this.perSlab(cache)) this.move(slab, cache, PARTIAL, FULL);
    return object;
  }

  /** `address` lies in `slab`. Whether it is an object's, and a used one's, nobody checks. */
  release(slab: number, address: number): void {
    const { memory } = this;
    const cache = this.cacheOf(memory, slab);
    const index = Math.floor((address - this.object(slab, cache, 0)) / this.objectBytes(cache));
    memory.store32(address, this.firstFree(memory, slab));
    memory.store32(slab + FREE, index + 1);
    const inUse = this.inUse(memory, slab) - 1;
    memory.store32(slab + IN_USE, inUse);
    if (inUse === this.perSlab(cache) - 1) this.move(slab, cache, FULL, PARTIAL);
    if (inUse !== 0) return;
    if (this.emptySlabs(memory, cache) >= this.options.keepEmpty) this.giveBack(slab, cache, PARTIAL);
    else {
      this.move(slab, cache, PARTIAL, EMPTY);
      this.countEmpty(cache, 1);
    }
  }

  /** Give back every empty slab. How many. */
  reap(): number {
    let reaped = 0;
    for (let cache = 0; cache < this.count; cache++) {
      for (let slab = this.first(this.memory, cache, EMPTY); slab !== 0; slab = this.first(this.memory, cache, EMPTY)) {
        this.giveBack(slab, cache, EMPTY);
        this.countEmpty(cache, -1);
        reaped++;
      }
    }
    return reaped;
  }

  first(reader: MemoryReader, cache: number, list: number): number {
    return this.state.get(reader, this.word(cache, list));
  }

  emptySlabs(reader: MemoryReader, cache: number): number {
    return this.state.get(reader, this.word(cache, EMPTY_COUNT));
  }

  cacheOf(reader: MemoryReader, slab: number): number {
    return reader.load32(slab);
  }

  inUse(reader: MemoryReader, slab: number): number {
    return reader.load32(slab + IN_USE);
  }

  /** Number of the first free object, from 1; 0: none. */
  firstFree(reader: MemoryReader, slab: number): number {
    return reader.load32(slab + FREE);
  }

  next(reader: MemoryReader, slab: number): number {
    return this.links.read(reader, slab + NEXT);
  }

  previous(reader: MemoryReader, slab: number): number {
    return this.links.read(reader, slab + PREVIOUS);
  }

  /** A slab of free objects, in the cache's empty list; 0: no memory. */
  private newSlab(cache: number): number {
    let unit = this.units.takeSlab();
    if (unit < 0 && this.units.grow(1)) unit = this.units.takeSlab();
    if (unit < 0 && this.reap() > 0) unit = this.units.takeSlab();
    if (unit < 0) return 0;
    const { memory } = this;
    const slab = this.grid.address(memory, unit);
    const objects = this.perSlab(cache);
    memory.store32(slab, cache);
    memory.store32(slab + IN_USE, 0);
    memory.store32(slab + FREE, 1);
    for (let index = 0; index < objects; index++) {
      memory.store32(this.object(slab, cache, index), index + 1 < objects ? index + 2 : 0);
    }
    this.link(slab, cache, EMPTY);
    this.state.add(STATE_SPLITS, 1);
    return slab;
  }

  private giveBack(slab: number, cache: number, list: number): void {
    this.unlink(slab, cache, list);
    this.units.release(this.grid.unitOf(this.memory, slab), 1);
    this.state.add(STATE_COALESCES, 1);
  }

  private countEmpty(cache: number, by: number): void {
    this.state.add(this.word(cache, EMPTY_COUNT), by);
  }

  private word(cache: number, word: number): number {
    return STATE_POLICY + cache * CACHE_BYTES + word;
  }

  private move(slab: number, cache: number, from: number, to: number): void {
    this.unlink(slab, cache, from);
    this.link(slab, cache, to);
  }

  private link(slab: number, cache: number, list: number): void {
    const next = this.first(this.memory, cache, list);
    this.links.write(slab + NEXT, next);
    this.links.write(slab + PREVIOUS, 0);
    if (next !== 0) this.links.write(next + PREVIOUS, slab);
    this.state.set(this.word(cache, list), slab);
  }

  private unlink(slab: number, cache: number, list: number): void {
    const next = this.next(this.memory, slab);
    const previous = this.previous(this.memory, slab);
    if (previous === 0) this.state.set(this.word(cache, list), next);
    else this.links.write(previous + NEXT, next);
    if (next !== 0) this.links.write(next + PREVIOUS, previous);
  }
}
