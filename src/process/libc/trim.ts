/** Memory goes back to the system: the end of top by a lower break, and whole pages within free chunks. */
import { consolidate } from './consolidate.ts';
import { BINS, BK, binIndex, CHUNK_MIN, CHUNK_STRUCT_BYTES, chunkSize, PREV_INUSE, SIZE } from './layout.ts';
import { type Arena, binAt, SYSTEM_MEM, TOP } from './state.ts';

/** systrim: lower the break, leaving `pad` bytes and a smallest chunk in top. 1 if anything was given back. */
export function trimTop(arena: Arena, pad: number): 0 | 1 {
  const { memory, at } = arena;
  const top = memory.load64(at + TOP);
  const size = chunkSize(memory, top);
  const spare = size - CHUNK_MIN - 1;
  // Compared unsigned in C: a smallest top, with -1 to spare, is trimmed by less than nothing, which moves the break up.
  if (spare >= 0 && spare <= pad) return 0;
  const extra = Math.floor((spare - pad) / memory.pageBytes) * memory.pageBytes;
  if (extra === 0) return 0;
  // Not if somebody else has moved the break.
  const end = memory.sbrk(0);
  if (end !== top + size) return 0;
  memory.sbrk(-extra);
  const released = end - memory.sbrk(0);
  if (released === 0) return 0;
  memory.store64(at + SYSTEM_MEM, memory.load64(at + SYSTEM_MEM) - released);
  memory.store64(top + SIZE, size - released + PREV_INUSE);
  return 1;
}

/** malloc_trim(3): everything that lies free in whole pages. 1 if there was any. */
export function trimAll(arena: Arena, pad: number): 0 | 1 {
  const { memory, at } = arena;
  const { pageBytes } = memory;
  consolidate(arena);
  const firstIndex = binIndex(pageBytes);
  let result: 0 | 1 = 0;
  for (let index = 1; index < BINS; index++) {
    if (index !== 1 && index < firstIndex) continue;
    const bin = binAt(at, index);
    for (let chunk = memory.load64(bin + BK); chunk !== bin; chunk = memory.load64(chunk + BK)) {
      const size = chunkSize(memory, chunk);
      const after = chunk + CHUNK_STRUCT_BYTES + pageBytes - 1;
      const start = after - (after % pageBytes);
      const bytes = chunk + size - start;
      if (bytes < pageBytes) continue;
      memory.madvise(start, bytes - (bytes % pageBytes), 'DONTNEED');
      result = 1;
    }
  }
  return trimTop(arena, pad) | result ? 1 : 0;
}
