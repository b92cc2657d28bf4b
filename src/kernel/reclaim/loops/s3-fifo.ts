import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { s3FifoSizes } from '../options.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

const GHOSTS = 0;
const PAGES = 2;

/**
 * States of a page. In the small queue it counts 0, 1, 2 or more hits, in the main one 0 … 3, so counting a hit is
 * adding 1 below SMALL_MOST and MAIN_MOST.
 */
const ABSENT = 0;
const GHOST = 1;
const SMALL = 2;
const SMALL_MOST = 4;
const MAIN = 5;
const MAIN_MOST = 8;

/** `s3-fifo`: the small and the main queue are rings of page numbers, the ghosts a ring of links. */
export class S3FifoLoop implements ReplayLoop {
  private readonly frames: number;
  private readonly mainMost: number;
  private readonly ghostMost: number;
  private readonly small: Int32Array;
  private smallFrom: number;
  private smallCount: number;
  private readonly main: Int32Array;
  private mainFrom: number;
  private mainCount: number;
  private links: Int32Array;
  private ghostCount: number;
  private state: Uint8Array;

  constructor({ frames, options }: LoopContext) {
    const sizes = s3FifoSizes(frames, options);
    this.frames = frames;
    this.mainMost = sizes.mainMost;
    this.ghostMost = sizes.ghostMost;
    this.small = new Int32Array(frames);
    this.smallFrom = 0;
    this.smallCount = 0;
    this.main = new Int32Array(frames);
    this.mainFrom = 0;
    this.mainCount = 0;
    this.links = emptyRings(PAGES / 2);
    this.ghostCount = 0;
    this.state = new Uint8Array(0);
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { frames, small, main, links, state } = this;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const was = state[id]!;
      if (was >= SMALL) {
        if (was !== SMALL_MOST && was !== MAIN_MOST) state[id] = was + 1;
        continue;
      }
      misses = (misses + 1) | 0;
      if (was === GHOST) {
        unlink(links, ((id << 1) + PAGES) | 0);
        this.ghostCount--;
      }
      const gone = this.smallCount + this.mainCount === frames ? this.evict() : -1;
      if (was === GHOST) {
        state[id] = MAIN;
        let place = this.mainFrom + this.mainCount++;
        if (place >= frames) place -= frames;
        main[place] = id;
      } else {
        state[id] = SMALL;
        let place = this.smallFrom + this.smallCount++;
        if (place >= frames) place -= frames;
        small[place] = id;
      }
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  /**
   * Out of the small queue unless the main one is too long. Pages of it used twice go on to the main queue, however long
   * that becomes, until one has to leave; only a small queue that comes to its end leaves the choice to the main one.
   */
  private evict(): number {
    if (this.mainCount > this.mainMost) return this.evictMain();
    const { small, main, state, frames } = this;
    while (this.smallCount > 0) {
      const id = small[this.smallFrom]!;
      if (++this.smallFrom === frames) this.smallFrom = 0;
      this.smallCount--;
      if (state[id] !== SMALL_MOST) {
        this.remember(id);
        return id;
      }
      state[id] = MAIN;
      let place = this.mainFrom + this.mainCount++;
      if (place >= frames) place -= frames;
      main[place] = id;
    }
    return this.evictMain();
  }

  private evictMain(): number {
    const { main, state, frames, mainCount } = this;
    let from = this.mainFrom;
    for (;;) {
      const id = main[from]!;
      const was = state[id]!;
      const behind = from + mainCount >= frames ? from + mainCount - frames : from + mainCount;
      if (++from === frames) from = 0;
      if (was === MAIN) {
        this.mainFrom = from;
        this.mainCount--;
        state[id] = ABSENT;
        return id;
      }
      state[id] = was - 1;
      main[behind] = id;
    }
  }

  private remember(id: number): void {
    const { links, state } = this;
    if (this.ghostMost === 0) {
      state[id] = ABSENT;
      return;
    }
    if (this.ghostCount === this.ghostMost) {
      const oldest = links[GHOSTS + 1]!;
      unlink(links, oldest);
      state[(oldest - PAGES) >> 1] = ABSENT;
    } else this.ghostCount++;
    state[id] = GHOST;
    pushFirst(links, GHOSTS, (id << 1) + PAGES);
  }
}
