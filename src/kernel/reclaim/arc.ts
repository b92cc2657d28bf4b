import { AsidePolicy, SlotMarks, SlotNumbers } from './aside-policy.ts';
import { GhostQueue } from './ghost-queue.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * ARC, the adaptive replacement cache (Megiddo and Modha, FAST 2003).
 *
 * ```
 *        once (T1, LRU) ── used again ──► often (T2, LRU)
 *           │ left                           │ left
 *           ▼                                ▼
 *        once ghosts (B1)                 often ghosts (B2)         a ghost that comes back goes to T2
 * ```
 *
 * `target` (the paper's p, a real number) is how many pages `once` should have: a page that comes back from B1 raises
 * it, one from B2 lowers it, by more the rarer such ghosts are. Room is made from `once` when it has more than that.
 *
 * - I1: |T1| + |B1| ≤ capacity, and all four together ≤ 2 × capacity
 */
export class Arc extends AsidePolicy {
  readonly name = 'arc';
  readonly needsTouch = true;
  private readonly capacity: number;
  private readonly once: SlotList;
  private readonly often: SlotList;
  private readonly onceGhosts: GhostQueue;
  private readonly oftenGhosts: GhostQueue;
  private readonly isOften: SlotMarks;
  private readonly pages: SlotNumbers;
  private target: number;
  /** A ghost that is about to come in, -1 for none: `target` has been changed for it, and it is a ghost no longer. */
  private returning: number;
  private returnsFromOften: boolean;

  constructor(context: PolicyContext) {
    super(context);
    this.capacity = context.capacity ?? context.slots;
    this.once = new SlotList(context.slots);
    this.often = new SlotList(context.slots);
    this.onceGhosts = new GhostQueue(this.capacity + 1);
    this.oftenGhosts = new GhostQueue(2 * this.capacity + 1);
    this.isOften = new SlotMarks(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.target = 0;
    this.returning = -1;
    this.returnsFromOften = false;
  }

  note(slot: number): string {
    return this.isOften.has(slot) ? 'T2' : 'T1';
  }

  protected enter(slot: number, page: number): void {
    this.pages.set(slot, page);
    this.expect(page);
    if (page === this.returning) this.isOften.add(slot);
    else {
      this.isOften.delete(slot);
      this.forgetForStranger();
    }
    this.returning = -1;
    this.file(slot);
  }

  protected use(slot: number): void {
    this.takeOut(slot);
    this.isOften.add(slot);
    this.often.pushBack(slot);
  }

  protected choose(incoming: number): number {
    this.expect(incoming);
    const forOften = this.returning !== -1 && this.returning === incoming && this.returnsFromOften;
    return takesFromOnce(this.once.size, this.often.size, this.target, forOften)
      ? this.once.front()
      : this.often.front();
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

  protected filedOrder(): number[] {
    const once = this.once.toArray();
    const often = this.often.toArray();
    const order: number[] = [];
    while (once.length + often.length > 0) {
      order.push((takesFromOnce(once.length, often.length, this.target, false) ? once : often).shift()!);
    }
    return order;
  }

  protected checkFiled(): string[] {
    const { once, often, onceGhosts, oftenGhosts, capacity } = this;
    const broken = [once, often, onceGhosts, oftenGhosts].flatMap((part) => part.checkInvariants());
    if (
      once.size + onceGhosts.size > capacity ||
      once.size + often.size + onceGhosts.size + oftenGhosts.size > 2 * capacity
    ) {
      broken.push('arc: no more pages are remembered than the paper allows');
    }
    return broken;
  }

  /** Cases II and III of the paper, once for each return. */
  private expect(page: number): void {
    const once = this.onceGhosts.size;
    const often = this.oftenGhosts.size;
    if (this.onceGhosts.delete(page)) {
      this.target = Math.min(this.target + Math.max(often / once, 1), this.capacity);
      this.returnsFromOften = false;
    } else if (this.oftenGhosts.delete(page)) {
      this.target = Math.max(this.target - Math.max(once / often, 1), 0);
      this.returnsFromOften = true;
    } else return;
    this.returning = page;
  }

  /** Case IV: a page unknown so far needs a place among those known. What left for it is among the ghosts already. */
  private forgetForStranger(): void {
    const { once, often, onceGhosts, oftenGhosts, capacity } = this;
    if (once.size + onceGhosts.size >= capacity) onceGhosts.forgetOldest();
    else if (once.size + often.size + onceGhosts.size + oftenGhosts.size >= 2 * capacity) oftenGhosts.forgetOldest();
  }
}

/** The paper's REPLACE. */
function takesFromOnce(once: number, often: number, target: number, forOftenGhost: boolean): boolean {
  return often === 0 || (once > 0 && (once > target || (once === target && forOftenGhost)));
}
