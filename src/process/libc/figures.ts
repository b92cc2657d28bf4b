/** mallinfo2(3) and malloc_stats(3) [malloc/malloc.c:int_mallinfo, __malloc_stats]. */
import type { ProgramMemory } from '../program-memory.ts';
import { corrupted } from './failure.ts';
import { BINS, BK, FASTBINS, FD, INEXACT, isMisaligned, reveal, SIZE, WORD_BYTES } from './layout.ts';
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
  const { freeChunks, freeBytes, topBytes, fastChunks, fastBytes } = totalsOf(arena);
  const system = memory.load64(at + SYSTEM_MEM);
  return {
    arena: system,
    ordblks: freeChunks,
    smblks: fastChunks,
    hblks: memory.load32(at + N_MMAPS),
    hblkhd: memory.load64(at + MMAPPED_MEM),
    usmblks: 0,
    fsmblks: sizeT(fastBytes),
    uordblks: sizeT(BigInt(system) - freeBytes),
    fordblks: sizeT(freeBytes),
    keepcost: sizeT(topBytes),
  };
}

/** As C counts in a size_t; rounded from 2^53 on. */
function sizeT(value: bigint): number {
  return Number(BigInt.asUintN(64, value));
}

/** Sums over the heap, exact: size fields that were overwritten add up, and wrap around, as they do in C. */
interface Totals {
  /** Free chunks of bins, and top. */
  readonly freeChunks: number;
  /** Bytes of those and of what is in fastbins. */
  readonly freeBytes: bigint;
  readonly topBytes: bigint;
  readonly fastChunks: number;
  readonly fastBytes: bigint;
}

function totalsOf(arena: Arena): Totals {
  const { memory, at } = arena;
  const topBytes = exactSize(memory, memory.load64(at + TOP));
  const fast = fastTotals(memory, at);
  let freeBytes = topBytes + fast.bytes;
  let freeChunks = 1;
  for (let index = 1; index < BINS; index++) {
    const bin = binAt(at, index);
    for (let chunk = memory.load64(bin + BK); chunk !== bin; chunk = memory.load64(chunk + BK)) {
      freeChunks++;
      freeBytes += exactSize(memory, chunk);
    }
  }
  return { freeChunks, freeBytes, topBytes, fastChunks: fast.count, fastBytes: fast.bytes };
}

function exactSize(memory: ProgramMemory, chunk: number): bigint {
  return memory.loadBig(chunk + SIZE) & ~7n;
}

function fastTotals(memory: ProgramMemory, at: number): { count: number; bytes: bigint } {
  let count = 0;
  let bytes = 0n;
  for (let index = 0; index < FASTBINS; index++) {
    let link = at + FASTBINS_AT + WORD_BYTES * index;
    let chunk = memory.load64(link);
    let isOff = isMisaligned(memory, chunk, link);
    while (chunk !== 0) {
      if (isOff) corrupted(memory, 'int_mallinfo(): unaligned fastbin chunk detected');
      count++;
      bytes += exactSize(memory, chunk);
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
  const mapped = memory.loadBig(at + MMAPPED_MEM);
  const system = memory.loadBig(at + SYSTEM_MEM);
  const inUse = system - totalsOf(arena).freeBytes;
  const lines = [
    'Arena 0:',
    `system bytes     = ${unsignedInt(system)}`,
    `in use bytes     = ${unsignedInt(inUse)}`,
    'Total (incl. mmap):',
    `system bytes     = ${unsignedInt(mapped + system)}`,
    `in use bytes     = ${unsignedInt(mapped + inUse)}`,
    `max mmap regions = ${unsignedInt(BigInt(memory.load32(at + MAX_N_MMAPS)))}`,
    `max mmap bytes   = ${String(memory.loadBig(at + MAX_MMAPPED_MEM)).padStart(10)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** %10u: malloc_stats counts in ints. */
function unsignedInt(value: bigint): string {
  return String(BigInt.asUintN(32, value)).padStart(10);
}
