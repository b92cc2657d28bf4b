import { InputError } from '../../mmu/input-error.ts';
import { invariant } from '../../mmu/invariant.ts';
import type { FutureReferences, PolicyContext, ReplacementPolicy } from './policy.ts';
import { PositionSet } from './position-set.ts';
import { SlotList } from './slot-list.ts';

/**
 * The optimum of Belady (1966): the page whose next use lies furthest ahead leaves. No policy that must make room for
 * every page has fewer faults, which makes it the measure of the others; it needs the recording of what is to come.
 *
 * A resident page is in exactly one of three places:
 *
 * - `ahead`: used again, filed under the position of its next use (two pages never share one)
 * - `finished`: never used again, in the order of their last use; these leave first, the longest unused in front.
 *   Books differ on this tie; it never changes the number of faults.
 * - `passed`: skipped since the last removal, whatever their future
 *
 * `use` of a slot that is not resident means nothing. Every operation is O(log32 of the recording's length).
 */
export class Opt implements ReplacementPolicy {
  readonly name = 'opt';
  readonly needsTouch = true;
  resident: number;
  private readonly future: FutureReferences;
  private readonly ahead: PositionSet;
  private readonly finished: SlotList;
  private readonly passed: SlotList;
  /** Position of the next use of the page in each slot. */
  private readonly use: Int32Array;
  private readonly present: Uint8Array;

  constructor(context: PolicyContext) {
    if (context.future === undefined) {
      throw new InputError({
        code: 'MEM-POL-002',
        message: 'the policy `opt` needs to know the future',
        hint: 'it works on recorded references (`trace`); a running machine can use `lru` or `clock`',
      });
    }
    this.future = context.future;
    this.ahead = new PositionSet(this.future.length);
    this.finished = new SlotList(context.slots);
    this.passed = new SlotList(context.slots);
    this.use = new Int32Array(context.slots);
    this.present = new Uint8Array(context.slots);
    this.resident = 0;
  }

  admit(slot: number): void {
    invariant(this.present[slot] === 0, 'a page enters an empty slot');
    this.present[slot] = 1;
    this.resident++;
    this.file(slot);
  }

  touch(slot: number): void {
    invariant(this.present[slot] === 1, 'only a resident page is referenced');
    this.takeOut(slot);
    this.file(slot);
  }

  victim(): number {
    if (this.finished.size > 0) return this.finished.front();
    const furthest = this.ahead.last();
    return furthest < 0 ? this.passed.front() : this.future.slotAt(furthest);
  }

  skip(slot: number): void {
    invariant(this.present[slot] === 1, 'only a resident slot is skipped');
    this.takeOut(slot);
    this.passed.pushBack(slot);
  }

  remove(slot: number): void {
    invariant(this.present[slot] === 1, 'only a resident page is removed');
    this.takeOut(slot);
    this.present[slot] = 0;
    this.resident--;
    while (this.passed.size > 0) {
      const again = this.passed.front();
      this.passed.unlink(again);
      this.file(again);
    }
  }

  holds(slot: number): boolean {
    return this.present[slot] === 1;
  }

  hand(): number {
    return -1;
  }

  order(): number[] {
    const ahead: number[] = [];
    for (let slot = 0; slot < this.present.length; slot++) {
      if (this.present[slot] === 1 && !this.finished.has(slot) && !this.passed.has(slot)) ahead.push(slot);
    }
    ahead.sort((a, b) => this.use[b]! - this.use[a]!);
    return [...this.finished.toArray(), ...ahead, ...this.passed.toArray()];
  }

  checkInvariants(): string[] {
    const broken = [...this.finished.checkInvariants(), ...this.passed.checkInvariants()];
    let present = 0;
    let placed = true;
    for (let slot = 0; slot < this.present.length; slot++) {
      if (this.present[slot] === 0) continue;
      present++;
      placed &&= this.finished.has(slot) || this.passed.has(slot) || this.ahead.has(this.use[slot]!);
    }
    if (!placed) broken.push('opt: a resident page is filed by its next use, finished or passed');
    if (present !== this.resident) broken.push('opt: resident counts the pages present');
    if (this.ahead.count() + this.finished.size + this.passed.size !== this.resident) {
      broken.push('opt: a resident page is in one place only');
    }
    return broken;
  }

  private file(slot: number): void {
    const use = this.future.nextUse(slot);
    this.use[slot] = use;
    if (use < this.future.length) this.ahead.add(use);
    else this.finished.pushBack(slot);
  }

  private takeOut(slot: number): void {
    if (this.passed.has(slot)) this.passed.unlink(slot);
    else if (this.finished.has(slot)) this.finished.unlink(slot);
    else this.ahead.delete(this.use[slot]!);
  }
}
