/**
 * Blocks with headers, as in OSTEP chapter 17. A free block's link stands where a used one has the magic number, or, with a
 * header of the size alone, in the payload.
 *
 *     header 4    used |size    |payload ...         free |size    |next    |...
 *     header 8    used |size    |1234567 |payload    free |size    |next    |...      4-byte words
 *     header 16   used |size    |1234567 |payload    free |size    |next    |...      8-byte words
 *
 * `size` counts the payload, as in the book (4088 for a free heap of 4096). A block's handle is its address.
 */
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { failAssertion } from './assertion.ts';
import { type BlockGeometry, type BlockStore, MAGIC } from './block-store.ts';
import { Links } from './links.ts';
import type { AllocatorState } from './state.ts';

export class InBandBlocks implements BlockStore {
  readonly geometry: BlockGeometry;
  private readonly memory: ProgramMemory;
  private readonly links: Links;
  /** Bytes of a header word: 4, or 8 in 16-byte headers. */
  private readonly word: number;

  constructor(state: AllocatorState, geometry: BlockGeometry) {
    this.memory = state.memory;
    this.geometry = geometry;
    this.word = geometry.header === 16 ? 8 : 4;
    this.links = new Links(state, this.word);
  }

  start(_reader: MemoryReader, block: number): number {
    return block;
  }

  bytes(reader: MemoryReader, block: number): number {
    return this.geometry.header + this.load(reader, block);
  }

  next(reader: MemoryReader, block: number): number {
    return this.links.read(reader, block + this.word);
  }

  setNext(block: number, next: number): void {
    this.links.write(block + this.word, next);
  }

  prepare(): boolean {
    return true;
  }

  adopt(start: number, bytes: number): number {
    this.setBytes(start, bytes);
    return start;
  }

  split(block: number, bytes: number): number {
    const rest = block + bytes;
    this.setBytes(rest, this.bytes(this.memory, block) - bytes);
    this.setBytes(block, bytes);
    return rest;
  }

  absorb(block: number, behind: number): void {
    this.setBytes(block, this.bytes(this.memory, block) + this.bytes(this.memory, behind));
  }

  markUsed(block: number): void {
    if (this.geometry.header === 4) return;
    if (this.word === 8) this.memory.store64(block + 8, MAGIC);
    else this.memory.store32(block + 4, MAGIC);
  }

  claim(address: number): number {
    const block = this.blockOf(address);
    if (this.isUsed(this.memory, block) === false) failAssertion(this.memory, 'free', 'hptr->magic == 1234567');
    return block;
  }

  bytesAt(address: number): number {
    return this.bytes(this.memory, this.blockOf(address));
  }

  firstFrom(_reader: MemoryReader, start: number): number {
    return start;
  }

  following(reader: MemoryReader, block: number): number {
    return block + this.bytes(reader, block);
  }

  isUsed(reader: MemoryReader, block: number): boolean | null {
    return this.geometry.header === 4 ? null : this.load(reader, block + this.word) === MAGIC;
  }

  bookkeeping(): HeapRegion[] {
    return [];
  }

  /** Nothing lies before address 0, where nothing is mapped either: such a header faults. */
  private blockOf(address: number): number {
    return Math.max(0, address - this.geometry.header);
  }

  private load(reader: MemoryReader, place: number): number {
    return this.word === 8 ? reader.load64(place) : reader.load32(place);
  }

  private setBytes(block: number, bytes: number): void {
    const size = bytes - this.geometry.header;
    if (this.word === 8) this.memory.store64(block, size);
    else this.memory.store32(block, size);
  }
}
