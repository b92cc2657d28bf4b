/**
 * Joining free neighbours, and the fastbins' great return [malloc/malloc.c:malloc_consolidate]: their chunks, which looked
 * used until now, are joined with what is free around them and become unsorted, or part of top.
 */
import { isSameSize, putUnsorted, unlink } from './bins.ts';
import { corrupted } from './failure.ts';
import {
  chunkSize,
  clearPreviousInUse,
  FASTBINS,
  FD,
  fastIndex,
  INEXACT,
  isMisaligned,
  isPreviousInUse,
  offsetAt,
  PREV_INUSE,
  reveal,
  SIZE,
  WORD_BYTES,
} from './layout.ts';
import { type Arena, FASTBINS_AT, setHasFastChunks, TOP } from './state.ts';

export function consolidate(arena: Arena): void {
  const { memory, at } = arena;
  setHasFastChunks(arena, 0);
  for (let index = 0; index < FASTBINS; index++) {
    const head = at + FASTBINS_AT + WORD_BYTES * index;
    let chunk = memory.load64(head);
    if (chunk === 0) continue;
    let low = isMisaligned(memory, chunk, head);
    memory.store64(head, 0);
    do {
      if (low) corrupted(memory, 'malloc_consolidate(): unaligned fastbin chunk detected');
      const size = chunkSize(memory, chunk);
      if (fastIndex(size) !== index) corrupted(memory, 'malloc_consolidate(): invalid chunk size');
      const next = reveal(memory, chunk + FD);
      low = isMisalignedLink(arena, chunk + FD, next);
      join(arena, chunk, size, chunkSize(memory, chunk + size), 'corrupted size vs. prev_size in fastbins', '');
      chunk = next;
    } while (chunk !== 0);
  }
}

function isMisalignedLink(arena: Arena, at: number, revealed: number): boolean {
  if (revealed < INEXACT) return (revealed & 15) !== 0;
  return ((arena.memory.load8(at) ^ Math.floor(at / 4096)) & 15) !== 0;
}

/**
 * Free a chunk that looks used: joined with free neighbours, it becomes unsorted, or part of top. `nextSize`: of the chunk
 * behind it. `sizeComplaint` and `ringComplaint`: what free and malloc_consolidate say of a wrong prev_size and a broken
 * unsorted bin ('': nothing). Bytes of the free chunk it became.
 */
export function join(
  arena: Arena,
  freed: number,
  freedSize: number,
  nextSize: number,
  sizeComplaint: string,
  ringComplaint: string,
): number {
  const { memory, at } = arena;
  let chunk = freed;
  let size = freedSize;
  const next = chunk + size;
  const nextStep = nextSize < INEXACT ? nextSize : offsetAt(memory, next + SIZE, true);
  if (!isPreviousInUse(memory, chunk)) {
    const before = memory.load64(chunk);
    const back = before < INEXACT ? before : offsetAt(memory, chunk, false);
    const foot = chunk;
    size += back;
    chunk -= back;
    const isOther = chunkSize(memory, chunk) !== before || (before >= INEXACT && !isSameSize(memory, chunk, foot));
    if (isOther) corrupted(memory, sizeComplaint);
    unlink(arena, chunk);
  }
  if (next === memory.load64(at + TOP)) {
    size += nextStep;
    memory.store64(chunk + SIZE, size + PREV_INUSE);
    memory.store64(at + TOP, chunk);
    return size;
  }
  if (isPreviousInUse(memory, next + nextStep)) clearPreviousInUse(memory, next);
  else {
    unlink(arena, next);
    size += nextStep;
  }
  putUnsorted(arena, chunk, size, ringComplaint);
  return size;
}
