import { grownInts } from '../../../mmu/grown-arrays.ts';
import { WSCLOCK_WINDOW } from '../options.ts';
import { type BookkeepingLoop, FIRST_BIT, type LoopContext } from './loop.ts';

const REFERENCED = 1;
const DIRTY = 2;

/** `wsclock`: the frames are the ring. For each the tick of its last use known, and a byte of bits. */
export class WsClockLoop implements BookkeepingLoop {
  kinds: Uint8Array | null = null;
  writeBacks = 0;
  residentSum = 0;
  private readonly window: number;
  private readonly writesAhead: number;
  private readonly onLoad: number;
  private readonly tickEvery: number;
  private untilTick: number;
  private ticks: number;
  /** Page in each frame. */
  private readonly ring: Int32Array;
  private readonly usedAt: Int32Array;
  private readonly bits: Uint8Array;
  /** Frame of each page, plus one; 0 for none. */
  private frameOf: Int32Array;
  private used: number;
  private hand: number;

  constructor({ frames, options }: LoopContext, tickEvery: number) {
    this.window = options.window ?? WSCLOCK_WINDOW;
    this.writesAhead = options.writesAhead ?? Number.MAX_SAFE_INTEGER;
    this.onLoad = options.referenceOnLoad === false ? 0 : REFERENCED;
    this.tickEvery = tickEvery;
    this.untilTick = tickEvery;
    this.ticks = 0;
    this.ring = new Int32Array(frames);
    this.usedAt = new Int32Array(frames);
    this.bits = new Uint8Array(frames);
    this.frameOf = new Int32Array(0);
    this.used = 0;
    this.hand = 0;
  }

  grow(pages: number): void {
    this.frameOf = grownInts(this.frameOf, pages, 0);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { ring, usedAt, bits, frameOf, kinds } = this;
    const frames = ring.length;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      let frame = frameOf[id]! - 1;
      if (frame >= 0) bits[frame]! |= REFERENCED;
      else {
        misses++;
        let gone = -1;
        if (this.used < frames) frame = this.used++;
        else {
          frame = this.choose();
          gone = ring[frame]!;
          frameOf[gone] = 0;
          if ((bits[frame]! & DIRTY) !== 0) this.writeBacks++;
          this.hand = frame + 1 === frames ? 0 : frame + 1;
        }
        ring[frame] = id;
        frameOf[id] = frame + 1;
        bits[frame] = this.onLoad;
        usedAt[frame] = this.ticks;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      if (kinds !== null && (kinds[at]! & 1) === 1) bits[frame]! |= DIRTY;
      if (--this.untilTick === 0) {
        this.untilTick = this.tickEvery;
        this.ticks++;
      }
      this.residentSum += this.used;
    }
    return misses;
  }

  /** One round of the hand; see the policy for what it takes when that finds nothing. */
  private choose(): number {
    const { ring, usedAt, bits, ticks } = this;
    const frames = ring.length;
    // The latest tick of a page outside of the working set.
    const oldUntil = ticks - this.window - 1;
    let frame = this.hand;
    let written = -1;
    let writes = 0;
    let old = -1;
    let clean = -1;
    let longest = -1;
    for (let look = frames; look > 0; look--) {
      if ((bits[frame]! & REFERENCED) !== 0) {
        bits[frame]! &= ~REFERENCED;
        usedAt[frame] = ticks;
      }
      const time = usedAt[frame]!;
      const isDirty = (bits[frame]! & DIRTY) !== 0;
      if (time <= oldUntil) {
        if (!isDirty) return frame;
        if (writes < this.writesAhead) {
          bits[frame]! &= ~DIRTY;
          this.writeBacks++;
          writes++;
          if (written < 0) written = frame;
        } else if (old < 0) old = frame;
      }
      if (!isDirty && (clean < 0 || time < usedAt[clean]!)) clean = frame;
      if (longest < 0 || time < usedAt[longest]!) longest = frame;
      if (++frame === frames) frame = 0;
    }
    if (written >= 0) return written;
    if (old >= 0) return old;
    return clean >= 0 ? clean : longest;
  }
}
