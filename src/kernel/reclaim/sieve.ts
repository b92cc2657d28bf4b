import { AsidePolicy, SlotMarks } from './aside-policy.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * SIEVE (Zhang et al., NSDI 2024): a queue in the order of loading with a hand that goes from old to new. Pages visited
 * since they were looked at last keep their place and lose the mark; the first without one leaves. New pages join at
 * the new end, behind which the hand starts over: so a page that only came by is sieved out early.
 *
 * ```
 *   oldest   A• B  C• D  E   newest        hand at A: A loses its mark, B leaves, the hand waits at C
 * ```
 *
 * The reference that loads a page is no visit, so the marks are kept here and not in the hardware's bits.
 */
export class Sieve extends AsidePolicy {
  readonly name = 'sieve';
  readonly needsTouch = true;
  private readonly queue: SlotList;
  private readonly visited: SlotMarks;
  /** -1: at the oldest page. */
  private handSlot: number;

  constructor(context: PolicyContext) {
    super(context);
    this.queue = new SlotList(context.slots);
    this.visited = new SlotMarks(context.slots);
    this.handSlot = -1;
  }

  override hand(): number {
    return this.handSlot >= 0 ? this.handSlot : this.queue.front();
  }

  note(slot: number): string {
    return this.visited.has(slot) ? 'visited' : '';
  }

  protected enter(slot: number): void {
    this.visited.delete(slot);
    this.queue.pushBack(slot);
  }

  protected use(slot: number): void {
    this.visited.add(slot);
  }

  protected choose(): number {
    let slot = this.hand();
    if (slot < 0) return -1;
    while (this.visited.has(slot)) {
      this.visited.delete(slot);
      slot = this.queue.after(slot);
    }
    this.handSlot = slot;
    return slot;
  }

  protected takeOut(slot: number): void {
    if (slot === this.handSlot) this.handSlot = this.newerThan(slot);
    this.queue.unlink(slot);
  }

  protected file(slot: number): void {
    this.queue.pushBack(slot);
  }

  protected filedOrder(): number[] {
    const queue = this.queue.toArray();
    const visited = new Set(queue.filter((slot) => this.visited.has(slot)));
    const order: number[] = [];
    let at = Math.max(0, queue.indexOf(this.hand()));
    while (queue.length > 0) {
      if (at >= queue.length) at = 0;
      if (visited.delete(queue[at]!)) at++;
      else order.push(...queue.splice(at, 1));
    }
    return order;
  }

  protected checkFiled(): string[] {
    const broken = this.queue.checkInvariants();
    if (this.handSlot >= 0 && !this.queue.has(this.handSlot)) broken.push('sieve: the hand is on a page of the queue');
    return broken;
  }

  /** The page behind this one; -1 behind the newest, so that the hand starts over. */
  private newerThan(slot: number): number {
    const next = this.queue.after(slot);
    return next === this.queue.front() ? -1 : next;
  }
}
