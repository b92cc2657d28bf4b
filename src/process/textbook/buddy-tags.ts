/**
 * What a buddy system knows of each block: one byte, its order with a mark for used or free. It stands in the block's header,
 * or without headers in a table with a byte for each smallest block, of which only those where a block starts count.
 *
 *     0          no block starts here            header 4    |tag|-|-|-|payload
 *     0x40 | k   a used block of 2^k bytes       header 8    |tag|-|-|-|1234567|payload
 *     0x80 | k   a free block of 2^k bytes       header 16   |tag, 8 bytes|1234567, 8 bytes|payload
 */
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { failAssertion } from './assertion.ts';
import { MAGIC } from './block-store.ts';
import { GrowingTable } from './growing-table.ts';
import type { AllocatorState } from './state.ts';
import type { UnitGrid } from './unit-grid.ts';

export const TAG_USED = 0x40;
export const TAG_FREE = 0x80;
/** Blocks of 2^31 bytes are the largest. */
export const ORDERS = 32;
const ORDER_MASK = 0x1f;

export function orderOf(tag: number): number {
  return tag & ORDER_MASK;
}

export class BuddyTags {
  private readonly memory: ProgramMemory;
  private readonly grid: UnitGrid;
  private readonly header: number;
  private readonly table: GrowingTable;

  constructor(state: AllocatorState, grid: UnitGrid, header: number) {
    this.memory = state.memory;
    this.grid = grid;
    this.header = header;
    this.table = new GrowingTable(state, 1);
  }

  /** Room for the tags of units before `end`. False: the kernel has no memory for the table. */
  reach(end: number): boolean {
    return this.header > 0 || this.table.reach(end - 1);
  }

  /** The tag of the block at `block`, an address where one starts. */
  read(reader: MemoryReader, block: number): number {
    if (this.header > 0) return reader.load8(block);
    const unit = this.grid.unitOf(reader, block);
    return unit >= 0 && this.table.has(reader, unit) ? reader.load8(this.table.at(reader, unit)) : 0;
  }

  write(block: number, tag: number): void {
    if (this.header === 0) {
      this.memory.store8(this.table.at(this.memory, this.grid.unitOf(this.memory, block)), tag);
      return;
    }
    this.memory.store8(block, tag);
    const magic = (tag & TAG_USED) !== 0 ? MAGIC : 0;
    if (this.header >= 8) this.memory.store32(block + this.header / 2, magic);
  }

  /** The block starts nowhere any more: it has become the upper half of another. */
  erase(block: number): void {
    if (this.header === 0) this.write(block, 0);
  }

  /** The used block whose payload is at `address`. Where the tags can tell that there is none, the program aborts. */
  claim(address: number): number {
    const block = Math.max(0, address - this.header);
    if (this.header === 0) {
      const unit = this.grid.unitOf(this.memory, block);
      const isStart = unit >= 0 && this.grid.address(this.memory, unit) === block;
      if (!isStart || (this.read(this.memory, block) & TAG_USED) === 0) {
        failAssertion(this.memory, 'free', 'block->state == USED');
      }
    } else if (this.header >= 8 && !this.hasMagic(this.memory, block)) {
      failAssertion(this.memory, 'free', 'hptr->magic == 1234567');
    }
    return block;
  }

  /** Does a used block carry its magic number, if it has one? */
  hasMagic(reader: MemoryReader, block: number): boolean {
    return this.header < 8 || reader.load32(block + this.header / 2) === MAGIC;
  }

  bookkeeping(reader: MemoryReader): HeapRegion[] {
    return this.header > 0 ? [] : this.table.regions(reader, 'order table');
  }
}
