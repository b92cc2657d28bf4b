/** mallinfo2(3) and malloc_stats(3) [malloc/malloc.c:int_mallinfo, __malloc_stats]. */
import type { ProgramMemory } from '../program-memory.ts';
import { corrupted } from './failure.ts';
import { BINS, BK, chunkSize, FASTBINS, FD, INEXACT, isMisaligned, reveal, WORD_BYTES } from './layout.ts';
import {
  type Arena,
  binAt,
  FASTBINS_AT,
  MAX_MMAPPED_MEM,
  MAX_N_MMAPS,
  MMAPPED_MEM,
  N_MMAPS,
  SYSTEM_MEM,
  TOP,
} from './state.ts';

/** struct mallinfo2; bytes unless said otherwise. */
export interface MallocFigures {
  /** Obtained by the break (or in its place), and not given back. */
  readonly arena: number;
  /** Free chunks, top included; those in fastbins and tcache are not counted here. */
  readonly ordblks: number;
  /** Chunks in fastbins, and (fsmblks) their bytes. */
  readonly smblks: number;
  /** Mapped chunks, and (hblkhd) the bytes of their pages. */
  readonly hblks: number;
  readonly hblkhd: number;
  /** Always 0. */
  readonly usmblks: number;
  readonly fsmblks: number;
  /** In use: the tcache's chunks are. */
  readonly uordblks: number;
  readonly fordblks: number;
  /** Top. */
  readonly keepcost: number;
}

export function figuresOf(arena: Arena): MallocFigures {
  const { memory, at } = arena;
  const keepcost = chunkSize(memory, memory.load64(at + TOP));
  let fordblks = keepcost;
  let ordblks = 1;
  for (let index = 1; index < BINS; index++) {
    const bin = binAt(at, index);
    for (let chunk = memory.load64(bin + BK); chunk !== bin; chunk = memory.load64(chunk + BK)) {
      ordblks++;
      fordblks += chunkSize(memory, chunk);
    }
  }
  const fast = fastChunks(memory, at);
  fordblks += fast.bytes;
  const system = memory.load64(at + SYSTEM_MEM);
  return {
    arena: system,
    ordblks,
    smblks: fast.count,
    hblks: memory.load32(at + N_MMAPS),
    hblkhd: memory.load64(at + MMAPPED_MEM),
    usmblks: 0,
    fsmblks: fast.bytes,
    uordblks: system - fordblks,
    fordblks,
    keepcost,
  };
}

function fastChunks(memory: ProgramMemory, at: number): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (let index = 0; index < FASTBINS; index++) {
    let link = at + FASTBINS_AT + WORD_BYTES * index;
    let chunk = memory.load64(link);
    let isOff = isMisaligned(memory, chunk, link);
    while (chunk !== 0) {
      if (isOff) corrupted(memory, 'int_mallinfo(): unaligned fastbin chunk detected');
      count++;
      bytes += chunkSize(memory, chunk);
      link = chunk + FD;
      chunk = reveal(memory, link);
      isOff = chunk < INEXACT ? chunk % 16 !== 0 : ((memory.load8(link) ^ Math.floor(link / 4096)) & 15) !== 0;
    }
  }
  return { count, bytes };
}

/** What malloc_stats prints on stderr. */
export function statisticsOf(arena: Arena): string {
  const { memory, at } = arena;
  const mapped = memory.load64(at + MMAPPED_MEM);
  const figures = figuresOf(arena);
  const lines = [
    'Arena 0:',
    `system bytes     = ${unsignedInt(figures.arena)}`,
    `in use bytes     = ${unsignedInt(figures.uordblks)}`,
    'Total (incl. mmap):',
    `system bytes     = ${unsignedInt(mapped + figures.arena)}`,
    `in use bytes     = ${unsignedInt(mapped + figures.uordblks)}`,
    `max mmap regions = ${unsignedInt(memory.load32(at + MAX_N_MMAPS))}`,
    `max mmap bytes   = ${String(memory.load64(at + MAX_MMAPPED_MEM)).padStart(10)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** %10u */
function unsignedInt(value: number): string {
  return String(value >>> 0).padStart(10);
}
