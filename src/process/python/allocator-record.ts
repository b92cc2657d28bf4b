/**
 * PyMemAllocatorEx and PyObjectArenaAllocator as bytes, and what their function pointers lead to
 * [Include/cpython/pymem.h, objimpl.h].
 *
 *     PyMemAllocatorEx        +0 ctx  +8 malloc  +16 calloc  +24 realloc  +32 free
 *     PyObjectArenaAllocator  +0 ctx  +8 alloc   +16 free
 *
 * A function pointer is an address in the text of libpython: four functions to an implementer, 16 bytes to a function.
 * Implementers are numbered: those below HOST_FIRST are CPython's own, the others are written in TypeScript by whoever
 * runs the machine.
 */

import type { Size } from '../allocator.ts';
import { FUNCTION_BYTES } from '../library.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';

export const RECORD_BYTES = 40;
export const ARENA_RECORD_BYTES = 24;

export const RAW = 0;
export const MEM = 1;
export const OBJ = 2;
/** PYMEM_DOMAIN_RAW, _MEM, _OBJ. */
export type Domain = typeof RAW | typeof MEM | typeof OBJ;
export const DOMAIN_NAMES = ['raw', 'mem', 'obj'] as const;
/** The API ids of the debug hooks. */
export const DOMAIN_LETTERS = 'rmo';

/** What the four functions of a record are to the code that calls them. */
export interface AllocatorFunctions {
  malloc(ctx: number, size: Size): number;
  calloc(ctx: number, count: Size, size: Size): number;
  realloc(ctx: number, address: number, size: Size): number;
  free(ctx: number, address: number): void;
}

export interface ArenaFunctions {
  /** Address, or 0. */
  alloc(ctx: number, size: number): number;
  free(ctx: number, address: number, size: number): void;
}

/** A record read into the host: five words. */
export interface AllocatorRecord {
  readonly ctx: number;
  readonly malloc: number;
  readonly calloc: number;
  readonly realloc: number;
  readonly free: number;
}

export interface ArenaRecord {
  readonly ctx: number;
  readonly alloc: number;
  readonly free: number;
}

/** CPython's own implementers. */
export const IMPLEMENTER = {
  /** _PyMem_RawMalloc …: the C library's, with 0 bytes made 1. */
  libc: 0,
  /** _PyObject_Malloc …: pymalloc. */
  pymalloc: 1,
  /** _PyMem_DebugRawMalloc …: the debug hooks of the raw domain. */
  debugRaw: 2,
  /** _PyMem_DebugMalloc …: those of mem and obj, which check that the GIL is held. */
  debug: 3,
  /** tracemalloc_raw_malloc …: may run without the GIL. */
  traceRaw: 4,
  /** tracemalloc_malloc_gil …. */
  trace: 5,
  /** _PyObject_ArenaMmap, _PyObject_ArenaMunmap: functions 0 and 3. */
  arenaMmap: 6,
} as const;
export const HOST_FIRST = 8;
/** Implementers there is room for in a library's text of one page of 4 KiB. */
export const IMPLEMENTERS_MAX = 64;
const FUNCTIONS_EACH = 4;
export const IMPLEMENTER_BYTES = FUNCTIONS_EACH * FUNCTION_BYTES;
export const TEXT_FUNCTIONS = IMPLEMENTERS_MAX * FUNCTIONS_EACH;

/** The record that an implementer's functions make. */
export function recordOf(text: number, implementer: number, ctx: number): AllocatorRecord {
  const malloc = text + implementer * IMPLEMENTER_BYTES;
  return {
    ctx,
    malloc,
    calloc: malloc + FUNCTION_BYTES,
    realloc: malloc + 2 * FUNCTION_BYTES,
    free: malloc + 3 * FUNCTION_BYTES,
  };
}

export function arenaRecordOf(text: number, implementer: number, ctx: number): ArenaRecord {
  const alloc = text + implementer * IMPLEMENTER_BYTES;
  return { ctx, alloc, free: alloc + 3 * FUNCTION_BYTES };
}

export function readRecord(memory: MemoryReader, at: number): AllocatorRecord {
  return {
    ctx: memory.load64(at),
    malloc: memory.load64(at + 8),
    calloc: memory.load64(at + 16),
    realloc: memory.load64(at + 24),
    free: memory.load64(at + 32),
  };
}

export function writeRecord(memory: ProgramMemory, at: number, record: AllocatorRecord): void {
  memory.store64(at, record.ctx);
  memory.store64(at + 8, record.malloc);
  memory.store64(at + 16, record.calloc);
  memory.store64(at + 24, record.realloc);
  memory.store64(at + 32, record.free);
}

export function readArenaRecord(memory: MemoryReader, at: number): ArenaRecord {
  return { ctx: memory.load64(at), alloc: memory.load64(at + 8), free: memory.load64(at + 16) };
}

export function writeArenaRecord(memory: ProgramMemory, at: number, record: ArenaRecord): void {
  memory.store64(at, record.ctx);
  memory.store64(at + 8, record.alloc);
  memory.store64(at + 16, record.free);
}
