import { grownBytes, grownDoubles, grownInts } from '../../../mmu/grown-arrays.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';
import { PageHeap } from './page-heap.ts';

/** The sentinel's node is 0; pages' nodes start here. */
const PAGES = 2;

/** A page's byte: not resident, resident, referenced since the last tick. */
const ABSENT = 0;
const IDLE = 1;
const REFERENCED = 2;

/**
 * `nfu`: two heaps of pages. A page referenced stays among the idle ones until it comes first there; so a hit costs no
 * more than a link in the ring of pages whose counters the next tick raises.
 *
 * - I1: every resident page is in one heap; those in `referenced` have been referenced since the last tick
 * - I2: the ring holds exactly the pages referenced since the last tick
 */
export class NfuLoop implements ReplayLoop {
  private readonly frames: number;
  private readonly onLoad: number;
  private readonly tickEvery: number;
  private untilTick: number;
  private state: Uint8Array;
  private counts: Int32Array;
  private loadedAt: Float64Array;
  private loads: number;
  private links: Int32Array;
  private readonly idle: PageHeap;
  private readonly referenced: PageHeap;
  private resident: number;

  constructor({ frames, options }: LoopContext, tickEvery: number) {
    this.frames = frames;
    this.onLoad = options.referenceOnLoad === false ? IDLE : REFERENCED;
    this.tickEvery = tickEvery;
    this.untilTick = tickEvery;
    this.state = new Uint8Array(0);
    this.counts = new Int32Array(0);
    this.loadedAt = new Float64Array(0);
    this.loads = 0;
    this.links = emptyRings(1);
    this.idle = new PageHeap(frames);
    this.referenced = new PageHeap(frames);
    this.resident = 0;
  }

  grow(pages: number): void {
    this.state = grownBytes(this.state, pages);
    this.counts = grownInts(this.counts, pages, 0);
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.idle.grow(pages);
    this.referenced.grow(pages);
    this.loadedAt = grownDoubles(this.loadedAt, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state, counts, loadedAt, links, idle, referenced, onLoad } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const was = state[id]!;
      if (was === IDLE) {
        state[id] = REFERENCED;
        pushFirst(links, 0, (id << 1) + PAGES);
      } else if (was === ABSENT) {
        misses++;
        const gone = this.resident === this.frames ? this.evict() : -1;
        state[id] = onLoad;
        counts[id] = 0;
        loadedAt[id] = this.loads++;
        if (onLoad === REFERENCED) {
          pushFirst(links, 0, (id << 1) + PAGES);
          referenced.add(id, counts, loadedAt);
        } else idle.add(id, counts, loadedAt);
        this.resident++;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      if (--this.untilTick === 0) {
        this.untilTick = this.tickEvery;
        this.tick();
      }
    }
    return misses;
  }

  private evict(): number {
    const { idle, referenced, state, counts, loadedAt, links } = this;
    while (idle.size > 0 && state[idle.first()] === REFERENCED) {
      const page = idle.first();
      idle.delete(page, counts, loadedAt);
      referenced.add(page, counts, loadedAt);
    }
    const heap = idle.size > 0 ? idle : referenced;
    const gone = heap.first();
    heap.delete(gone, counts, loadedAt);
    if (state[gone] === REFERENCED) unlink(links, (gone << 1) + PAGES);
    state[gone] = ABSENT;
    this.resident--;
    return gone;
  }

  private tick(): void {
    const { idle, referenced, state, counts, loadedAt, links } = this;
    for (let node = links[0]!; node !== 0; node = links[0]!) {
      const page = (node - PAGES) >> 1;
      unlink(links, node);
      (idle.has(page) ? idle : referenced).delete(page, counts, loadedAt);
      counts[page]!++;
      state[page] = IDLE;
      idle.add(page, counts, loadedAt);
    }
  }
}
