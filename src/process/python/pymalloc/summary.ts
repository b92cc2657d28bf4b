/** pymalloc's state in figures: what statistics, conformance reports and views are made of. */

import { readCounter } from './block-counter.ts';
import { listEndOf, POOL } from './layout.ts';
import type { ArenaPicture, HeapWalk, PoolPicture } from './walk.ts';

export interface ArenaSummary {
  /** Of its descriptor. */
  readonly index: number;
  readonly address: number;
  readonly freePools: number;
  readonly totalPools: number;
  readonly carved: number;
  /** Emptied pools in list order, by index in the arena. */
  readonly emptied: readonly number[];
}

/** A pool named by its arena's descriptor and its index there. */
export interface PoolName {
  readonly arena: number;
  readonly pool: number;
}

export interface PoolSummary extends PoolName {
  readonly sizeClass: number;
  readonly used: number;
  readonly nextOffset: number;
  readonly maxNextOffset: number;
  /** Offsets of free blocks in the pool, head first. */
  readonly freeList: readonly number[];
}

/** Pools of one class that hold a block, full ones included. */
export interface ClassSummary {
  readonly sizeClass: number;
  readonly blockBytes: number;
  readonly pools: number;
  readonly used: number;
  readonly available: number;
}

export interface PymallocSummary {
  readonly arenasTotal: number;
  readonly arenasCurrent: number;
  readonly arenasHighwater: number;
  readonly arenasReclaimed: number;
  /** Length of the vector of descriptors. */
  readonly descriptors: number;
  /** From 3.9 on: live blocks that mem and obj got from the raw domain; before: null. */
  readonly rawAllocatedBlocks: number | null;
  /** sys.getallocatedblocks(). */
  readonly allocatedBlocks: number;
  /** Nodes of the arena map; null without one. */
  readonly mapNodes: { readonly middle: number; readonly bottom: number } | null;
  /** Live arenas in the order of their descriptors. */
  readonly arenas: readonly ArenaSummary[];
  /** Descriptors in list order, by index. */
  readonly usable: readonly number[];
  readonly unused: readonly number[];
  /** Classes with a pool that holds a block. */
  readonly classes: readonly ClassSummary[];
  /** Of every class with used pools: those in list order. */
  readonly used: ReadonlyArray<{ readonly sizeClass: number; readonly pools: readonly PoolName[] }>;
  /** Every carved pool, by arena and index. */
  readonly pools: readonly PoolSummary[];
}

/** sys.getallocatedblocks(): the counter up to 3.8; from 3.9 on the raw domain's blocks and those of the carved pools. */
export function liveBlocks(walk: HeapWalk): number {
  const { reader, layout } = walk;
  const counted = readCounter(reader, layout.blockCounter);
  if (layout.profile.blockCounter === 'all') return counted;
  let pooled = 0;
  for (const { firstPool, carved } of walk.arenas()) {
    for (let index = 0; index < carved; index++) {
      pooled += reader.load32(firstPool + index * layout.profile.poolBytes + POOL.used);
    }
  }
  return counted + pooled;
}

export function summarize(walk: HeapWalk): PymallocSummary {
  const { reader, layout } = walk;
  const { profile } = layout;
  const arenas = walk.arenas();
  const pools = arenas.flatMap((arena) => walk.pools(arena).map((pool) => summaryOf(arena, pool)));
  const total = reader.load64(layout.total);
  const current = reader.load64(layout.current);
  return {
    arenasTotal: total,
    arenasCurrent: current,
    arenasHighwater: reader.load64(layout.highwater),
    arenasReclaimed: total - current,
    descriptors: walk.vectorLength,
    rawAllocatedBlocks: profile.blockCounter === 'raw' ? readCounter(reader, layout.blockCounter) : null,
    allocatedBlocks: liveBlocks(walk),
    mapNodes:
      profile.radix === null
        ? null
        : { middle: reader.load64(layout.middleNodes), bottom: reader.load64(layout.bottomNodes) },
    arenas: arenas.map((arena) => ({
      index: arena.index,
      address: arena.address,
      freePools: arena.freePools,
      totalPools: arena.totalPools,
      carved: arena.carved,
      emptied: walk.emptiedPools(arena).members.map((pool) => (pool - arena.firstPool) / profile.poolBytes),
    })),
    usable: walk.usableArenas().members.map((descriptor) => walk.indexOf(descriptor)),
    unused: walk.unusedDescriptors().members.map((descriptor) => walk.indexOf(descriptor)),
    classes: classesOf(walk, arenas),
    used: usedLists(walk, arenas),
    pools,
  };
}

/** Classes that have a pool with a block in use; a pool whose header names no class is passed over. */
export function classesOf(walk: HeapWalk, arenas: readonly ArenaPicture[]): ClassSummary[] {
  const found = new Map<number, { blockBytes: number; pools: number; used: number; available: number }>();
  for (const arena of arenas) {
    for (const { used, sizeClass, blockBytes, blocks } of walk.headers(arena)) {
      if (used === 0 || blocks === 0) continue;
      const sum = found.get(sizeClass) ?? { blockBytes, pools: 0, used: 0, available: 0 };
      sum.pools++;
      sum.used += used;
      sum.available += blocks - used;
      found.set(sizeClass, sum);
    }
  }
  return [...found].sort(([a], [b]) => a - b).map(([sizeClass, sum]) => ({ sizeClass, ...sum }));
}

function usedLists(walk: HeapWalk, arenas: readonly ArenaPicture[]): PymallocSummary['used'] {
  const { poolBytes } = walk.layout.profile;
  const names = new Map<number, PoolName>();
  for (const { index: arena, firstPool, carved } of arenas) {
    for (let pool = 0; pool < carved; pool++) names.set(firstPool + pool * poolBytes, { arena, pool });
  }
  const lists: Array<{ sizeClass: number; pools: PoolName[] }> = [];
  for (let sizeClass = 0; sizeClass < walk.layout.classes; sizeClass++) {
    if (walk.reader.load64(listEndOf(walk.layout, sizeClass) + POOL.next) === listEndOf(walk.layout, sizeClass))
      continue;
    const { members } = walk.usedPools(sizeClass, (address) => names.has(address), names.size);
    lists.push({ sizeClass, pools: members.map((address) => names.get(address)!) });
  }
  return lists;
}

function summaryOf(arena: ArenaPicture, pool: PoolPicture): PoolSummary {
  return {
    arena: arena.index,
    pool: pool.index,
    sizeClass: pool.sizeClass,
    used: pool.used,
    nextOffset: pool.nextOffset,
    maxNextOffset: pool.maxNextOffset,
    freeList: pool.freeList.members,
  };
}
