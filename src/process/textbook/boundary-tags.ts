/**
 * Blocks with boundary tags (Knuth 2.5; CSAPP 9.9): a block can find both neighbours without a list.
 *
 *     used   |size+flags|1234567|payload ...                        |   the magic word only with headers of 8 and 16
 *     free   |size+flags|       |next|previous|            ... |size|   the size again in the last word
 *     fence  |0   +flags|                                               ends a segment, always used
 *
 * Sizes are the whole block's, multiples of 4 at least, so that two flags fit into their low bits: 1 this block is used,
 * 2 the one before is. Only when that is free is there a size in the word before the block. Words have 4 bytes, or 8 in
 * 16-byte headers.
 */
import { alignDown, alignUp } from '../../mmu/units.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { failAssertion } from './assertion.ts';
import { MAGIC } from './block-store.ts';
import { Links } from './links.ts';
import type { AllocatorState } from './state.ts';

export const USED = 1;
export const PREVIOUS_USED = 2;
const FLAGS = 4;

export class BoundaryTags {
  readonly header: number;
  readonly alignment: number;
  /** The smallest block: a free one with its links and both sizes. */
  readonly least: number;
  private readonly memory: ProgramMemory;
  private readonly links: Links;
  private readonly word: number;

  constructor(state: AllocatorState, header: number, alignment: number) {
    this.memory = state.memory;
    this.header = header;
    this.alignment = alignment;
    this.word = header === 16 ? 8 : 4;
    this.links = new Links(state, this.word);
    this.least = alignUp(header + 3 * this.word, alignment);
  }

  /** Bytes of the block that serves a request. */
  blockBytes(size: number): number {
    return Math.max(this.least, alignUp(size + this.header, this.alignment));
  }

  firstBlock(segmentStart: number): number {
    return alignUp(segmentStart + this.header, this.alignment) - this.header;
  }

  /** Where the fence of a segment that reaches to `end` is. */
  fence(segmentStart: number, end: number): number {
    const first = this.firstBlock(segmentStart);
    return first + alignDown(Math.max(0, end - this.word - first), this.alignment);
  }

  size(reader: MemoryReader, block: number): number {
    const tag = this.load(reader, block);
    return tag - (tag % FLAGS);
  }

  flags(reader: MemoryReader, block: number): number {
    return this.load(reader, block) % FLAGS;
  }

  isUsed(reader: MemoryReader, block: number): boolean {
    return (this.flags(reader, block) & USED) !== 0;
  }

  isPreviousUsed(reader: MemoryReader, block: number): boolean {
    return (this.flags(reader, block) & PREVIOUS_USED) !== 0;
  }

  /** The size of the free block before this one. */
  previousSize(reader: MemoryReader, block: number): number {
    return this.load(reader, block - this.word);
  }

  /** The size at the end of a free block of `size` bytes. */
  footer(reader: MemoryReader, block: number, size: number): number {
    return this.load(reader, block + size - this.word);
  }

  writeFence(block: number, flags: number): void {
    this.store(block, flags);
  }

  /** A used block of `size` bytes; the block behind is told. */
  writeUsed(block: number, size: number): void {
    this.store(block, size + USED + (this.flags(this.memory, block) & PREVIOUS_USED));
    if (this.header >= 8) this.store(block + this.word, MAGIC);
    this.store(block + size, this.size(this.memory, block + size) + this.told(block + size, true));
  }

  /** A free block of `size` bytes behind a used one (or behind one that is never merged); the block behind is told. */
  writeFree(block: number, size: number, flags: number): void {
    this.store(block, size + (flags & PREVIOUS_USED));
    if (this.header >= 8) this.store(block + this.word, 0);
    this.store(block + size - this.word, size);
    this.store(block + size, this.size(this.memory, block + size) + this.told(block + size, false));
  }

  next(reader: MemoryReader, block: number): number {
    return this.links.read(reader, block + this.header);
  }

  setNext(block: number, next: number): void {
    this.links.write(block + this.header, next);
  }

  previous(reader: MemoryReader, block: number): number {
    return this.links.read(reader, block + this.header + this.word);
  }

  setPrevious(block: number, previous: number): void {
    this.links.write(block + this.header + this.word, previous);
  }

  /** The block whose payload is at `address`; with a magic word that is not there, the program aborts. */
  claim(address: number): number {
    const block = Math.max(0, address - this.header);
    if (!this.hasMagic(this.memory, block)) failAssertion(this.memory, 'free', 'hptr->magic == 1234567');
    return block;
  }

  hasMagic(reader: MemoryReader, block: number): boolean {
    return this.header === 4 || this.load(reader, block + this.word) === MAGIC;
  }

  /** The flags of `block` once the one before it is used or not. */
  private told(block: number, used: boolean): number {
    return (this.flags(this.memory, block) & USED) + (used ? PREVIOUS_USED : 0);
  }

  private load(reader: MemoryReader, place: number): number {
    return this.word === 8 ? reader.load64(place) : reader.load32(place);
  }

  private store(place: number, value: number): void {
    if (this.word === 8) this.memory.store64(place, value);
    else this.memory.store32(place, value);
  }
}
