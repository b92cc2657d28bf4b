/** The heap map of pymalloc: every arena from end to end. */
import type { HeapBlock, HeapBlockState, HeapRegion } from '../../allocator.ts';
import { POOL_HEADER_BYTES } from './layout.ts';
import type { ArenaPicture, HeapWalk, PoolPicture } from './walk.ts';

/** One region to an arena, by address. */
export function heapRegions(walk: HeapWalk): HeapRegion[] {
  const { arenaBytes } = walk.layout.profile;
  return walk
    .arenas()
    .sort((a, b) => a.address - b.address)
    .map((arena) => ({
      name: `arena ${arena.index}`,
      start: arena.address,
      end: arena.address + arenaBytes,
      blocks: arenaBlocks(walk, arena),
    }));
}

function arenaBlocks(walk: HeapWalk, arena: ArenaPicture): HeapBlock[] {
  const { poolBytes, arenaBytes } = walk.layout.profile;
  const blocks: HeapBlock[] = [];
  const end = arena.address + arenaBytes;
  const carvedEnd = arena.firstPool + arena.carved * poolBytes;
  const poolsEnd = arena.firstPool + arena.room * poolBytes;
  add(blocks, arena.address, arena.firstPool, 'lost', 'before the first pool boundary');
  for (const pool of walk.pools(arena)) addPool(blocks, pool, poolBytes);
  add(blocks, carvedEnd, poolsEnd, 'top', `${arena.room - arena.carved} pools never carved`);
  add(blocks, poolsEnd, end, 'lost', 'behind the last pool boundary');
  return blocks;
}

function addPool(blocks: HeapBlock[], pool: PoolPicture, poolBytes: number): void {
  const { address, blockBytes, sizeClass, index } = pool;
  const end = address + poolBytes;
  if (pool.used === 0) {
    add(blocks, address, end, 'free', 'free pool');
    return;
  }
  const detail = `class ${sizeClass}, pool ${index}`;
  const first = address + POOL_HEADER_BYTES;
  add(blocks, address, first, 'header', detail);
  if (pool.blocks === 0) {
    add(blocks, first, end, 'used', `pool ${index}, whose header names no size class`);
    return;
  }
  const free = new Set(pool.freeList.members);
  const virgin = first + pool.opened * blockBytes;
  for (let at = first; at < virgin; at += blockBytes) {
    const state = free.has(at - address) ? 'free' : 'used';
    blocks.push({ start: at, bytes: blockBytes, state, payload: at, payloadBytes: blockBytes, detail });
  }
  const blocksEnd = first + pool.blocks * blockBytes;
  add(blocks, virgin, blocksEnd, 'top', `${pool.blocks - pool.opened} blocks never given out, ${detail}`);
  add(blocks, blocksEnd, end, 'lost', 'less than a block');
}

/** A piece that no program is given. */
function add(blocks: HeapBlock[], start: number, end: number, state: HeapBlockState, detail: string): void {
  if (end <= start) return;
  blocks.push({ start, bytes: end - start, state, payload: null, payloadBytes: 0, detail });
}
