/**
 * What must hold among pymalloc's structures between two calls, and which of it does not.
 *
 * Each rule says what it compares and names the place where it fails. A program that writes past its blocks or into freed
 * ones breaks them; pymalloc itself never does.
 */
import { NULL } from '../../allocator.ts';
import { readCounter } from './block-counter.ts';
import { ARENA, listEndOf, NO_CLASS, POOL, POOL_HEADER_BYTES } from './layout.ts';
import { brokenMapRules } from './map-rules.ts';
import { liveBlocks } from './summary.ts';
import type { ArenaPicture, HeapWalk, PoolPicture } from './walk.ts';

const WORD = 8;

export function brokenRules(walk: HeapWalk): string[] {
  const arenas = walk.arenas();
  return [
    ...arenas.flatMap((arena) => brokenArenaRules(walk, arena)),
    ...brokenUsedPools(walk, arenas),
    ...brokenUsable(walk, arenas),
    ...brokenLastByFreePools(walk, arenas),
    ...brokenUnused(walk, arenas),
    ...brokenCounters(walk, arenas),
    ...brokenMapRules(walk, arenas),
  ];
}

const hex = (address: number) => `0x${address.toString(16)}`;
const nameOf = (arena: ArenaPicture, pool: PoolPicture) =>
  `pool ${pool.index} of arena ${arena.index} at ${hex(pool.address)}`;

function brokenArenaRules(walk: HeapWalk, arena: ArenaPicture): string[] {
  const { poolBytes } = walk.layout.profile;
  const name = `arena ${arena.index} at ${hex(arena.address)}`;
  const broken: string[] = [];
  if (arena.totalPools !== arena.room)
    broken.push(`${name}: says ${arena.totalPools} pools, has room for ${arena.room}`);
  if (arena.poolAddress !== arena.firstPool + arena.carved * poolBytes) {
    broken.push(`${name}: the next pool to carve is at ${hex(arena.poolAddress)}, which is no place for one`);
  }
  const emptied = walk.emptiedPools(arena);
  if (emptied.fault !== null) broken.push(`${name}: the list of emptied pools ${emptied.fault}`);
  const free = emptied.members.length + arena.room - arena.carved;
  if (arena.freePools !== free) {
    const parts = `${emptied.members.length} emptied, ${arena.room - arena.carved} never carved`;
    broken.push(`${name}: says ${arena.freePools} free pools, has ${free} (${parts})`);
  }
  const listed = new Set(emptied.members);
  for (const pool of walk.pools(arena)) broken.push(...brokenPoolRules(walk, arena, pool, listed.has(pool.address)));
  return broken;
}

function brokenPoolRules(walk: HeapWalk, arena: ArenaPicture, pool: PoolPicture, isEmptied: boolean): string[] {
  const { poolBytes } = walk.layout.profile;
  const name = nameOf(arena, pool);
  if (pool.blocks === 0) {
    const what = pool.sizeClass === NO_CLASS ? 'carved but never given a size class' : `size class ${pool.sizeClass}`;
    return [`${name}: ${what}`];
  }
  const broken: string[] = [];
  if (pool.arenaIndex !== arena.index) broken.push(`${name}: says it belongs to arena ${pool.arenaIndex}`);
  if (pool.nextOffset !== POOL_HEADER_BYTES + pool.opened * pool.blockBytes) {
    broken.push(`${name}: the next virgin block is at offset ${pool.nextOffset}, where no block begins`);
  }
  if (pool.maxNextOffset !== poolBytes - pool.blockBytes) {
    broken.push(`${name}: says the last block begins by ${pool.maxNextOffset}, not ${poolBytes - pool.blockBytes}`);
  }
  const { members, fault } = pool.freeList;
  if (fault !== null) broken.push(`${name}: the free list ${fault} after ${members.length} blocks`);
  const virgin = pool.blocks - pool.opened;
  if (fault === null && pool.used + members.length + virgin !== pool.blocks) {
    const parts = `${pool.used} in use, ${members.length} free, ${virgin} never given out`;
    broken.push(`${name}: ${parts} do not make ${pool.blocks} blocks`);
  }
  if (fault === null && members.length === 0 && virgin > 0)
    broken.push(`${name}: virgin blocks, but none on the free list`);
  if ((pool.used === 0) !== isEmptied) {
    const where = isEmptied ? 'in' : 'not in';
    broken.push(`${name}: ${pool.used} blocks in use, and ${where} the arena's list of emptied pools`);
  }
  return broken;
}

