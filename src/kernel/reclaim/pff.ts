import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * Page-fault frequency (Chu and Opderbeck 1972): faults that follow each other closely mean too little memory, so the
 * process gets another frame; one that comes `faultInterval` references or more after the last means enough, so all
 * pages not used between the two leave.
 *
 * ```
 *   references  . . F . F . . . . . . . . . . . F . .
 *                   └─┘ close: one frame more   └── far: what was not used since the last fault leaves
 * ```
 *
 * The paper's use bits, cleared at every fault, are kept as times: `line` is in the order of last use, so the pages not
 * used since a fault are in front. Where memory is full, the page used longest ago leaves, as with LRU: the paper takes
 * memory to be larger than what it asks for.
 */
export class Pff extends AsidePolicy {
  readonly name = 'pff';
  readonly needsTouch = true;
  private readonly interval: number;
  private readonly line: SlotList;
  private readonly usedAt: SlotNumbers;
  private time: number;
  private lastFault: number;
  /** Pages last used before this time are to leave. */
  private leaveBefore: number;

  constructor(context: PolicyContext) {
    super(context);
    this.interval = context.options?.faultInterval ?? 100;
    this.line = new SlotList(context.slots);
    this.usedAt = new SlotNumbers(context.slots);
    this.time = 0;
    this.lastFault = 0;
    this.leaveBefore = 0;
  }

  surplus(): number {
    const slot = this.line.front();
    return slot >= 0 && this.usedAt.of(slot) < this.leaveBefore ? slot : -1;
  }

  /** References since its last use. */
  note(slot: number): string {
    return String(this.time - this.usedAt.of(slot));
  }

  protected enter(slot: number): void {
    this.time++;
    if (this.time - this.lastFault >= this.interval) this.leaveBefore = this.lastFault;
    this.lastFault = this.time;
    this.usedAt.set(slot, this.time);
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
