/**
 * Where pymalloc keeps what it knows: every address and offset of its structures in emulated memory.
 *
 *     state        the allocator's own variables, in the library's bss
 *     descriptors  one to an arena, a vector taken from the raw domain that doubles when it is full
 *     arena        256 KiB or 1 MiB from the arena allocator, cut into pools
 *     pool         4 or 16 KiB, aligned to that: a header, then blocks of one size class
 *
 *     state                                                   pool
 *     +0   descriptor vector, +8 its length                   +0   u32 blocks in use
 *     +16  head of the unused descriptors                     +8   head of the free list
 *     +24  head of the usable arenas                          +16  next pool, +24 previous pool
 *     +32  arenas now, +40 ever, +48 at most                  +32  u32 arena index
 *     +56  block counter (signed)                             +36  u32 size class
 *     +64  map's middle nodes, +72 its bottom nodes           +40  u32 offset of the next virgin block
 *     +80  used pools: (next, previous) of each class         +44  u32 the highest offset a block can have
 *     …    last usable arena by number of free pools          +48  first block
 *     …    the arena map's root, last: only its first pages are ever touched
 *
 * The pair (next, previous) of a class is laid so that the address 16 bytes before it can be taken for a pool whose header
 * holds just these two: the lists are circular through it and need no special case for their ends.
 * Layout of pools and descriptors: [Include/internal/pycore_obmalloc.h: pool_header, arena_object].
 */
import type { PythonProfile } from '../profiles.ts';

const WORD = 8;

export const POOL = {
  used: 0,
  freeBlock: 8,
  next: 16,
  previous: 24,
  arenaIndex: 32,
  sizeClass: 36,
  nextOffset: 40,
  maxNextOffset: 44,
} as const;
export const POOL_HEADER_BYTES = 48;
/** Size class of a pool that has never held blocks. */
export const NO_CLASS = 0xffff;

export const ARENA = {
  address: 0,
  /** Next pool that was never carved. */
  poolAddress: 8,
  freePools: 16,
  totalPools: 20,
  /** Emptied pools, linked through their `next`. */
  poolList: 24,
  next: 32,
  previous: 40,
} as const;
export const ARENA_DESCRIPTOR_BYTES = 48;
/** Descriptors of the first vector. */
export const FIRST_DESCRIPTORS = 16;

const STATE = {
  vector: 0,
  vectorLength: 8,
  unused: 16,
  usable: 24,
  current: 32,
  total: 40,
  highwater: 48,
  blockCounter: 56,
  middleNodes: 64,
  bottomNodes: 72,
  usedPools: 80,
} as const;
const USED_PAIR_BYTES = 2 * WORD;

/** The addresses of one allocator's variables, and the sizes of its profile. */
export interface PymallocLayout {
  readonly profile: PythonProfile;
  readonly classes: number;
  readonly poolsPerArena: number;
  readonly vector: number;
  readonly vectorLength: number;
  readonly unused: number;
  readonly usable: number;
  readonly current: number;
  readonly total: number;
  readonly highwater: number;
  readonly blockCounter: number;
  readonly middleNodes: number;
  readonly bottomNodes: number;
  readonly usedPools: number;
  readonly lastByFreePools: number;
  readonly mapRoot: number;
}

export function layoutOf(profile: PythonProfile, state: number): PymallocLayout {
  const { arenaBytes, poolBytes, smallMax, alignment } = profile;
  const classes = smallMax / alignment;
  const poolsPerArena = arenaBytes / poolBytes;
  const usedPools = state + STATE.usedPools;
  const lastByFreePools = usedPools + classes * USED_PAIR_BYTES;
  return {
    profile,
    classes,
    poolsPerArena,
    vector: state + STATE.vector,
    vectorLength: state + STATE.vectorLength,
    unused: state + STATE.unused,
    usable: state + STATE.usable,
    current: state + STATE.current,
    total: state + STATE.total,
    highwater: state + STATE.highwater,
    blockCounter: state + STATE.blockCounter,
    middleNodes: state + STATE.middleNodes,
    bottomNodes: state + STATE.bottomNodes,
    usedPools,
    lastByFreePools,
    mapRoot: lastByFreePools + (poolsPerArena + 1) * WORD,
  };
}

/** Bytes of zeroed memory that an allocator of this profile needs at `state`, which is a multiple of 8. */
export function pymallocStateBytes(profile: PythonProfile): number {
  return layoutOf(profile, 0).mapRoot + mapRootBytes(profile);
}

export function mapRootBytes(profile: PythonProfile): number {
  return profile.radix === null ? 0 : 2 ** profile.radix.topBits * WORD;
}

/** Where the head of a class's used pools is kept. */
export function usedPoolsOf(layout: PymallocLayout, sizeClass: number): number {
  return layout.usedPools + sizeClass * USED_PAIR_BYTES;
}

/** What stands for a pool at both ends of a class's list. */
export function listEndOf(layout: PymallocLayout, sizeClass: number): number {
  return usedPoolsOf(layout, sizeClass) - POOL.next;
}

export function blockBytesOf(profile: PythonProfile, sizeClass: number): number {
  return (sizeClass + 1) * profile.alignment;
}

export function blocksPerPool(profile: PythonProfile, sizeClass: number): number {
  return Math.floor((profile.poolBytes - POOL_HEADER_BYTES) / blockBytesOf(profile, sizeClass));
}

/** How many of an arena's pools fit when it begins at `address`: an unaligned one loses a pool. */
export function poolsAt(layout: PymallocLayout, address: number): number {
  return address % layout.profile.poolBytes === 0 ? layout.poolsPerArena : layout.poolsPerArena - 1;
}

/** The first pool of an arena: its first pool-aligned address. */
export function firstPoolOf(profile: PythonProfile, address: number): number {
  const excess = address % profile.poolBytes;
  return excess === 0 ? address : address + profile.poolBytes - excess;
}
