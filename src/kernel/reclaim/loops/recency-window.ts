import { grownBytes, grownDoubles, grownInts } from '../../../mmu/grown-arrays.ts';
import { WORKING_SET_WINDOW } from '../options.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { type BookkeepingLoop, FIRST_BIT, type LoopContext } from './loop.ts';

/** The sentinel's node is 0; pages' nodes start here. */
const PAGES = 2;

const RESIDENT = 1;
const DIRTY = 2;

/**
 * `working-set` and `pff`: pages in the order of their last use, those last used before a certain time leave by
 * themselves. The working set moves that time with every reference, page-fault frequency with faults that come late.
 *
 * ```
 *   used last ⇄ … ⇄ used at keepFrom ⇄ used before: leave ⇄ … (sentinel)
 * ```
 */
export class RecencyWindowLoop implements BookkeepingLoop {
  kinds: Uint8Array | null = null;
  writeBacks = 0;
  residentSum = 0;
  private readonly frames: number;
  /** Of the working set; 0 for page-fault frequency. */
  private readonly window: number;
  private readonly faultInterval: number;
  private links: Int32Array;
  private usedAt: Float64Array;
  private state: Uint8Array;
  private resident: number;
  private time: number;
  private lastFault: number;
  private keepFrom: number;

  constructor({ frames, options }: LoopContext, isWorkingSet: boolean) {
    this.frames = frames;
    this.window = isWorkingSet ? (options.window ?? WORKING_SET_WINDOW) : 0;
    this.faultInterval = options.faultInterval ?? 100;
    this.links = emptyRings(1);
    this.usedAt = new Float64Array(0);
    this.state = new Uint8Array(0);
    this.resident = 0;
    this.time = 0;
    this.lastFault = 0;
    this.keepFrom = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
    this.usedAt = grownDoubles(this.usedAt, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { links, usedAt, state, frames, window, kinds } = this;
    let { time, keepFrom, residentSum } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const node = (id << 1) + PAGES;
      time++;
      if (state[id] !== 0) {
        if (links[0] !== node) {
          unlink(links, node);
          pushFirst(links, 0, node);
        }
      } else {
        misses++;
        const gone = this.resident === frames ? this.leave() : -1;
        if (window === 0) {
          if (time - this.lastFault >= this.faultInterval) keepFrom = this.lastFault;
          this.lastFault = time;
        }
        state[id] = RESIDENT;
        this.resident++;
        pushFirst(links, 0, node);
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      usedAt[id] = time;
      if (kinds !== null && (kinds[at]! & 1) === 1) state[id] = RESIDENT + DIRTY;
      if (window !== 0) keepFrom = time - window + 1;
      // The page just used is in front, so there is always one that stays.
      while (usedAt[(links[1]! - PAGES) >> 1]! < keepFrom) this.leave();
      residentSum += this.resident;
    }
    this.time = time;
    this.keepFrom = keepFrom;
    this.residentSum = residentSum;
    return misses;
  }

  /** The page used longest ago leaves. */
  private leave(): number {
    const { links, state } = this;
    const node = links[1]!;
    unlink(links, node);
    const id = (node - PAGES) >> 1;
    if ((state[id]! & DIRTY) !== 0) this.writeBacks++;
    state[id] = 0;
    this.resident--;
    return id;
  }
}
