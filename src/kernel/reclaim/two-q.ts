import { AsidePolicy, SlotMarks, SlotNumbers } from './aside-policy.ts';
import { GhostQueue } from './ghost-queue.ts';
import { twoQueueSizes } from './options.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * 2Q, the full version (Johnson and Shasha, VLDB 1994): a page has to come back before it is kept.
 *
 * ```
 *   loaded ──► A1in (FIFO) ──► left, remembered in A1out ── comes back ──► Am (LRU)
 *                                                  └─ too late: forgotten
 * ```
 *
 * Room is made from A1in while that holds more than its part of the frames, otherwise from Am. A hit in A1in changes
 * nothing: references close to each other are one.
 */
export class TwoQueue extends AsidePolicy {
  readonly name = '2q';
  readonly needsTouch = true;
  private readonly inMost: number;
  private readonly entered: SlotList;
  private readonly main: SlotList;
  private readonly ghosts: GhostQueue;
  private readonly isMain: SlotMarks;
  private readonly pages: SlotNumbers;
  /** A ghost that is about to come in: already forgotten, as its return makes room for the page that leaves; or -1. */
  private returning: number;

  constructor(context: PolicyContext) {
    super(context);
    const { inMost, outMost } = twoQueueSizes(context.capacity ?? context.slots, context.options ?? {});
    this.inMost = inMost;
    this.entered = new SlotList(context.slots);
    this.main = new SlotList(context.slots);
    this.ghosts = new GhostQueue(outMost);
    this.isMain = new SlotMarks(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.returning = -1;
  }

  note(slot: number): string {
    return this.isMain.has(slot) ? 'Am' : 'A1in';
  }

  protected enter(slot: number, page: number): void {
    this.pages.set(slot, page);
    if (page === this.returning || this.ghosts.delete(page)) this.isMain.add(slot);
    else this.isMain.delete(slot);
    this.returning = -1;
    this.file(slot);
  }

  protected use(slot: number): void {
    if (this.isMain.has(slot)) this.main.moveToBack(slot);
  }

  protected choose(incoming: number): number {
    if (this.ghosts.delete(incoming)) this.returning = incoming;
    return this.entered.size > this.inMost || this.main.size === 0 ? this.entered.front() : this.main.front();
  }

  protected takeOut(slot: number): void {
    (this.isMain.has(slot) ? this.main : this.entered).unlink(slot);
  }

  protected file(slot: number): void {
    (this.isMain.has(slot) ? this.main : this.entered).pushBack(slot);
  }

  protected override left(slot: number, evicted: boolean): void {
    if (evicted && !this.isMain.has(slot)) this.ghosts.add(this.pages.of(slot));
  }

  protected filedOrder(): number[] {
    const entered = this.entered.toArray();
    const main = this.main.toArray();
    const early = main.length === 0 ? entered.length : Math.max(0, entered.length - this.inMost);
    return [...entered.slice(0, early), ...main, ...entered.slice(early)];
  }

  protected checkFiled(): string[] {
    return [this.entered, this.main, this.ghosts].flatMap((part) => part.checkInvariants());
  }
}