/** The circular list of each class holds exactly the pools of the class with used and free blocks. */
function brokenUsedPools(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const { reader, layout } = walk;
  const broken: string[] = [];
  const pools = new Map<number, { name: string; pool: PoolPicture }>();
  const missing = new Map<number, string>();
  for (const arena of arenas) {
    for (const pool of walk.pools(arena)) {
      const name = nameOf(arena, pool);
      pools.set(pool.address, { name, pool });
      if (pool.used > 0 && pool.used < pool.blocks) missing.set(pool.address, name);
    }
  }
  for (let sizeClass = 0; sizeClass < layout.classes; sizeClass++) {
    const end = listEndOf(layout, sizeClass);
    const chain = walk.usedPools(sizeClass, (address) => pools.has(address), pools.size);
    let previous = end;
    for (const address of chain.members) {
      const { name, pool } = pools.get(address)!;
      const back = reader.load64(address + POOL.previous);
      if (back !== previous)
        broken.push(`${name}: its previous pool is ${hex(back)}, the list comes from ${hex(previous)}`);
      if (pool.sizeClass !== sizeClass)
        broken.push(`${name}: in the list of class ${sizeClass}, is of ${pool.sizeClass}`);
      if (pool.used === 0 || pool.used >= pool.blocks) {
        broken.push(`${name}: in the list of used pools with ${pool.used} of ${pool.blocks} blocks in use`);
      }
      missing.delete(address);
      previous = address;
    }
    if (chain.fault !== null) broken.push(`used pools of class ${sizeClass}: the list ${chain.fault}`);
    else if (reader.load64(end + POOL.previous) !== previous) {
      broken.push(`used pools of class ${sizeClass}: the end does not lead back to ${hex(previous)}`);
    }
  }
  for (const name of missing.values()) broken.push(`${name}: has used and free blocks, but is not in its class's list`);
  return broken;
}

/** Usable arenas: exactly those with free pools, linked both ways, fewest first. */
function brokenUsable(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const { reader } = walk;
  const broken: string[] = [];
  const chain = walk.usableArenas();
  if (chain.fault !== null) broken.push(`usable arenas: the list ${chain.fault}`);
  const missing = new Map(arenas.filter((arena) => arena.freePools > 0).map((arena) => [arena.descriptor, arena]));
  let previous = NULL;
  let most = 0;
  for (const descriptor of chain.members) {
    const name = `arena ${walk.indexOf(descriptor)}`;
    if (!missing.delete(descriptor)) broken.push(`${name}: in the list of usable arenas, but not live with free pools`);
    const back = reader.load64(descriptor + ARENA.previous);
    if (back !== previous)
      broken.push(`${name}: its previous arena is ${hex(back)}, the list comes from ${hex(previous)}`);
    const free = reader.load32(descriptor + ARENA.freePools);
    if (free < most) broken.push(`${name}: ${free} free pools come after ${most} in the list of usable arenas`);
    most = Math.max(most, free);
    previous = descriptor;
  }
  for (const { index, freePools } of missing.values()) {
    broken.push(`arena ${index}: has ${freePools} free pools, but is not in the list of usable arenas`);
  }
  return broken;
}

/** From 3.8 on: for each number of free pools, the last usable arena that has it. */
function brokenLastByFreePools(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const { reader, layout } = walk;
  if (!layout.profile.hasLastByFreePools) return [];
  const live = new Set(arenas.map((arena) => arena.descriptor));
  const last = new Map<number, number>();
  for (const descriptor of walk.usableArenas().members) {
    if (live.has(descriptor)) last.set(reader.load32(descriptor + ARENA.freePools), descriptor);
  }
  const broken: string[] = [];
  for (let free = 1; free <= layout.poolsPerArena; free++) {
    const noted = reader.load64(layout.lastByFreePools + free * WORD);
    const found = last.get(free) ?? NULL;
    if (noted !== found) {
      broken.push(`last usable arena with ${free} free pools: noted ${hex(noted)}, in the list ${hex(found)}`);
    }
  }
  return broken;
}

/** Descriptors that are not live: exactly those in the list of unused ones. */
function brokenUnused(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const broken: string[] = [];
  const chain = walk.unusedDescriptors();
  if (chain.fault !== null) broken.push(`unused descriptors: the list ${chain.fault}`);
  const live = new Set(arenas.map((arena) => arena.descriptor));
  for (const descriptor of chain.members) {
    if (live.has(descriptor))
      broken.push(`arena ${walk.indexOf(descriptor)}: live, but in the list of unused descriptors`);
  }
  const all = chain.members.length + arenas.length;
  if (chain.fault === null && all !== walk.vectorLength) {
    const parts = `${arenas.length} live and ${chain.members.length} unused descriptors`;
    broken.push(`${parts} do not make the ${walk.vectorLength} of the vector`);
  }
  return broken;
}

function brokenCounters(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const { reader, layout } = walk;
  const broken: string[] = [];
  const current = reader.load64(layout.current);
  const highwater = reader.load64(layout.highwater);
  const total = reader.load64(layout.total);
  if (current !== arenas.length) broken.push(`arenas now: counted ${current}, there are ${arenas.length}`);
  if (highwater < current || total < highwater) {
    broken.push(`arenas: ${current} now, ${highwater} at most and ${total} ever cannot be`);
  }
  const counted = readCounter(reader, layout.blockCounter);
  if (counted < 0) broken.push(`live blocks of the raw domain: ${counted}; a block was freed in a domain it is not of`);
  else if (layout.profile.blockCounter === 'all') {
    const pooled = arenas.reduce(
      (sum, arena) => sum + walk.headers(arena).reduce((used, pool) => used + pool.used, 0),
      0,
    );
    if (liveBlocks(walk) < pooled) broken.push(`live blocks: counted ${counted}, the pools alone hold ${pooled}`);
  }
  return broken;
}
