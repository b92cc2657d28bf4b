/**
 * How a list allocator writes down its blocks: in headers before them (in-band-blocks.ts) or in a table elsewhere
 * (segment-table.ts). The free list and the policies know only this.
 *
 * A block is named by a handle, a number that only its store can read (0: no block). `bytes` are always those of the whole
 * block, header included. Blocks tile each segment of the heap from its first possible block to its last:
 *
 *     segment |lost|hdr payload|hdr payload|hdr payload    |lost|       lost: less than the alignment
 *                  ^ every payload is aligned, every size a multiple of the alignment
 */
import { alignDown, alignUp } from '../../mmu/units.ts';
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';

/** OSTEP chapter 17: what an allocated block's header carries to be known by. */
export const MAGIC = 1234567;
/** In-band free blocks hold a size and a link of 4 bytes each at least. */
const FREE_WORDS = 8;

/** Sizes and places of blocks for a header and an alignment. */
export class BlockGeometry {
  /** Bytes before the payload. */
  readonly header: number;
  readonly alignment: number;
  /** The smallest block. */
  readonly least: number;

  constructor(header: number, alignment: number) {
    this.header = header;
    this.alignment = alignment;
    this.least = alignUp(Math.max(header + 1, header === 0 ? 1 : FREE_WORDS), alignment);
  }

  /** Bytes of the block that serves a request. */
  blockBytes(size: number): number {
    return Math.max(this.least, alignUp(size + this.header, this.alignment));
  }

  /** Where the first block of a segment starts. */
  firstBlock(segmentStart: number): number {
    return alignUp(segmentStart + this.header, this.alignment) - this.header;
  }

  /** Where the last block of a segment ends that reaches to `end`. */
  blocksEnd(segmentStart: number, end: number): number {
    const first = this.firstBlock(segmentStart);
    return end <= first ? first : first + alignDown(end - first, this.alignment);
  }
}

export interface BlockStore {
  readonly geometry: BlockGeometry;
  start(reader: MemoryReader, block: number): number;
  bytes(reader: MemoryReader, block: number): number;
  /** The next block of the free list. */
  next(reader: MemoryReader, block: number): number;
  setNext(block: number, next: number): void;
  /** Can one more block be written down? */
  prepare(): boolean;
  /** Fresh memory becomes a block, once `prepare` has said that it can. */
  adopt(start: number, bytes: number): number;
  /** Cut `block` to `bytes`: the handle of the rest; 0 when there is no memory to write it down. */
  split(block: number, bytes: number): number;
  /** `block` takes in `behind`, which starts where it ends. */
  absorb(block: number, behind: number): void;
  markUsed(block: number): void;
  /** The used block whose payload is at `address`. Where the store can tell that there is none, the program aborts. */
  claim(address: number): number;
  /** Bytes of the block with its payload at `address`, unchecked where the store has no way to check. */
  bytesAt(address: number): number;
  /** The block that starts a walk at `start`, a segment's first; 0: none. */
  firstFrom(reader: MemoryReader, start: number): number;
  /** The block after this one by address; 0: none. It need not lie in the same segment. */
  following(reader: MemoryReader, block: number): number;
  /** Does the store say that this block is used? null: it cannot tell, only the free list can. */
  isUsed(reader: MemoryReader, block: number): boolean | null;
  /** Memory that the blocks are written down in, when it is not the heap. */
  bookkeeping(reader: MemoryReader): HeapRegion[];
}
