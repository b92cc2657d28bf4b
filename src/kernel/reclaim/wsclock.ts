import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import { WSCLOCK_WINDOW } from './options.ts';
import type { DirtyBits, PolicyContext, ReferenceBits } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * WSClock (Carr and Hennessy 1981): the working set, looked for with clock's hand only when room is needed.
 *
 * Time is counted in ticks. The hand goes round once:
 *
 * | page under the hand                          | what happens                                            |
 * |----------------------------------------------|---------------------------------------------------------|
 * | referenced                                   | bit cleared, used now                                   |
 * | not referenced for more than `window`, clean | it leaves                                               |
 * | not referenced for more than `window`, dirty | its writing is scheduled, and the hand goes on          |
 * | in the working set                           | passed                                                  |
 *
 * A page whose writing was scheduled is clean when the hand comes by again: here writing takes no references. A round
 * schedules at most `writesAhead` pages. Where the round finds nothing, the hand meets the first page it had written
 * again, which leaves; where there is none, the old page that could not be written ahead; then, all being in the working
 * set, the clean page used longest ago (books: any clean page); where all are dirty, the page used longest ago.
 */
export class WsClock extends AsidePolicy {
  readonly name = 'wsclock';
  readonly needsTouch = false;
  private readonly window: number;
  private readonly ring: SlotList;
  private readonly references: ReferenceBits;
  private readonly dirty: DirtyBits | null;
  private readonly usedAt: SlotNumbers;
  private readonly writesAhead: number;
  private handSlot: number;
  private time: number;

  constructor(context: PolicyContext) {
    super(context);
    this.window = context.options?.window ?? WSCLOCK_WINDOW;
    this.ring = new SlotList(context.slots);
    this.references = context.references;
    this.dirty = context.dirty ?? null;
    this.usedAt = new SlotNumbers(context.slots);
    this.writesAhead = context.options?.writesAhead ?? Number.MAX_SAFE_INTEGER;
    this.handSlot = -1;
    this.time = 0;
  }

  override hand(): number {
    return this.handSlot >= 0 ? this.handSlot : this.ring.front();
  }

  tick(): void {
    this.time++;
  }

  /** Ticks since the hand last found it used. */
  note(slot: number): string {
    return String(this.time - this.usedAt.of(slot));
  }

  protected enter(slot: number): void {
    this.usedAt.set(slot, this.time);
    this.file(slot);
  }

  protected use(): void {}

  protected choose(): number {
    let slot = this.hand();
    let written = -1;
    let writes = 0;
    let old = -1;
    let clean = -1;
    let longest = -1;
    for (let look = this.ring.size; look > 0; look--) {
      if (this.references.testAndClear(slot)) this.usedAt.set(slot, this.time);
      const isOld = this.time - this.usedAt.of(slot) > this.window;
      const isDirty = this.dirty?.isDirty(slot) === true;
      if (isOld && !isDirty) {
        this.handSlot = slot;
        return slot;
      }
      if (isOld && writes < this.writesAhead && this.dirty?.clean?.(slot) === true) {
        writes++;
        if (written < 0) written = slot;
      } else if (isOld && old < 0) old = slot;
      if (!isDirty && (clean < 0 || this.usedAt.of(slot) < this.usedAt.of(clean))) clean = slot;
      if (longest < 0 || this.usedAt.of(slot) < this.usedAt.of(longest)) longest = slot;
      slot = this.ring.after(slot);
    }
    const chosen = [written, old, clean, longest].find((found) => found >= 0) ?? -1;
    if (chosen >= 0) this.handSlot = chosen;
    return chosen;
  }

  protected takeOut(slot: number): void {
    if (slot === this.handSlot) this.handSlot = this.ring.size > 1 ? this.ring.after(slot) : -1;
    this.ring.unlink(slot);
  }

  protected file(slot: number): void {
    if (this.handSlot < 0) this.ring.pushBack(slot);
    else this.ring.insertBefore(slot, this.handSlot);
  }

  /** As the hand meets them: who leaves depends on the time until then. */
  protected filedOrder(): number[] {
    const ring: number[] = [];
    for (let slot = this.hand(), look = 0; look < this.ring.size; look++, slot = this.ring.after(slot)) ring.push(slot);
    return ring;
  }

  protected checkFiled(): string[] {
    const broken = this.ring.checkInvariants();
    if (this.handSlot >= 0 && !this.ring.has(this.handSlot)) broken.push('wsclock: the hand is on a page of the ring');
    return broken;
  }
}
