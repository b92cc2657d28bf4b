/**
 * Chunks mapped by themselves: requests above the threshold get pages of their own from mmap, which go back at free.
 *
 *     pages   +0                 lead         prev_size bytes, not used: only memalign leaves some
 *     chunk   +lead   prev_size  = lead       where the pages begin
 *                     size | M                to the end of the pages; no chunk follows, so prev_size of the next is not ours
 *
 * [malloc/malloc.c:sysmalloc_mmap, munmap_chunk, mremap_chunk]. Nobody lists them: mp_ only counts.
 */
import { corrupted } from './failure.ts';
import { chunkSize, HEADER_BYTES, INEXACT, IS_MMAPPED, SIZE, WORD_BYTES } from './layout.ts';
import {
  type Arena,
  initialize,
  MAX_MMAPPED_MEM,
  MAX_N_MMAPS,
  MMAP_THRESHOLD,
  MMAP_THRESHOLD_MAX,
  MMAPPED_MEM,
  N_MMAPS,
  NO_DYN_THRESHOLD,
  TRIM_THRESHOLD,
} from './state.ts';

function pagesFor(bytes: number, pageBytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes;
}

/** A mapped chunk for a chunk size of `size`: the chunk, or 0. */
export function mapChunk(arena: Arena, size: number): number {
  const { memory, at } = arena;
  if (size >= INEXACT) return 0;
  const bytes = pagesFor(size + WORD_BYTES, memory.pageBytes);
  const chunk = memory.mmap(bytes);
  if (chunk < 0) return 0;
  memory.store64(chunk, 0);
  memory.store64(chunk + SIZE, bytes + IS_MMAPPED);
  const count = (memory.load32(at + N_MMAPS) + 1) >>> 0;
  memory.store32(at + N_MMAPS, count);
  if (count > memory.load32(at + MAX_N_MMAPS)) memory.store32(at + MAX_N_MMAPS, count);
  countMapped(arena, bytes);
  return chunk;
}

/** So many bytes are mapped now (fewer: negative). */
function countMapped(arena: Arena, bytes: number): void {
  const { memory, at } = arena;
  const sum = memory.load64(at + MMAPPED_MEM) + bytes;
  memory.store64(at + MMAPPED_MEM, sum);
  if (sum > memory.load64(at + MAX_MMAPPED_MEM)) memory.store64(at + MAX_MMAPPED_MEM, sum);
}

/**
 * free of a mapped chunk. What was freed once is likely to be wanted again: requests of its size are served by the heap
 * from now on, and the heap keeps twice as much [malloc/malloc.c:__libc_free].
 */
export function releaseMapped(arena: Arena, chunk: number): void {
  const { memory, at } = arena;
  initialize(arena);
  const head = memory.load64(chunk + SIZE);
  if (
    memory.load32(at + NO_DYN_THRESHOLD) === 0 &&
    head > memory.load64(at + MMAP_THRESHOLD) &&
    head <= MMAP_THRESHOLD_MAX
  ) {
    const size = head - (head & 7);
    memory.store64(at + MMAP_THRESHOLD, size);
    memory.store64(at + TRIM_THRESHOLD, 2 * size);
  }
  unmapChunk(arena, chunk);
}

/** munmap_chunk. */
export function unmapChunk(arena: Arena, chunk: number): void {
  const { memory, at } = arena;
  const lead = memory.load64(chunk);
  const size = chunkSize(memory, chunk);
  if (!isPlausible(arena, chunk, lead, size)) corrupted(memory, 'munmap_chunk(): invalid pointer');
  memory.store32(at + N_MMAPS, (memory.load32(at + N_MMAPS) - 1) >>> 0);
  if (lead < INEXACT && size < INEXACT) {
    const left = memory.load64(at + MMAPPED_MEM) - lead - size;
    if (left >= 0) memory.store64(at + MMAPPED_MEM, left);
    else memory.storeBig(at + MMAPPED_MEM, BigInt(left));
    if (chunk >= lead) memory.munmap(chunk - lead, lead + size);
    return;
  }
  // Forged: the pages cannot be there, and munmap's EINVAL is not looked at.
  const total = memory.loadBig(chunk) + (memory.loadBig(chunk + SIZE) & ~7n);
  memory.storeBig(at + MMAPPED_MEM, memory.loadBig(at + MMAPPED_MEM) - total);
}

/** Whole pages, and a payload at an offset in its page that memalign could have made: a power of two. */
function isPlausible(arena: Arena, chunk: number, lead: number, size: number): boolean {
  const { memory } = arena;
  const { pageBytes } = memory;
  const offset = (chunk + HEADER_BYTES) % pageBytes;
  if ((offset & (offset - 1)) !== 0) return false;
  if (lead < INEXACT && size < INEXACT) {
    return (chunk - lead) % pageBytes === 0 && (lead + size) % pageBytes === 0;
  }
  const exactLead = memory.loadBig(chunk);
  const total = exactLead + (memory.loadBig(chunk + SIZE) & ~7n);
  const page = BigInt(pageBytes);
  return (BigInt(chunk) - exactLead) % page === 0n && BigInt.asUintN(64, total) % page === 0n;
}

/**
 * mremap_chunk: another size for a mapped chunk, by mremap(2): its pages stay where they are when they suffice or can be
 * cut, or when there is room behind them; else they move as they are, nothing is copied. The chunk, moved or not; 0: the
 * system refuses.
 */
export function remapChunk(arena: Arena, chunk: number, size: number): number {
  const { memory } = arena;
  const { pageBytes } = memory;
  const lead = memory.load64(chunk);
  const old = chunkSize(memory, chunk);
  if (!isPlausible(arena, chunk, lead, old)) corrupted(memory, 'mremap_chunk(): invalid pointer');
  if (lead >= INEXACT || old >= INEXACT || size >= INEXACT) return 0;
  const total = lead + old;
  const bytes = pagesFor(size + lead + WORD_BYTES, pageBytes);
  if (bytes === total) return chunk;
  const block = memory.mremap(chunk - lead, total, bytes);
  if (block < 0) return 0;
  memory.store64(block + lead + SIZE, bytes - lead + IS_MMAPPED);
  countMapped(arena, bytes - total);
  return block + lead;
}
