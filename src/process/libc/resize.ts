/**
 * realloc [malloc/malloc.c:__libc_realloc, _int_realloc]: in place when the chunk is long enough, or top or a free chunk
 * behind it makes it so; else a new chunk, a copy, and the old one freed.
 */
import type { Size } from '../allocator.ts';
import { allocate } from './allocate.ts';
import { unlink } from './bins.ts';
import { assertionFailed, corrupted } from './failure.ts';
import {
  ALIGNMENT,
  CHUNK_MIN,
  chunkFor,
  chunkSize,
  HEADER_BYTES,
  INEXACT,
  isPreviousInUse,
  nextChunk,
  PREV_INUSE,
  SIZE,
  setPreviousInUse,
  setSizeKeepingFlags,
  WORD_BYTES,
} from './layout.ts';
import { remapChunk, unmapChunk } from './mapped.ts';
import { release } from './release.ts';
import { type Arena, SYSTEM_MEM, TOP } from './state.ts';

/** The front door, where there is no way round it: a plain malloc of that many bytes. */
export interface Malloc {
  malloc(size: Size): number;
}

/** Stop the program if `chunk`, which is to be resized, cannot be one. */
export function checkOld(arena: Arena, chunk: number): void {
  const { memory } = arena;
  const size = chunkSize(memory, chunk);
  const isPastEnd = size === 0 || (size >= INEXACT && BigInt(chunk) > 2n ** 64n - (memory.loadBig(chunk + SIZE) & ~7n));
  if (isPastEnd || (chunk & (ALIGNMENT - 1)) !== 0) corrupted(memory, 'realloc(): invalid pointer');
}

/** realloc of a mapped chunk's payload to a size that is not 0. */
export function resizeMapped(arena: Arena, front: Malloc, payload: number, request: Size): number {
  const { memory } = arena;
  const chunk = payload - HEADER_BYTES;
  checkOld(arena, chunk);
  const size = chunkFor(request);
  if (size < 0) return 0;
  const moved = remapChunk(arena, chunk, size);
  if (moved !== 0) return moved + HEADER_BYTES;
  const oldSize = chunkSize(memory, chunk);
  if (oldSize - WORD_BYTES >= size) return payload;
  const copy = front.malloc(request);
  if (copy === 0) return 0;
  memory.copy(copy, payload, oldSize - HEADER_BYTES);
  unmapChunk(arena, chunk);
  return copy;
}

/** _int_realloc: make `chunk`, of the arena, one of `size`; the payload, moved or not, or 0 (then nothing has changed). */
export function resizeChunk(arena: Arena, chunk: number, size: number): number {
  const { memory, at } = arena;
  const system = memory.load64(at + SYSTEM_MEM);
  const oldHead = memory.load64(chunk + SIZE);
  const oldSize = oldHead - (oldHead & 7);
  if (oldHead <= HEADER_BYTES || oldSize >= system) corrupted(memory, 'realloc(): invalid old size');
  const next = chunk + oldSize;
  const nextHead = memory.load64(next + SIZE);
  const nextSize = nextHead - (nextHead & 7);
  if (nextHead <= HEADER_BYTES || nextSize >= memory.load64(at + SYSTEM_MEM))
    corrupted(memory, 'realloc(): invalid next size');
  let found = oldSize;
  if (oldSize < size) {
    const isTop = next === memory.load64(at + TOP);
    if (isTop && oldSize + nextSize >= size + CHUNK_MIN) {
      setSizeKeepingFlags(memory, chunk, size);
      memory.store64(at + TOP, chunk + size);
      memory.store64(chunk + size + SIZE, oldSize + nextSize - size + PREV_INUSE);
      return chunk + HEADER_BYTES;
    }
    if (!isTop && !isPreviousInUse(memory, nextChunk(memory, next)) && oldSize + nextSize >= size) {
      found = oldSize + nextSize;
      unlink(arena, next);
    } else {
      const payload = allocate(arena, size - ALIGNMENT + 1, size);
      if (payload === 0) return 0;
      if (payload - HEADER_BYTES !== next) {
        const room = chunkSize(memory, chunk) - WORD_BYTES;
        memory.copy(payload, chunk + HEADER_BYTES, room);
        release(arena, chunk, memory.load64(chunk + SIZE), true);
        return payload;
      }
      // The new chunk happens to be the one behind (top was extended): they become one.
      found = oldSize + chunkSize(memory, next);
    }
  }
  giveBackRest(arena, chunk, found, size);
  return chunk + HEADER_BYTES;
}

/** `chunk`, of `found` bytes, keeps `size` of them; the rest is freed if it makes a chunk. */
function giveBackRest(arena: Arena, chunk: number, found: number, size: number): void {
  const { memory } = arena;
  if (found < size) assertionFailed(memory, '_int_realloc', '(unsigned long) (newsize) >= (unsigned long) (nb)');
  const rest = found - size;
  if (rest < CHUNK_MIN) {
    setSizeKeepingFlags(memory, chunk, found);
    setPreviousInUse(memory, chunk + found);
    return;
  }
  const remainder = chunk + size;
  setSizeKeepingFlags(memory, chunk, size);
  memory.store64(remainder + SIZE, rest + PREV_INUSE);
  setPreviousInUse(memory, remainder + rest);
  release(arena, remainder, rest + PREV_INUSE, true);
}
