/**
 * A table of equal entries in memory of its own, for bookkeeping that does not stand in the blocks: it grows without moving.
 *
 * Chunk k is mapped when first needed and has room for 2^k times as many entries as chunk 0, so that 20 chunk addresses
 * (in the allocator's state) are enough for any heap:
 *
 *     state: [chunk 0][chunk 1][chunk 2] ...       entry n lies in chunk floor(log2(n / first + 1))
 *               |        |        `-> 4·first entries
 *               |        `----------> 2·first entries
 *               `-------------------> first entries, a page of them
 */
import { alignUp } from '../../mmu/units.ts';
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import { type AllocatorState, CHUNKS_MAX, STATE_CHUNKS, WORD_BYTES } from './state.ts';

export class GrowingTable {
  private readonly state: AllocatorState;
  private readonly entryBytes: number;
  /** Entries of chunk 0. */
  private readonly first: number;

  constructor(state: AllocatorState, entryBytes: number) {
    this.state = state;
    this.entryBytes = entryBytes;
    const { pageBytes } = state.memory;
    this.first = alignUp(Math.max(entryBytes, pageBytes), pageBytes) / entryBytes;
  }

  /** Where entry `index` is; its chunk must be there. */
  at(reader: MemoryReader, index: number): number {
    const chunk = this.chunkOf(index);
    const before = this.first * (2 ** chunk - 1);
    return this.state.get(reader, STATE_CHUNKS + chunk * WORD_BYTES) + (index - before) * this.entryBytes;
  }

  /** Is there a chunk for entry `index`? */
  has(reader: MemoryReader, index: number): boolean {
    const chunk = this.chunkOf(index);
    return chunk < CHUNKS_MAX && this.state.get(reader, STATE_CHUNKS + chunk * WORD_BYTES) !== 0;
  }

  /** Make room for entries up to `index`, zeroed. False: the kernel has no memory. */
  reach(index: number): boolean {
    const last = this.chunkOf(index);
    if (last >= CHUNKS_MAX) return false;
    // Upwards: where chunk k is, those before it are.
    for (let chunk = 0; chunk <= last; chunk++) {
      const word = STATE_CHUNKS + chunk * WORD_BYTES;
      if (this.state.get(this.state.memory, word) !== 0) continue;
      const address = this.state.memory.mmap(this.first * 2 ** chunk * this.entryBytes);
      if (address < 0) return false;
      this.state.set(word, address);
    }
    return true;
  }

  /** The chunks as regions that no program's block is in. */
  regions(reader: MemoryReader, name: string): HeapRegion[] {
    const found: HeapRegion[] = [];
    for (let chunk = 0; chunk < CHUNKS_MAX; chunk++) {
      const start = this.state.get(reader, STATE_CHUNKS + chunk * WORD_BYTES);
      if (start === 0) break;
      const bytes = this.first * 2 ** chunk * this.entryBytes;
      const block = { start, bytes, state: 'header', payload: null, payloadBytes: 0, detail: '' } as const;
      found.push({ name, start, end: start + bytes, blocks: [block] });
    }
    return found;
  }

  private chunkOf(index: number): number {
    return 31 - Math.clz32(Math.floor(index / this.first) + 1);
  }
}
