/**
 * Bins: rings of free chunks, linked both ways through fd and bk, with the ring's head in the arena.
 *
 *     1          unsorted   just freed or cut off; sorted into the others when the next malloc passes by
 *     2 to 63    small      one size each, 0x20 to 0x3f0; first in, first out
 *     64 to 126  large      a range of sizes each, descending from the head's fd
 *
 *     large bin   head <-> 0x500 <-> 0x4c0 <-> 0x4c0 <-> 0x480 <-> head        fd / bk
 *                            ^---------^-------------------^---(round)         fd_nextsize / bk_nextsize
 *
 * The first chunk of each size in a large bin is also in a second ring, which skips equal sizes; the others of that size
 * have a zero fd_nextsize.
 */

import type { ProgramMemory } from '../program-memory.ts';
import { assertionFailed, corrupted } from './failure.ts';
import {
  BK,
  BK_NEXTSIZE,
  binIndex,
  chunkSize,
  FD,
  FD_NEXTSIZE,
  INEXACT,
  LARGE_MIN,
  NON_MAIN_ARENA,
  nextChunk,
  PREV_INUSE,
  SIZE,
} from './layout.ts';
import { type Arena, BINMAP, binAt } from './state.ts';

/** unlink_chunk: take a free chunk out of whatever ring it is in. */
export function unlink(arena: Arena, chunk: number): void {
  const { memory } = arena;
  const size = chunkSize(memory, chunk);
  const next = nextChunk(memory, chunk);
  if (size !== memory.load64(next) || (size >= INEXACT && !isSameSize(memory, chunk, next))) {
    corrupted(memory, 'corrupted size vs. prev_size');
  }
  const fd = memory.load64(chunk + FD);
  const bk = memory.load64(chunk + BK);
  if (memory.load64(fd + BK) !== chunk || memory.load64(bk + FD) !== chunk) {
    corrupted(memory, 'corrupted double-linked list');
  }
  memory.store64(fd + BK, bk);
  memory.store64(bk + FD, fd);
  if (size >= LARGE_MIN && memory.load64(chunk + FD_NEXTSIZE) !== 0) unlinkFromSizes(memory, chunk, fd);
}

/** The size of `chunk` and the word at `foot`, to the last bit. */
export function isSameSize(memory: ProgramMemory, chunk: number, foot: number): boolean {
  return (memory.loadBig(chunk + SIZE) & ~7n) === memory.loadBig(foot);
}

/** ... and out of the ring of sizes; `fd`, if it is of the same size, takes its place there. */
function unlinkFromSizes(memory: ProgramMemory, chunk: number, fd: number): void {
  const smaller = memory.load64(chunk + FD_NEXTSIZE);
  const bigger = memory.load64(chunk + BK_NEXTSIZE);
  if (memory.load64(smaller + BK_NEXTSIZE) !== chunk || memory.load64(bigger + FD_NEXTSIZE) !== chunk) {
    corrupted(memory, 'corrupted double-linked list (not small)');
  }
  if (memory.load64(fd + FD_NEXTSIZE) !== 0) {
    memory.store64(smaller + BK_NEXTSIZE, bigger);
    memory.store64(bigger + FD_NEXTSIZE, smaller);
  } else if (smaller === chunk) {
    memory.store64(fd + BK_NEXTSIZE, fd);
    memory.store64(fd + FD_NEXTSIZE, fd);
  } else {
    memory.store64(fd + FD_NEXTSIZE, smaller);
    memory.store64(fd + BK_NEXTSIZE, bigger);
    memory.store64(smaller + BK_NEXTSIZE, fd);
    memory.store64(bigger + FD_NEXTSIZE, fd);
  }
}

/**
 * Make `size` bytes at `chunk` the youngest of the unsorted bin: links, head (P set: what is before is in use, or they
 * would be one) and foot. `complaint`: what a broken ring is called here; '' when nobody looks (malloc_consolidate).
 */
