import { grownInts } from '../../../mmu/grown-arrays.ts';
import { PositionSet } from '../position-set.ts';
import { type BookkeepingLoop, FIRST_BIT, type LoopContext } from './loop.ts';

const REFERENCED = 1;
const DIRTY = 2;

/**
 * `enhanced-second-chance`: the frames are the ring, and each is in the set of its class, so that what a round of the hand
 * would find is the first frame of a set from the hand on.
 *
 * ```
 *   clean        not referenced, clean      rounds 1 and 3 take the first from the hand on
 *   dirty        not referenced, dirty      rounds 2 and 4 do, and clear the bits of …
 *   referenced                              … those before it
 * ```
 */
export class EnhancedSecondChanceLoop implements BookkeepingLoop {
  kinds: Uint8Array | null = null;
  writeBacks = 0;
  residentSum = 0;
  private readonly onLoad: number;
  private readonly ring: Int32Array;
  private readonly bits: Uint8Array;
  /** By the bits of their frames. */
  private readonly clean: PositionSet;
  private readonly dirty: PositionSet;
  private readonly referenced: PositionSet;
  /** Frame of each page, plus one; 0 for none. */
  private frameOf: Int32Array;
  private used: number;
  private hand: number;

  constructor({ frames, options }: LoopContext) {
    this.onLoad = options.referenceOnLoad === false ? 0 : REFERENCED;
    this.ring = new Int32Array(frames);
    this.bits = new Uint8Array(frames);
    this.clean = new PositionSet(frames);
    this.dirty = new PositionSet(frames);
    this.referenced = new PositionSet(frames);
    this.frameOf = new Int32Array(0);
    this.used = 0;
    this.hand = (options.handStart ?? 0) < frames ? (options.handStart ?? 0) : 0;
  }

  grow(pages: number): void {
    this.frameOf = grownInts(this.frameOf, pages, 0);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { ring, bits, frameOf, kinds, onLoad } = this;
    const frames = ring.length;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const write = kinds !== null && (kinds[at]! & 1) === 1 ? DIRTY : 0;
      let frame = frameOf[id]! - 1;
      if (frame >= 0) {
        const was = bits[frame]!;
        const now = was | REFERENCED | write;
        if (now !== was) {
          bits[frame] = now;
          if ((was & REFERENCED) === 0) {
            this.classOf(was).delete(frame);
            this.referenced.add(frame);
          }
        }
      } else {
        misses++;
        let gone = -1;
        if (this.used < frames) frame = this.used++;
        else {
          frame = this.choose();
          gone = ring[frame]!;
          frameOf[gone] = 0;
          this.classOf(bits[frame]!).delete(frame);
          if ((bits[frame]! & DIRTY) !== 0) this.writeBacks++;
          this.hand = frame + 1 === frames ? 0 : frame + 1;
        }
        ring[frame] = id;
        frameOf[id] = frame + 1;
        bits[frame] = onLoad | write;
        this.classOf(bits[frame]!).add(frame);
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      this.residentSum += this.used;
    }
    return misses;
  }

  private classOf(bits: number): PositionSet {
    return (bits & REFERENCED) !== 0 ? this.referenced : (bits & DIRTY) !== 0 ? this.dirty : this.clean;
  }

  /** At most four rounds: after the second no page is referenced. */
  private choose(): number {
    for (;;) {
      const clean = this.met(this.clean);
      if (clean >= 0) return clean;
      const dirty = this.met(this.dirty);
      this.clearUpTo(dirty);
      if (dirty >= 0) return dirty;
    }
  }

  /** The first frame of the set that the hand meets in a round; -1 for none. */
  private met(frames: PositionSet): number {
    const ahead = frames.from(this.hand);
    return ahead >= 0 ? ahead : frames.from(0);
  }

  /** The hand goes to this frame and clears the reference bits on its way; -1: a whole round. */
  private clearUpTo(frame: number): void {
    const { hand } = this;
    const frames = this.ring.length;
    if (frame >= hand) this.clear(hand, frame);
    else {
      this.clear(hand, frames);
      this.clear(0, frame < 0 ? hand : frame);
    }
  }

  private clear(from: number, to: number): void {
    const { referenced, bits } = this;
    for (let frame = referenced.from(from); frame >= 0 && frame < to; frame = referenced.from(frame + 1)) {
      referenced.delete(frame);
      bits[frame]! &= ~REFERENCED;
      this.classOf(bits[frame]!).add(frame);
    }
  }
}
