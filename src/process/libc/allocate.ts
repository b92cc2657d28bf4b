/**
 * Finding a chunk when the tcache has none [malloc/malloc.c:_int_malloc].
 *
 *     fastbin of that size --> small bin of that size --> unsorted, sorting each into its bin on the way
 *        --> its large bin, best fit --> the next bigger bin that is not empty, by the bitmap --> top --> the system
 *
 * The rest of a chunk that is too big goes back as a free chunk ("remainder"). Chunks of the wanted size that are met on
 * the way fill the tcache, so that the next requests are quick.
 */
import { putSorted, putUnsorted, unlink } from './bins.ts';
import { consolidate } from './consolidate.ts';
import { assertionFailed, corrupted } from './failure.ts';
import { growFor, splitTop } from './grow.ts';
import {
  BK,
  BK_NEXTSIZE,
  binIndex,
  CHUNK_MIN,
  chunkSize,
  FD,
  FD_NEXTSIZE,
  fastIndex,
  HEADER_BYTES,
  isMisaligned,
  LARGE_MIN,
  moveRevealed,
  PREV_INUSE,
  SIZE,
  setPreviousInUse,
  TCACHE_CHUNK_MAX,
  TCACHE_FILL,
  tcacheIndex,
  WORD_BYTES,
} from './layout.ts';
import {
  type Arena,
  BINMAP,
  BINMAP_WORDS,
  binAt,
  FASTBINS_AT,
  hasFastChunks,
  LAST_REMAINDER,
  MAX_FAST,
  perturbNew,
  SYSTEM_MEM,
  TOP,
} from './state.ts';
import { countAt, putCached, takeCached } from './tcache.ts';

/** MAX_ITERS: unsorted chunks that one malloc sorts. */
const SORTED_AT_ONCE = 10000;
const FUNCTION = '_int_malloc';

/** A chunk of `size` (chunkFor of the request `bytes`): its payload, or 0 when the system has no more. */
export function allocate(arena: Arena, bytes: number, size: number): number {
  const { memory, at } = arena;
  if (size <= memory.load64(at + MAX_FAST)) {
    const chunk = takeFast(arena, size);
    if (chunk !== 0) return handOut(arena, chunk, bytes);
  }
  if (size < LARGE_MIN) {
    const chunk = takeSmall(arena, size);
    if (chunk !== 0) return handOut(arena, chunk, bytes);
  } else if (hasFastChunks(arena)) consolidate(arena);
  for (;;) {
    const payload = sortUnsorted(arena, bytes, size);
    if (payload !== 0) return payload;
    let chunk = size >= LARGE_MIN ? takeLarge(arena, size) : 0;
    if (chunk === 0) chunk = takeBigger(arena, size);
    if (chunk === 0) chunk = takeTop(arena, size);
    if (chunk !== 0) return handOut(arena, chunk, bytes);
    if (!hasFastChunks(arena)) break;
    consolidate(arena);
  }
  const chunk = growFor(arena, size);
  return chunk === 0 ? 0 : handOut(arena, chunk, bytes);
}

function handOut(arena: Arena, chunk: number, bytes: number): number {
  const payload = chunk + HEADER_BYTES;
  perturbNew(arena, payload, bytes);
  return payload;
}

/** From the fastbin of that size; its other chunks move to the tcache while there is room. 0: none there. */
function takeFast(arena: Arena, size: number): number {
  const { memory } = arena;
  const index = fastIndex(size);
  const head = arena.at + FASTBINS_AT + WORD_BYTES * index;
  const chunk = memory.load64(head);
  if (chunk === 0) return 0;
  if (isMisaligned(memory, chunk, head)) corrupted(memory, 'malloc(): unaligned fastbin chunk detected 2');
  moveRevealed(memory, head, chunk + FD);
  if (fastIndex(chunkSize(memory, chunk)) !== index) corrupted(memory, 'malloc(): memory corruption (fast)');
  const tcache = memory.load64(arena.tcache);
  if (tcache !== 0) {
    for (;;) {
      const count = memory.load16(countAt(tcache, index));
      if (count >= TCACHE_FILL) break;
      const other = memory.load64(head);
      if (other === 0) break;
      if (isMisaligned(memory, other, head)) corrupted(memory, 'malloc(): unaligned fastbin chunk detected 3');
      moveRevealed(memory, head, other + FD);
      putCached(arena, tcache, index, count, other + HEADER_BYTES);
    }
  }
  return chunk;
}

