/**
 * The bytes of a chunk, and the numbers that glibc 2.36 has on x86-64 [malloc/malloc.c].
 *
 * Memory is cut into chunks that follow each other without gaps. A chunk says how long it is, and whether the one before
 * it is in use; only a free chunk repeats its length at its end, in the first word of its successor ("boundary tag"), so
 * that a free neighbour can be found backwards and joined.
 *
 *     chunk  +0   prev_size     length of the chunk before, when that one is free; else its last 8 bytes of payload
 *            +8   size | A M P  P: the chunk before is in use. M: mapped by itself. A: of another thread's arena
 *            +16  payload       fd, bk while free; next, key while in the tcache
 *            +32                fd_nextsize, bk_nextsize while free and large
 *     next   +0   prev_size     the last word of payload belongs to the chunk as long as it is in use
 *
 * Sizes are read as doubles, exact below 2^53. More can only come from an overflow, and then comparisons still hold (a
 * rounded 2^60 is bigger than any heap). Where such a size is added to an address, `offsetAt` reads it exactly, as a signed
 * number: 2^64 - 16 leads 16 bytes back, as it does in C.
 */
import { PTRDIFF_MAX, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';

/** No double holds all integers from here on. */
export const INEXACT = 2 ** 53;

export const WORD_BYTES = 8;
/** SIZE_SZ * 2: prev_size and size. */
export const HEADER_BYTES = 16;
export const ALIGNMENT = 16;
/** MINSIZE: what fd and bk need. */
export const CHUNK_MIN = 32;
/** Offsets within a chunk. */
export const SIZE = 8;
export const FD = 16;
export const BK = 24;
export const FD_NEXTSIZE = 32;
export const BK_NEXTSIZE = 40;
/** sizeof (struct malloc_chunk). */
export const CHUNK_STRUCT_BYTES = 48;

export const PREV_INUSE = 1;
export const IS_MMAPPED = 2;
export const NON_MAIN_ARENA = 4;
const FLAGS = 7;

/** TCACHE_MAX_BINS, and mp_.tcache_count. */
export const TCACHE_BINS = 64;
export const TCACHE_FILL = 7;
/** Longest chunk that a tcache takes, and the longest request that one answers. */
export const TCACHE_CHUNK_MAX = CHUNK_MIN + (TCACHE_BINS - 1) * ALIGNMENT;
export const TCACHE_REQUEST_MAX = TCACHE_CHUNK_MAX - WORD_BYTES;

export const FASTBINS = 10;
export const BINS = 128;
/** MIN_LARGE_SIZE: chunks below are in bins of one size each. */
export const LARGE_MIN = 1024;

/** `size` without its three flags. */
export function withoutFlags(head: number): number {
  return head - (head & FLAGS);
}

export function chunkSize(memory: MemoryReader, chunk: number): number {
  const head = memory.load64(chunk + SIZE);
  return head - (head & FLAGS);
}

/** The word at `address` as a signed number, its low `FLAGS` bits cleared when `flags`: for adding to an address. */
export function offsetAt(memory: MemoryReader, address: number, flags: boolean): number {
  const word = memory.loadBig(address);
  return Number(BigInt.asIntN(64, flags ? word & ~7n : word));
}

/** The chunk that follows `chunk`, whatever its size field holds. */
export function nextChunk(memory: MemoryReader, chunk: number): number {
  const size = chunkSize(memory, chunk);
  return size < INEXACT ? chunk + size : chunk + offsetAt(memory, chunk + SIZE, true);
}

/** Is the chunk before this one in use? (P of this chunk.) */
export function isPreviousInUse(memory: MemoryReader, chunk: number): boolean {
  return (memory.load8(chunk + SIZE) & PREV_INUSE) !== 0;
}

export function isMapped(memory: MemoryReader, chunk: number): boolean {
  return (memory.load8(chunk + SIZE) & IS_MMAPPED) !== 0;
}

/** P is the lowest bit, so a byte will do; a size that no double holds stays as it is. */
export function setPreviousInUse(memory: ProgramMemory, chunk: number): void {
  memory.store8(chunk + SIZE, memory.load8(chunk + SIZE) | PREV_INUSE);
}

export function clearPreviousInUse(memory: ProgramMemory, chunk: number): void {
  memory.store8(chunk + SIZE, memory.load8(chunk + SIZE) & ~PREV_INUSE);
}

/** set_head_size: a new size under the old flags. */
export function setSizeKeepingFlags(memory: ProgramMemory, chunk: number, size: number): void {
  memory.store64(chunk + SIZE, size + (memory.load8(chunk + SIZE) & FLAGS));
}

/** Is the pointer stored at `at`, and read as `pointer`, no possible chunk or payload? Exact for garbage, too. */
export function isMisaligned(memory: MemoryReader, pointer: number, at: number): boolean {
  return ((pointer < INEXACT ? pointer : memory.load8(at)) & (ALIGNMENT - 1)) !== 0;
}

/** checked_request2size: the chunk a request needs; -1 when it is above PTRDIFF_MAX. */
export function chunkFor(request: Size): number {
  if (typeof request !== 'number') return request > PTRDIFF_MAX ? -1 : Number(request);
  if (request <= CHUNK_MIN - WORD_BYTES) return CHUNK_MIN;
  const padded = request + WORD_BYTES + ALIGNMENT - 1;
  return padded - (padded % ALIGNMENT);
}

/** csize2tidx: the tcache bin of a chunk size. */
export function tcacheIndex(size: number): number {
  return (size >>> 4) - 2;
}

/** fastbin_index. */
export function fastIndex(size: number): number {
  return ((size >>> 4) - 2) >>> 0;
}

/** bin_index [malloc.c:smallbin_index, largebin_index_64]: bins get wider with their sizes. */
export function binIndex(size: number): number {
  if (size < LARGE_MIN) return size >>> 4;
  if (size >= 2 ** 31) return 126;
  if (size >>> 6 <= 48) return 48 + (size >>> 6);
  if (size >>> 9 <= 20) return 91 + (size >>> 9);
  if (size >>> 12 <= 10) return 110 + (size >>> 12);
  if (size >>> 15 <= 4) return 119 + (size >>> 15);
  if (size >>> 18 <= 2) return 124 + (size >>> 18);
  return 126;
}

const WORD = 2 ** 32;
/** What `address >> 12` must be below for the shift to stay within a low word. */
const NEAR = 2 ** 44;

/**
 * PROTECT_PTR: what a singly linked list stores at `at` instead of `pointer`, the two XORed after shifting the address by
 * 12 bits, so that an overflow cannot plant a pointer without knowing where the heap is. Its own inverse. `pointer` < 2^53.
 */
export function protect(at: number, pointer: number): number {
  const low = pointer >>> 0;
  const mangled = pointer - low + ((Math.floor(at / 4096) ^ low) >>> 0);
  if (at < NEAR) return mangled;
  const high = (pointer - low) / WORD;
  return mangled + ((high ^ Math.floor(at / NEAR)) - high) * WORD;
}

/** The link stored at `at`, mangled or not by `protect`, exactly: for links that no double holds. */
export function revealExactly(memory: MemoryReader, at: number): bigint {
  return memory.loadBig(at) ^ (BigInt(at) >> 12n);
}

/** The pointer that the protected link at `at` stands for; rounded when it is garbage of 2^53 and more. */
export function reveal(memory: MemoryReader, at: number): number {
  const link = memory.load64(at);
  return link < INEXACT ? protect(at, link) : Number(revealExactly(memory, at));
}

/** Copy the pointer behind the protected link at `from` to `to`, unprotected: all 64 bits, even of garbage. */
export function moveRevealed(memory: ProgramMemory, to: number, from: number): void {
  const link = memory.load64(from);
  if (link < INEXACT) memory.store64(to, protect(from, link));
  else memory.storeBig(to, revealExactly(memory, from));
}
