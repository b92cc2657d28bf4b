/**
 * The block that the debug hooks wrap around a request, as bytes [Objects/obmalloc.c:_PyMem_DebugRawAlloc].
 *
 * It answers three questions when the block comes back: which API made it, how long it was meant to be, and whether the
 * program wrote beside it.
 *
 *     head                    data                        tail
 *     | n, 8 bytes | id | FD x 7 | n bytes of the program | FD x 8 | serial, 8 bytes |
 *     +0           +8   +9       +16                      +16+n    +24+n  (3.7 and before)
 *
 *     n, serial   big-endian, so that the bytes that an underflow reaches first are the small end and most often change
 *     id          'r', 'm' or 'o': the domain
 *     FD          the profile's forbidden byte
 *
 * Nothing keeps the program from overwriting any of it: a size read back may be any 64-bit value, and the tail it leads to
 * any address.
 */
import { SIZE_BITS, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import type { PythonProfile } from './profiles.ts';

/** sizeof(size_t), the unit of the layout. */
export const WORD_BYTES = 8;
/** From the block of the allocator below to the program's. */
export const HEAD_BYTES = 2 * WORD_BYTES;
/** Forbidden bytes right before the program's. */
export const LEADING_PADS = WORD_BYTES - 1;
export const TRAILING_PADS = LEADING_PADS + 1;

const HALF_BYTES = 4;
const HALF = 2 ** 32;
/** A high half below this leaves the whole word exact as a number. */
const EXACT_HIGH_END = 2 ** 21;

/** Bytes the hooks ask for beyond the request. */
export function extraBytesOf(profile: PythonProfile): number {
  return HEAD_BYTES + TRAILING_PADS + (profile.hasSerial ? WORD_BYTES : 0);
}

/** A byte, four times: half a word of a pattern. */
export function repeated(byte: number): number {
  return byte * 0x01010101;
}

function swapped(half: number): number {
  return (((half & 0xff) << 24) | ((half & 0xff00) << 8) | ((half >>> 8) & 0xff00) | (half >>> 24)) >>> 0;
}

/** The big-endian word at `at`, whatever it holds. */
export function readSize(memory: MemoryReader, at: number): Size {
  const high = swapped(memory.load32(at));
  const low = swapped(memory.load32(at + HALF_BYTES));
  return high < EXACT_HIGH_END ? high * HALF + low : (BigInt(high) << 32n) | BigInt(low);
}

export function writeSize(memory: ProgramMemory, at: number, size: Size): void {
  let high: number;
  let low: number;
  if (typeof size === 'number') {
    low = size >>> 0;
    high = (size - low) / HALF;
  } else {
    low = Number(size & 0xffffffffn);
    high = Number((size >> 32n) & 0xffffffffn);
  }
  memory.store32(at, swapped(high));
  memory.store32(at + HALF_BYTES, swapped(low));
}

/** `data + size` as a 64-bit pointer: it wraps. */
export function pointerPast(data: number, size: Size): bigint {
  return BigInt.asUintN(SIZE_BITS, BigInt(data) + BigInt(size));
}

/**
 * `data + size` as an address to load from: negative in the upper half of the address space, where no double holds the
 * unsigned form; one between the halves may be rounded, and is no address in either form.
 */
export function tailOf(data: number, size: Size): number {
  if (typeof size === 'number') {
    const tail = data + size;
    if (tail <= Number.MAX_SAFE_INTEGER) return tail;
  }
  const signed = BigInt.asIntN(SIZE_BITS, BigInt(data) + BigInt(size));
  return signed < -BigInt(Number.MAX_SAFE_INTEGER) ? Number(BigInt.asUintN(SIZE_BITS, signed)) : Number(signed);
}

/**
 * Do eight bytes read `first`, then `rest` seven times? Whole halves where the page holds them all, byte by byte up to the
 * first wrong one across a page's end, so that nothing is touched that CPython's own loop would not touch.
 */
export function matches(memory: ProgramMemory, at: number, first: number, rest: number): boolean {
  const { pageBytes } = memory;
  const half = repeated(rest);
  if (pageBytes - (at % pageBytes) >= WORD_BYTES) {
    return memory.load32(at) === half - rest + first && memory.load32(at + HALF_BYTES) === half;
  }
  if (memory.load8(at) !== first) return false;
  for (let offset = 1; offset < WORD_BYTES; offset++) if (memory.load8(at + offset) !== rest) return false;
  return true;
}
