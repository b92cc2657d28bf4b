/**
 * The notebook of a tool that watches a program's heap calls from outside, as Valgrind does: which blocks the program holds,
 * who gave them and where, and which it had. No allocator ever looks in here.
 *
 *     starts   [0x1000, 0x1040, 0x2000]      addresses of the live blocks, ascending
 *     blocks   [ {...},  {...},  {...} ]     beside them
 *     freed    the last FREED_MAX blocks given back, oldest first
 *
 * I1: starts is strictly ascending; blocks[i].address = starts[i].
 */
import type { Frame } from '../python/frame.ts';

/** Where in the program a call stood. */
export interface Place {
  /** Step of the machine's clock. */
  readonly step: number;
  /** Innermost frame; null when nobody said. */
  readonly frame: Frame | null;
}

export interface LiveBlock {
  readonly address: number;
  /** Bytes the program asked for. */
  readonly size: number;
  /** `malloc`, `PyObject_Malloc`. */
  readonly by: string;
  /** The family whose free must take it back: `libc`, `raw`, `mem`, `obj`. */
  readonly family: string;
  readonly at: Place;
}

export interface FreedBlock extends LiveBlock {
  readonly freedBy: string;
  readonly freedAt: Place;
}

/** Blocks remembered after they were freed. */
const FREED_MAX = 10_000;

export class BlockLedger {
  private readonly starts: number[] = [];
  private readonly blocks: LiveBlock[] = [];
  private readonly gone: FreedBlock[] = [];
  /** Calls that gave a block, and that took one back. */
  allocations = 0;
  frees = 0;
  /** Bytes given in all. */
  bytesAllocated = 0;

  get live(): readonly LiveBlock[] {
    return this.blocks;
  }

  /** Blocks given back, oldest first. */
  get freed(): readonly FreedBlock[] {
    return this.gone;
  }

  get liveBytes(): number {
    return this.blocks.reduce((sum, { size }) => sum + size, 0);
  }

  /** The program got a block. One that the ledger still held there is forgotten: its allocator gave the place anew. */
  note(block: LiveBlock): void {
    const index = this.indexFrom(block.address);
    this.allocations++;
    this.bytesAllocated += block.size;
    if (this.starts[index] === block.address) {
      this.blocks[index] = block;
      return;
    }
    this.starts.splice(index, 0, block.address);
    this.blocks.splice(index, 0, block);
  }

  /** The block at exactly this address was freed. False when there is none. */
  release(address: number, freedBy: string, freedAt: Place): boolean {
    const index = this.indexFrom(address);
    const block = this.blocks[index];
    if (block === undefined || block.address !== address) return false;
    this.starts.splice(index, 1);
    this.blocks.splice(index, 1);
    this.frees++;
    this.gone.push({ ...block, freedBy, freedAt });
    if (this.gone.length > FREED_MAX) this.gone.shift();
    return true;
  }

  /** The live block that starts at this address. */
  at(address: number): LiveBlock | null {
    const block = this.blocks[this.indexFrom(address)];
    return block !== undefined && block.address === address ? block : null;
  }

  /** The live block that holds all of [address, address + length). A block of 0 bytes holds nothing. */
  holding(address: number, length: number): LiveBlock | null {
    const block = this.before(address);
    return block !== null && address + length <= block.address + block.size ? block : null;
  }

  /** The live block that starts at or before the address, nearest to it. */
  before(address: number): LiveBlock | null {
    const index = this.indexFrom(address);
    return (this.starts[index] === address ? this.blocks[index] : this.blocks[index - 1]) ?? null;
  }

  /** The live block that starts behind the address, nearest to it. */
  after(address: number): LiveBlock | null {
    const index = this.indexFrom(address);
    return (this.starts[index] === address ? this.blocks[index + 1] : this.blocks[index]) ?? null;
  }

  /** The block freed last that held this address. */
  lastFreedAround(address: number): FreedBlock | null {
    for (let index = this.gone.length - 1; index >= 0; index--) {
      const block = this.gone[index]!;
      if (address >= block.address && address < block.address + Math.max(1, block.size)) return block;
    }
    return null;
  }

  /** A notebook of its own with the same entries: a forked child's. */
  copy(): BlockLedger {
    const copy = new BlockLedger();
    copy.starts.push(...this.starts);
    copy.blocks.push(...this.blocks);
    copy.gone.push(...this.gone);
    copy.allocations = this.allocations;
    copy.frees = this.frees;
    copy.bytesAllocated = this.bytesAllocated;
    return copy;
  }

  /** Index of the first start at or behind the address. */
  private indexFrom(address: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
