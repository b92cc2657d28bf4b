/**
 * The variables of a textbook allocator: words in the program's zeroed bss. Addresses and counts take 8 bytes each, so
 * that the same layout serves 32- and 64-bit machines.
 *
 *     +0    requests, failures, searched, searchedLast, splits, coalesces
 *     +48   origin      what links are counted from (links.ts)
 *     +56   segments    how many stretches of memory there are
 *     +64   8 × {start, end}
 *     +192  20 words: the addresses of the bookkeeping table's chunks (growing-table.ts)
 *     +352  the policy's own words: list heads
 */
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';

/** Bytes of zeroed memory that every textbook allocator wants at its `state`. */
export const TEXTBOOK_STATE_BYTES = 1024;

export const WORD_BYTES = 8;
export const STATE_REQUESTS = 0;
export const STATE_FAILURES = 8;
export const STATE_SEARCHED = 16;
export const STATE_SEARCHED_LAST = 24;
export const STATE_SPLITS = 32;
export const STATE_COALESCES = 40;
export const STATE_ORIGIN = 48;
export const STATE_SEGMENTS = 56;
export const STATE_SEGMENT = 64;
export const SEGMENTS_MAX = 8;
export const STATE_CHUNKS = 192;
export const CHUNKS_MAX = 20;
export const STATE_POLICY = 352;

/** Named words at fixed places of the bss. */
export class AllocatorState {
  readonly memory: ProgramMemory;
  readonly address: number;

  constructor(memory: ProgramMemory, address: number) {
    this.memory = memory;
    this.address = address;
  }

  get(reader: MemoryReader, word: number): number {
    return reader.load64(this.address + word);
  }

  set(word: number, value: number): void {
    this.memory.store64(this.address + word, value);
  }

  add(word: number, by: number): void {
    this.set(word, this.get(this.memory, word) + by);
  }

  /** A request begins: nothing looked at yet. */
  countRequest(): void {
    this.add(STATE_REQUESTS, 1);
    this.set(STATE_SEARCHED_LAST, 0);
  }

  countSearched(elements: number): void {
    this.add(STATE_SEARCHED, elements);
    this.add(STATE_SEARCHED_LAST, elements);
  }

  /** The request fails; NULL, for `return`. */
  countFailure(): number {
    this.add(STATE_FAILURES, 1);
    return 0;
  }
}