/** The oldest of the small bin of that size; the next ones move to the tcache while there is room. 0: none there. */
function takeSmall(arena: Arena, size: number): number {
  const { memory } = arena;
  const bin = binAt(arena.at, size >>> 4);
  const chunk = memory.load64(bin + BK);
  if (chunk === bin) return 0;
  const bk = memory.load64(chunk + BK);
  if (memory.load64(bk + FD) !== chunk) corrupted(memory, 'malloc(): smallbin double linked list corrupted');
  setPreviousInUse(memory, chunk + size);
  memory.store64(bin + BK, bk);
  memory.store64(bk + FD, bin);
  const tcache = memory.load64(arena.tcache);
  if (tcache === 0 || size > TCACHE_CHUNK_MAX) return chunk;
  const index = tcacheIndex(size);
  for (;;) {
    const count = memory.load16(countAt(tcache, index));
    if (count >= TCACHE_FILL) break;
    const other = memory.load64(bin + BK);
    if (other === bin) break;
    const before = memory.load64(other + BK);
    setPreviousInUse(memory, other + size);
    memory.store64(bin + BK, before);
    memory.store64(before + FD, bin);
    putCached(arena, tcache, index, count, other + HEADER_BYTES);
  }
  return chunk;
}

/**
 * Go through the unsorted bin from its oldest chunk on. One of the wanted size is taken (or fills the tcache first); the
 * only chunk there, when it is the rest of the last split, is split again for a small request; all others are sorted into
 * their bins. A payload, or 0.
 */
function sortUnsorted(arena: Arena, bytes: number, size: number): number {
  const { memory, unsorted, at } = arena;
  const tcache = size <= TCACHE_CHUNK_MAX ? memory.load64(arena.tcache) : 0;
  const index = tcacheIndex(size);
  let isCached = false;
  for (let sorted = 0; sorted < SORTED_AT_ONCE; ) {
    const chunk = memory.load64(unsorted + BK);
    if (chunk === unsorted) break;
    const bk = memory.load64(chunk + BK);
    const found = checkUnsorted(arena, chunk, bk);
    if (
      size < LARGE_MIN &&
      bk === unsorted &&
      chunk === memory.load64(at + LAST_REMAINDER) &&
      found > size + CHUNK_MIN
    ) {
      splitLastRemainder(arena, chunk, found, size);
      return handOut(arena, chunk, bytes);
    }
    memory.store64(unsorted + BK, bk);
    memory.store64(bk + FD, unsorted);
    if (found === size) {
      setPreviousInUse(memory, chunk + size);
      const count = tcache === 0 ? TCACHE_FILL : memory.load16(countAt(tcache, index));
      if (count >= TCACHE_FILL) return handOut(arena, chunk, bytes);
      putCached(arena, tcache, index, count, chunk + HEADER_BYTES);
      isCached = true;
    } else {
      putSorted(arena, chunk, found);
      sorted++;
    }
  }
  return isCached ? takeCached(arena, tcache, index, memory.load16(countAt(tcache, index))) : 0;
}

/** The size of an unsorted chunk, after looking whether it and its neighbours agree. */
function checkUnsorted(arena: Arena, chunk: number, bk: number): number {
  const { memory, unsorted } = arena;
  const size = chunkSize(memory, chunk);
  const system = memory.load64(arena.at + SYSTEM_MEM);
  if (size <= HEADER_BYTES || size > system) corrupted(memory, 'malloc(): invalid size (unsorted)');
  const next = chunk + size;
  const nextHead = memory.load64(next + SIZE);
  if (nextHead < HEADER_BYTES || nextHead > system) corrupted(memory, 'malloc(): invalid next size (unsorted)');
  const foot = memory.load64(next);
  if (foot - (foot & 7) !== size) corrupted(memory, 'malloc(): mismatching next->prev_size (unsorted)');
  if (memory.load64(bk + FD) !== chunk || memory.load64(chunk + FD) !== unsorted) {
    corrupted(memory, 'malloc(): unsorted double linked list corrupted');
  }
  if ((nextHead & PREV_INUSE) !== 0) corrupted(memory, 'malloc(): invalid next->prev_inuse (unsorted)');
  return size;
}

