import { grownBytes } from '../../../mmu/grown-arrays.ts';
import type { Random } from '../../../mmu/random.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** `random`: a list without order. The last page of it takes the place of the one that left, the new one comes last. */
export class RandomLoop implements ReplayLoop {
  private readonly dense: Int32Array;
  private readonly random: Random;
  private resident: Uint8Array;
  private used: number;

  constructor({ frames, random }: LoopContext) {
    this.dense = new Int32Array(frames);
    this.random = random;
    this.resident = new Uint8Array(0);
    this.used = 0;
  }

  grow(pages: number): void {
    this.resident = grownBytes(this.resident, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { dense, resident, random } = this;
    const frames = dense.length;
    let used = this.used;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      if (resident[id] !== 0) continue;
      misses++;
      let gone = -1;
      if (used === frames) {
        const drawn = random.below(frames);
        gone = dense[drawn]!;
        resident[gone] = 0;
        dense[drawn] = dense[frames - 1]!;
        dense[frames - 1] = id;
      } else dense[used++] = id;
      resident[id] = 1;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.used = used;
    return misses;
  }
}
