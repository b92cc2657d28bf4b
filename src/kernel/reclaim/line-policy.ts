import { invariant } from '../../mmu/invariant.ts';
import type { PolicyContext, PolicyName, ReplacementPolicy } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * The policies whose whole state is one line of pages: the front leaves first. They differ only in the end at which
 * a page joins, and in whether a reference moves it there again:
 *
 * |            | joins at the back | joins at the front |
 * |------------|-------------------|--------------------|
 * | on load    | fifo              | lifo               |
 * | on any use | lru               | mru                |
 */
export abstract class LinePolicy implements ReplacementPolicy {
  abstract readonly name: PolicyName;
  abstract readonly needsTouch: boolean;
  protected readonly line: SlotList;

  constructor(context: PolicyContext) {
    this.line = new SlotList(context.slots);
  }

  abstract admit(slot: number, page: number): void;
  abstract touch(slot: number): void;

  get resident(): number {
    return this.line.size;
  }

  victim(): number {
    return this.line.front();
  }

  skip(slot: number): void {
    invariant(this.line.has(slot), 'only a resident slot is skipped');
    this.line.moveToBack(slot);
  }

  remove(slot: number): void {
    this.line.unlink(slot);
  }

  holds(slot: number): boolean {
    return this.line.has(slot);
  }

  hand(): number {
    return -1;
  }

  order(): number[] {
    return this.line.toArray();
  }

  checkInvariants(): string[] {
    return this.line.checkInvariants();
  }
}
