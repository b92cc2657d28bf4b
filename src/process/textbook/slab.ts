/**
 * malloc on slabs: a request goes to the cache with the smallest objects that hold it, a larger one gets whole units of the
 * heap (as Linux's kmalloc gives pages). What an address belongs to, the unit table says; no block has a header.
 */
import { type HeapRegion, NULL, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { failAssertion } from './assertion.ts';
import { HeapSource } from './heap-source.ts';
import { HEAP_BYTES_MAX, resolveSlab, type SlabOptions } from './options.ts';
import { SlabCaches } from './slab-caches.ts';
import { brokenSlabRules, slabRegions } from './slab-walk.ts';
import { TextbookHeap } from './textbook-heap.ts';
import { UnitGrid } from './unit-grid.ts';
import { UNIT_SLAB, UnitRuns } from './unit-runs.ts';

export class SlabAllocator extends TextbookHeap {
  readonly source: HeapSource;
  readonly grid: UnitGrid;
  readonly units: UnitRuns;
  readonly caches: SlabCaches;

  constructor(memory: ProgramMemory, state: number, options: SlabOptions) {
    super(memory, state);
    const resolved = resolveSlab(options);
    this.source = new HeapSource(this.state, resolved);
    this.grid = new UnitGrid(this.source, resolved.slabBytes, resolved.bytes === 0);
    this.units = new UnitRuns(this.state, this.source, this.grid);
    this.caches = new SlabCaches(this.state, this.grid, this.units, resolved);
  }

  malloc(size: Size): number {
    this.state.countRequest();
    if (typeof size !== 'number' || size > HEAP_BYTES_MAX) return this.state.countFailure();
    const cache = this.caches.cacheFor(size);
    if (cache >= 0) {
      const object = this.caches.allocate(cache);
      return object === 0 ? this.state.countFailure() : object;
    }
    const units = Math.ceil(size / this.grid.unitBytes);
    let unit = this.units.takeLarge(units);
    if (unit < 0 && this.caches.reap() > 0) unit = this.units.takeLarge(units);
    if (unit < 0 && this.units.grow(units)) unit = this.units.takeLarge(units);
    return unit < 0 ? this.state.countFailure() : this.grid.address(this.memory, unit);
  }

  free(address: number): void {
    if (address === NULL) return;
    const { grid, memory, units } = this;
    const unit = grid.unitOf(memory, address);
    const kind = unit < 0 ? 0 : units.kind(memory, unit);
    const start = grid.address(memory, unit);
    if (kind === UNIT_SLAB) {
      this.caches.release(start, address);
      return;
    }
    const large = UnitRuns.largeUnits(kind);
    if (large === 0 || address !== start) failAssertion(memory, 'free', 'unit->kind == SLAB || unit->kind == LARGE');
    units.release(unit, large);
  }

  usableSize(address: number): number {
    const { grid, memory, units } = this;
    const unit = address === NULL ? -1 : grid.unitOf(memory, address);
    if (unit < 0) return 0;
    const kind = units.kind(memory, unit);
    if (kind === UNIT_SLAB) return this.caches.objectBytes(this.caches.cacheOf(memory, grid.address(memory, unit)));
    return UnitRuns.largeUnits(kind) * grid.unitBytes;
  }

  regions(reader: MemoryReader): HeapRegion[] {
    return slabRegions(reader, this);
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenSlabRules(reader, this);
  }
}
