import { grownBytes } from '../../../mmu/grown-arrays.ts';
import { invariant } from '../../../mmu/invariant.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `opt`: resident pages stand in a bitmap under the position of their next use; the last bit set is the victim's.
 *
 * A position passed is simply forgotten: it is before every position still to come, so the last bit is one of those
 * unless no page has a future, and pages without one leave first anyway, from a queue in the order of their last use.
 *
 * ```
 *   words      one bit a position
 *   over[0]    one bit a word of `words`: it is not empty       over[1], over[2]: the same of over[0], over[1]
 *                                                               top: over[2] is empty behind this word
 * ```
 *
 * The next victim may be used much later than all others, or much sooner than the last one was: the three layers make
 * the way between the two a few words long.
 */
export class OptLoop implements ReplayLoop {
  private readonly recording: Int32Array;
  /** Position of the next reference to the same page; the recording's length when there is none. */
  private readonly next: Int32Array;
  private readonly words: Int32Array;
  private readonly over: readonly [Int32Array, Int32Array, Int32Array];
  private top: number;
  /** Ring of pages never used again, the longest unused first. */
  private readonly finished: Int32Array;
  private finishedFrom: number;
  private finishedCount: number;
  private resident: Uint8Array;
  private free: number;

  constructor({ frames, recording }: LoopContext) {
    invariant(recording !== undefined, 'the loop of `opt` is given the whole recording');
    const length = recording.length;
    this.recording = recording;
    this.words = new Int32Array((length >>> 5) + 1);
    this.over = [
      new Int32Array((length >>> 10) + 1),
      new Int32Array((length >>> 15) + 1),
      new Int32Array((length >>> 20) + 1),
    ];
    this.top = 0;
    this.finished = new Int32Array(frames);
    this.finishedFrom = 0;
    this.finishedCount = 0;
    this.resident = new Uint8Array(0);
    this.free = frames;
    this.next = new Int32Array(length);
    let pages = 0;
    for (let at = 0; at < length; at++) if (recording[at]! >= pages) pages = recording[at]! + 1;
    const upcoming = new Int32Array(pages).fill(length);
    for (let at = length - 1; at >= 0; at--) {
      const id = recording[at]!;
      this.next[at] = upcoming[id]!;
      upcoming[id] = at;
    }
  }

  grow(pages: number): void {
    this.resident = grownBytes(this.resident, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    invariant(ids === this.recording, '`opt` runs over the recording it was given');
    const { next, words, finished, resident } = this;
    const [over0, over1, over2] = this.over;
    const length = ids.length;
    const frames = finished.length;
    let { top, finishedFrom, finishedCount, free } = this;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const use = next[at]!;
      if (resident[id] === 0) {
        misses = (misses + 1) | 0;
        let gone = -1;
        if (free > 0) free--;
        else if (finishedCount > 0) {
          gone = finished[finishedFrom]!;
          if (++finishedFrom === frames) finishedFrom = 0;
          finishedCount--;
        } else {
          while (over2[top] === 0) top--;
          const third = (top << 5) + 31 - Math.clz32(over2[top]!);
          const second = (third << 5) + 31 - Math.clz32(over1[third]!);
          const word = (second << 5) + 31 - Math.clz32(over0[second]!);
          const bit = 31 - Math.clz32(words[word]!);
          words[word]! ^= 1 << bit;
          // What was the last bit of its word takes the word's own bit along.
          if (words[word] === 0) {
            over0[second]! ^= 1 << (word & 31);
            if (over0[second] === 0) {
              over1[third]! ^= 1 << (second & 31);
              if (over1[third] === 0) over2[top]! ^= 1 << (third & 31);
            }
          }
          gone = ids[word * 32 + bit]!;
        }
        if (gone >= 0) resident[gone] = 0;
        resident[id] = 1;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      if (use < length) {
        const word = use >>> 5;
        const before = words[word]!;
        words[word] = before | (1 << (use & 31));
        if (before === 0) {
          over0[use >>> 10]! |= 1 << (word & 31);
          over1[use >>> 15]! |= 1 << ((use >>> 10) & 31);
          const above = use >>> 20;
          over2[above]! |= 1 << ((use >>> 15) & 31);
          if (above > top) top = above;
        }
      } else {
        let place = finishedFrom + finishedCount++;
        if (place >= frames) place -= frames;
        finished[place] = id;
      }
    }
    this.top = top;
    this.finishedFrom = finishedFrom;
    this.finishedCount = finishedCount;
    this.free = free;
    return misses;
  }
}
