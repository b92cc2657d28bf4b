/**
 * pymalloc's structures as a spectator reads them: nothing is changed, and everything is bounded, because a guest's
 * overflow may have turned any link or count into anything. What is read is put as plain data, with the first thing that
 * could not be followed as its `fault`.
 */
import { NULL } from '../../allocator.ts';
import type { MemoryReader } from '../../program-memory.ts';
import {
  ARENA,
  ARENA_DESCRIPTOR_BYTES,
  blockBytesOf,
  blocksPerPool,
  firstPoolOf,
  listEndOf,
  POOL,
  POOL_HEADER_BYTES,
  type PymallocLayout,
  poolsAt,
} from './layout.ts';

/** A longer vector (this many arenas of 256 KiB are 64 GiB) was not written by pymalloc. */
const DESCRIPTORS_MAX = 2 ** 18;

/** A list in memory as far as it could be followed. */
export interface Chain {
  readonly members: readonly number[];
  /** Why it could not be followed to its end; null: it could. */
  readonly fault: string | null;
}

export interface ArenaPicture {
  /** In the vector of descriptors. */
  readonly index: number;
  /** Address of the descriptor. */
  readonly descriptor: number;
  readonly address: number;
  readonly freePools: number;
  readonly totalPools: number;
  /** Where the next pool would be carved, as the descriptor says. */
  readonly poolAddress: number;
  readonly firstPool: number;
  /** How many pools there is room for. */
  readonly room: number;
  /** Pools carved so far, between 0 and `room` whatever the descriptor says. */
  readonly carved: number;
}

export interface PoolHeader {
  readonly address: number;
  /** In its arena. */
  readonly index: number;
  /** The header's words. */
  readonly used: number;
  readonly arenaIndex: number;
  readonly sizeClass: number;
  readonly nextOffset: number;
  readonly maxNextOffset: number;
  /** Bytes of a block; 0 when `sizeClass` is none. */
  readonly blockBytes: number;
  /** Blocks that fit; 0 when `sizeClass` is none. */
  readonly blocks: number;
  /** Blocks that were given out at some time or are ready to be: those before `nextOffset`, at most `blocks`. */
  readonly opened: number;
}

export interface PoolPicture extends PoolHeader {
  /** Offsets in the pool, head first. */
  readonly freeList: Chain;
}

/** Where an address lies. */
export interface BlockPlace {
  readonly arenaIndex: number;
  /** Index of the pool in its arena. */
  readonly pool: number;
  /** Bytes from the pool's start. */
  readonly offset: number;
  readonly sizeClass: number;
}

export class HeapWalk {
  readonly reader: MemoryReader;
  readonly layout: PymallocLayout;

  constructor(reader: MemoryReader, layout: PymallocLayout) {
    this.reader = reader;
    this.layout = layout;
  }

  get vector(): number {
    return this.reader.load64(this.layout.vector);
  }

  get vectorLength(): number {
    return this.reader.load32(this.layout.vectorLength);
  }

  /** Live arenas in the order of their descriptors. */
  arenas(): ArenaPicture[] {
    const { vector } = this;
    const length = Math.min(this.vectorLength, DESCRIPTORS_MAX);
    const arenas: ArenaPicture[] = [];
    for (let index = 0; index < length; index++) {
      const descriptor = vector + index * ARENA_DESCRIPTOR_BYTES;
      if (this.reader.load64(descriptor + ARENA.address) !== NULL) arenas.push(this.arena(descriptor, index));
    }
    return arenas;
  }

  private arena(descriptor: number, index: number): ArenaPicture {
    const { reader, layout } = this;
    const { poolBytes } = layout.profile;
    const address = reader.load64(descriptor + ARENA.address);
    const poolAddress = reader.load64(descriptor + ARENA.poolAddress);
    const firstPool = firstPoolOf(layout.profile, address);
    const room = poolsAt(layout, address);
    const carved = Math.floor((poolAddress - firstPool) / poolBytes);
    return {
      index,
      descriptor,
      address,
      freePools: reader.load32(descriptor + ARENA.freePools),
      totalPools: reader.load32(descriptor + ARENA.totalPools),
      poolAddress,
      firstPool,
      room,
      carved: Math.max(0, Math.min(room, carved)),
    };
  }

  /** Carved pools by address. */
  pools(arena: ArenaPicture): PoolPicture[] {
    return this.headers(arena).map((header) => ({ ...header, freeList: this.freeList(header) }));
  }

