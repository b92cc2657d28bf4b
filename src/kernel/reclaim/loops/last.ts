import { grownBytes } from '../../../mmu/grown-arrays.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `mru` and `lifo`, whose lines need not be kept: once memory is full only its latest page ever leaves, and that is
 * the page referenced last (`mru`) or loaded last (`lifo`).
 */
export class LastLoop implements ReplayLoop {
  private readonly frames: number;
  /** The last reference counts, not only the last load. */
  private readonly byUse: boolean;
  private resident: Uint8Array;
  private used: number;
  private last: number;

  constructor({ frames }: LoopContext, byUse: boolean) {
    this.frames = frames;
    this.byUse = byUse;
    this.resident = new Uint8Array(0);
    this.used = 0;
    this.last = -1;
  }

  grow(pages: number): void {
    this.resident = grownBytes(this.resident, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { resident, frames, byUse } = this;
    let { used, last } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      if (resident[id] !== 0) {
        if (byUse) last = id;
        continue;
      }
      misses++;
      let gone = -1;
      if (used === frames) {
        gone = last;
        resident[gone] = 0;
      } else used++;
      resident[id] = 1;
      last = id;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.used = used;
    this.last = last;
    return misses;
  }
}
