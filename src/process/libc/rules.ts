/** What must hold between malloc's structures; a guest's overflow, double free or stray write breaks it. */
import type { HeapBlock } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import {
  ALIGNMENT,
  BK_NEXTSIZE,
  binIndex,
  CHUNK_MIN,
  chunkSize,
  FD_NEXTSIZE,
  isPreviousInUse,
  LARGE_MIN,
} from './layout.ts';
import { type FreeList, freeLists, hex } from './lists.ts';
import {
  BINMAP,
  binAt,
  isContiguous,
  isInitialized,
  MMAPPED_MEM,
  N_MMAPS,
  SBRK_BASE,
  SYSTEM_MEM,
  TOP,
} from './state.ts';
import { regionsOf } from './walk.ts';

export function brokenRulesOf(reader: MemoryReader, at: number, pageBytes: number): string[] {
  if (!isInitialized(reader, at)) return [];
  const broken: string[] = [];
  const blocks = regionsOf(reader, at, pageBytes, []).flatMap((region) => region.blocks);
  const lists = freeLists(reader, at);
  checkBlocks(reader, blocks, broken);
  checkLists(reader, at, lists, new Map(blocks.map((block) => [block.start, block])), broken);
  checkTop(reader, at, broken);
  if (reader.load32(at + N_MMAPS) === 0 && reader.load64(at + MMAPPED_MEM) !== 0) {
    broken.push('bytes are counted as mapped, but no chunk is');
  }
  return broken;
}

/** Neighbours agree on who is free, and free neighbours are one. */
function checkBlocks(reader: MemoryReader, blocks: readonly HeapBlock[], broken: string[]): void {
  for (const [index, block] of blocks.entries()) {
    const { start, bytes, state, detail } = block;
    const after = blocks[index + 1];
    if (state === 'lost' && detail.startsWith('not walkable')) broken.push(`chunk ${hex(start)} is ${detail}`);
    if (state === 'lost' || state === 'top' || detail === 'fenceposts') continue;
    if (after === undefined || after.start !== start + bytes || after.state === 'lost') continue;
    const saysInUse = isPreviousInUse(reader, after.start);
    if (state !== 'free') {
      if (!saysInUse) broken.push(`chunk ${hex(start)} is ${state}, but the one behind it has P clear`);
      continue;
    }
    if (saysInUse) broken.push(`chunk ${hex(start)} is free, but the one behind it has P set`);
    else if (reader.load64(after.start) !== bytes) broken.push(`prev_size behind free chunk ${hex(start)} is wrong`);
    if (after.state === 'free' || after.state === 'top') {
      broken.push(`free chunk ${hex(start)} is not joined with the one behind it`);
    }
  }
}

function checkLists(
  reader: MemoryReader,
  at: number,
  lists: readonly FreeList[],
  blocks: ReadonlyMap<number, HeapBlock>,
  broken: string[],
): void {
  const listed = new Set<number>();
  for (const list of lists) {
    const { kind, index, name, chunks, flaw, count } = list;
    if (flaw !== null) broken.push(`${name}: ${flaw}`);
    if (kind === 'tcache' && count !== chunks.length)
      broken.push(`${name}: counts ${count} chunks, has ${chunks.length}`);
    for (const chunk of chunks) {
      if (!blocks.has(chunk)) broken.push(`${name}: ${hex(chunk)} is no chunk of the heap`);
      if (listed.has(chunk)) broken.push(`${name}: ${hex(chunk)} is on another list as well`);
      listed.add(chunk);
      if (!belongs(chunkSize(reader, chunk), kind, index)) broken.push(`${name}: ${hex(chunk)} is of another size`);
    }
    if (kind !== 'bin' || index === 1 || chunks.length === 0) continue;
    const bits = reader.load32(at + BINMAP + 4 * (index >>> 5));
    if (((bits >>> (index & 31)) & 1) === 0) broken.push(`${name}: has chunks, but its bit in binmap is clear`);
    if (index >= LARGE_MIN / 16) checkSizes(reader, binAt(at, index), list, broken);
  }
}

function belongs(size: number, kind: FreeList['kind'], index: number): boolean {
  if (kind !== 'bin') return size === CHUNK_MIN + 16 * index;
  return index === 1 || binIndex(size) === index;
}

/** A large bin descends, and its ring of sizes has the first chunk of each. */
function checkSizes(reader: MemoryReader, bin: number, { name, chunks }: FreeList, broken: string[]): void {
  const firsts = chunks.filter(
    (chunk, index) => chunkSize(reader, chunk) !== chunkSize(reader, chunks[index - 1] ?? bin),
  );
  for (const [index, chunk] of chunks.entries()) {
    const before = chunks[index - 1];
    if (before !== undefined && chunkSize(reader, before) < chunkSize(reader, chunk)) {
      broken.push(`${name}: ${hex(chunk)} is bigger than the chunk before it`);
    }
    const place = firsts.indexOf(chunk);
    const smaller = reader.load64(chunk + FD_NEXTSIZE);
    if (place < 0) {
      if (smaller !== 0) broken.push(`${name}: ${hex(chunk)} is in the ring of sizes, but not the first of its own`);
      continue;
    }
    const isLinked =
      smaller === firsts[(place + 1) % firsts.length] &&
      reader.load64(chunk + BK_NEXTSIZE) === firsts[(place + firsts.length - 1) % firsts.length];
    if (!isLinked) broken.push(`${name}: ${hex(chunk)} is linked wrongly in the ring of sizes`);
  }
}

function checkTop(reader: MemoryReader, at: number, broken: string[]): void {
  const top = reader.load64(at + TOP);
  if (top === binAt(at, 1)) return;
  const size = chunkSize(reader, top);
  if (size < CHUNK_MIN) broken.push(`top has a size of ${hex(size)}`);
  if (!isPreviousInUse(reader, top)) broken.push('top has P clear');
  if (!isContiguous(reader, at)) return;
  const end = reader.load64(at + SBRK_BASE) + reader.load64(at + SYSTEM_MEM);
  // The last odd bytes are lost when the break could not be moved to the end of a page.
  const lost = end - top - size;
  if (lost < 0 || lost >= ALIGNMENT) broken.push(`top ends at ${hex(top + size)}, the system's memory at ${hex(end)}`);
}
