import { AsidePolicy, SlotMarks, SlotNumbers } from './aside-policy.ts';
import { GhostQueue } from './ghost-queue.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * CAR, clock with adaptive replacement (Bansal and Modha, FAST 2004): ARC with two clocks in place of its two LRU lists,
 * so that a hit only sets a bit.
 *
 * ```
 *   loaded ──► once (clock) ── hand finds the bit set ──► often (clock, bit cleared)
 *                │ bit clear                                │ bit clear
 *                ▼                                          ▼
 *             once ghosts                                often ghosts       a ghost that comes back goes to `often`
 * ```
 *
 * The reference that loads a page does not set its bit, so the bits are kept here. A clock's hand is at the front of its
 * list; what it passes goes to the back.
 */
export class Car extends AsidePolicy {
  readonly name = 'car';
  readonly needsTouch = true;
  private readonly capacity: number;
  private readonly once: SlotList;
  private readonly often: SlotList;
  private readonly onceGhosts: GhostQueue;
  private readonly oftenGhosts: GhostQueue;
  private readonly isOften: SlotMarks;
  private readonly used: SlotMarks;
  private readonly pages: SlotNumbers;
  /** How many pages `once` should have: the paper's p, a real number. */
  private target: number;

  constructor(context: PolicyContext) {
    super(context);
    this.capacity = context.capacity ?? context.slots;
    this.once = new SlotList(context.slots);
    this.often = new SlotList(context.slots);
    this.onceGhosts = new GhostQueue(2 * this.capacity + 2);
    this.oftenGhosts = new GhostQueue(2 * this.capacity + 2);
    this.isOften = new SlotMarks(context.slots);
    this.used = new SlotMarks(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.target = 0;
  }

  note(slot: number): string {
    return `${this.isOften.has(slot) ? 'T2' : 'T1'}${this.used.has(slot) ? ' used' : ''}`;
  }

  protected enter(slot: number, page: number): void {
    const { onceGhosts, oftenGhosts, capacity } = this;
    const once = onceGhosts.size;
    const often = oftenGhosts.size;
    this.pages.set(slot, page);
    this.used.delete(slot);
    this.isOften.add(slot);
    if (onceGhosts.delete(page)) this.target = Math.min(this.target + Math.max(1, often / once), capacity);
    else if (oftenGhosts.delete(page)) this.target = Math.max(this.target - Math.max(1, once / often), 0);
    else {
      this.isOften.delete(slot);
      if (this.once.size + once >= capacity) onceGhosts.forgetOldest();
      else if (this.once.size + this.often.size + once + often >= 2 * capacity) oftenGhosts.forgetOldest();
    }
    this.file(slot);
  }

  protected use(slot: number): void {
    this.used.add(slot);
  }

  protected choose(): number {
    for (;;) {
      const fromOnce = takesFromOnce(this.once.size, this.often.size, this.target);
      const slot = (fromOnce ? this.once : this.often).front();
      if (slot < 0 || !this.used.has(slot)) return slot;
      this.used.delete(slot);
      this.takeOut(slot);
      this.isOften.add(slot);
      this.often.pushBack(slot);
    }
  }

  protected takeOut(slot: number): void {
    (this.isOften.has(slot) ? this.often : this.once).unlink(slot);
  }

  protected file(slot: number): void {
    (this.isOften.has(slot) ? this.often : this.once).pushBack(slot);
  }

  protected override left(slot: number, evicted: boolean): void {
    if (evicted) (this.isOften.has(slot) ? this.oftenGhosts : this.onceGhosts).add(this.pages.of(slot));
  }

  /** What `choose` would do, on copies. */
  protected filedOrder(): number[] {
    const once = this.once.toArray();
    const often = this.often.toArray();
    const used = new Set([...once, ...often].filter((slot) => this.used.has(slot)));
    const order: number[] = [];
    while (once.length + often.length > 0) {
      const slot = (takesFromOnce(once.length, often.length, this.target) ? once : often).shift()!;
      if (used.delete(slot)) often.push(slot);
      else order.push(slot);
    }
    return order;
  }

  protected checkFiled(): string[] {
    return [this.once, this.often, this.onceGhosts, this.oftenGhosts].flatMap((part) => part.checkInvariants());
  }
}

function takesFromOnce(once: number, often: number, target: number): boolean {
  return often === 0 || (once > 0 && once >= Math.max(1, target));
}
