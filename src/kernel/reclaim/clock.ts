import { invariant } from '../../mmu/invariant.ts';
import type { PolicyContext, ReferenceBits, ReplacementPolicy } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * Second chance with a hand (Corbató 1968): a cheap LRU that needs only the reference bit hardware keeps.
 *
 * ```
 *        A1 → B0 → C1          hand at A: bit set, cleared, pass on
 *        ↑         ↓           hand at B: bit clear, B is the victim
 *        E0 ← D1 ← +           the new page takes B's place: behind the hand, looked at last
 * ```
 *
 * The hand moves only to find a victim and over the one that left. A page admitted where no page left (memory was not
 * full) also joins behind the hand; before the first replacement that is the order of loading.
 *
 * - I1: the hand is on a resident page, or nowhere (-1) before the first replacement and while nothing is resident
 *
 * `victim` is O(1) amortized over the references: each bit cleared was set by a reference.
 */
export class Clock implements ReplacementPolicy {
  readonly name = 'clock';
  readonly needsTouch = false;
  private readonly ring: SlotList;
  private readonly references: ReferenceBits;
  private readonly handStart: number;
  private handSlot: number;

  constructor(context: PolicyContext) {
    this.ring = new SlotList(context.slots);
    this.references = context.references;
    this.handStart = context.options?.handStart ?? -1;
    this.handSlot = -1;
  }

  get resident(): number {
    return this.ring.size;
  }

  admit(slot: number): void {
    if (this.handSlot < 0) this.ring.pushBack(slot);
    else this.ring.insertBefore(slot, this.handSlot);
  }

  touch(slot: number): void {
    invariant(this.ring.has(slot), 'only a resident page is referenced');
  }

  victim(): number {
    if (this.ring.size === 0) return -1;
    this.handSlot = this.handOrStart();
    // One revolution clears every bit, so the second must find one clear.
    let looks = 2 * this.ring.size;
    while (this.references.testAndClear(this.handSlot)) {
      invariant(--looks > 0, 'a cleared reference bit stays clear while the hand goes round');
      this.handSlot = this.ring.after(this.handSlot);
    }
    return this.handSlot;
  }

  skip(slot: number): void {
    invariant(this.ring.has(slot), 'only a resident slot is skipped');
    this.handSlot = this.handOrStart();
    if (slot === this.handSlot) {
      this.handSlot = this.ring.after(slot);
    } else {
      this.ring.unlink(slot);
      this.ring.insertBefore(slot, this.handSlot);
    }
  }

  remove(slot: number): void {
    if (slot === this.handSlot) this.handSlot = this.ring.size > 1 ? this.ring.after(slot) : -1;
    this.ring.unlink(slot);
  }

  holds(slot: number): boolean {
    return this.ring.has(slot);
  }

  /** Before the first replacement: where the hand will start. */
  hand(): number {
    return this.ring.size === 0 ? -1 : this.handOrStart();
  }

  /** First the pages with a clear bit as the hand meets them, then those whose bit the first revolution clears. */
  order(): number[] {
    const unreferenced: number[] = [];
    const referenced: number[] = [];
    let slot = this.hand();
    for (let look = 0; look < this.ring.size; look++) {
      (this.references.peek(slot) ? referenced : unreferenced).push(slot);
      slot = this.ring.after(slot);
    }
    return [...unreferenced, ...referenced];
  }

  checkInvariants(): string[] {
    const broken = this.ring.checkInvariants();
    if (this.handSlot >= 0 && !this.ring.has(this.handSlot)) broken.push('clock: the hand is on a resident page');
    return broken;
  }

  private handOrStart(): number {
    if (this.handSlot >= 0) return this.handSlot;
    return this.handStart >= 0 && this.ring.has(this.handStart) ? this.handStart : this.ring.front();
  }
}
