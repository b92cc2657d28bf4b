/**
 * What a host may think of a heap who knows nothing of allocators: a list of blocks, each with an address, a size and bytes
 * that nobody else may touch.
 */
import { expect } from 'vitest';
import type { Family } from '../../../src/process/functions/function.ts';

export interface Block {
  readonly address: number;
  readonly size: number;
  readonly family: Family;
  /** Where in SAND its bytes are from. */
  readonly grain: number;
  /** Noted by tracemalloc. */
  readonly traced: boolean;
}

/** Bytes without a pattern that an allocator's words could be mistaken for. Blocks are filled with pieces of it. */
const SAND = new Uint8Array(1 << 18);
for (let at = 0, state = 1; at < SAND.length; at++) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  SAND[at] = (state >>> 16) | 1;
}
export const GRAINS = 8191;

export const sandOf = (block: Block, length = block.size): Uint8Array =>
  SAND.subarray(block.grain, block.grain + length);

/** The live blocks of one process, by address. */
export class ModelHeap {
  /** Ascending, no two of them overlapping. A block of 0 bytes has its address for itself. */
  blocks: Block[] = [];
  tracing = false;
  /** A host allocator that refuses requests has been installed, and one in the raw domain. */
  mayRefuse = false;
  rawRefuses = false;

  add(block: Block): void {
    let low = 0;
    for (let high = this.blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.blocks[middle]!.address < block.address) low = middle + 1;
      else high = middle;
    }
    const before = this.blocks[low - 1];
    const after = this.blocks[low];
    const end = (one: Block) => one.address + Math.max(1, one.size);
    if (before !== undefined && end(before) > block.address) expect.fail(overlap(before, block));
    if (after !== undefined && end(block) > after.address) expect.fail(overlap(block, after));
    this.blocks.splice(low, 0, block);
  }

  remove(block: Block): void {
    this.blocks.splice(this.blocks.indexOf(block), 1);
  }

  fork(): ModelHeap {
    const copy = new ModelHeap();
    copy.blocks = [...this.blocks];
    copy.tracing = this.tracing;
    copy.mayRefuse = this.mayRefuse;
    copy.rawRefuses = this.rawRefuses;
    return copy;
  }

  get tracedBytes(): number {
    return this.blocks.reduce((sum, { size, traced }) => sum + (traced ? size : 0), 0);
  }
}

const overlap = (one: Block, other: Block): string =>
  `${one.size} bytes of ${one.family} at 0x${one.address.toString(16)} overlap ${other.size} of ${other.family} at 0x${other.address.toString(16)}`;
