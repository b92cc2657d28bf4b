/** A heap with boundary tags from end to end, and the rules that should hold in it. */
import type { HeapBlock, HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import { hex, lost } from './fit-walk.ts';
import type { SegregatedAllocator } from './segregated.ts';

interface Piece {
  readonly start: number;
  readonly bytes: number;
  readonly isUsed: boolean;
}

/** The blocks of a segment by their sizes, until one that no block can have; `fence`: where they should end. */
function piecesOf(reader: MemoryReader, heap: SegregatedAllocator, index: number) {
  const { source, tags } = heap;
  const segment = source.start(reader, index);
  const fence = tags.fence(segment, source.end(reader, index));
  const pieces: Piece[] = [];
  let stop = tags.firstBlock(segment);
  // A region too small for a block has no tags either.
  const isEmpty = fence - stop < tags.least;
  while (stop < fence && !isEmpty) {
    const bytes = tags.size(reader, stop);
    if (bytes < tags.least || bytes % tags.alignment !== 0 || stop + bytes > fence) break;
    pieces.push({ start: stop, bytes, isUsed: tags.isUsed(reader, stop) });
    stop += bytes;
  }
  return { pieces, stop, fence, isEmpty };
}

export function segregatedRegions(reader: MemoryReader, heap: SegregatedAllocator): HeapRegion[] {
  const { source, tags } = heap;
  const regions: HeapRegion[] = [];
  for (let index = 0; index < source.count(reader); index++) {
    const start = source.start(reader, index);
    const end = source.end(reader, index);
    const { pieces, stop, fence, isEmpty } = piecesOf(reader, heap, index);
    const blocks: HeapBlock[] = [];
    const first = isEmpty ? end : tags.firstBlock(start);
    if (first > start) blocks.push(lost(start, first, 'alignment'));
    for (const piece of pieces) {
      blocks.push({
        start: piece.start,
        bytes: piece.bytes,
        state: piece.isUsed ? 'used' : 'free',
        payload: piece.start + tags.header,
        payloadBytes: piece.bytes - tags.header,
        detail: piece.isUsed ? '' : `class ${heap.classOf(piece.bytes)}`,
      });
    }
    if (!isEmpty && stop === fence) {
      blocks.push({
        start: fence,
        bytes: end - fence,
        state: 'header',
        payload: null,
        payloadBytes: 0,
        detail: 'fence',
      });
    } else if (!isEmpty) blocks.push(lost(stop, end, 'unreadable: the header here is broken'));
    regions.push({ name: source.name, start, end, blocks });
  }
  return regions.sort((left, right) => left.start - right.start);
}

export function brokenSegregatedRules(reader: MemoryReader, heap: SegregatedAllocator): string[] {
  const broken: string[] = [];
  const { source, tags } = heap;
  const listed = listedBlocks(reader, heap, broken);
  for (let index = 0; index < source.count(reader); index++) {
    const { pieces, stop, fence, isEmpty } = piecesOf(reader, heap, index);
    if (isEmpty) continue;
    if (stop < fence) broken.push(`the block at ${hex(stop)} has no possible size: its header was overwritten`);
    else if (tags.size(reader, fence) !== 0 || !tags.isUsed(reader, fence)) {
      broken.push(`the fence at ${hex(fence)} was overwritten`);
    }
    let previousUsed = true;
    for (const { start, bytes, isUsed } of pieces) {
      if (tags.isPreviousUsed(reader, start) !== previousUsed) {
        broken.push(
          `the block at ${hex(start)} does not know that the one before it is ${previousUsed ? 'used' : 'free'}`,
        );
      }
      const index = listed.get(start);
      listed.delete(start);
      if (isUsed) {
        if (index !== undefined) broken.push(`the used block at ${hex(start)} is in a free list`);
        if (!tags.hasMagic(reader, start)) broken.push(`the used block at ${hex(start)} has lost its magic number`);
      } else {
        if (index !== heap.classOf(bytes)) {
          broken.push(`the free block at ${hex(start)} is not in the list of class ${heap.classOf(bytes)}`);
        }
        const footer = tags.footer(reader, start, bytes);
        if (footer !== bytes)
          broken.push(`the free block at ${hex(start)} has ${bytes} bytes, its boundary tag says ${footer}`);
        if (!previousUsed && heap.options.coalescing === 'immediate') {
          broken.push(`the free block at ${hex(start)} was not merged with the free block before it`);
        }
      }
      previousUsed = isUsed;
    }
  }
  for (const start of listed.keys()) broken.push(`a free list has ${hex(start)}, where no block starts`);
  return broken;
}

/** Every free block with the class whose list it is in. */
function listedBlocks(reader: MemoryReader, heap: SegregatedAllocator, broken: string[]): Map<number, number> {
  const { source, tags } = heap;
  const listed = new Map<number, number>();
  for (let index = 0; index < heap.classes; index++) {
    let before = 0;
    for (let block = heap.first(reader, index); block !== 0; block = tags.next(reader, block)) {
      if (source.segmentOf(reader, block) < 0) {
        broken.push(`the free list of class ${index} leads out of the heap, to ${hex(block)}`);
        break;
      }
      if (listed.has(block)) {
        broken.push(`the block at ${hex(block)} is in a free list twice`);
        break;
      }
      if (tags.previous(reader, block) !== before) {
        broken.push(`the free block at ${hex(block)} does not link back to the one before it`);
      }
      listed.set(block, index);
      before = block;
    }
  }
  return listed;
}
