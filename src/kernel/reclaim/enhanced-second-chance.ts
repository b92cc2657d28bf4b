import { AsidePolicy } from './aside-policy.ts';
import type { DirtyBits, PolicyContext, ReferenceBits } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * Enhanced second chance: clock with an eye on the dirty bit, as writing a page back costs a second transfer.
 *
 * | round | takes the first page that is | and on its way     |
 * |-------|------------------------------|--------------------|
 * | 1, 3  | not referenced, clean        | changes nothing    |
 * | 2, 4  | not referenced, dirty        | clears the R bits  |
 *
 * After round 2 no page is referenced, so round 4 finds one at the latest.
 */
export class EnhancedSecondChance extends AsidePolicy {
  readonly name = 'enhanced-second-chance';
  readonly needsTouch = false;
  private readonly ring: SlotList;
  private readonly references: ReferenceBits;
  private readonly dirty: DirtyBits | null;
  private readonly handStart: number;
  private handSlot: number;

  constructor(context: PolicyContext) {
    super(context);
    this.ring = new SlotList(context.slots);
    this.references = context.references;
    this.dirty = context.dirty ?? null;
    this.handStart = context.options?.handStart ?? -1;
    this.handSlot = -1;
  }

  /** Before the first replacement: where the hand will start. */
  override hand(): number {
    if (this.handSlot >= 0) return this.handSlot;
    return this.handStart >= 0 && this.ring.has(this.handStart) ? this.handStart : this.ring.front();
  }

  protected enter(slot: number): void {
    this.file(slot);
  }

  protected use(): void {}

  protected choose(): number {
    let slot = this.hand();
    if (slot < 0) return -1;
    for (let round = 1; ; round++) {
      const takesDirty = round % 2 === 0;
      for (let look = this.ring.size; look > 0; look--) {
        const referenced = takesDirty ? this.references.testAndClear(slot) : this.references.peek(slot);
        if (!referenced && this.isDirty(slot) === takesDirty) {
          this.handSlot = slot;
          return slot;
        }
        slot = this.ring.after(slot);
      }
    }
  }

  protected takeOut(slot: number): void {
    if (slot === this.handSlot) this.handSlot = this.ring.size > 1 ? this.ring.after(slot) : -1;
    this.ring.unlink(slot);
  }

  protected file(slot: number): void {
    if (this.handSlot < 0) this.ring.pushBack(slot);
    else this.ring.insertBefore(slot, this.handSlot);
  }

  /** What `choose` would do, on copies. */
  protected filedOrder(): number[] {
    const ring: number[] = [];
    for (let slot = this.hand(), look = 0; look < this.ring.size; look++, slot = this.ring.after(slot)) ring.push(slot);
    const referenced = new Set(ring.filter((slot) => this.references.peek(slot)));
    const order: number[] = [];
    while (ring.length > 0) {
      let at = ring.findIndex((slot) => !referenced.has(slot) && !this.isDirty(slot));
      if (at < 0) {
        at = ring.findIndex((slot) => !referenced.has(slot));
        for (const slot of at < 0 ? ring : ring.slice(0, at)) referenced.delete(slot);
        if (at < 0) continue;
      }
      // The hand goes on behind the page that left.
      order.push(ring[at]!);
      ring.push(...ring.splice(0, at + 1).slice(0, at));
    }
    return order;
  }

  protected checkFiled(): string[] {
    const broken = this.ring.checkInvariants();
    if (this.handSlot >= 0 && !this.ring.has(this.handSlot)) broken.push('enhanced: the hand is on a page of the ring');
    return broken;
  }

  private isDirty(slot: number): boolean {
    return this.dirty?.isDirty(slot) === true;
  }
}
