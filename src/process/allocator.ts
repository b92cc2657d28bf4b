/**
 * What every allocator in this house offers: the C library's four functions, and a walk from end to end for those who look.
 *
 * Allocators keep everything they know in the process's memory. An instance holds addresses of its state and options that
 * never change, nothing else: after a fork the child's instance is a new one over the same addresses, and copy on write does
 * the rest.
 */
import type { MemoryReader } from './program-memory.ts';

/** Bytes asked for, or a count: a number up to 2^53 - 1, a bigint above (up to 2^64 - 1). No allocator can grant the latter. */
export type Size = number | bigint;

export const NULL = 0;
/** 2^63 - 1: PTRDIFF_MAX, and CPython's PY_SSIZE_T_MAX. */
export const PTRDIFF_MAX = 2n ** 63n - 1n;
export const SIZE_BITS = 64;

/** `size` as a number when that is exact, else as a bigint modulo 2^64. */
export function sizeOf(value: number | bigint): Size {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  const bits = BigInt.asUintN(SIZE_BITS, BigInt(value));
  return bits <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bits) : bits;
}

/** `count * size` without wrapping; may exceed 64 bits. */
export function productOf(count: Size, size: Size): Size {
  if (typeof count === 'number' && typeof size === 'number') {
    const product = count * size;
    if (product <= Number.MAX_SAFE_INTEGER) return product;
  }
  const exact = BigInt(count) * BigInt(size);
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
}

/** malloc(3) and its family. 0 is NULL. They may stop the program (ProgramStopped): a fault, or abort(). */
export interface Allocator {
  malloc(size: Size): number;
  calloc(count: Size, size: Size): number;
  realloc(address: number, size: Size): number;
  free(address: number): void;
  /** Bytes the block can hold: malloc_usable_size(3). 0 for NULL. */
  usableSize(address: number): number;
}

export type HeapBlockState =
  | 'used'
  /** Free, and the allocator's to give. */
  | 'free'
  /** Freed, but kept apart for quick reuse (tcache, fastbin); its neighbours see it as used. */
  | 'cached'
  /** The rest of the region, never given out yet (glibc's top, virgin blocks and pools). */
  | 'top'
  /** The allocator's own: headers of pools, tables, fences. */
  | 'header'
  /** Bytes no block can use: alignment, quantization. */
  | 'lost';

/** One piece of a heap region. Pieces follow each other without gaps. */
export interface HeapBlock {
  /** First byte, header included. */
  readonly start: number;
  /** Bytes in all, header included. */
  readonly bytes: number;
  readonly state: HeapBlockState;
  /** What the program was given, or would be; null for what no program gets. */
  readonly payload: number | null;
  /** Bytes of payload. */
  readonly payloadBytes: number;
  /** `tcache[2]`, `fastbin 48`, `class 3, pool 7`; '' when there is nothing to add. */
  readonly detail: string;
}

/** A stretch of memory that an allocator manages. */
export interface HeapRegion {
  /** `[heap]`, `mmapped chunk`, `arena 3`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly blocks: readonly HeapBlock[];
}

/** The looking half of an allocator: reads by `reader`, which changes nothing. */
export interface WalkableHeap {
  /** Every region from end to end, by address. Bounded even when links are corrupted. */
  regions(reader: MemoryReader): HeapRegion[];
  /** Rules of the allocator's own structures that do not hold; [] when healthy. A guest's overflow can break them. */
  brokenRules(reader: MemoryReader): string[];
}
