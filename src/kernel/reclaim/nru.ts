import { AsidePolicy } from './aside-policy.ts';
import type { DirtyBits, PolicyContext, ReferenceBits } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * Not recently used: at every tick the reference bits are cleared; a page of the lowest class leaves.
 *
 * | class | referenced since the tick | dirty |
 * |-------|---------------------------|-------|
 * | 0     | no                        | no    |
 * | 1     | no                        | yes   |
 * | 2     | yes                       | no    |
 * | 3     | yes                       | yes   |
 *
 * Books draw by lot within a class; here the page longest in memory leaves, so that results can be repeated by hand.
 */
export class Nru extends AsidePolicy {
  readonly name = 'nru';
  readonly needsTouch = false;
  private readonly line: SlotList;
  private readonly references: ReferenceBits;
  private readonly dirty: DirtyBits | null;

  constructor(context: PolicyContext) {
    super(context);
    this.line = new SlotList(context.slots);
    this.references = context.references;
    this.dirty = context.dirty ?? null;
  }

  tick(): void {
    for (const slot of this.order()) this.references.testAndClear(slot);
  }

  note(slot: number): string {
    return `class ${this.classOf(slot)}`;
  }

  protected enter(slot: number): void {
    this.line.pushBack(slot);
  }

  protected use(): void {}

  protected choose(): number {
    let best = -1;
    let bestClass = 4;
    const first = this.line.front();
    for (let slot = first, look = this.line.size; look > 0 && bestClass > 0; look--, slot = this.line.after(slot)) {
      const its = this.classOf(slot);
      if (its >= bestClass) continue;
      best = slot;
      bestClass = its;
    }
    return best;
  }

  protected takeOut(slot: number): void {
    this.line.unlink(slot);
  }

  protected file(slot: number): void {
    this.line.pushBack(slot);
  }

  protected filedOrder(): number[] {
    return this.line.toArray().sort((a, b) => this.classOf(a) - this.classOf(b));
  }

  protected checkFiled(): string[] {
    return this.line.checkInvariants();
  }

  private classOf(slot: number): number {
    return (this.references.peek(slot) ? 2 : 0) + (this.dirty?.isDirty(slot) === true ? 1 : 0);
  }
}
