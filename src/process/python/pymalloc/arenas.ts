/**
 * Arenas: where pools come from and go back to.
 *
 * A descriptor is in one of four states:
 *
 *     unused     address 0; in the list of unused descriptors (pushed and taken at its head)
 *     usable     has free pools; in the doubly linked list of usable arenas, fewest free pools first
 *     full       no free pool; in no list
 *     given back to the arena allocator when its last pool is freed: unused again
 *
 * New pools are taken from the head of the usable list, so that nearly full arenas fill up and nearly empty ones get the
 * chance to become empty. A free pool is either in its arena's list of emptied pools or past `poolAddress`, never carved.
 *
 *     usable ──▶ arena (1 free) ──▶ arena (5 free) ──▶ arena (5 free) ──▶ arena (64 free)
 *                                                       ▲ last[5]          ▲ last[64]
 *
 * `last[n]` (nfp2lasta, 3.8) names the last usable arena with n free pools: an arena that gains a free pool moves behind
 * that one in one step. Before 3.8 it walks there; the order comes out the same.
 * [Objects/obmalloc.c: new_arena, allocate_from_new_pool, insert_to_freepool]
 */
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import type { ArenaMap } from './arena-map.ts';
import type { PymallocHost } from './host.ts';
import {
  ARENA,
  ARENA_DESCRIPTOR_BYTES,
  FIRST_DESCRIPTORS,
  firstPoolOf,
  NO_CLASS,
  POOL,
  type PymallocLayout,
  poolsAt,
} from './layout.ts';

const WORD = 8;

export class Arenas {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly layout: PymallocLayout;
  private readonly host: PymallocHost;
  private readonly map: ArenaMap | null;

  constructor(memory: ProgramMemory, layout: PymallocLayout, host: PymallocHost, map: ArenaMap | null) {
    this.memory = memory;
    this.layout = layout;
    this.host = host;
    this.map = map;
  }

  /**
   * Whether `address` is inside an arena, by the arena index that the header of its pool would hold. Up to 3.9. Reads
   * memory that may be anybody's: of a pointer that is not pymalloc's it reads the start of its 4 KiB page.
   */
  holds(address: number): boolean {
    const { memory, layout } = this;
    const { poolBytes, arenaBytes } = layout.profile;
    const pool = address - (address & (poolBytes - 1));
    const index = memory.load32(pool + POOL.arenaIndex);
    if (index >= memory.load32(layout.vectorLength)) return false;
    const start = memory.load64(memory.load64(layout.vector) + index * ARENA_DESCRIPTOR_BYTES + ARENA.address);
    return start !== NULL && address >= start && address < start + arenaBytes;
  }

  /** A free pool of the first usable arena, a new one if there is none; NULL: no arena to be had. */
  takePool(): number {
    const { memory, layout } = this;
    let arena = memory.load64(layout.usable);
    if (arena === NULL) {
      arena = this.newArena();
      if (arena === NULL) return NULL;
      memory.store64(layout.usable, arena);
      memory.store64(arena + ARENA.next, NULL);
      memory.store64(arena + ARENA.previous, NULL);
      if (layout.profile.hasLastByFreePools) this.setLast(memory.load32(arena + ARENA.freePools), arena);
    }
    const free = memory.load32(arena + ARENA.freePools);
    if (layout.profile.hasLastByFreePools) {
      // The head of the list has the fewest free pools: with one less it is the only arena of its count.
      if (this.last(free) === arena) this.setLast(free, NULL);
      if (free > 1) this.setLast(free - 1, arena);
    }
    const pool = this.poolOf(arena);
    memory.store32(arena + ARENA.freePools, free - 1);
    if (free === 1) {
      const next = memory.load64(arena + ARENA.next);
      memory.store64(layout.usable, next);
      if (next !== NULL) memory.store64(next + ARENA.previous, NULL);
    }
    return pool;
  }

  /** `pool` holds no block any more and is in no list: back to its arena, which may go back to the arena allocator. */
  giveBackPool(pool: number): void {
    const { memory, layout } = this;
    const arena = memory.load64(layout.vector) + memory.load32(pool + POOL.arenaIndex) * ARENA_DESCRIPTOR_BYTES;
    memory.store64(pool + POOL.next, memory.load64(arena + ARENA.poolList));
    memory.store64(arena + ARENA.poolList, pool);
    const before = memory.load32(arena + ARENA.freePools);
    const free = before + 1;
    let lastBefore = NULL;
    if (layout.profile.hasLastByFreePools) {
      lastBefore = this.last(before);
      if (lastBefore === arena) {
        const previous = memory.load64(arena + ARENA.previous);
        const isLastNow = previous !== NULL && memory.load32(previous + ARENA.freePools) === before;
        this.setLast(before, isLastNow ? previous : NULL);
      }
    }
    memory.store32(arena + ARENA.freePools, free);
    if (free === memory.load32(arena + ARENA.totalPools) && !this.isKept(arena)) this.giveBackArena(arena);
    else if (free === 1) this.insertFirst(arena);
    else if (layout.profile.hasLastByFreePools) {
      if (this.last(free) === NULL) this.setLast(free, arena);
      if (lastBefore !== arena) this.moveBehind(arena, lastBefore);
    } else this.moveInOrder(arena, free);
  }

  /** Whether a wholly free arena stays: from 3.9 on, the last of the list does. */
  private isKept(arena: number): boolean {
    return this.layout.profile.keepsLastArena && this.memory.load64(arena + ARENA.next) === NULL;
  }