/** The rest stays where it is: alone in the unsorted bin, and the last remainder. */
function splitLastRemainder(arena: Arena, chunk: number, whole: number, size: number): void {
  const { memory, unsorted } = arena;
  const rest = whole - size;
  const remainder = chunk + size;
  memory.store64(unsorted + FD, remainder);
  memory.store64(unsorted + BK, remainder);
  memory.store64(arena.at + LAST_REMAINDER, remainder);
  memory.store64(remainder + FD, unsorted);
  memory.store64(remainder + BK, unsorted);
  if (rest >= LARGE_MIN) {
    memory.store64(remainder + FD_NEXTSIZE, 0);
    memory.store64(remainder + BK_NEXTSIZE, 0);
  }
  memory.store64(chunk + SIZE, size + PREV_INUSE);
  memory.store64(remainder + SIZE, rest + PREV_INUSE);
  memory.store64(remainder + rest, rest);
}

/** The smallest chunk of the bin of `size` that is big enough: climbs the ring of sizes from the small end. */
function takeLarge(arena: Arena, size: number): number {
  const { memory } = arena;
  const bin = binAt(arena.at, binIndex(size));
  let chunk = memory.load64(bin + FD);
  if (chunk === bin || memory.load64(chunk + SIZE) < size) return 0;
  chunk = memory.load64(chunk + BK_NEXTSIZE);
  let found = chunkSize(memory, chunk);
  while (found < size) {
    chunk = memory.load64(chunk + BK_NEXTSIZE);
    found = chunkSize(memory, chunk);
  }
  // The second of its size rather than the first, which would have to leave the ring of sizes.
  if (chunk !== memory.load64(bin + BK)) {
    const second = memory.load64(chunk + FD);
    if (memory.load64(chunk + SIZE) === memory.load64(second + SIZE)) chunk = second;
  }
  cut(arena, chunk, found, size, 'malloc(): corrupted unsorted chunks');
  return chunk;
}

/** The oldest chunk of the first bin above that of `size` that has one. Bits of bins found empty are cleared. */
function takeBigger(arena: Arena, size: number): number {
  const { memory, at } = arena;
  let index = binIndex(size) + 1;
  let block = index >>> 5;
  let map = memory.load32(at + BINMAP + 4 * block);
  for (;;) {
    // Bits of this bin and those above it.
    const rest = index >>> 5 === block ? (map >>> (index & 31)) << (index & 31) : 0;
    if (rest === 0) {
      do {
        if (++block >= BINMAP_WORDS) return 0;
        map = memory.load32(at + BINMAP + 4 * block);
      } while (map === 0);
      index = block << 5;
      continue;
    }
    index = (block << 5) + (31 - Math.clz32(rest & -rest));
    const bin = binAt(at, index);
    const chunk = memory.load64(bin + BK);
    if (chunk !== bin) {
      const found = chunkSize(memory, chunk);
      if (found < size) assertionFailed(memory, FUNCTION, '(unsigned long) (size) >= (unsigned long) (nb)');
      const remainder = cut(arena, chunk, found, size, 'malloc(): corrupted unsorted chunks 2');
      if (remainder !== 0 && size < LARGE_MIN) memory.store64(at + LAST_REMAINDER, remainder);
      return chunk;
    }
    map &= ~(1 << (index & 31));
    memory.store32(at + BINMAP + 4 * block, map >>> 0);
    index++;
  }
}

/** Take `size` bytes from the front of a free chunk of `found`; the remainder, if it makes a chunk, becomes unsorted. */
function cut(arena: Arena, chunk: number, found: number, size: number, complaint: string): number {
  const { memory } = arena;
  const rest = found - size;
  unlink(arena, chunk);
  if (rest < CHUNK_MIN) {
    setPreviousInUse(memory, chunk + found);
    return 0;
  }
  const remainder = chunk + size;
  putUnsorted(arena, remainder, rest, complaint);
  memory.store64(chunk + SIZE, size + PREV_INUSE);
  return remainder;
}

/** From the front of top, which must not be used up. 0: too small. */
function takeTop(arena: Arena, size: number): number {
  const { memory, at } = arena;
  const top = memory.load64(at + TOP);
  const found = chunkSize(memory, top);
  if (found > memory.load64(at + SYSTEM_MEM)) corrupted(memory, 'malloc(): corrupted top size');
  return found < size + CHUNK_MIN ? 0 : splitTop(arena, top, found, size);
}
