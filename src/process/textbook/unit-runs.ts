/**
 * Whole units for slabs and large blocks: a table with a word for each unit says what it is.
 *
 *     0  free      1  a slab      2  the rest of a large block      3 + n  a large block of n units starts here
 *
 * A run of units is found first fit, by address. Free runs need no merging: they are the zeros of the table.
 */
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { GrowingTable } from './growing-table.ts';
import type { HeapSource } from './heap-source.ts';
import type { AllocatorState } from './state.ts';
import type { UnitGrid } from './unit-grid.ts';

export const UNIT_FREE = 0;
export const UNIT_SLAB = 1;
export const UNIT_REST = 2;
const LARGE = 3;

export class UnitRuns {
  private readonly memory: ProgramMemory;
  private readonly state: AllocatorState;
  private readonly source: HeapSource;
  private readonly grid: UnitGrid;
  private readonly table: GrowingTable;

  constructor(state: AllocatorState, source: HeapSource, grid: UnitGrid) {
    this.memory = state.memory;
    this.state = state;
    this.source = source;
    this.grid = grid;
    this.table = new GrowingTable(state, 4);
  }

  /** What `unit` is. A unit that the table has no room for counts as the rest of something. */
  kind(reader: MemoryReader, unit: number): number {
    return this.table.has(reader, unit) ? reader.load32(this.table.at(reader, unit)) : UNIT_REST;
  }

  /** Units of the large block that starts at a unit of this kind; 0: it is no such unit. */
  static largeUnits(kind: number): number {
    return kind > LARGE ? kind - LARGE : 0;
  }

  takeSlab(): number {
    const unit = this.take(1);
    if (unit >= 0) this.set(unit, UNIT_SLAB);
    return unit;
  }

  /** The first unit of `units` for one large block; -1: there are not so many in a row. */
  takeLarge(units: number): number {
    const unit = this.take(units);
    if (unit < 0) return -1;
    this.set(unit, LARGE + units);
    for (let rest = 1; rest < units; rest++) this.set(unit + rest, UNIT_REST);
    return unit;
  }

  release(unit: number, units: number): void {
    for (let index = 0; index < units; index++) this.set(unit + index, UNIT_FREE);
  }

  /** More memory, `units` units of it in a row. */
  grow(units: number): boolean {
    const { memory } = this;
    const bytes = this.grid.bytesFor(memory, units, 1);
    // The table first: units that it cannot describe would be lost.
    if (!this.table.reach(this.grid.endAfter(memory, bytes) - 1) || this.source.grow(bytes) === 0) return false;
    const end = this.grid.endUnit(memory, this.source.count(memory) - 1);
    return end > 0 && this.table.reach(end - 1);
  }

  bookkeeping(reader: MemoryReader): HeapRegion[] {
    return this.table.regions(reader, 'unit table');
  }

  /** Each unit looked at counts as an element searched. */
  private take(units: number): number {
    const { grid, memory, source } = this;
    let searched = 0;
    let found = -1;
    const count = source.count(memory);
    for (let segment = 0; segment < count && found < 0; segment++) {
      const end = grid.endUnit(memory, segment);
      let run = 0;
      for (let unit = grid.firstUnit(memory, segment); unit < end && found < 0; unit++) {
        searched++;
        run = this.kind(memory, unit) === UNIT_FREE ? run + 1 : 0;
        if (run === units) found = unit - units + 1;
      }
    }
    this.state.countSearched(searched);
    return found;
  }

  private set(unit: number, kind: number): void {
    this.memory.store32(this.table.at(this.memory, unit), kind);
  }
}
