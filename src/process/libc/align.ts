/** memalign [malloc/malloc.c:_mid_memalign, _int_memalign]: a chunk with room to spare, whose ends are given back. */
import type { Size } from '../allocator.ts';
import { allocate } from './allocate.ts';
import {
  CHUNK_MIN,
  chunkFor,
  chunkSize,
  HEADER_BYTES,
  IS_MMAPPED,
  isMapped,
  PREV_INUSE,
  SIZE,
  setPreviousInUse,
  setSizeKeepingFlags,
} from './layout.ts';
import { release } from './release.ts';
import type { Arena } from './state.ts';

/** The next power of two, 32 at least, that glibc takes for an alignment above 16; -1: above 2^63. */
export function alignmentFor(alignment: Size): number {
  if (alignment > 2n ** 63n) return -1;
  const wanted = Number(alignment);
  let power = CHUNK_MIN;
  while (power < wanted) power *= 2;
  return power;
}

/** A payload of `request` bytes at a multiple of `alignment`, a power of two of at least 32; 0: refused. */
export function allocateAligned(arena: Arena, alignment: number, request: Size): number {
  const { memory } = arena;
  const size = chunkFor(request);
  if (size < 0) return 0;
  const bytes = size + alignment + CHUNK_MIN;
  // PTRDIFF_MAX rounded is 2^63.
  if (bytes >= 2 ** 63) return 0;
  const payload = allocate(arena, bytes, chunkFor(bytes));
  if (payload === 0) return 0;
  let chunk = payload - HEADER_BYTES;
  if (payload % alignment !== 0) {
    const aligned = cutLead(arena, chunk, alignment);
    if (isMapped(memory, aligned)) return aligned + HEADER_BYTES;
    chunk = aligned;
  }
  if (isMapped(memory, chunk)) return payload;
  const found = chunkSize(memory, chunk);
  if (found > size + CHUNK_MIN) {
    const remainder = chunk + size;
    memory.store64(remainder + SIZE, found - size + PREV_INUSE);
    setSizeKeepingFlags(memory, chunk, size);
    release(arena, remainder, found - size + PREV_INUSE, true);
  }
  return chunk + HEADER_BYTES;
}

/** The chunk at the first aligned payload that leaves room for a chunk before it; what is before is freed. */
function cutLead(arena: Arena, chunk: number, alignment: number): number {
  const { memory } = arena;
  let aligned = Math.ceil((chunk + HEADER_BYTES) / alignment) * alignment - HEADER_BYTES;
  if (aligned - chunk < CHUNK_MIN) aligned += alignment;
  const lead = aligned - chunk;
  const size = chunkSize(memory, chunk) - lead;
  if (isMapped(memory, chunk)) {
    memory.store64(aligned, memory.load64(chunk) + lead);
    memory.store64(aligned + SIZE, size + IS_MMAPPED);
    return aligned;
  }
  memory.store64(aligned + SIZE, size + PREV_INUSE);
  setPreviousInUse(memory, aligned + size);
  setSizeKeepingFlags(memory, chunk, lead);
  release(arena, chunk, memory.load64(chunk + SIZE), true);
  return aligned;
}
