/** A list allocator's heap from end to end, for those who look, and the rules that should hold in it. */
import type { HeapBlock, HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import type { BlockStore } from './block-store.ts';
import type { FreeList } from './free-list.ts';
import type { HeapSource } from './heap-source.ts';
import type { Coalescing } from './options.ts';

/** Starts of the free blocks, with their places in the list; broken: a sentence when the list cannot be followed. */
function readList(reader: MemoryReader, source: HeapSource, list: FreeList) {
  const places = new Map<number, number>();
  const handles: number[] = [];
  const { blocks } = list;
  for (let block = list.after(reader, 0); block !== 0; block = blocks.next(reader, block)) {
    const start = blocks.start(reader, block);
    const place = places.size;
    if (source.segmentOf(reader, start) < 0) {
      return { places, handles, broken: `free list element ${place} lies outside the heap, at ${hex(start)}` };
    }
    if (places.has(start)) {
      return { places, handles, broken: `the free list runs in a circle: ${hex(start)} is its element twice` };
    }
    places.set(start, place);
    handles.push(block);
  }
  return { places, handles, broken: null };
}

interface Piece {
  readonly start: number;
  readonly bytes: number;
  readonly used: boolean | null;
}

/** The blocks of segment `index` as the store has them; `stop`: where the walk ended, the end of the blocks when all is well. */
function piecesOf(reader: MemoryReader, source: HeapSource, blocks: BlockStore, index: number) {
  const segment = source.start(reader, index);
  const end = blocks.geometry.blocksEnd(segment, source.end(reader, index));
  const pieces: Piece[] = [];
  let stop = blocks.geometry.firstBlock(segment);
  // A region too small for one block has none.
  if (end - stop < blocks.geometry.least) return { pieces, stop, end: stop };
  let block = blocks.firstFrom(reader, stop);
  while (stop < end && block !== 0 && blocks.start(reader, block) === stop) {
    const bytes = blocks.bytes(reader, block);
    if (bytes < blocks.geometry.least || bytes % blocks.geometry.alignment !== 0 || stop + bytes > end) break;
    pieces.push({ start: stop, bytes, used: blocks.isUsed(reader, block) });
    stop += bytes;
    if (stop < end) block = blocks.following(reader, block);
  }
  return { pieces, stop, end };
}

export function fitRegions(reader: MemoryReader, source: HeapSource, list: FreeList): HeapRegion[] {
  const { places } = readList(reader, source, list);
  const { header } = list.blocks.geometry;
  const regions = list.blocks.bookkeeping(reader);
  for (let index = 0; index < source.count(reader); index++) {
    const start = source.start(reader, index);
    const end = source.end(reader, index);
    const walk = piecesOf(reader, source, list.blocks, index);
    const first = Math.min(end, list.blocks.geometry.firstBlock(start));
    const found: HeapBlock[] = [];
    if (first > start) found.push(lost(start, first, 'alignment'));
    for (const piece of walk.pieces) {
      const place = places.get(piece.start);
      found.push({
        start: piece.start,
        bytes: piece.bytes,
        state: place === undefined ? 'used' : 'free',
        payload: piece.start + header,
        payloadBytes: piece.bytes - header,
        detail: place === undefined ? '' : `list[${place}]`,
      });
    }
    const stop = Math.max(first, walk.stop);
    if (stop < end)
      found.push(lost(stop, end, stop < walk.end ? 'unreadable: the header here is broken' : 'alignment'));
    regions.push({ name: source.name, start, end, blocks: found });
  }
  return regions.sort((left, right) => left.start - right.start);
}

export function brokenFitRules(
  reader: MemoryReader,
  source: HeapSource,
  list: FreeList,
  coalescing: Coalescing,
): string[] {
  const broken: string[] = [];
  const { places, handles, broken: cannotFollow } = readList(reader, source, list);
  if (cannotFollow !== null) broken.push(cannotFollow);
  for (let place = 1; place < handles.length; place++) {
    if (list.inOrder(reader, handles[place - 1]!, handles[place]!)) continue;
    broken.push(`free list elements ${place - 1} and ${place} are out of order`);
  }
  const met = new Set<number>();
  for (let index = 0; index < source.count(reader); index++) {
    const { pieces, stop, end } = piecesOf(reader, source, list.blocks, index);
    if (stop < end) broken.push(`the block at ${hex(stop)} has no possible size: its header was overwritten`);
    let previousFree = false;
    for (const { start, used } of pieces) {
      const isFree = places.has(start);
      met.add(start);
      if (used === true && isFree) broken.push(`the block at ${hex(start)} is marked as used and is in the free list`);
      if (used === false && !isFree) {
        broken.push(`the block at ${hex(start)} is neither in the free list nor marked as used`);
      }
      if (isFree && previousFree && coalescing === 'immediate') {
        broken.push(`the free block at ${hex(start)} was not merged with the free block before it`);
      }
      previousFree = isFree;
    }
  }
  for (const [start, place] of places) {
    if (!met.has(start)) broken.push(`free list element ${place}, at ${hex(start)}, is not where a block starts`);
  }
  return broken;
}

export function lost(start: number, end: number, detail: string): HeapBlock {
  return { start, bytes: end - start, state: 'lost', payload: null, payloadBytes: 0, detail };
}

export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
