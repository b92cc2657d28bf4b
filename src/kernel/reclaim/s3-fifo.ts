import { AsidePolicy, SlotMarks, SlotNumbers } from './aside-policy.ts';
import { GhostQueue } from './ghost-queue.ts';
import { s3FifoSizes } from './options.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/** Hits in the small queue that take a page to the main one. */
const HITS_TO_STAY = 2;
/** A page of the main queue counts so many hits, each worth another round. */
const HITS_MOST = 3;

/**
 * S3-FIFO (Yang et al., SOSP 2023): three queues in the order of loading, nothing is ever moved on a hit.
 *
 * ```
 *   loaded ──► small ── used twice there ──► main ── used: another round ──► main
 *                 │                            └── unused: left
 *                 └── left, remembered ── comes back ──► main
 * ```
 *
 * Room is made from the small queue unless the main one has more than its part.
 */
export class S3Fifo extends AsidePolicy {
  readonly name = 's3-fifo';
  readonly needsTouch = true;
  private readonly mainMost: number;
  private readonly small: SlotList;
  private readonly main: SlotList;
  private readonly ghosts: GhostQueue;
  private readonly isMain: SlotMarks;
  private readonly hits: SlotNumbers;
  private readonly pages: SlotNumbers;
  /** A ghost that is about to come in: already forgotten, as its return makes room for the page that leaves; or -1. */
  private returning: number;

  constructor(context: PolicyContext) {
    super(context);
    const { mainMost, ghostMost } = s3FifoSizes(context.capacity ?? context.slots, context.options ?? {});
    this.mainMost = mainMost;
    this.small = new SlotList(context.slots);
    this.main = new SlotList(context.slots);
    this.ghosts = new GhostQueue(ghostMost);
    this.isMain = new SlotMarks(context.slots);
    this.hits = new SlotNumbers(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.returning = -1;
  }

  note(slot: number): string {
    return `${this.isMain.has(slot) ? 'main' : 'small'} ${this.hits.of(slot)}`;
  }

  protected enter(slot: number, page: number): void {
    this.pages.set(slot, page);
    this.hits.set(slot, 0);
    if (page === this.returning || this.ghosts.delete(page)) this.isMain.add(slot);
    else this.isMain.delete(slot);
    this.returning = -1;
    this.file(slot);
  }

  protected use(slot: number): void {
    this.hits.set(slot, Math.min(this.hits.of(slot) + 1, HITS_MOST));
  }

  protected choose(incoming: number): number {
    if (this.ghosts.delete(incoming)) this.returning = incoming;
    if (this.main.size <= this.mainMost) {
      for (let slot = this.small.front(); slot >= 0; slot = this.small.front()) {
        if (this.hits.of(slot) < HITS_TO_STAY) return slot;
        this.small.unlink(slot);
        this.main.pushBack(slot);
        this.isMain.add(slot);
        this.hits.set(slot, 0);
      }
    }
    if (this.main.size === 0) return this.small.front();
    for (let slot = this.main.front(); ; slot = this.main.front()) {
      const hits = this.hits.of(slot);
      if (hits === 0) return slot;
      this.hits.set(slot, hits - 1);
      this.main.moveToBack(slot);
    }
  }

  protected takeOut(slot: number): void {
    (this.isMain.has(slot) ? this.main : this.small).unlink(slot);
  }

  protected file(slot: number): void {
    (this.isMain.has(slot) ? this.main : this.small).pushBack(slot);
  }

  protected override left(slot: number, evicted: boolean): void {
    if (evicted && !this.isMain.has(slot)) this.ghosts.add(this.pages.of(slot));
  }

  /** What `choose` would do, on copies. */
  protected filedOrder(): number[] {
    const small = this.small.toArray();
    const main = this.main.toArray();
    const hits = new Map([...small, ...main].map((slot) => [slot, this.hits.of(slot)]));
    const order: number[] = [];
    while (small.length + main.length > 0) {
      const fromSmall = main.length <= this.mainMost;
      for (; fromSmall && small.length > 0 && hits.get(small[0]!)! >= HITS_TO_STAY; main.push(small.shift()!)) {
        hits.set(small[0]!, 0);
      }
      if (main.length > 0 && !(fromSmall && small.length > 0)) {
        for (; hits.get(main[0]!)! > 0; main.push(main.shift()!)) hits.set(main[0]!, hits.get(main[0]!)! - 1);
        order.push(main.shift()!);
      } else order.push(small.shift()!);
    }
    return order;
  }

  protected checkFiled(): string[] {
    return [this.small, this.main, this.ghosts].flatMap((part) => part.checkInvariants());
  }
}
