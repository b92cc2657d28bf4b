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
  IS_MMAPPED,
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

/** What the part that needs the front door does: a plain malloc of that many bytes. */
export interface Malloc {
  malloc(size: Size): number;
}

/** realloc of a payload that is not NULL to a size that is not 0. `head`: its chunk's size field. */
export function resize(arena: Arena, front: Malloc, payload: number, head: number, request: Size): number {
  const { memory } = arena;
  const chunk = payload - HEADER_BYTES;
  const oldSize = head - (head & 7);
  const isPastEnd =
    oldSize === 0 || (oldSize >= INEXACT && BigInt(chunk) > 2n ** 64n - (memory.loadBig(chunk + SIZE) & ~7n));
  if (isPastEnd || (chunk & (ALIGNMENT - 1)) !== 0) corrupted(memory, 'realloc(): invalid pointer');
  const size = chunkFor(request);
  if (size < 0) return 0;
  if ((memory.load8(chunk + SIZE) & IS_MMAPPED) === 0) return resizeChunk(arena, chunk, oldSize, size);
  const moved = remapChunk(arena, chunk, size);
  if (moved !== 0) return moved + HEADER_BYTES;
  if (oldSize - WORD_BYTES >= size) return payload;
  const copy = front.malloc(request);
  if (copy === 0) return 0;
  memory.copy(copy, payload, oldSize - HEADER_BYTES);
  unmapChunk(arena, chunk);
  return copy;
}

function resizeChunk(arena: Arena, chunk: number, oldSize: number, size: number): number {
  const { memory, at } = arena;
  const system = memory.load64(at + SYSTEM_MEM);
  if (memory.load64(chunk + SIZE) <= HEADER_BYTES || oldSize >= system) {
    corrupted(memory, 'realloc(): invalid old size');
  }
  const next = chunk + oldSize;
  const nextHead = memory.load64(next + SIZE);
  const nextSize = nextHead - (nextHead & 7);
  if (nextHead <= HEADER_BYTES || nextSize >= system) corrupted(memory, 'realloc(): invalid next size');
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
