/**
 * How the debug hooks get a block through a realloc since 3.7 [Objects/obmalloc.c:_PyMem_DebugRawRealloc].
 *
 * The block that goes down is erased, since it may be given away; what the erasing destroys is saved beside it, at most 128
 * bytes, and the allocator below copies the rest.
 *
 *     up to 128 bytes   | head | data                          | tail |
 *                       |########################################### |
 *     more              | head | first 64 |  middle  | last 64 | tail |
 *                       |#################|          |################|      # dead bytes
 */
import type { Size } from '../allocator.ts';
import type { ProgramMemory } from '../program-memory.ts';
import { extraBytesOf, HEAD_BYTES } from './debug-layout.ts';
import type { PythonProfile } from './profiles.ts';

/** Data bytes erased at either end of a long block. */
const END_BYTES = 64;

/** What was in the erased parts. It lives on the C stack of one call. */
export interface ErasedBlock {
  /** Data bytes of the block as it was. */
  readonly bytes: number;
  readonly start: Uint8Array;
  /** The last bytes of a long block; empty for a short one. */
  readonly end: Uint8Array;
}

/** Fill the block of `size` bytes at `data` with dead bytes, header and tail included. */
export function erase(
  memory: ProgramMemory,
  profile: PythonProfile,
  data: number,
  size: Size,
  tail: number,
): ErasedBlock {
  const bytes = Number(size);
  const head = data - HEAD_BYTES;
  const extra = extraBytesOf(profile);
  const dead = profile.deadByte;
  if (bytes <= 2 * END_BYTES) {
    const start = memory.bytes(data, bytes);
    memory.fill(head, dead, bytes + extra);
    return { bytes, start, end: new Uint8Array(0) };
  }
  const start = memory.bytes(data, END_BYTES);
  memory.fill(head, dead, HEAD_BYTES + END_BYTES);
  const end = memory.bytes(tail - END_BYTES, END_BYTES);
  memory.fill(tail - END_BYTES, dead, END_BYTES + extra - HEAD_BYTES);
  return { bytes, start, end };
}

/** Put back what fits into a block of `bytes` at `data`. */
export function restore(memory: ProgramMemory, erased: ErasedBlock, data: number, bytes: number): void {
  memory.write(data, erased.start.subarray(0, bytes));
  const offset = erased.bytes - END_BYTES;
  if (erased.end.length > 0 && bytes > offset) memory.write(data + offset, erased.end.subarray(0, bytes - offset));
}
