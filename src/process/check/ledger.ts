/**
 * The notebook of a tool that watches a program's heap calls from outside, as Valgrind does: which blocks the program holds,
 * who gave them and where, and which it had. No allocator ever looks in here.
 *
 *     held     live blocks, by address
 *     gone     the last FREED_MAX blocks given back, a ring
 *     pieces   what is left of those: their bytes that were not given out anew since, by address
 *
 *     freed    |------------ 100 ------------|          the place of a freed block …
 *     live     |-- 24 --|                               … of which another got the first bytes:
 *     pieces             |-------- 76 -------|          only these still tell of the freed one
 *
 * I1: pieces lie inside their blocks, do not overlap each other, and no live block when it is noted.
 */
import type { Frame } from '../python/frame.ts';
import { AddressOrder } from './address-order.ts';

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

/** Bytes [address, end) of a freed block that no block was given since. */
export interface FreedPiece {
  readonly address: number;
  readonly end: number;
  readonly block: FreedBlock;
}

/** Blocks remembered after they were freed. */
const FREED_MAX = 10_000;

export class BlockLedger {
  private held = new AddressOrder<LiveBlock>();
  private pieces = new AddressOrder<FreedPiece>();
  private readonly gone: FreedBlock[] = [];
  /** Calls that gave a block, and that took one back. */
  allocations = 0;
  frees = 0;
  /** Bytes given in all. */
  bytesAllocated = 0;
  /** Bytes asked for in the live blocks. */
  liveBytes = 0;

  /** The live blocks by address; a new list each time. */
  get live(): readonly LiveBlock[] {
    return this.held.list();
  }

  get liveBlocks(): number {
    return this.held.size;
  }

  /** The program got a block. One that the ledger still held there is forgotten: its allocator gave the place anew. */
  note(block: LiveBlock): void {
    this.allocations++;
    this.bytesAllocated += block.size;
    this.liveBytes += block.size - (this.held.put(block)?.size ?? 0);
    this.cutPieces(block.address, endOf(block));
  }

  /** The block at exactly this address was freed. False when there is none. */
  release(address: number, freedBy: string, freedAt: Place): boolean {
    const block = this.held.remove(address);
    if (block === null) return false;
    this.liveBytes -= block.size;
    const slot = this.frees++ % FREED_MAX;
    const oldest = this.gone[slot];
    if (oldest !== undefined) this.forget(oldest);
    const { size, by, family, at } = block;
    const freed = { address, size, by, family, at, freedBy, freedAt };
    this.gone[slot] = freed;
    // In a heap that was broken, live blocks may overlap.
    this.cutPieces(address, endOf(block));
    this.pieces.put({ address, end: endOf(block), block: freed });
    return true;
  }

  /** The live block that starts at this address. */
  at(address: number): LiveBlock | null {
    return this.held.at(address);
  }

  /** The live block that holds all of [address, address + length). A block of 0 bytes holds nothing. */
  holding(address: number, length: number): LiveBlock | null {
    const block = this.before(address);
    return block !== null && address + length <= block.address + block.size ? block : null;
  }

  /** The live block that starts at or before the address, nearest to it. */
  before(address: number): LiveBlock | null {
    return this.held.before(address);
  }

  /** The live block that starts behind the address, nearest to it. */
  after(address: number): LiveBlock | null {
    return this.held.after(address);
  }

  /** What is left around the address of the block freed last that held it. */
  freedAround(address: number): FreedPiece | null {
    const piece = this.pieces.before(address);
    return piece !== null && address < piece.end ? piece : null;
  }

  /** A notebook of its own with the same entries: a forked child's. */
  copy(): BlockLedger {
    const copy = new BlockLedger();
    copy.held = this.held.copy();
    copy.pieces = this.pieces.copy();
    for (const block of this.gone) copy.gone.push(block);
    copy.allocations = this.allocations;
    copy.frees = this.frees;
    copy.bytesAllocated = this.bytesAllocated;
    copy.liveBytes = this.liveBytes;
    return copy;
  }

  /** Bytes [start, end) tell of no freed block any more. */
  private cutPieces(start: number, end: number): void {
    let piece = this.freedAround(start) ?? this.pieces.after(start);
    while (piece !== null && piece.address < end) {
      this.pieces.remove(piece.address);
      if (piece.address < start) this.pieces.put({ ...piece, end: start });
      if (piece.end > end) this.pieces.put({ ...piece, address: end });
      piece = this.pieces.after(Math.max(start, piece.address));
    }
  }

  private forget(block: FreedBlock): void {
    let piece = this.freedAround(block.address) ?? this.pieces.after(block.address);
    for (; piece !== null && piece.address < endOf(block); piece = this.pieces.after(piece.address)) {
      if (piece.block === block) this.pieces.remove(piece.address);
    }
  }
}

/** A block of 0 bytes has its address to itself. */
const endOf = ({ address, size }: LiveBlock): number => address + Math.max(1, size);
