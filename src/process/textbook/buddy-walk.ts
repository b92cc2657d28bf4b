/** A buddy system's heap from end to end, and the rules that should hold in it. */
import type { HeapBlock, HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import type { BuddyAllocator } from './buddy.ts';
import { ORDERS, orderOf, TAG_FREE, TAG_USED } from './buddy-tags.ts';
import { hex, lost } from './fit-walk.ts';

interface Piece {
  readonly start: number;
  readonly order: number;
  readonly isFree: boolean;
}

/** The blocks of a segment by their tags, until a tag that no block can have. */
function piecesOf(reader: MemoryReader, heap: BuddyAllocator, segment: number) {
  const { grid, options, tags } = heap;
  const base = grid.address(reader, 0);
  const start = grid.address(reader, grid.firstUnit(reader, segment));
  const end = grid.address(reader, grid.endUnit(reader, segment));
  const pieces: Piece[] = [];
  let stop = start;
  while (stop < end) {
    const tag = tags.read(reader, stop);
    const order = orderOf(tag);
    const size = 2 ** order;
    const isFree = (tag & ~order) === TAG_FREE;
    if (!isFree && (tag & ~order) !== TAG_USED) break;
    if (order < options.minOrder || (stop - base) % size !== 0 || stop + size > end) break;
    pieces.push({ start: stop, order, isFree });
    stop += size;
  }
  return { pieces, start, stop, end };
}

export function buddyRegions(reader: MemoryReader, heap: BuddyAllocator): HeapRegion[] {
  const { source, options } = heap;
  const regions = heap.tags.bookkeeping(reader);
  for (let index = 0; index < source.count(reader); index++) {
    const walk = piecesOf(reader, heap, index);
    const end = source.end(reader, index);
    const blocks: HeapBlock[] = [];
    const first = Math.min(walk.start, end);
    if (first > source.start(reader, index)) blocks.push(lost(source.start(reader, index), first, 'alignment'));
    for (const { start, order, isFree } of walk.pieces) {
      const bytes = 2 ** order;
      const payload = { payload: start + options.header, payloadBytes: bytes - options.header };
      blocks.push({ start, bytes, state: isFree ? 'free' : 'used', ...payload, detail: `order ${order}` });
    }
    const stop = Math.min(walk.stop, end);
    if (stop < end) blocks.push(lost(stop, end, stop < walk.end ? 'unreadable: the tag here is broken' : 'alignment'));
    regions.push({ name: source.name, start: source.start(reader, index), end, blocks });
  }
  return regions.sort((left, right) => left.start - right.start);
}

export function brokenBuddyRules(reader: MemoryReader, heap: BuddyAllocator): string[] {
  const broken: string[] = [];
  const listed = new Map<number, number>();
  for (let order = heap.options.minOrder; order < ORDERS; order++) {
    let before = 0;
    for (let block = heap.first(reader, order); block !== 0; block = heap.next(reader, block)) {
      if (heap.source.segmentOf(reader, block) < 0) {
        broken.push(`the free list of order ${order} leads out of the heap, to ${hex(block)}`);
        break;
      }
      if (listed.has(block)) {
        broken.push(`the block at ${hex(block)} is in a free list twice`);
        break;
      }
      if (heap.previous(reader, block) !== before) {
        broken.push(`the free block at ${hex(block)} does not link back to the one before it`);
      }
      listed.set(block, order);
      before = block;
    }
  }
  for (let index = 0; index < heap.source.count(reader); index++) {
    const { pieces, stop, end } = piecesOf(reader, heap, index);
    if (stop < end) broken.push(`there is no block of a possible order at ${hex(stop)}: its tag was overwritten`);
    for (const { start, order, isFree } of pieces) {
      const list = listed.get(start);
      listed.delete(start);
      if (isFree && list !== order) broken.push(`the free block at ${hex(start)} is not in the list of order ${order}`);
      if (!isFree && list !== undefined) broken.push(`the used block at ${hex(start)} is in a free list`);
      if (!isFree && !heap.tags.hasMagic(reader, start)) {
        broken.push(`the used block at ${hex(start)} has lost its magic number`);
      }
      if (!isFree || heap.options.coalescing === 'none') continue;
      const buddy = heap.buddyOf(reader, start, order);
      if (buddy > start && heap.tags.read(reader, buddy) === (TAG_FREE | order)) {
        broken.push(`the buddies at ${hex(start)} and ${hex(buddy)} are free and were not merged`);
      }
    }
  }
  for (const start of listed.keys()) broken.push(`a free list has ${hex(start)}, where no block starts`);
  return broken;
}
