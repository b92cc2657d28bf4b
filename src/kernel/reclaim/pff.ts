import { AsidePolicy, SlotMarks } from './aside-policy.ts';
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
 * Where memory is full, the page longest in it that was not used since the last fault leaves, or the one longest in it.
 */
export class Pff extends AsidePolicy {
  readonly name = 'pff';
  readonly needsTouch = true;
  private readonly interval: number;
  private readonly line: SlotList;
  /** Used since the last fault; the page it loaded counts. */
  private readonly used: SlotMarks;
  /** Pages that are to leave, part of `line`. */
  private readonly leaving: SlotList;
  private time: number;
  private lastFault: number;

  constructor(context: PolicyContext) {
    super(context);
    this.interval = context.options?.faultInterval ?? 100;
    this.line = new SlotList(context.slots);
    this.used = new SlotMarks(context.slots);
    this.leaving = new SlotList(context.slots);
    this.time = 0;
    this.lastFault = 0;
  }

  surplus(): number {
    return this.leaving.front();
  }

  protected enter(slot: number): void {
    this.time++;
    const isFar = this.time - this.lastFault >= this.interval;
    this.lastFault = this.time;
    for (const other of this.line.toArray()) {
      if (isFar && !this.used.has(other) && !this.leaving.has(other)) this.leaving.pushBack(other);
      this.used.delete(other);
    }
    this.used.add(slot);
    this.line.pushBack(slot);
  }

  protected use(slot: number): void {
    this.time++;
    this.used.add(slot);
    if (this.leaving.has(slot)) this.leaving.unlink(slot);
  }

  protected choose(): number {
    if (this.leaving.size > 0) return this.leaving.front();
    const first = this.line.front();
    for (let slot = first, look = this.line.size; look > 0; look--, slot = this.line.after(slot)) {
      if (!this.used.has(slot)) return slot;
    }
    return first;
  }

  protected takeOut(slot: number): void {
    this.line.unlink(slot);
    if (this.leaving.has(slot)) this.leaving.unlink(slot);
  }

  protected file(slot: number): void {
    this.line.pushBack(slot);
  }

  protected filedOrder(): number[] {
    const leaving = this.leaving.toArray();
    const others = this.line.toArray().filter((slot) => !this.leaving.has(slot));
    const isUsed = (slot: number): boolean => this.used.has(slot);
    return [...leaving, ...others.filter((slot) => !isUsed(slot)), ...others.filter(isUsed)];
  }

  protected checkFiled(): string[] {
    const broken = [...this.line.checkInvariants(), ...this.leaving.checkInvariants()];
    if (this.leaving.toArray().some((slot) => !this.line.has(slot))) broken.push('pff: a page that leaves is in line');
    return broken;
  }
}
