/**
 * The lowest raw allocator below the recorded debug hooks: it only ever goes forward, so a block's address says which request
 * it was, and what a freed block holds stays to be looked at.
 *
 *     0x300000000000  | room, 8 bytes | 8 bytes | block … | room | … | cursor →
 *                     multiple of 16                room: the block's bytes, a multiple of 16
 *
 * Written as a user of the library writes an allocator; its two words are in the program's memory, where ctx points.
 */
import { MAP_FIXED_NOREPLACE, MAP_NORESERVE } from '../../kernel/linux-abi.ts';
import { invariant } from '../../mmu/invariant.ts';
import { alignUp } from '../../mmu/units.ts';
import { NULL, productOf, type Size } from '../../process/allocator.ts';
import type { ProgramMemory } from '../../process/program-memory.ts';
import type { AllocatorFunctions } from '../../process/python/allocator-record.ts';

const FIRST = 0x300000000000;
const HEADER_BYTES = 16;
const ALIGNMENT = 16;
/** Requests above are refused. */
const LIMIT = 2 ** 30;
/** Memory is mapped ahead of the cursor in steps of this. */
const STEP = 2 ** 20;

const CURSOR = 0;
const MAPPED_END = 8;
export const BUMP_STATE_BYTES = 16;

export class BumpAllocator implements AllocatorFunctions {
  private readonly memory: ProgramMemory;

  constructor(memory: ProgramMemory) {
    this.memory = memory;
  }

  malloc(ctx: number, size: Size): number {
    return size > LIMIT ? NULL : this.take(ctx, Number(size));
  }

  /** Fresh memory is zero, and none is used twice. */
  calloc(ctx: number, count: Size, size: Size): number {
    return this.malloc(ctx, productOf(count, size));
  }

  /** In place while there is room; else all the room there was is copied. */
  realloc(ctx: number, address: number, size: Size): number {
    if (address === NULL) return this.malloc(ctx, size);
    if (size > LIMIT) return NULL;
    const room = this.memory.load64(address - HEADER_BYTES);
    if (size <= room) return address;
    const moved = this.take(ctx, Number(size));
    this.memory.copy(moved, address, room);
    return moved;
  }

  free(): void {}

  private take(ctx: number, size: number): number {
    const { memory } = this;
    const room = alignUp(Math.max(size, 1), ALIGNMENT);
    // A zeroed state stands at the beginning.
    const header = memory.load64(ctx + CURSOR) || FIRST;
    const block = header + HEADER_BYTES;
    this.mapUpTo(ctx, block + room);
    memory.store64(ctx + CURSOR, block + room);
    memory.store64(header, room);
    return block;
  }

  private mapUpTo(ctx: number, end: number): void {
    const { memory } = this;
    const mapped = memory.load64(ctx + MAPPED_END) || FIRST;
    if (end <= mapped) return;
    const wanted = alignUp(end, STEP);
    const given = memory.mmap(wanted - mapped, mapped, MAP_FIXED_NOREPLACE | MAP_NORESERVE);
    invariant(given === mapped, 'nothing else is mapped behind the recorded raw blocks');
    memory.store64(ctx + MAPPED_END, wanted);
  }
}
