import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `sieve`: a queue in the order of loading that is only ever walked from old to new, so one link a page is enough;
 * what stands before the hand is remembered, and taking out the page under the hand closes the gap.
 *
 * ```
 *   oldest → … → before → hand → … → newest → -1
 * ```
 *
 * A page's byte: 0 not resident, 1 resident, 2 visited since it was loaded or last looked at.
 */
export class SieveLoop implements ReplayLoop {
  private state: Uint8Array;
  private newer: Int32Array;
  private free: number;
  private oldest: number;
  private newest: number;
  /** -1: at the oldest page. */
  private hand: number;
  /** -1: the hand is at the oldest page. */
  private before: number;

  constructor({ frames }: LoopContext) {
    this.state = new Uint8Array(0);
    this.newer = new Int32Array(0);
    this.free = frames;
    this.oldest = -1;
    this.newest = -1;
    this.hand = -1;
    this.before = -1;
  }

  grow(pages: number): void {
    this.state = grownBytes(this.state, pages);
    this.newer = grownInts(this.newer, pages, 0);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state, newer } = this;
    let { free, oldest, newest, hand, before } = this;
    const end = to | 0;
    let misses = 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      if (state[id] !== 0) {
        state[id] = 2;
        continue;
      }
      misses = (misses + 1) | 0;
      let gone = -1;
      if (free === 0) {
        if (hand < 0) {
          hand = oldest;
          before = -1;
        }
        while (state[hand] === 2) {
          state[hand] = 1;
          before = hand;
          hand = newer[hand]!;
          if (hand < 0) {
            hand = oldest;
            before = -1;
          }
        }
        gone = hand;
        state[gone] = 0;
        hand = newer[gone]!;
        if (before < 0) oldest = hand;
        else newer[before] = hand;
        if (hand < 0) newest = before;
      } else free--;
      state[id] = 1;
      newer[id] = -1;
      if (newest < 0) oldest = id;
      else newer[newest] = id;
      newest = id;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.free = free;
    this.oldest = oldest;
    this.newest = newest;
    this.hand = hand;
    this.before = before;
    return misses;
  }
}
