import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { twoQueueSizes } from '../options.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** Sentinels of the rings; pages' nodes start at PAGES. */
const MAIN = 0;
const GHOSTS = 2;
const PAGES = 4;

/** States of a page: not known, in A1in, in Am, remembered in A1out. */
const ABSENT = 0;
const ENTERED = 1;
const KEPT = 2;
const GHOST = 3;

/** `2q`: A1in is a ring of page numbers, Am and A1out are rings of links. A page is in one of them. */
export class TwoQueueLoop implements ReplayLoop {
  private readonly frames: number;
  private readonly inMost: number;
  private readonly outMost: number;
  private readonly entered: Int32Array;
  private enteredFrom: number;
  private enteredCount: number;
  private links: Int32Array;
  private state: Uint8Array;
  private mainCount: number;
  private ghostCount: number;

  constructor({ frames, options }: LoopContext) {
    const sizes = twoQueueSizes(frames, options);
    this.frames = frames;
    this.inMost = sizes.inMost;
    this.outMost = sizes.outMost;
    this.entered = new Int32Array(frames);
    this.enteredFrom = 0;
    this.enteredCount = 0;
    this.links = emptyRings(PAGES / 2);
    this.state = new Uint8Array(0);
    this.mainCount = 0;
    this.ghostCount = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { frames, inMost, outMost, entered, links, state } = this;
    let enteredFrom = this.enteredFrom | 0;
    let enteredCount = this.enteredCount | 0;
    let mainCount = this.mainCount | 0;
    let ghostCount = this.ghostCount | 0;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const was = state[id]!;
      if (was === ENTERED) continue;
      const node = ((id << 1) + PAGES) | 0;
      if (was === KEPT) {
        if (links[MAIN] === node) continue;
        unlink(links, node);
        pushFirst(links, MAIN, node);
        continue;
      }
      misses = (misses + 1) | 0;
      if (was === GHOST) {
        unlink(links, node);
        ghostCount = (ghostCount - 1) | 0;
      }
      let gone = -1;
      if (enteredCount + mainCount === frames) {
        if (enteredCount > inMost || mainCount === 0) {
          gone = entered[enteredFrom]!;
          enteredFrom = (enteredFrom + 1) | 0;
          if (enteredFrom === frames) enteredFrom = 0;
          enteredCount = (enteredCount - 1) | 0;
          state[gone] = ABSENT;
          if (outMost > 0) {
            if (ghostCount === outMost) {
              const oldest = links[GHOSTS + 1]!;
              unlink(links, oldest);
              state[(oldest - PAGES) >> 1] = ABSENT;
            } else ghostCount = (ghostCount + 1) | 0;
            state[gone] = GHOST;
            pushFirst(links, GHOSTS, ((gone << 1) + PAGES) | 0);
          }
        } else {
          const last = links[MAIN + 1]!;
          unlink(links, last);
          mainCount = (mainCount - 1) | 0;
          gone = (last - PAGES) >> 1;
          state[gone] = ABSENT;
        }
      }
      if (was === GHOST) {
        state[id] = KEPT;
        pushFirst(links, MAIN, node);
        mainCount = (mainCount + 1) | 0;
      } else {
        state[id] = ENTERED;
        let place = (enteredFrom + enteredCount) | 0;
        enteredCount = (enteredCount + 1) | 0;
        if (place >= frames) place = (place - frames) | 0;
        entered[place] = id;
      }
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    this.enteredFrom = enteredFrom;
    this.enteredCount = enteredCount;
    this.mainCount = mainCount;
    this.ghostCount = ghostCount;
    return misses;
  }
}
