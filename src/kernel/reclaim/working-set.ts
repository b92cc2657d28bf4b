import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import { WORKING_SET_WINDOW } from './options.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * The working set (Denning 1968): the pages of the last `window` references are in memory, the present one included, and
 * no others, however much room there is. Where there is too little, the page used longest ago leaves, as with LRU.
 *
 * Time is counted in references. `line` is in the order of last use, so whatever has fallen out of the window is in front.
 */
export class WorkingSet extends AsidePolicy {
  readonly name = 'working-set';
  readonly needsTouch = true;
  private readonly window: number;
  private readonly line: SlotList;
  private readonly usedAt: SlotNumbers;
  private time: number;

  constructor(context: PolicyContext) {
    super(context);
    this.window = context.options?.window ?? WORKING_SET_WINDOW;
    this.line = new SlotList(context.slots);
    this.usedAt = new SlotNumbers(context.slots);
    this.time = 0;
  }

  surplus(): number {
    const slot = this.line.front();
    return slot >= 0 && this.usedAt.of(slot) <= this.time - this.window ? slot : -1;
  }

  /** References since its last use. */
  note(slot: number): string {
    return String(this.time - this.usedAt.of(slot));
  }

  protected enter(slot: number): void {
    this.usedAt.set(slot, ++this.time);
    this.line.pushBack(slot);
  }

  protected use(slot: number): void {
    this.usedAt.set(slot, ++this.time);
    this.line.moveToBack(slot);
  }

  protected choose(): number {
    return this.line.front();
  }

  protected takeOut(slot: number): void {
    this.line.unlink(slot);
  }

  protected file(slot: number): void {
    this.line.pushBack(slot);
  }

  protected filedOrder(): number[] {
    return this.line.toArray();
  }

  protected checkFiled(): string[] {
    return this.line.checkInvariants();
  }
}
