/**
 * malloc's own variables, laid out as glibc 2.36 has them: main_arena, mp_, and a few words.
 *
 *     state +0     main_arena (malloc_state)
 *             +4     flags: 2 when the break could not be moved and mmap stood in (then pieces are not contiguous)
 *             +8     have_fastchunks
 *             +16    fastbinsY[10]     heads of singly linked lists, 0x20 to 0x80 (0xb0 at most)
 *             +96    top               the chunk that ends the heap, cut when no other will do
 *             +104   last_remainder
 *             +112   bins[254]         fd, bk of 127 rings; a ring's head is the "chunk" 16 bytes before its pair
 *             +2144  binmap[4]         a bit for each bin; clear: certainly empty
 *             +2184  system_mem, max_system_mem
 *           +2208  mp_ (malloc_par)    thresholds, counts of mapped chunks, sbrk_base
 *           +2336  global_max_fast, tcache (a thread's pointer to its cache), perturb_byte, __malloc_initialized
 *
 * Before the first heap is there, `top` points to the head of the unsorted bin (which is the address of `top` itself); its
 * size field is then last_remainder, zero.
 */
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { BINS, BK, FD, TCACHE_BINS, TCACHE_FILL, TCACHE_REQUEST_MAX } from './layout.ts';

/** Offsets in main_arena. */
const ARENA_FLAGS = 4;
const HAVE_FASTCHUNKS = 8;
export const FASTBINS_AT = 16;
export const TOP = 96;
export const LAST_REMAINDER = 104;
export const BINMAP = 2144;
export const BINMAP_WORDS = 4;
const NEXT_ARENA = 2160;
const ATTACHED_THREADS = 2176;
export const SYSTEM_MEM = 2184;
export const MAX_SYSTEM_MEM = 2192;
const NONCONTIGUOUS = 2;

const PARAMETERS = 2208;
/** Offsets of mp_, counted from main_arena. */
export const TRIM_THRESHOLD = PARAMETERS;
export const TOP_PAD = PARAMETERS + 8;
export const MMAP_THRESHOLD = PARAMETERS + 16;
export const ARENA_TEST = PARAMETERS + 24;
export const ARENA_MAX = PARAMETERS + 32;
export const N_MMAPS = PARAMETERS + 60;
export const N_MMAPS_MAX = PARAMETERS + 64;
export const MAX_N_MMAPS = PARAMETERS + 68;
export const NO_DYN_THRESHOLD = PARAMETERS + 72;
export const MMAPPED_MEM = PARAMETERS + 80;
export const MAX_MMAPPED_MEM = PARAMETERS + 88;
export const SBRK_BASE = PARAMETERS + 96;
const TCACHE_BINS_AT = PARAMETERS + 104;
const TCACHE_MAX_BYTES_AT = PARAMETERS + 112;
const TCACHE_COUNT_AT = PARAMETERS + 120;

export const MAX_FAST = PARAMETERS + 128;
export const TCACHE = MAX_FAST + 8;
export const PERTURB = TCACHE + 8;
const INITIALIZED = PERTURB + 4;

/** Bytes of zeroed memory that the C library's malloc needs for its variables. */
export const LIBC_STATE_BYTES = INITIALIZED + 4;

const DEFAULT_MMAP_THRESHOLD = 128 * 1024;
/** DEFAULT_MMAP_THRESHOLD_MAX: freeing a mapped chunk raises the threshold up to here. */
export const MMAP_THRESHOLD_MAX = 32 * 1024 * 1024;
const DEFAULT_MMAP_MAX = 65536;
const DEFAULT_MAX_FAST = 128;

/** The addresses of malloc's variables in a program's memory. */
export class Arena {
  readonly memory: ProgramMemory;
  /** Address of main_arena. */
  readonly at: number;
  /** Head of the unsorted bin. */
  readonly unsorted: number;
  /** Address of the thread's pointer to its cache. */
  readonly tcache: number;

  constructor(memory: ProgramMemory, state: number) {
    this.memory = memory;
    this.at = state;
    this.unsorted = binAt(state, 1);
    this.tcache = state + TCACHE;
  }
}

/** Head of bin `index` (1: unsorted, 2 to 63: small, 64 to 126: large), as a chunk: its fd and bk are at +16 and +24. */
export function binAt(state: number, index: number): number {
  return state + 80 + 16 * index;
}

/** ptmalloc_init, once: empty bins, default parameters. */
export function initialize(arena: Arena): void {
  const { memory, at } = arena;
  if (memory.load32(at + INITIALIZED) !== 0) return;
  memory.store32(at + INITIALIZED, 1);
  for (let index = 1; index < BINS; index++) {
    const bin = binAt(at, index);
    memory.store64(bin + FD, bin);
    memory.store64(bin + BK, bin);
  }
  memory.store64(at + NEXT_ARENA, at);
  memory.store64(at + ATTACHED_THREADS, 1);
  memory.store64(at + TOP, arena.unsorted);
  memory.store64(at + MAX_FAST, DEFAULT_MAX_FAST);
  memory.store64(at + TRIM_THRESHOLD, DEFAULT_MMAP_THRESHOLD);
  memory.store64(at + TOP_PAD, DEFAULT_MMAP_THRESHOLD);
  memory.store64(at + MMAP_THRESHOLD, DEFAULT_MMAP_THRESHOLD);
  memory.store64(at + ARENA_TEST, 8);
  memory.store32(at + N_MMAPS_MAX, DEFAULT_MMAP_MAX);
  memory.store64(at + TCACHE_BINS_AT, TCACHE_BINS);
  memory.store64(at + TCACHE_MAX_BYTES_AT, TCACHE_REQUEST_MAX);
  memory.store64(at + TCACHE_COUNT_AT, TCACHE_FILL);
}

export function isInitialized(reader: MemoryReader, state: number): boolean {
  return reader.load32(state + INITIALIZED) !== 0;
}

export function isContiguous(reader: MemoryReader, state: number): boolean {
  return (reader.load32(state + ARENA_FLAGS) & NONCONTIGUOUS) === 0;
}

export function setNoncontiguous(arena: Arena): void {
  const { memory, at } = arena;
  memory.store32(at + ARENA_FLAGS, memory.load32(at + ARENA_FLAGS) | NONCONTIGUOUS);
}

/** There may be chunks in fastbins. */
export function hasFastChunks(arena: Arena): boolean {
  return arena.memory.load32(arena.at + HAVE_FASTCHUNKS) !== 0;
}

export function setHasFastChunks(arena: Arena, value: 0 | 1): void {
  arena.memory.store32(arena.at + HAVE_FASTCHUNKS, value);
}

/** alloc_perturb: M_PERTURB fills what is handed out with the complement of its byte. */
export function perturbNew(arena: Arena, payload: number, bytes: number): void {
  const byte = arena.memory.load32(arena.at + PERTURB);
  if (byte !== 0) arena.memory.fill(payload, ~byte & 0xff, bytes);
}

/** free_perturb: ... and what comes back with the byte itself. */
export function perturbOld(arena: Arena, payload: number, bytes: number): void {
  const byte = arena.memory.load32(arena.at + PERTURB);
  if (byte !== 0) arena.memory.fill(payload, byte & 0xff, bytes);
}
