import { grownBytes } from '../../../mmu/grown-arrays.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** `fifo`: the frames are a ring in the order of loading, and a hit is a look at one byte. */
export class FifoLoop implements ReplayLoop {
  /** Page in each frame, -1 for none. */
  private readonly ring: Int32Array;
  /** 1 for a resident page. */
  private resident: Uint8Array;
  private oldest: number;

  constructor({ frames }: LoopContext) {
    this.ring = new Int32Array(frames).fill(-1);
    this.resident = new Uint8Array(0);
    this.oldest = 0;
  }

  grow(pages: number): void {
    this.resident = grownBytes(this.resident, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { ring, resident } = this;
    const frames = ring.length;
    const end = to | 0;
    let oldest = this.oldest | 0;
    let misses = 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      if (resident[id] !== 0) continue;
      misses = (misses + 1) | 0;
      const gone = ring[oldest]!;
      if (gone >= 0) resident[gone] = 0;
      ring[oldest] = id;
      resident[id] = 1;
      oldest = (oldest + 1) | 0;
      if (oldest === frames) oldest = 0;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.oldest = oldest;
    return misses;
  }
}
