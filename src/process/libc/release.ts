/**
 * Taking a chunk back [malloc/malloc.c:_int_free]: into the tcache, else a fastbin, else joined with its free neighbours.
 * A chunk of 64 KiB and more makes the fastbins join too, and top give back to the system what is above the threshold.
 */
import type { ProgramMemory } from '../program-memory.ts';
import { consolidate, join } from './consolidate.ts';
import { corrupted } from './failure.ts';
import {
  CHUNK_MIN,
  chunkSize,
  FD,
  fastIndex,
  HEADER_BYTES,
  INEXACT,
  PREV_INUSE,
  protect,
  SIZE,
  TCACHE_CHUNK_MAX,
  TCACHE_FILL,
  tcacheIndex,
  WORD_BYTES,
} from './layout.ts';
import {
  type Arena,
  FASTBINS_AT,
  hasFastChunks,
  isContiguous,
  MAX_FAST,
  perturbOld,
  SYSTEM_MEM,
  setHasFastChunks,
  TOP,
  TOP_PAD,
  TRIM_THRESHOLD,
} from './state.ts';
import { checkDoubleFree, countAt, putCached, TCACHE_KEY } from './tcache.ts';
import { trimTop } from './trim.ts';

/** FASTBIN_CONSOLIDATION_THRESHOLD. */
const CONSOLIDATION_BYTES = 65536;

/**
 * Free `chunk`, not mapped by itself, whose size field is `head`. `locked`: malloc itself frees a piece of its own, and
 * then glibc, holding the arena's lock, looks at the fastbin's first chunk too.
 */
export function release(arena: Arena, chunk: number, head: number, locked: boolean): void {
  const size = head - (head & 7);
  if (!releaseToCache(arena, chunk, size)) releaseUncached(arena, chunk, size, locked);
}

/** The part of a free that looks at the chunk alone: is it one, and does the tcache take it? */
export function releaseToCache(arena: Arena, chunk: number, size: number): boolean {
  const { memory } = arena;
  // The C expression is `p > -size`: a chunk past the end of the address space, or one of no bytes.
  if (size === 0 || (chunk & 15) !== 0) corrupted(memory, 'free(): invalid pointer');
  if (size >= INEXACT) {
    checkAbsurd(arena, chunk);
    return false;
  }
  if (size < CHUNK_MIN || (size & 8) !== 0) corrupted(memory, 'free(): invalid size');
  if (size > TCACHE_CHUNK_MAX) return false;
  const tcache = memory.load64(arena.tcache);
  if (tcache === 0) return false;
  const index = tcacheIndex(size);
  const payload = chunk + HEADER_BYTES;
  if (memory.load64(payload + WORD_BYTES) === TCACHE_KEY) checkDoubleFree(arena, tcache, index, payload);
  const count = memory.load16(countAt(tcache, index));
  if (count >= TCACHE_FILL) return false;
  putCached(arena, tcache, index, count, payload);
  return true;
}

/** ... when the tcache has no place for it. `size`: a possible one. */
export function releaseUncached(arena: Arena, chunk: number, size: number, locked: boolean): void {
  if (size <= arena.memory.load64(arena.at + MAX_FAST)) putFast(arena, chunk, size, locked);
  else if (size >= INEXACT) releaseAbsurd(arena, chunk);
  else releaseNormal(arena, chunk, size);
}

function putFast(arena: Arena, chunk: number, size: number, locked: boolean): void {
  const { memory, at } = arena;
  const nextHead = memory.load64(chunk + size + SIZE);
  if (nextHead <= HEADER_BYTES || nextHead - (nextHead & 7) >= memory.load64(at + SYSTEM_MEM)) {
    corrupted(memory, 'free(): invalid next size (fast)');
  }
  perturbOld(arena, chunk + HEADER_BYTES, size - HEADER_BYTES);
  setHasFastChunks(arena, 1);
  const index = fastIndex(size);
  const slot = at + FASTBINS_AT + WORD_BYTES * index;
  const first = memory.load64(slot);
  if (first === chunk) corrupted(memory, 'double free or corruption (fasttop)');
  if (first < INEXACT) memory.store64(chunk + FD, protect(chunk + FD, first));
  else memory.storeBig(chunk + FD, memory.loadBig(slot) ^ (BigInt(chunk + FD) >> 12n));
  memory.store64(slot, chunk);
  if (locked && first !== 0 && fastIndex(chunkSize(memory, first)) !== index) {
    corrupted(memory, 'invalid fastbin entry (free)');
  }
}

function releaseNormal(arena: Arena, chunk: number, size: number): void {
  const { memory, at } = arena;
  const next = chunk + size;
  const top = memory.load64(at + TOP);
  if (chunk === top) corrupted(memory, 'double free or corruption (top)');
  if (isContiguous(memory, at) && isPast(memory, next, top)) corrupted(memory, 'double free or corruption (out)');
  const nextHead = memory.load64(next + SIZE);
  const flags = nextHead < INEXACT ? nextHead : memory.load8(next + SIZE);
  if ((flags & PREV_INUSE) === 0) corrupted(memory, 'double free or corruption (!prev)');
  const nextSize = nextHead - (nextHead & 7);
  if (nextHead <= HEADER_BYTES || nextSize >= memory.load64(at + SYSTEM_MEM)) {
    corrupted(memory, 'free(): invalid next size (normal)');
  }
  perturbOld(arena, chunk + HEADER_BYTES, size - HEADER_BYTES);
  const complaint = 'corrupted size vs. prev_size while consolidating';
  const joined = join(arena, chunk, size, nextSize, complaint, 'free(): corrupted unsorted chunks');
  if (joined < CONSOLIDATION_BYTES) return;
  if (hasFastChunks(arena)) consolidate(arena);
  if (chunkSize(memory, memory.load64(at + TOP)) >= memory.load64(at + TRIM_THRESHOLD)) {
    trimTop(arena, memory.load64(at + TOP_PAD));
  }
}

/** Is `next` at or past the end of `top`? An overflow into top's size can make that end wrap around, as it does in C. */
function isPast(memory: ProgramMemory, next: number, top: number): boolean {
  const size = chunkSize(memory, top);
  if (size < INEXACT) return next >= top + size;
  return BigInt(next) >= BigInt.asUintN(64, BigInt(top) + (memory.loadBig(top + SIZE) & ~7n));
}

/** A size field that no double holds: what the same checks say of it, read exactly. */
function checkAbsurd(arena: Arena, chunk: number): void {
  const { memory } = arena;
  const size = memory.loadBig(chunk + SIZE) & ~7n;
  if (BigInt(chunk) > 2n ** 64n - size) corrupted(memory, 'free(): invalid pointer');
  if ((size & 8n) !== 0n) corrupted(memory, 'free(): invalid size');
}

function releaseAbsurd(arena: Arena, chunk: number): never {
  const { memory, at } = arena;
  const top = memory.load64(at + TOP);
  if (chunk === top) corrupted(memory, 'double free or corruption (top)');
  const end = BigInt.asUintN(64, BigInt(top) + (memory.loadBig(top + SIZE) & ~7n));
  const next = BigInt.asUintN(64, BigInt(chunk) + (memory.loadBig(chunk + SIZE) & ~7n));
  if (isContiguous(memory, at) && next >= end) corrupted(memory, 'double free or corruption (out)');
  // No memory there: the access is a fault.
  memory.load64(Number(next) + SIZE);
  corrupted(memory, 'double free or corruption (!prev)');
}
