import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** Sentinels of the two lines of ghosts; pages' nodes start at PAGES. */
const ONCE_GHOSTS = 0;
const OFTEN_GHOSTS = 2;
const PAGES = 4;

/** States of a page; resident ones with the reference bit are one more than those without. */
const ABSENT = 0;
const ONCE = 1;
const OFTEN = 3;
const OFTEN_USED = 4;
const IN_ONCE_GHOSTS = 5;
const IN_OFTEN_GHOSTS = 6;

/** `car`: the two clocks are rings of page numbers whose hands stand at their fronts, the ghosts rings of links. */
export class CarLoop implements ReplayLoop {
  private readonly frames: number;
  private readonly once: Int32Array;
  private onceFrom: number;
  private onceCount: number;
  private readonly often: Int32Array;
  private oftenFrom: number;
  private oftenCount: number;
  private links: Int32Array;
  private onceGhosts: number;
  private oftenGhosts: number;
  private state: Uint8Array;
  /** The paper's p, a real number. */
  private target: number;

  constructor({ frames }: LoopContext) {
    this.frames = frames;
    this.once = new Int32Array(frames);
    this.onceFrom = 0;
    this.onceCount = 0;
    this.often = new Int32Array(frames);
    this.oftenFrom = 0;
    this.oftenCount = 0;
    this.links = emptyRings(PAGES / 2);
    this.onceGhosts = 0;
    this.oftenGhosts = 0;
    this.state = new Uint8Array(0);
    this.target = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state, frames } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const was = state[id]!;
      if (was !== ABSENT && was <= OFTEN_USED) {
        if ((was & 1) === 1) state[id] = was + 1;
        continue;
      }
      misses++;
      const isFull = this.onceCount + this.oftenCount === frames;
      const gone = isFull ? this.replace() : -1;
      if (was === ABSENT) {
        if (isFull) this.forgetForStranger();
        state[id] = ONCE;
        this.pushOnce(id);
      } else {
        this.adapt(id, was);
        state[id] = OFTEN;
        this.pushOften(id);
      }
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  private pushOnce(id: number): void {
    let place = this.onceFrom + this.onceCount++;
    if (place >= this.frames) place -= this.frames;
    this.once[place] = id;
  }

  private pushOften(id: number): void {
    let place = this.oftenFrom + this.oftenCount++;
    if (place >= this.frames) place -= this.frames;
    this.often[place] = id;
  }

  /** The hand of the clock that has more than its share goes on until it finds a page not used: that leaves. */
  private replace(): number {
    const { state, links, frames } = this;
    const share = Math.max(1, this.target);
    for (;;) {
      if (this.oftenCount === 0 || this.onceCount >= share) {
        const id = this.once[this.onceFrom]!;
        if (++this.onceFrom === frames) this.onceFrom = 0;
        this.onceCount--;
        if (state[id] === ONCE) {
          state[id] = IN_ONCE_GHOSTS;
          pushFirst(links, ONCE_GHOSTS, (id << 1) + PAGES);
          this.onceGhosts++;
          return id;
        }
        state[id] = OFTEN;
        this.pushOften(id);
      } else {
        const id = this.often[this.oftenFrom]!;
        if (++this.oftenFrom === frames) this.oftenFrom = 0;
        this.oftenCount--;
        if (state[id] === OFTEN) {
          state[id] = IN_OFTEN_GHOSTS;
          pushFirst(links, OFTEN_GHOSTS, (id << 1) + PAGES);
          this.oftenGhosts++;
          return id;
        }
        state[id] = OFTEN;
        this.pushOften(id);
      }
    }
  }

  /** A page unknown so far needs a place among those known. */
  private forgetForStranger(): void {
    const { frames, onceCount, oftenCount, onceGhosts, oftenGhosts } = this;
    if (onceCount + onceGhosts >= frames) this.forget(ONCE_GHOSTS);
    else if (onceCount + oftenCount + onceGhosts + oftenGhosts >= 2 * frames) this.forget(OFTEN_GHOSTS);
  }

  private forget(ghosts: number): void {
    const last = this.links[ghosts + 1]!;
    if (last === ghosts) return;
    unlink(this.links, last);
    this.state[(last - PAGES) >> 1] = ABSENT;
    if (ghosts === ONCE_GHOSTS) this.onceGhosts--;
    else this.oftenGhosts--;
  }

  /** A ghost came back, so its side deserves more room; it is a ghost no longer. */
  private adapt(id: number, was: number): void {
    const { onceGhosts, oftenGhosts } = this;
    unlink(this.links, (id << 1) + PAGES);
    if (was === IN_ONCE_GHOSTS) {
      this.target = Math.min(this.target + Math.max(1, oftenGhosts / onceGhosts), this.frames);
      this.onceGhosts--;
    } else {
      this.target = Math.max(this.target - Math.max(1, onceGhosts / oftenGhosts), 0);
      this.oftenGhosts--;
    }
  }
}
