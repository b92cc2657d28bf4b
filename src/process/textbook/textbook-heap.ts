/** What all textbook allocators have in common: the C library's four functions on top of malloc and free, and figures. */
import { type Allocator, type HeapRegion, NULL, productOf, type Size, type WalkableHeap } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import {
  AllocatorState,
  STATE_COALESCES,
  STATE_FAILURES,
  STATE_REQUESTS,
  STATE_SEARCHED,
  STATE_SEARCHED_LAST,
  STATE_SPLITS,
} from './state.ts';

export interface TextbookStatistics {
  /** Calls of malloc, those of calloc and realloc included. */
  readonly requests: number;
  /** Requests answered NULL. */
  readonly failures: number;
  /** List elements looked at by all requests, and by the last one. */
  readonly searched: number;
  readonly searchedLast: number;
  /** Blocks cut in two, and pairs of neighbours made one. For slabs: slabs cut into objects, and slabs given back. */
  readonly splits: number;
  readonly coalesces: number;
  /** Bytes of free blocks, headers included; and of the largest. */
  readonly freeBytes: number;
  readonly largestFree: number;
  /** 1 - largestFree / freeBytes: the part of free memory that one request cannot get. 0 when nothing is free. */
  readonly externalFragmentation: number;
}

export interface TextbookAllocator extends Allocator, WalkableHeap {
  statistics(reader: MemoryReader): TextbookStatistics;
}

export abstract class TextbookHeap implements TextbookAllocator {
  protected readonly memory: ProgramMemory;
  protected readonly state: AllocatorState;

  constructor(memory: ProgramMemory, state: number) {
    this.memory = memory;
    this.state = new AllocatorState(memory, state);
  }

  abstract malloc(size: Size): number;
  abstract free(address: number): void;
  abstract usableSize(address: number): number;
  abstract regions(reader: MemoryReader): HeapRegion[];
  abstract brokenRules(reader: MemoryReader): string[];

  calloc(count: Size, size: Size): number {
    const bytes = productOf(count, size);
    const address = this.malloc(bytes);
    if (address !== NULL) this.memory.fill(address, 0, Number(bytes));
    return address;
  }

  /** In place where the block is large enough, else a new block, a copy and a free; size 0 frees, as glibc's does. */
  realloc(address: number, size: Size): number {
    if (address === NULL) return this.malloc(size);
    if (size === 0) {
      this.free(address);
      return NULL;
    }
    const usable = this.usableSize(address);
    if (size <= usable) return address;
    const moved = this.malloc(size);
    if (moved === NULL) return NULL;
    this.memory.copy(moved, address, usable);
    this.free(address);
    return moved;
  }

  statistics(reader: MemoryReader): TextbookStatistics {
    let freeBytes = 0;
    let largestFree = 0;
    for (const { blocks } of this.regions(reader)) {
      for (const { state, bytes } of blocks) {
        if (state !== 'free') continue;
        freeBytes += bytes;
        largestFree = Math.max(largestFree, bytes);
      }
    }
    return {
      requests: this.state.get(reader, STATE_REQUESTS),
      failures: this.state.get(reader, STATE_FAILURES),
      searched: this.state.get(reader, STATE_SEARCHED),
      searchedLast: this.state.get(reader, STATE_SEARCHED_LAST),
      splits: this.state.get(reader, STATE_SPLITS),
      coalesces: this.state.get(reader, STATE_COALESCES),
      freeBytes,
      largestFree,
      externalFragmentation: freeBytes === 0 ? 0 : 1 - largestFree / freeBytes,
    };
  }
}
