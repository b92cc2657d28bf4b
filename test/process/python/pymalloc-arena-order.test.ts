/**
 * The order of usable arenas decides where the next pool comes from. The model does what the reference notes say of
 * every version: a linear scan. Profiles that keep a table of last arenas (3.8 and later) must come to the same order.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksPerPool, layoutOf } from '../../../src/process/python/pymalloc/layout.ts';
import { HeapWalk } from '../../../src/process/python/pymalloc/walk.ts';
import { pymallocProgram } from './pymalloc-program.ts';

const CTX = 0;
const BLOCK = 512;
const ARENAS = 5;

interface ModelArena {
  readonly index: number;
  readonly pools: number;
  free: number;
}

class ModelOrder {
  usable: ModelArena[] = [];
  private readonly arenas = new Map<number, ModelArena>();
  private readonly keepsLast: boolean;

  constructor(keepsLast: boolean) {
    this.keepsLast = keepsLast;
  }

  /** A pool was taken from the arena of this descriptor, which has `pools` in all. */
  taken(index: number, pools: number): void {
    if (this.usable.length === 0) {
      const arena = { index, pools, free: pools };
      this.arenas.set(index, arena);
      this.usable.push(arena);
    }
    const first = this.usable[0]!;
    expect(index).toBe(first.index);
    first.free--;
    if (first.free === 0) this.usable.shift();
  }

  givenBack(index: number): void {
    const arena = this.arenas.get(index)!;
    arena.free++;
    const at = this.usable.indexOf(arena);
    if (arena.free === arena.pools && !(this.keepsLast && at === this.usable.length - 1)) {
      this.usable.splice(at, 1);
      this.arenas.delete(index);
      return;
    }
    if (arena.free === 1) {
      this.usable.unshift(arena);
      return;
    }
    let to = at;
    while (to + 1 < this.usable.length && this.usable[to + 1]!.free < arena.free) to++;
    this.usable.splice(at, 1);
    this.usable.splice(to, 0, arena);
  }
}

describe.each(['3.7', '3.8', '3.9', '3.11'])('usable arenas of %s', (version) => {
  it('are in the order of the linear scan', () => {
    const step = fc.record({ which: fc.nat(1e6), pools: fc.integer({ min: 1, max: 40 }), frees: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), fc.boolean(), (steps, unaligned) => {
        const { pymalloc, host, profile, state, peek } = pymallocProgram(version);
        host.arenaOffset = unaligned ? 16 : 0;
        const order = new ModelOrder(profile.keepsLastArena);
        const perPool = blocksPerPool(profile, BLOCK / profile.alignment - 1);
        const live: number[][] = [];
        const takePool = () => {
          const blocks = Array.from({ length: perPool }, () => pymalloc.malloc(CTX, BLOCK));
          const { arenaIndex } = pymalloc.locate(blocks[0]!)!;
          const { arenaBytes, poolBytes } = profile;
          const arena = [...host.arenas].find((start) => blocks[0]! >= start && blocks[0]! < start + arenaBytes)!;
          order.taken(arenaIndex, Math.floor((arena + arenaBytes) / poolBytes) - Math.ceil(arena / poolBytes));
          live.push(blocks);
        };
        while (host.arenas.size < ARENAS) takePool();
        for (const { which, pools, frees } of steps) {
          for (let pool = 0; pool < pools && (frees === 0 || live.length > 0); pool++) {
            if (frees === 0) {
              takePool();
              continue;
            }
            // One run of pools in address order, or pools from everywhere.
            const at = (which + (frees === 1 ? 0 : pool * 7919)) % live.length;
            const [blocks] = live.splice(at, 1);
            const { arenaIndex } = pymalloc.locate(blocks![0]!)!;
            for (const block of blocks!) pymalloc.free(CTX, block);
            order.givenBack(arenaIndex);
          }
          const walk = new HeapWalk(peek(), layoutOf(profile, state));
          const usable = walk.usableArenas().members.map((descriptor) => walk.indexOf(descriptor));
          expect(usable).toEqual(order.usable.map(({ index }) => index));
        }
        expect(pymalloc.brokenRules(peek())).toEqual([]);
      }),
      { numRuns: 4 },
    );
  });
});
