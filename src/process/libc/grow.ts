/**
 * When top is too small: pages of their own for a big request, or a longer heap [malloc/malloc.c:sysmalloc].
 *
 *     the break is where top ends       [ ...  used | top          |+++++ ]     top grows
 *     somebody else moved it            [ ...  used | free |F|F] theirs [ top ]
 *     it cannot move: mmap instead      [ ...  used | free |F|F]  ...   [ top ]   and from then on "not contiguous"
 *
 * F: fenceposts, two heads of 16 bytes that look used, so that nothing is joined with what is not the heap's.
 */
import { assertionFailed, corrupted } from './failure.ts';
import {
  ALIGNMENT,
  CHUNK_MIN,
  chunkSize,
  HEADER_BYTES,
  INEXACT,
  isPreviousInUse,
  offsetAt,
  PREV_INUSE,
  SIZE,
} from './layout.ts';
import { mapChunk } from './mapped.ts';
import { release } from './release.ts';
import {
  type Arena,
  isContiguous,
  MAX_SYSTEM_MEM,
  MMAP_THRESHOLD,
  N_MMAPS,
  N_MMAPS_MAX,
  SBRK_BASE,
  SYSTEM_MEM,
  setNoncontiguous,
  TOP,
  TOP_PAD,
} from './state.ts';

/**
 * MMAP_AS_MORECORE_SIZE: what the first piece that is mapped in place of a break that will not move is a multiple of. It was
 * meant as the least size of all of them, but sysmalloc hands it on in the place of the page size (glibc 2.35 to 2.36).
 */
const MAPPED_PIECE = 1024 * 1024;

/** A chunk of `size` by asking the system: 0 when it refuses. */
export function growFor(arena: Arena, size: number): number {
  const { memory, at } = arena;
  if (size >= memory.load64(at + MMAP_THRESHOLD) && (memory.load32(at + N_MMAPS) | 0) < mapsMax(arena)) {
    const chunk = mapChunk(arena, size);
    if (chunk !== 0) return chunk;
  }
  const oldTop = memory.load64(at + TOP);
  const oldSize = chunkSize(memory, oldTop);
  checkTop(arena, oldTop, oldSize, size);
  if (size < INEXACT) extend(arena, oldTop, oldSize, size);
  if (memory.load64(at + SYSTEM_MEM) > memory.load64(at + MAX_SYSTEM_MEM)) {
    memory.store64(at + MAX_SYSTEM_MEM, memory.load64(at + SYSTEM_MEM));
  }
  const top = memory.load64(at + TOP);
  const found = chunkSize(memory, top);
  return found < size + CHUNK_MIN ? 0 : splitTop(arena, top, found, size);
}

function mapsMax(arena: Arena): number {
  return arena.memory.load32(arena.at + N_MMAPS_MAX) | 0;
}

function checkTop(arena: Arena, top: number, topSize: number, size: number): void {
  const { memory } = arena;
  const isInitial = top === arena.unsorted && topSize === 0;
  const endsWithPage = topSize >= CHUNK_MIN && (top + topSize) % memory.pageBytes === 0;
  if (!isInitial && !(endsWithPage && isPreviousInUse(memory, top))) {
    const text =
      '(old_top == initial_top (av) && old_size == 0) || ((unsigned long) (old_size) >= MINSIZE && ' +
      'prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)';
    assertionFailed(memory, 'sysmalloc', text);
  }
  if (topSize >= size + CHUNK_MIN) {
    assertionFailed(memory, 'sysmalloc', '(unsigned long) (old_size) < (unsigned long) (nb + MINSIZE)');
  }
}

