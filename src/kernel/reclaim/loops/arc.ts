import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** Sentinels of the four lists, and the states of the pages on them: half the sentinel, plus one. */
const ONCE = 0;
const OFTEN = 2;
const ONCE_GHOSTS = 4;
const OFTEN_GHOSTS = 6;
const PAGES = 8;

const ABSENT = 0;
const IN_ONCE = 1;
const IN_OFTEN = 2;
const IN_ONCE_GHOSTS = 3;
const IN_OFTEN_GHOSTS = 4;

/** `arc`: the four lists of the paper (T1, T2, B1, B2) as rings in one array of links. */
export class ArcLoop implements ReplayLoop {
  private readonly frames: number;
  private links: Int32Array;
  private state: Uint8Array;
  private once: number;
  private often: number;
  private onceGhosts: number;
  private oftenGhosts: number;
  /** The paper's p, a real number. */
  private target: number;

  constructor({ frames }: LoopContext) {
    this.frames = frames;
    this.links = emptyRings(PAGES / 2);
    this.state = new Uint8Array(0);
    this.once = 0;
    this.often = 0;
    this.onceGhosts = 0;
    this.oftenGhosts = 0;
    this.target = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { frames, links, state } = this;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const was = state[id]!;
      const node = ((id << 1) + PAGES) | 0;
      if (was === IN_OFTEN) {
        if (links[OFTEN] === node) continue;
        unlink(links, node);
        pushFirst(links, OFTEN, node);
        continue;
      }
      if (was === IN_ONCE) {
        unlink(links, node);
        pushFirst(links, OFTEN, node);
        state[id] = IN_OFTEN;
        this.once--;
        this.often++;
        continue;
      }
      misses = (misses + 1) | 0;
      let gone = -1;
      if (was === ABSENT) {
        if (this.once + this.often === frames) gone = this.makeRoomForStranger();
        state[id] = IN_ONCE;
        pushFirst(links, ONCE, node);
        this.once++;
      } else {
        this.adapt(was);
        unlink(links, node);
        if (this.once + this.often === frames) gone = this.replace(was === IN_OFTEN_GHOSTS);
        state[id] = IN_OFTEN;
        pushFirst(links, OFTEN, node);
        this.often++;
      }
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  /** Cases II and III: a ghost came back, so its side deserves more room; it is a ghost no longer. */
  private adapt(was: number): void {
    const { onceGhosts, oftenGhosts } = this;
    if (was === IN_ONCE_GHOSTS) {
      this.target = Math.min(this.target + Math.max(oftenGhosts / onceGhosts, 1), this.frames);
      this.onceGhosts--;
    } else {
      this.target = Math.max(this.target - Math.max(onceGhosts / oftenGhosts, 1), 0);
      this.oftenGhosts--;
    }
  }

  /** Case IV: both halves remember at most as many pages as there are frames, together at most twice as many. */
  private makeRoomForStranger(): number {
    const { frames, links, state } = this;
    if (this.once + this.onceGhosts === frames) {
      if (this.once === frames) {
        const last = links[ONCE + 1]!;
        unlink(links, last);
        this.once--;
        state[(last - PAGES) >> 1] = ABSENT;
        return (last - PAGES) >> 1;
      }
      this.forget(ONCE_GHOSTS);
      this.onceGhosts--;
    } else if (this.once + this.often + this.onceGhosts + this.oftenGhosts >= 2 * frames) {
      this.forget(OFTEN_GHOSTS);
      this.oftenGhosts--;
    }
    return this.replace(false);
  }

  private forget(ghosts: number): void {
    const last = this.links[ghosts + 1]!;
    unlink(this.links, last);
    this.state[(last - PAGES) >> 1] = ABSENT;
  }

  private replace(forOftenGhost: boolean): number {
    const { links, state, once, target } = this;
    const fromOnce = (once > 0 && (once > target || (once === target && forOftenGhost))) || this.often === 0;
    const last = links[(fromOnce ? ONCE : OFTEN) + 1]!;
    const gone = (last - PAGES) >> 1;
    unlink(links, last);
    if (fromOnce) {
      this.once--;
      this.onceGhosts++;
      state[gone] = IN_ONCE_GHOSTS;
      pushFirst(links, ONCE_GHOSTS, last);
    } else {
      this.often--;
      this.oftenGhosts++;
      state[gone] = IN_OFTEN_GHOSTS;
      pushFirst(links, OFTEN_GHOSTS, last);
    }
    return gone;
  }
}
