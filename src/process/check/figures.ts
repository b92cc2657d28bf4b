/**
 * A program's heaps in figures, from a walk of every region and the notebook of what was asked for.
 *
 *     asked ≤ payload                       internal fragmentation: what blocks hold beyond what was asked for
 *     payload + free + headers + lost = all metadata overhead: headers and bytes no block can use
 *     largest free ≤ free                   external fragmentation: 1 - largest free / free
 */
import type { HeapRegion } from '../allocator.ts';
import { HEADER_BYTES } from '../libc/layout.ts';
import type { Program } from '../program.ts';

export interface HeapFigures {
  /** Blocks that the program holds, and the bytes it asked for in them. */
  readonly blocks: number;
  readonly askedBytes: number;
  /** Bytes of all regions. */
  readonly bytes: number;
  /** Bytes of used blocks that a program may use (also of blocks that the allocators themselves asked for). */
  readonly payloadBytes: number;
  /** Free bytes: ready to be given, kept for quick reuse, or never used yet. */
  readonly freeBytes: number;
  readonly largestFree: number;
  readonly headerBytes: number;
  readonly lostBytes: number;
  /** Of the program's blocks: bytes beyond what was asked for. */
  readonly internalFragmentation: number;
  /** 1 - largest free / free; 0 when nothing is free. */
  readonly externalFragmentation: number;
  /** Arenas of pymalloc; 0 without Python. */
  readonly arenas: number;
}

/** All regions of the program's heaps, by address. Looks without touching. */
export function heapRegions(program: Program): HeapRegion[] {
  const { calls, glibc, libc } = program;
  const reader = program.peek();
  const python = program.python?.pymalloc.regions(reader) ?? [];
  // A header that a program wrote over can claim what is not glibc's.
  const isCredible = ({ name, start, end }: HeapRegion) =>
    name !== 'mapped chunk' ||
    (calls.holds(start, end) && !python.some((arena) => arena.start < end && arena.end > start));
  const own = glibc === null ? libc.regions(reader) : glibc.regions(reader, payloadsOfMapped(program));
  return [...own.filter(isCredible), ...python].sort((a, b) => a.start - b.start);
}

/**
 * Where payloads of mapped chunks may be, of which glibc keeps no list: behind a header at the start of what it got from the
 * kernel. memalign moves a chunk, and leaves the header that was there before: so the program's own blocks come first.
 */
function payloadsOfMapped({ calls, ledger }: Program): number[] {
  const aligned = ledger.live.filter(({ family }) => family === 'libc').map(({ address }) => address);
  return [...aligned, ...calls.starts.map((start) => start + HEADER_BYTES)];
}

export function heapFigures(program: Program, regions: readonly HeapRegion[] = heapRegions(program)): HeapFigures {
  const { ledger } = program;
  let [bytes, payloadBytes, freeBytes, largestFree, headerBytes, lostBytes, internal] = [0, 0, 0, 0, 0, 0, 0];
  for (const region of regions) {
    bytes += region.end - region.start;
    for (const block of region.blocks) {
      if (block.state === 'used') {
        payloadBytes += block.payloadBytes;
        headerBytes += block.bytes - block.payloadBytes;
        const held = block.payload === null ? null : ledger.before(block.payload + block.payloadBytes - 1);
        if (held !== null && block.payload !== null && held.address >= block.payload) {
          internal += Math.max(0, block.payloadBytes - held.size);
        }
      } else if (block.state === 'header') headerBytes += block.bytes;
      else if (block.state === 'lost') lostBytes += block.bytes;
      else {
        freeBytes += block.bytes;
        largestFree = Math.max(largestFree, block.bytes);
      }
    }
  }
  return {
    blocks: ledger.liveBlocks,
    askedBytes: ledger.liveBytes,
    bytes,
    payloadBytes,
    freeBytes,
    largestFree,
    headerBytes,
    lostBytes,
    internalFragmentation: internal,
    externalFragmentation: freeBytes === 0 ? 0 : 1 - largestFree / freeBytes,
    arenas: program.python?.pymalloc.arenasNow(program.peek()) ?? 0,
  };
}
