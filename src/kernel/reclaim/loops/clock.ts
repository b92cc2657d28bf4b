import { grownBytes } from '../../../mmu/grown-arrays.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `clock`, `second-chance` and `gclock`: the frames are the ring, and the new page takes the frame under the hand, which moves on.
 * A page's byte is 0 when it is not resident, otherwise 1 + its reference count; a clock's goes up to 1, that of an
 * n-bit clock up to 2^n - 1.
 */
export class ClockLoop implements ReplayLoop {
  /** Page in each frame, -1 for none. */
  private readonly ring: Int32Array;
  private readonly most: number;
  private readonly onLoad: number;
  private state: Uint8Array;
  private used: number;
  private hand: number;

  /** @param bits of the counter, 1 … 7 @param handStart the frame where the hand stands at the first replacement */
  constructor({ frames, options }: LoopContext, bits: number, handStart = 0) {
    this.ring = new Int32Array(frames).fill(-1);
    this.most = 2 ** bits;
    this.onLoad = options.referenceOnLoad === false ? 1 : 2;
    this.state = new Uint8Array(0);
    this.used = 0;
    this.hand = handStart >= 0 && handStart < frames ? handStart : 0;
  }

  grow(pages: number): void {
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { ring, state, most, onLoad } = this;
    const frames = ring.length;
    const end = to | 0;
    let used = this.used | 0;
    let hand = this.hand | 0;
    let misses = 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const count = state[id]!;
      if (count !== 0) {
        // One more below `most`: a sum has no branch to be foretold.
        state[id] = count + ((count - most) >>> 31);
        continue;
      }
      misses = (misses + 1) | 0;
      let gone = -1;
      if (used === frames) {
        gone = ring[hand]!;
        for (let seen = state[gone]!; seen > 1; seen = state[gone]!) {
          state[gone] = seen - 1;
          hand = (hand + 1) | 0;
          if (hand === frames) hand = 0;
          gone = ring[hand]!;
        }
        state[gone] = 0;
        ring[hand] = id;
        hand = (hand + 1) | 0;
        if (hand === frames) hand = 0;
      } else {
        ring[used] = id;
        used = (used + 1) | 0;
      }
      state[id] = onLoad;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.used = used;
    this.hand = hand;
    return misses;
  }
}
