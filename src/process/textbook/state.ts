/**
 * The variables of a textbook allocator: words in the program's zeroed bss. Addresses and counts take 8 bytes each, so
 * that the same layout serves 32- and 64-bit machines.
 *
 *     +0    ready       0 until the first request
 *     +8    requests, failures, searched, searchedLast, splits, coalesces
 *     +56   origin      what links are counted from (links.ts)
 *     +64   segments    how many stretches of memory there are
 *     +72   8 × {start, end}
 *     +200  20 words: the addresses of the bookkeeping table's chunks (growing-table.ts)
 *     +360  the policy's own words: list heads
 */
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';

/** Bytes of zeroed memory that every textbook allocator wants at its `state`. */
export const TEXTBOOK_STATE_BYTES = 1024;

export const WORD_BYTES = 8;
export const STATE_READY = 0;
export const STATE_REQUESTS = 8;
export const STATE_FAILURES = 16;
export const STATE_SEARCHED = 24;
export const STATE_SEARCHED_LAST = 32;
export const STATE_SPLITS = 40;
export const STATE_COALESCES = 48;
export const STATE_ORIGIN = 56;
export const STATE_SEGMENTS = 64;
export const STATE_SEGMENT = 72;
export const SEGMENTS_MAX = 8;
export const STATE_CHUNKS = 200;
export const CHUNKS_MAX = 20;
export const STATE_POLICY = 360;

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