export function putUnsorted(arena: Arena, chunk: number, size: number, complaint: string): void {
  const { memory, unsorted } = arena;
  const first = memory.load64(unsorted + FD);
  if (complaint !== '' && memory.load64(first + BK) !== unsorted) corrupted(memory, complaint);
  memory.store64(chunk + FD, first);
  memory.store64(chunk + BK, unsorted);
  if (size >= LARGE_MIN) {
    memory.store64(chunk + FD_NEXTSIZE, 0);
    memory.store64(chunk + BK_NEXTSIZE, 0);
  }
  memory.store64(unsorted + FD, chunk);
  memory.store64(first + BK, chunk);
  memory.store64(chunk + SIZE, size + PREV_INUSE);
  memory.store64(chunk + size, size);
}

/** Sort a chunk, already out of the unsorted bin, into the bin of its size. */
export function putSorted(arena: Arena, chunk: number, size: number): void {
  const { memory, at } = arena;
  const index = binIndex(size);
  let bk = binAt(at, index);
  let fd = memory.load64(bk + FD);
  if (size >= LARGE_MIN) {
    if (fd === bk) {
      memory.store64(chunk + BK_NEXTSIZE, chunk);
      memory.store64(chunk + FD_NEXTSIZE, chunk);
    } else {
      fd = placeInLarge(memory, chunk, size, bk, fd);
      bk = memory.load64(fd + BK);
    }
  }
  const word = at + BINMAP + 4 * (index >>> 5);
  memory.store32(word, (memory.load32(word) | (1 << (index & 31))) >>> 0);
  memory.store64(chunk + BK, bk);
  memory.store64(chunk + FD, fd);
  memory.store64(fd + BK, chunk);
  memory.store64(bk + FD, chunk);
}

/** Enter `chunk` into the ring of sizes of a large bin that is not empty: the chunk (or head) it goes in front of. */
function placeInLarge(memory: ProgramMemory, chunk: number, size: number, bin: number, first: number): number {
  // Compared with P set, as it is in every free chunk's head.
  const head = size + PREV_INUSE;
  const last = memory.load64(bin + BK);
  if (head < headInMainArena(memory, last, 'chunk_main_arena (bck->bk)')) {
    const biggest = memory.load64(bin + FD);
    const smallest = memory.load64(biggest + BK_NEXTSIZE);
    memory.store64(chunk + FD_NEXTSIZE, biggest);
    memory.store64(chunk + BK_NEXTSIZE, smallest);
    memory.store64(smallest + FD_NEXTSIZE, chunk);
    memory.store64(biggest + BK_NEXTSIZE, chunk);
    return bin;
  }
  let fd = first;
  let other = headInMainArena(memory, fd, 'chunk_main_arena (fwd)');
  while (head < other) {
    fd = memory.load64(fd + FD_NEXTSIZE);
    other = headInMainArena(memory, fd, 'chunk_main_arena (fwd)');
  }
  if (head === other) {
    // Second among its equals: the ring of sizes need not change.
    fd = memory.load64(fd + FD);
  } else {
    const bigger = memory.load64(fd + BK_NEXTSIZE);
    memory.store64(chunk + FD_NEXTSIZE, fd);
    memory.store64(chunk + BK_NEXTSIZE, bigger);
    if (memory.load64(bigger + FD_NEXTSIZE) !== fd) {
      corrupted(memory, 'malloc(): largebin double linked list corrupted (nextsize)');
    }
    memory.store64(fd + BK_NEXTSIZE, chunk);
    memory.store64(bigger + FD_NEXTSIZE, chunk);
  }
  if (memory.load64(memory.load64(fd + BK) + FD) !== fd) {
    corrupted(memory, 'malloc(): largebin double linked list corrupted (bk)');
  }
  return fd;
}

function headInMainArena(memory: ProgramMemory, chunk: number, assertion: string): number {
  const head = memory.load64(chunk + SIZE);
  const flags = head < INEXACT ? head : memory.load8(chunk + SIZE);
  if ((flags & NON_MAIN_ARENA) !== 0) assertionFailed(memory, '_int_malloc', assertion);
  return head;
}
