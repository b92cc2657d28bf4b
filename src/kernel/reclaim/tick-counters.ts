import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import type { PolicyContext, ReferenceBits } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * LRU in software by sampling: at every tick each page's reference bit is taken into a counter, and the page with the
 * smallest counter leaves; among equals the one longest in memory. A new page starts at 0.
 *
 * Pages referenced since the last tick, new ones among them, leave only when all are: their counters do not know of it yet,
 * and two new pages used in turn would otherwise put each other out until the counters of all others have run down.
 *
 * Counters change at ticks only, so that is when pages are put in order:
 *
 * ```
 *   zero     counter 0, by time of loading; new pages join at the back
 *   ranked   the others, by counter, then by time of loading
 * ```
 *
 * - I1: `ranked` is in ascending order of counters, and all of them are above 0, but for pages that were set aside
 */
export abstract class TickCounters extends AsidePolicy {
  readonly needsTouch = false;
  private readonly references: ReferenceBits;
  private readonly zero: SlotList;
  private readonly ranked: SlotList;
  private readonly counters: SlotNumbers;
  private readonly loadedAt: SlotNumbers;
  private loads: number;

  constructor(context: PolicyContext) {
    super(context);
    this.references = context.references;
    this.zero = new SlotList(context.slots);
    this.ranked = new SlotList(context.slots);
    this.counters = new SlotNumbers(context.slots);
    this.loadedAt = new SlotNumbers(context.slots);
    this.loads = 0;
  }

  /** The counter after a tick. */
  protected abstract counted(counter: number, referenced: boolean): number;

  /** What the page in this slot has counted up to the last tick. */
  counterOf(slot: number): number {
    return this.counters.of(slot);
  }

  tick(): void {
    for (const slot of this.order()) {
      this.counters.set(slot, this.counted(this.counters.of(slot), this.references.testAndClear(slot)));
    }
    const filed = this.filedOrder();
    for (const slot of filed) this.takeOut(slot);
    filed.sort((a, b) => this.counters.of(a) - this.counters.of(b) || this.loadedAt.of(a) - this.loadedAt.of(b));
    for (const slot of filed) this.file(slot);
  }

  protected enter(slot: number): void {
    this.counters.set(slot, 0);
    this.loadedAt.set(slot, this.loads++);
    this.zero.pushBack(slot);
  }

  protected use(): void {}

  protected choose(): number {
    const zero = this.firstUnreferenced(this.zero);
    if (zero >= 0) return zero;
    const ranked = this.firstUnreferenced(this.ranked);
    if (ranked >= 0) return ranked;
    return this.zero.size > 0 ? this.zero.front() : this.ranked.front();
  }

  protected takeOut(slot: number): void {
    (this.zero.has(slot) ? this.zero : this.ranked).unlink(slot);
  }

  protected file(slot: number): void {
    (this.counters.of(slot) === 0 ? this.zero : this.ranked).pushBack(slot);
  }

  protected filedOrder(): number[] {
    const filed = [...this.zero.toArray(), ...this.ranked.toArray()];
    const isReferenced = (slot: number): boolean => this.references.peek(slot);
    return [...filed.filter((slot) => !isReferenced(slot)), ...filed.filter(isReferenced)];
  }

  protected checkFiled(): string[] {
    const broken = [...this.zero.checkInvariants(), ...this.ranked.checkInvariants()];
    if (this.zero.toArray().some((slot) => this.counters.of(slot) !== 0)) {
      broken.push(`${this.name}: the pages not ranked have counted nothing`);
    }
    return broken;
  }

  private firstUnreferenced(list: SlotList): number {
    for (let slot = list.front(), look = list.size; look > 0; look--, slot = list.after(slot)) {
      if (!this.references.peek(slot)) return slot;
    }
    return -1;
  }
}
