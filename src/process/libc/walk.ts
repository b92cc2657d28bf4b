/**
 * The heap from end to end, chunk by chunk, for those who look.
 *
 * A heap that grew without interruption is one piece, from sbrk_base to the end of top. Where the break was moved by others,
 * or mmap stood in for it, a piece ends in fenceposts and the next begins elsewhere. glibc does not write down where; its
 * chunks tell: a piece begins where a chain of plausible sizes leads to top, to fenceposts, or to a chunk on a free list.
 */
import type { HeapBlock, HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import {
  ALIGNMENT,
  CHUNK_MIN,
  chunkSize,
  HEADER_BYTES,
  IS_MMAPPED,
  isMapped,
  PREV_INUSE,
  SIZE,
  WORD_BYTES,
  withoutFlags,
} from './layout.ts';
import { freeLists, hex } from './lists.ts';
import { binAt, isContiguous, isInitialized, SBRK_BASE, SYSTEM_MEM, TCACHE, TOP } from './state.ts';

interface Label {
  readonly state: 'free' | 'cached' | 'header';
  readonly detail: string;
}

interface Walk {
  readonly reader: MemoryReader;
  readonly top: number;
  readonly topEnd: number;
  readonly labels: ReadonlyMap<number, Label>;
}

/** Bytes searched for the beginning of a piece: behind memory of others, and before a chunk of a mapped piece. */
const SEARCH_MAX = 64 * 1024 * 1024;
/** ... behind a piece after which others are mapped elsewhere: those are found by their chunks. */
const SEARCH_NEAR = 256 * 1024;

/**
 * `mapped`: payloads of what may be mapped chunks, the more certain first. What has no such header is left out, and so is what
 * overlaps a region that is there already.
 */
export function regionsOf(
  reader: MemoryReader,
  at: number,
  pageBytes: number,
  mapped: readonly number[],
): HeapRegion[] {
  const regions = isInitialized(reader, at) ? heapRegions(reader, at, pageBytes) : [];
  for (const payload of mapped) {
    const region = mappedRegion(reader, payload - HEADER_BYTES, pageBytes);
    if (region === null) continue;
    if (!regions.some(({ start, end }) => start < region.end && end > region.start)) regions.push(region);
  }
  return regions.sort((one, other) => one.start - other.start);
}

function heapRegions(reader: MemoryReader, at: number, pageBytes: number): HeapRegion[] {
  const top = reader.load64(at + TOP);
  if (top === binAt(at, 1)) return [];
  const system = reader.load64(at + SYSTEM_MEM);
  const topSize = chunkSize(reader, top);
  const topEnd = top + (topSize <= system ? topSize : CHUNK_MIN);
  const walk: Walk = { reader, top, topEnd, labels: labelsOf(reader, at) };
  const regions: HeapRegion[] = [];
  const reach = isContiguous(reader, at) ? SEARCH_MAX : SEARCH_NEAR;
  for (let start = reader.load64(at + SBRK_BASE); start > 0; ) {
    const region = walkPiece(walk, '[heap]', start, topEnd > start ? topEnd : start + system);
    regions.push(region);
    start = region.end < top ? startAfter(walk, region.end, reach) : 0;
  }
  if (isContiguous(reader, at)) return regions;
  for (const anchor of [top, ...walk.labels.keys()]) {
    if (regions.some((region) => anchor >= region.start && anchor < region.end)) continue;
    const start = startBefore(walk, anchor, system, pageBytes);
    if (start > 0) regions.push(walkPiece(walk, 'mapped heap', start, start + system));
  }
  return regions;
}

function labelsOf(reader: MemoryReader, at: number): Map<number, Label> {
  const labels = new Map<number, Label>();
  for (const { kind, name, chunks } of freeLists(reader, at)) {
    const label: Label = { state: kind === 'bin' ? 'free' : 'cached', detail: name };
    for (const chunk of chunks) labels.set(chunk, label);
  }
  const tcache = reader.load64(at + TCACHE);
  if (tcache !== 0) labels.set(tcache - HEADER_BYTES, { state: 'header', detail: 'tcache_perthread_struct' });
  return labels;
}

/** Chunks from `start` to top, to fenceposts, or to the first size that makes no sense; `limit` is where it must end. */
function walkPiece(walk: Walk, name: string, start: number, limit: number): HeapRegion {
  const { reader, top, topEnd } = walk;
  const blocks: HeapBlock[] = [];
  let chunk = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
  if (chunk > start) blocks.push(bare(start, chunk - start, 'lost', 'alignment'));
  while (chunk < limit) {
    if (chunk === top) {
      blocks.push(bare(chunk, topEnd - chunk, 'top', ''));
      return { name, start, end: topEnd, blocks };
    }
    const size = chunkSize(reader, chunk);
    const fence = fencepostBytes(reader, chunk);
    if (fence > 0) {
      blocks.push(bare(chunk, fence, 'header', 'fenceposts'));
      return { name, start, end: chunk + fence, blocks };
    }
    if (!isPlausible(size) || chunk + size > limit || (chunk < top && chunk + size > top)) {
      blocks.push(bare(chunk, limit - chunk, 'lost', `not walkable: a size of ${hex(size)}`));
      return { name, start, end: limit, blocks };
    }
    blocks.push(blockOf(walk, chunk, size));
    chunk += size;
  }
  return { name, start, end: chunk, blocks };
}

function bare(start: number, bytes: number, state: HeapBlock['state'], detail: string): HeapBlock {
  return { start, bytes, state, payload: null, payloadBytes: 0, detail };
}

function blockOf(walk: Walk, chunk: number, size: number): HeapBlock {
  const label = walk.labels.get(chunk);
  if (label?.state === 'header') return bare(chunk, size, 'header', label.detail);
  const payload = chunk + HEADER_BYTES;
  const payloadBytes = size - WORD_BYTES;
  return {
    start: chunk,
    bytes: size,
    state: label?.state ?? 'used',
    payload,
    payloadBytes,
    detail: label?.detail ?? '',
  };
}

function isPlausible(size: number): boolean {
  return size >= CHUNK_MIN && size % ALIGNMENT === 0;
}

/**
 * Bytes of the fenceposts at `chunk`, 0 when there are none: heads of 16 bytes, two of them, or three where 16 bytes of the
 * old top were left. The first has P clear when a free chunk is before it.
 */
function fencepostBytes(reader: MemoryReader, chunk: number): number {
  let end = chunk;
  while (end < chunk + 3 * HEADER_BYTES && withoutFlags(reader.load64(end + SIZE)) === HEADER_BYTES)
    end += HEADER_BYTES;
  return end - chunk >= 2 * HEADER_BYTES ? end - chunk : 0;
}

/** The chunk that the piece behind fenceposts ending at `end` begins with; 0: none is found. */
function startAfter(walk: Walk, end: number, reach: number): number {
  const last = Math.min(walk.top, end + reach);
  for (let start = end; start <= last; start += ALIGNMENT) {
    if (leadsTo(walk, start, walk.top, true)) return start;
  }
  return 0;
}

/** The page that a mapped piece holding `chunk` begins with: the lowest from which a chain leads there. 0: none. */
function startBefore(walk: Walk, chunk: number, system: number, pageBytes: number): number {
  let found = 0;
  const reach = Math.min(system, SEARCH_MAX);
  for (let start = chunk - (chunk % pageBytes); start > 0 && chunk - start < reach; start -= pageBytes) {
    if (leadsTo(walk, start, chunk, false)) found = start;
  }
  return found;
}

/**
 * Does a chain of chunks that are not mapped lead from `start` to `goal`? It must not pass through top or fenceposts, which
 * end a piece; with `orFence`, reaching fenceposts is as good.
 */
function leadsTo(walk: Walk, start: number, goal: number, orFence: boolean): boolean {
  const { reader } = walk;
  if ((reader.load8(start + SIZE) & PREV_INUSE) === 0) return false;
  let chunk = start;
  while (chunk < goal) {
    if (chunk > start && fencepostBytes(reader, chunk) > 0) return orFence;
    const size = chunkSize(reader, chunk);
    if (!isPlausible(size) || isMapped(reader, chunk) || chunk === walk.top) return false;
    chunk += size;
  }
  return chunk === goal;
}

/** Null when there is no header of a mapped chunk: whole pages, with M set. */
function mappedRegion(reader: MemoryReader, chunk: number, pageBytes: number): HeapRegion | null {
  const head = reader.load64(chunk + SIZE);
  const lead = reader.load64(chunk);
  if ((head & IS_MMAPPED) === 0 || lead > chunk) return null;
  const size = chunkSize(reader, chunk);
  const start = chunk - lead;
  if (!isPlausible(size) || start % pageBytes !== 0 || (lead + size) % pageBytes !== 0) return null;
  const blocks: HeapBlock[] = lead > 0 ? [bare(start, lead, 'lost', 'alignment')] : [];
  const payload = chunk + HEADER_BYTES;
  const payloadBytes = size - HEADER_BYTES;
  blocks.push({ start: chunk, bytes: size, state: 'used', payload, payloadBytes, detail: '' });
  return { name: 'mapped chunk', start, end: chunk + size, blocks };
}
