import { invariant } from '../../mmu/invariant.ts';
import type { PolicyContext, PolicyName, ReplacementPolicy } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * What the policies with more than one line have in common: a page that is skipped is set aside until some page has
 * left, so that every other one can be shown, and what leaves is an eviction only when it was the one chosen last.
 *
 * ```
 *   enter ──► filed (the policy's own lists) ──► left
 *                 │ ▲                              ▲
 *            skip ▼ │ when any page has left       │
 *               aside ─────────────────────────────┘
 * ```
 *
 * - I1: a resident slot is filed or aside
 *
 * Per-slot facts of a policy (its list, its count) outlive being aside: `file` puts the slot back by them.
 */
export abstract class AsidePolicy implements ReplacementPolicy {
  abstract readonly name: PolicyName;
  abstract readonly needsTouch: boolean;
  resident: number;
  private readonly aside: SlotList;
  private readonly present: SlotMarks;
  private chosen: number;

  constructor(context: PolicyContext) {
    this.resident = 0;
    this.aside = new SlotList(context.slots);
    this.present = new SlotMarks(context.slots);
    this.chosen = -1;
  }

  /** A new page: note its facts and file it. */
  protected abstract enter(slot: number, page: number): void;
  /** A filed page is referenced. */
  protected abstract use(slot: number): void;
  /** The filed page that should leave for the page that comes in (-1: not known); -1 for none. */
  protected abstract choose(incoming: number): number;
  /** Take a filed page out of the lists. `evicted`: for good, as it was chosen. */
  protected abstract takeOut(slot: number, evicted: boolean): void;
  /** Put a page back where those are that leave last among its like. */
  protected abstract file(slot: number): void;
  /** A page has been taken out for good. `evicted`: it was chosen; otherwise its owner freed it. */
  protected left(_slot: number, _evicted: boolean): void {}
  /** The filed pages in the order they would leave. */
  protected abstract filedOrder(): number[];
  protected abstract checkFiled(): string[];

  admit(slot: number, page: number): void {
    invariant(!this.present.has(slot), 'a page enters an empty slot');
    this.present.add(slot);
    this.resident++;
    this.enter(slot, page);
  }

  touch(slot: number): void {
    invariant(this.present.has(slot), 'only a resident page is referenced');
    if (this.aside.has(slot)) {
      this.aside.unlink(slot);
      this.file(slot);
    }
    this.use(slot);
  }

  victim(incoming = -1): number {
    const slot = this.choose(incoming);
    this.chosen = slot >= 0 ? slot : this.aside.front();
    return this.chosen;
  }

  skip(slot: number): void {
    invariant(this.present.has(slot), 'only a resident slot is skipped');
    if (this.aside.has(slot)) this.aside.moveToBack(slot);
    else {
      this.takeOut(slot, false);
      this.aside.pushBack(slot);
    }
  }

  remove(slot: number): void {
    invariant(this.present.has(slot), 'only a resident page is removed');
    const evicted = slot === this.chosen;
    if (this.aside.has(slot)) this.aside.unlink(slot);
    else this.takeOut(slot, evicted);
    this.present.delete(slot);
    this.resident--;
    this.left(slot, evicted);
    this.chosen = -1;
    while (this.aside.size > 0) {
      const again = this.aside.front();
      this.aside.unlink(again);
      this.file(again);
    }
  }

  holds(slot: number): boolean {
    return this.present.has(slot);
  }

  hand(): number {
    return -1;
  }

  order(): number[] {
    return [...this.filedOrder(), ...this.aside.toArray()];
  }

  checkInvariants(): string[] {
    const broken = [...this.aside.checkInvariants(), ...this.checkFiled()];
    const order = this.order();
    if (order.length !== this.resident || order.some((slot) => !this.present.has(slot))) {
      broken.push(`${this.name}: a resident page is filed or aside`);
    }
    return broken;
  }
}

/** One bit of knowledge about each slot. Grows with the highest slot seen. */
export class SlotMarks {
  private readonly slots: number;
  private marks: Uint8Array;

  constructor(slots: number) {
    this.slots = slots;
    this.marks = new Uint8Array(0);
  }

  has(slot: number): boolean {
    return this.marks[slot] === 1;
  }

  add(slot: number): void {
    if (slot >= this.marks.length) {
      const grown = new Uint8Array(grownLength(this.marks.length, slot, this.slots));
      grown.set(this.marks);
      this.marks = grown;
    }
    this.marks[slot] = 1;
  }

  delete(slot: number): void {
    if (slot < this.marks.length) this.marks[slot] = 0;
  }
}

/** A number about each slot, 0 until it is set. Grows with the highest slot set. */
export class SlotNumbers {
  private readonly slots: number;
  private numbers: Float64Array;

  constructor(slots: number) {
    this.slots = slots;
    this.numbers = new Float64Array(0);
  }

  of(slot: number): number {
    return this.numbers[slot] ?? 0;
  }

  set(slot: number, value: number): void {
    if (slot >= this.numbers.length) {
      const grown = new Float64Array(grownLength(this.numbers.length, slot, this.slots));
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[slot] = value;
  }
}

function grownLength(length: number, slot: number, slots: number): number {
  invariant(Number.isInteger(slot) && slot >= 0 && slot < slots, 'the slot exists');
  return Math.min(Math.max(1024, 2 * length, slot + 1), slots);
}