/** Get memory behind top, or elsewhere, and make it top; nothing happens when there is none. */
function extend(arena: Arena, oldTop: number, oldSize: number, size: number): void {
  const { memory, at } = arena;
  const { pageBytes } = memory;
  const oldEnd = oldTop + oldSize;
  const pad = memory.load64(at + TOP_PAD);
  let wanted = size + (pad < INEXACT ? pad : offsetAt(memory, at + TOP_PAD, false)) + CHUNK_MIN;
  if (isContiguous(memory, at)) wanted -= oldSize;
  wanted = Math.ceil(wanted / pageBytes) * pageBytes;
  let start = wanted > 0 ? memory.sbrk(wanted) : -1;
  let end = 0;
  if (start < 0) {
    if (isContiguous(memory, at)) wanted = Math.ceil((wanted + oldSize) / MAPPED_PIECE) * MAPPED_PIECE;
    if (wanted >= 0 && wanted < pageBytes) wanted = pageBytes;
    if (wanted <= size) return;
    start = memory.mmap(wanted);
    if (start < 0) return;
    setNoncontiguous(arena);
    end = start + wanted;
  }
  if (memory.load64(at + SBRK_BASE) === 0) memory.store64(at + SBRK_BASE, start);
  memory.store64(at + SYSTEM_MEM, memory.load64(at + SYSTEM_MEM) + wanted);
  if (start === oldEnd && end === 0) {
    memory.store64(oldTop + SIZE, wanted + oldSize + PREV_INUSE);
    return;
  }
  if (isContiguous(memory, at)) {
    if (oldSize !== 0 && start < oldEnd) corrupted(memory, 'break adjusted to free malloc space');
    beginAfterOthers(arena, oldTop, oldSize, start, wanted);
    return;
  }
  // The break is looked at again, but somebody may have left it odd.
  if (start % ALIGNMENT !== 0) {
    assertionFailed(memory, 'sysmalloc', '((unsigned long) chunk2mem (brk) & MALLOC_ALIGN_MASK) == 0');
  }
  if (end === 0) end = memory.sbrk(0);
  if (end >= 0) beginTop(arena, oldTop, oldSize, start, end - start);
}

/**
 * The first piece, or one behind memory that others got by moving the break: what lies between counts as the system's
 * memory; top begins aligned, and a second sbrk makes it end with a page and have the old top's bytes as well.
 */
function beginAfterOthers(arena: Arena, oldTop: number, oldSize: number, start: number, wanted: number): void {
  const { memory, at } = arena;
  const { pageBytes } = memory;
  if (oldSize !== 0) {
    memory.store64(at + SYSTEM_MEM, memory.load64(at + SYSTEM_MEM) + start - (oldTop + oldSize));
  }
  const front = (ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT;
  let correction = front + oldSize;
  correction += (pageBytes - ((start + wanted + correction) % pageBytes)) % pageBytes;
  let end = memory.sbrk(correction);
  if (end < 0) {
    correction = 0;
    end = memory.sbrk(0);
  }
  if (end < 0) return;
  const aligned = start + front;
  memory.store64(at + SYSTEM_MEM, memory.load64(at + SYSTEM_MEM) + correction);
  beginTop(arena, oldTop, oldSize, aligned, end - aligned + correction);
}

/** A new top; the old one, if there is one, is freed, less its last 32 bytes, which become fenceposts. */
function beginTop(arena: Arena, oldTop: number, oldSize: number, top: number, topSize: number): void {
  const { memory, at } = arena;
  memory.store64(at + TOP, top);
  // An odd end of the break, which no second sbrk could move, is an odd size.
  memory.store64(top + SIZE, topSize + ((topSize & 1) ^ PREV_INUSE));
  if (oldSize === 0) return;
  const left = oldSize - 2 * HEADER_BYTES - (oldSize % ALIGNMENT);
  memory.store64(oldTop + SIZE, left + PREV_INUSE);
  memory.store64(oldTop + left + SIZE, HEADER_BYTES + PREV_INUSE);
  memory.store64(oldTop + left + HEADER_BYTES + SIZE, HEADER_BYTES + PREV_INUSE);
  if (left >= CHUNK_MIN) release(arena, oldTop, left + PREV_INUSE, true);
}

/** Cut `size` bytes off the front of top, of `found` bytes. */
export function splitTop(arena: Arena, top: number, found: number, size: number): number {
  const { memory } = arena;
  const remainder = top + size;
  memory.store64(arena.at + TOP, remainder);
  memory.store64(top + SIZE, size + PREV_INUSE);
  memory.store64(remainder + SIZE, found - size + PREV_INUSE);
  return top;
}