  /** The next pool of an arena that has one: an emptied pool if possible, else one carved. */
  private poolOf(arena: number): number {
    const { memory, layout } = this;
    const emptied = memory.load64(arena + ARENA.poolList);
    if (emptied !== NULL) {
      memory.store64(arena + ARENA.poolList, memory.load64(emptied + POOL.next));
      return emptied;
    }
    const pool = memory.load64(arena + ARENA.poolAddress);
    const index = Math.floor((arena - memory.load64(layout.vector)) / ARENA_DESCRIPTOR_BYTES);
    memory.store32(pool + POOL.arenaIndex, index);
    memory.store32(pool + POOL.sizeClass, NO_CLASS);
    memory.store64(arena + ARENA.poolAddress, pool + layout.profile.poolBytes);
    return pool;
  }

  /** A descriptor with a fresh arena, in no list; NULL: refused, and everything is as it was (but a longer vector stays). */
  private newArena(): number {
    const { memory, layout, host, map } = this;
    const { arenaBytes } = layout.profile;
    host.beforeNewArena();
    if (memory.load64(layout.unused) === NULL && !this.growVector()) return NULL;
    const arena = memory.load64(layout.unused);
    memory.store64(layout.unused, memory.load64(arena + ARENA.next));
    let address = host.allocateArena(arenaBytes);
    if (address !== NULL && map !== null && !map.mark(address)) {
      host.freeArena(address, arenaBytes);
      address = NULL;
    }
    if (address === NULL) {
      memory.store64(arena + ARENA.next, memory.load64(layout.unused));
      memory.store64(layout.unused, arena);
      return NULL;
    }
    const current = memory.load64(layout.current) + 1;
    memory.store64(layout.current, current);
    memory.store64(layout.total, memory.load64(layout.total) + 1);
    if (current > memory.load64(layout.highwater)) memory.store64(layout.highwater, current);
    const pools = poolsAt(layout, address);
    memory.store64(arena + ARENA.address, address);
    memory.store64(arena + ARENA.poolAddress, firstPoolOf(layout.profile, address));
    memory.store32(arena + ARENA.freePools, pools);
    memory.store32(arena + ARENA.totalPools, pools);
    memory.store64(arena + ARENA.poolList, NULL);
    return arena;
  }

  /**
   * Double the vector of descriptors; the new ones are unused, in ascending order. It may move: there is no pointer to a
   * descriptor then, because an arena is asked for only when none is usable, and the vector grows only when none is unused.
   */
  private growVector(): boolean {
    const { memory, layout } = this;
    const before = memory.load32(layout.vectorLength);
    const length = before === 0 ? FIRST_DESCRIPTORS : before * 2;
    const vector = this.host.rawRealloc(memory.load64(layout.vector), length * ARENA_DESCRIPTOR_BYTES);
    if (vector === NULL) return false;
    memory.store64(layout.vector, vector);
    for (let index = before; index < length; index++) {
      const arena = vector + index * ARENA_DESCRIPTOR_BYTES;
      memory.store64(arena + ARENA.address, NULL);
      memory.store64(arena + ARENA.next, index + 1 < length ? arena + ARENA_DESCRIPTOR_BYTES : NULL);
    }
    memory.store64(layout.unused, vector + before * ARENA_DESCRIPTOR_BYTES);
    memory.store32(layout.vectorLength, length);
    return true;
  }

  private giveBackArena(arena: number): void {
    const { memory, layout } = this;
    this.unlink(arena);
    memory.store64(arena + ARENA.next, memory.load64(layout.unused));
    memory.store64(layout.unused, arena);
    const address = memory.load64(arena + ARENA.address);
    this.map?.clear(address);
    this.host.freeArena(address, layout.profile.arenaBytes);
    memory.store64(arena + ARENA.address, NULL);
    memory.store64(layout.current, memory.load64(layout.current) - 1);
  }

  /** An arena that was full has a free pool: the fewest there can be, so it goes first. */
  private insertFirst(arena: number): void {
    const { memory, layout } = this;
    const first = memory.load64(layout.usable);
    memory.store64(arena + ARENA.next, first);
    memory.store64(arena + ARENA.previous, NULL);
    if (first !== NULL) memory.store64(first + ARENA.previous, arena);
    memory.store64(layout.usable, arena);
    if (layout.profile.hasLastByFreePools && this.last(1) === NULL) this.setLast(1, arena);
  }

  /** Up to 3.7: to the right until the next arena has as many free pools or more. */
  private moveInOrder(arena: number, free: number): void {
    const { memory } = this;
    let behind = arena;
    let next = memory.load64(arena + ARENA.next);
    while (next !== NULL && memory.load32(next + ARENA.freePools) < free) {
      behind = next;
      next = memory.load64(next + ARENA.next);
    }
    if (behind !== arena) this.moveBehind(arena, behind);
  }

  private moveBehind(arena: number, other: number): void {
    const { memory } = this;
    this.unlink(arena);
    const next = memory.load64(other + ARENA.next);
    memory.store64(arena + ARENA.previous, other);
    memory.store64(arena + ARENA.next, next);
    if (next !== NULL) memory.store64(next + ARENA.previous, arena);
    memory.store64(other + ARENA.next, arena);
  }

  private unlink(arena: number): void {
    const { memory } = this;
    const next = memory.load64(arena + ARENA.next);
    const previous = memory.load64(arena + ARENA.previous);
    if (previous === NULL) memory.store64(this.layout.usable, next);
    else memory.store64(previous + ARENA.next, next);
    if (next !== NULL) memory.store64(next + ARENA.previous, previous);
  }

  private last(free: number): number {
    return this.memory.load64(this.layout.lastByFreePools + free * WORD);
  }

  private setLast(free: number, arena: number): void {
    this.memory.store64(this.layout.lastByFreePools + free * WORD, arena);
  }
}
