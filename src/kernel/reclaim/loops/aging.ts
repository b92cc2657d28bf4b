import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { PositionSet } from '../position-set.ts';
import { LoadOrder } from './load-order.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** A page's byte: not resident, resident, referenced since the last tick. */
const ABSENT = 0;
const IDLE = 1;
const REFERENCED = 2;

/**
 * `aging`: most pages have been idle for so long that their counters are 0, and only the others have to be aged at a tick:
 * those referenced in as many ticks as a counter has bits.
 *
 * ```
 *   zeroIdle, zeroReferenced    pages with counter 0, by when they were loaded
 *   ranked                      the others: in any order after a tick; by counter and loading once a victim is among them
 * ```
 *
 * - I1: a resident page with counter 0 is in one of the two sets, by its byte; one with another counter is in `ranked` once
 * - I2: what else stands in `ranked` has left since the last tick: it is not resident, or has counter 0
 * - I3: the pages of `ranked` before `idleFrom` have been referenced since the last tick, or have left
 */
export class AgingLoop implements ReplayLoop {
  private readonly frames: number;
  private readonly onLoad: number;
  private readonly highest: number;
  private readonly tickEvery: number;
  private untilTick: number;
  private readonly order: LoadOrder;
  private readonly zeroIdle: PositionSet;
  private readonly zeroReferenced: PositionSet;
  private state: Uint8Array;
  private counters: Int32Array;
  private readonly ranked: Int32Array;
  private rankedCount: number;
  private isSorted: boolean;
  private idleFrom: number;
  private resident: number;

  constructor({ frames, options }: LoopContext, tickEvery: number) {
    this.frames = frames;
    this.onLoad = options.referenceOnLoad === false ? IDLE : REFERENCED;
    this.highest = 2 ** ((options.counterBits ?? 8) - 1);
    this.tickEvery = tickEvery;
    this.untilTick = tickEvery;
    this.order = new LoadOrder(frames);
    this.zeroIdle = new PositionSet(this.order.positions);
    this.zeroReferenced = new PositionSet(this.order.positions);
    this.state = new Uint8Array(0);
    this.counters = new Int32Array(0);
    this.ranked = new Int32Array(frames);
    this.rankedCount = 0;
    this.isSorted = false;
    this.idleFrom = 0;
    this.resident = 0;
  }

  grow(pages: number): void {
    this.state = grownBytes(this.state, pages);
    this.counters = grownInts(this.counters, pages, 0);
    this.order.grow(pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state, counters, order, zeroIdle, zeroReferenced } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const was = state[id]!;
      if (was === IDLE) {
        state[id] = REFERENCED;
        if (counters[id] === 0) {
          zeroIdle.delete(order.of(id));
          zeroReferenced.add(order.of(id));
        }
      } else if (was === ABSENT) {
        misses++;
        const gone = this.resident === this.frames ? this.evict() : -1;
        if (order.isFull) order.close([zeroIdle, zeroReferenced]);
        state[id] = this.onLoad;
        (this.onLoad === IDLE ? zeroIdle : zeroReferenced).add(order.load(id));
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
    const gone = this.choose();
    const position = this.order.of(gone);
    if (this.counters[gone] === 0) (this.state[gone] === IDLE ? this.zeroIdle : this.zeroReferenced).delete(position);
    this.order.leave(gone);
    this.counters[gone] = 0;
    this.state[gone] = ABSENT;
    this.resident--;
    return gone;
  }

  /** Idle pages before referenced ones, then the smaller counter, then the one loaded first. */
  private choose(): number {
    const { order, ranked, state, counters } = this;
    const zero = this.zeroIdle.from(0);
    if (zero >= 0) return order.pageAt(zero);
    this.sort();
    for (; this.idleFrom < this.rankedCount; this.idleFrom++) {
      const page = ranked[this.idleFrom]!;
      if (state[page] === IDLE && counters[page] !== 0) return page;
    }
    const referenced = this.zeroReferenced.from(0);
    if (referenced >= 0) return order.pageAt(referenced);
    let first = 0;
    while (counters[ranked[first]!] === 0) first++;
    return ranked[first]!;
  }

  private sort(): void {
    if (this.isSorted) return;
    const { counters, order } = this;
    // Positions close up between ticks, but in their order.
    this.ranked.subarray(0, this.rankedCount).sort((a, b) => counters[a]! - counters[b]! || order.of(a) - order.of(b));
    this.isSorted = true;
    this.idleFrom = 0;
  }

  private tick(): void {
    const { ranked, counters, state, order, zeroIdle, zeroReferenced, highest } = this;
    const before = this.rankedCount;
    let kept = 0;
    for (let index = 0; index < before; index++) {
      const page = ranked[index]!;
      // Left since the last tick; if it is back its counter began anew.
      if (counters[page] === 0) continue;
      const counter = (counters[page]! >> 1) + (state[page] === REFERENCED ? highest : 0);
      counters[page] = counter;
      state[page] = IDLE;
      if (counter === 0) zeroIdle.add(order.of(page));
      else ranked[kept++] = page;
    }
    for (let position = zeroReferenced.from(0); position >= 0; position = zeroReferenced.from(position + 1)) {
      const page = order.pageAt(position);
      zeroReferenced.delete(position);
      counters[page] = highest;
      state[page] = IDLE;
      ranked[kept++] = page;
    }
    this.rankedCount = kept;
    this.isSorted = false;
    this.idleFrom = 0;
  }
}