  /** Carved pools by address, without a look at their blocks. */
  headers(arena: ArenaPicture): PoolHeader[] {
    const { poolBytes } = this.layout.profile;
    return Array.from({ length: arena.carved }, (_, index) => this.header(arena.firstPool + index * poolBytes, index));
  }

  private header(address: number, index: number): PoolHeader {
    const { reader, layout } = this;
    const sizeClass = reader.load32(address + POOL.sizeClass);
    const nextOffset = reader.load32(address + POOL.nextOffset);
    const blockBytes = sizeClass < layout.classes ? blockBytesOf(layout.profile, sizeClass) : 0;
    const blocks = blockBytes === 0 ? 0 : blocksPerPool(layout.profile, sizeClass);
    const opened = blockBytes === 0 ? 0 : Math.floor((nextOffset - POOL_HEADER_BYTES) / blockBytes);
    return {
      address,
      index,
      used: reader.load32(address + POOL.used),
      arenaIndex: reader.load32(address + POOL.arenaIndex),
      sizeClass,
      nextOffset,
      maxNextOffset: reader.load32(address + POOL.maxNextOffset),
      blockBytes,
      blocks,
      opened: Math.max(0, Math.min(blocks, opened)),
    };
  }

  private freeList({ address, blockBytes, opened }: PoolHeader): Chain {
    if (blockBytes === 0) return { members: [], fault: null };
    const end = address + POOL_HEADER_BYTES + opened * blockBytes;
    const isBlock = (at: number) =>
      at >= address + POOL_HEADER_BYTES && at < end && (at - address - POOL_HEADER_BYTES) % blockBytes === 0;
    const chain = this.follow(this.reader.load64(address + POOL.freeBlock), 0, NULL, isBlock, opened);
    return { members: chain.members.map((at) => at - address), fault: chain.fault };
  }

  /** An arena's emptied pools, by address, in list order. */
  emptiedPools(arena: ArenaPicture): Chain {
    const { poolBytes } = this.layout.profile;
    const end = arena.firstPool + arena.carved * poolBytes;
    const isPool = (at: number) => at >= arena.firstPool && at < end && at % poolBytes === 0;
    const first = this.reader.load64(arena.descriptor + ARENA.poolList);
    return this.follow(first, POOL.next, NULL, isPool, arena.carved);
  }

  /** Usable arenas: addresses of their descriptors, in list order. */
  usableArenas(): Chain {
    return this.descriptors(this.layout.usable);
  }

  unusedDescriptors(): Chain {
    return this.descriptors(this.layout.unused);
  }

  /** Used pools of a class in list order. `isPool` says which addresses can be. */
  usedPools(sizeClass: number, isPool: (address: number) => boolean, limit: number): Chain {
    const end = listEndOf(this.layout, sizeClass);
    return this.follow(this.reader.load64(end + POOL.next), POOL.next, end, isPool, limit);
  }

  indexOf(descriptor: number): number {
    return (descriptor - this.vector) / ARENA_DESCRIPTOR_BYTES;
  }

  /** By the arena index in the header of the pool; the arena's own address has the last word. */
  locate(address: number): BlockPlace | null {
    const { reader, layout } = this;
    const { poolBytes, arenaBytes } = layout.profile;
    const pool = address - (address % poolBytes);
    const arenaIndex = reader.load32(pool + POOL.arenaIndex);
    if (arenaIndex >= this.vectorLength) return null;
    const start = reader.load64(this.vector + arenaIndex * ARENA_DESCRIPTOR_BYTES + ARENA.address);
    if (start === NULL || pool < start || address >= start + arenaBytes) return null;
    return {
      arenaIndex,
      pool: (pool - firstPoolOf(layout.profile, start)) / poolBytes,
      offset: address - pool,
      sizeClass: reader.load32(pool + POOL.sizeClass),
    };
  }

  private descriptors(list: number): Chain {
    const { vector } = this;
    const length = Math.min(this.vectorLength, DESCRIPTORS_MAX);
    const end = vector + length * ARENA_DESCRIPTOR_BYTES;
    const isDescriptor = (at: number) => at >= vector && at < end && (at - vector) % ARENA_DESCRIPTOR_BYTES === 0;
    return this.follow(this.reader.load64(list), ARENA.next, NULL, isDescriptor, length);
  }

  private follow(first: number, next: number, end: number, isMember: (at: number) => boolean, limit: number): Chain {
    const members: number[] = [];
    for (let at = first; at !== end; at = this.reader.load64(at + next)) {
      if (!isMember(at)) return { members, fault: `leads to 0x${at.toString(16)}` };
      if (members.length === limit) return { members, fault: 'goes round in a circle' };
      members.push(at);
    }
    return { members, fault: null };
  }
}
