/**
 * The state a replayed trace ended in, as the last line of a recording tells it: read from the program's memory by a
 * spectator, after the last op.
 */
import type { PymallocSummary } from '../../process/python/pymalloc/summary.ts';
import type { JsonObject } from '../fields.ts';
import type { MakeHash } from '../outcome.ts';
import { peekOf, type RecordedProgram } from './recorded-program.ts';

/** A carved pool: ordinal of its arena, its index, class, blocks in use, nextoffset, maxnextoffset, free list. */
type PoolRow = readonly [number, number, number, number, number, number, readonly number[]];

export function finalState(program: RecordedProgram, makeHash: MakeHash): JsonObject {
  const { runtime, slots, debugHooks } = program;
  const { profile } = runtime;
  const reader = peekOf(program);
  const serial = debugHooks && profile.hasSerial ? runtime.debugHooks.serialNumber(reader) : null;
  const summary = runtime.pymalloc.summary(reader);
  const ordinals = new Map(summary.arenas.map(({ index, address }) => [index, slots.ordinalAt(address)]));
  const ordinalOf = (descriptor: number) => ordinals.get(descriptor) ?? -1;
  const pools = poolRows(summary, ordinalOf);
  const { rawAllocatedBlocks, mapNodes } = summary;
  return {
    arena_size: profile.arenaBytes,
    pool_size: profile.poolBytes,
    align: profile.alignment,
    arenas_total: summary.arenasTotal,
    arenas_current: summary.arenasCurrent,
    arenas_highwater: summary.arenasHighwater,
    arenas_reclaimed: summary.arenasReclaimed,
    maxarenas: summary.descriptors,
    ...(rawAllocatedBlocks === null ? {} : { raw_allocated_blocks: rawAllocatedBlocks }),
    allocated_blocks: summary.allocatedBlocks,
    ...(mapNodes === null ? {} : { map_mid: mapNodes.middle, map_bot: mapNodes.bottom }),
    arenas: summary.arenas.map(({ index, address, freePools, totalPools, carved, emptied }) => ({
      ord: ordinalOf(index),
      idx: index,
      slot: slots.slotOf(address),
      nfree: freePools,
      ntotal: totalPools,
      carved,
      freepools: emptied,
    })),
    usable: summary.usable.map(ordinalOf),
    unused: summary.unused,
    classes: summary.classes.map(({ sizeClass, pools: count, used, available }) => [sizeClass, count, used, available]),
    used: Object.fromEntries(
      summary.used.map(({ sizeClass, pools: list }) => [
        String(sizeClass),
        list.map(({ arena, pool }) => [ordinalOf(arena), pool]),
      ]),
    ),
    pools,
    pools_sha256: poolsHash(pools, makeHash),
    stats_text: runtime.pymalloc.statistics(reader, serial),
  };
}

function poolRows(summary: PymallocSummary, ordinalOf: (descriptor: number) => number): PoolRow[] {
  return summary.pools.map(({ arena, pool, sizeClass, used, nextOffset, maxNextOffset, freeList }) => [
    ordinalOf(arena),
    pool,
    sizeClass,
    used,
    nextOffset,
    maxNextOffset,
    freeList,
  ]);
}

function poolsHash(pools: readonly PoolRow[], makeHash: MakeHash): string {
  const hash = makeHash();
  for (const row of pools) hash.update(`${row.slice(0, -1).join(' ')} ${row.at(-1)}\n`);
  return hash.digest();
}
