import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { GENERATIONS, YOUNG } from '../mglru.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** The sentinel of generation g is 2 × (g modulo 4); pages' nodes start here. */
const PAGES = 2 * GENERATIONS;

/** `mglru`: each generation is a ring of links, the page that joined last first. A page's byte: 0 absent, 1 resident, 2 referenced. */
export class MgLruLoop implements ReplayLoop {
  private links: Int32Array;
  private state: Uint8Array;
  private readonly onLoad: number;
  private free: number;
  private oldest: number;
  private youngest: number;

  constructor({ frames, options }: LoopContext) {
    this.links = emptyRings(GENERATIONS);
    this.state = new Uint8Array(0);
    this.onLoad = options.referenceOnLoad === false ? 1 : 2;
    this.free = frames;
    this.oldest = 0;
    this.youngest = YOUNG + 1;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { links, state, onLoad } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      if (state[id] !== 0) {
        state[id] = 2;
        continue;
      }
      misses++;
      const gone = this.free > 0 ? -1 : this.evict();
      if (gone < 0) this.free--;
      state[id] = onLoad;
      pushFirst(links, sentinelOf(this.youngest), (id << 1) + PAGES);
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  private evict(): number {
    const { links, state } = this;
    for (;;) {
      if (this.oldest + YOUNG > this.youngest) this.age();
      const sentinel = sentinelOf(this.oldest);
      const node = links[sentinel + 1]!;
      if (node === sentinel) {
        this.oldest++;
        continue;
      }
      const id = (node - PAGES) >> 1;
      unlink(links, node);
      if (state[id] === 1) {
        state[id] = 0;
        return id;
      }
      state[id] = 1;
      pushFirst(links, sentinelOf(this.youngest), node);
    }
  }

  /** Pages that come to the youngest generation meanwhile are met again there, their bits cleared. */
  private age(): void {
    const { links, state } = this;
    const youngest = sentinelOf(this.youngest);
    for (let generation = this.oldest; generation <= this.youngest; generation++) {
      const sentinel = sentinelOf(generation);
      let before = 0;
      for (let node = links[sentinel + 1]!; node !== sentinel; node = before) {
        before = links[node + 1]!;
        const id = (node - PAGES) >> 1;
        if (state[id] !== 2) continue;
        state[id] = 1;
        unlink(links, node);
        pushFirst(links, youngest, node);
      }
    }
    this.youngest++;
  }
}

const sentinelOf = (generation: number): number => 2 * (generation % GENERATIONS);
