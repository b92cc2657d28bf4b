import { grownBytes } from '../../../mmu/grown-arrays.ts';
import { PositionSet } from '../position-set.ts';
import { LoadOrder } from './load-order.ts';
import { type BookkeepingLoop, FIRST_BIT, type LoopContext } from './loop.ts';

const RESIDENT = 4;
const REFERENCED = 2;
const DIRTY = 1;
/** What of a page's byte is its class. */
const CLASS = 3;

/** `nru`: for each class the pages in it, by when they were loaded. A tick empties the upper two classes into the lower two. */
export class NruLoop implements BookkeepingLoop {
  kinds: Uint8Array | null = null;
  writeBacks = 0;
  residentSum = 0;
  private readonly frames: number;
  private readonly onLoad: number;
  private readonly tickEvery: number;
  private untilTick: number;
  private readonly order: LoadOrder;
  /** Positions in the order of loading, by class. */
  private readonly classes: readonly PositionSet[];
  /** RESIDENT, REFERENCED and DIRTY; 0: not resident. */
  private state: Uint8Array;
  private resident: number;

  constructor({ frames, options }: LoopContext, tickEvery: number) {
    this.frames = frames;
    this.onLoad = options.referenceOnLoad === false ? RESIDENT : RESIDENT | REFERENCED;
    this.tickEvery = tickEvery;
    this.untilTick = tickEvery;
    this.order = new LoadOrder(frames);
    this.classes = Array.from({ length: 4 }, () => new PositionSet(this.order.positions));
    this.state = new Uint8Array(0);
    this.resident = 0;
  }

  grow(pages: number): void {
    this.state = grownBytes(this.state, pages);
    this.order.grow(pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state, order, classes, kinds } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const write = kinds !== null && (kinds[at]! & 1) === 1 ? DIRTY : 0;
      const was = state[id]!;
      if (was !== 0) {
        const now = was | REFERENCED | write;
        if (now !== was) {
          const position = order.of(id);
          state[id] = now;
          classes[was & CLASS]!.delete(position);
          classes[now & CLASS]!.add(position);
        }
      } else {
        misses++;
        const gone = this.resident === this.frames ? this.evict() : -1;
        if (order.isFull) order.close(classes);
        state[id] = this.onLoad | write;
        classes[state[id]! & CLASS]!.add(order.load(id));
        this.resident++;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      if (--this.untilTick === 0) {
        this.untilTick = this.tickEvery;
        this.tick();
      }
      this.residentSum += this.resident;
    }
    return misses;
  }

  private evict(): number {
    const { classes, order, state } = this;
    let kind = 0;
    let position = classes[0]!.from(0);
    while (position < 0) position = classes[++kind]!.from(0);
    classes[kind]!.delete(position);
    const gone = order.pageAt(position);
    order.leave(gone);
    this.writeBacks += state[gone]! & DIRTY;
    state[gone] = 0;
    this.resident--;
    return gone;
  }

  private tick(): void {
    const { classes, order, state } = this;
    for (const kind of [REFERENCED, REFERENCED | DIRTY]) {
      const referenced = classes[kind]!;
      for (let position = referenced.from(0); position >= 0; position = referenced.from(position + 1)) {
        referenced.delete(position);
        classes[kind & DIRTY]!.add(position);
        state[order.pageAt(position)]! &= ~REFERENCED;
      }
    }
  }
}
