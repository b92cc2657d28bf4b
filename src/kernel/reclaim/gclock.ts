import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * GCLOCK (Smith 1978), the n-bit clock: where `clock` has a bit there is a counter, which every reference raises up to
 * 2^n - 1 and the hand lowers. A page leaves when the hand finds its counter at 0. One bit makes it `clock`.
 *
 * The hand moves as clock's does: to find a victim, and over the one that left. New pages join behind it.
 */
export class GClock extends AsidePolicy {
  readonly name = 'gclock';
  readonly needsTouch = true;
  private readonly ring: SlotList;
  private readonly counts: SlotNumbers;
  private readonly most: number;
  private readonly onLoad: number;
  private readonly handStart: number;
  private handSlot: number;

  constructor(context: PolicyContext) {
    super(context);
    this.ring = new SlotList(context.slots);
    this.counts = new SlotNumbers(context.slots);
    this.most = 2 ** (context.options?.counterBits ?? 2) - 1;
    this.onLoad = context.options?.referenceOnLoad === false ? 0 : 1;
    this.handStart = context.options?.handStart ?? -1;
    this.handSlot = -1;
  }

  /** Before the first replacement: where the hand will start. */
  override hand(): number {
    if (this.handSlot >= 0) return this.handSlot;
    return this.handStart >= 0 && this.ring.has(this.handStart) ? this.handStart : this.ring.front();
  }

  note(slot: number): string {
    return String(this.counts.of(slot));
  }

  protected enter(slot: number): void {
    this.counts.set(slot, this.onLoad);
    this.file(slot);
  }

  protected use(slot: number): void {
    this.counts.set(slot, Math.min(this.counts.of(slot) + 1, this.most));
  }

  protected choose(): number {
    let slot = this.hand();
    if (slot < 0) return -1;
    for (let count = this.counts.of(slot); count > 0; count = this.counts.of(slot)) {
      this.counts.set(slot, count - 1);
      slot = this.ring.after(slot);
    }
    this.handSlot = slot;
    return slot;
  }

  protected takeOut(slot: number): void {
    if (slot === this.handSlot) this.handSlot = this.ring.size > 1 ? this.ring.after(slot) : -1;
    this.ring.unlink(slot);
  }

  protected file(slot: number): void {
    if (this.handSlot < 0) this.ring.pushBack(slot);
    else this.ring.insertBefore(slot, this.handSlot);
  }

  protected filedOrder(): number[] {
    const ring: number[] = [];
    for (let slot = this.hand(), look = 0; look < this.ring.size; look++, slot = this.ring.after(slot)) ring.push(slot);
    // The hand takes one off every counter a round, so pages leave by counter, and as it meets them.
    return ring
      .map((slot) => [slot, this.counts.of(slot)] as const)
      .sort((a, b) => a[1] - b[1])
      .map(([slot]) => slot);
  }

  protected checkFiled(): string[] {
    const broken = this.ring.checkInvariants();
    if (this.handSlot >= 0 && !this.ring.has(this.handSlot)) broken.push('gclock: the hand is on a page of the ring');
    return broken;
  }
}
