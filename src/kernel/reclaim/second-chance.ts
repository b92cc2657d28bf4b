import { invariant } from '../../mmu/invariant.ts';
import { LinePolicy } from './line-policy.ts';
import type { PolicyContext, ReferenceBits } from './policy.ts';

/**
 * Second chance, as the queue it was described as: the page at the front leaves unless its reference bit is set; then
 * the bit is cleared and the page joins at the back as if it had just been loaded. `clock` does the same without moving
 * pages: both evict the same ones.
 */
export class SecondChance extends LinePolicy {
  readonly name = 'second-chance';
  readonly needsTouch = false;
  private readonly references: ReferenceBits;

  constructor(context: PolicyContext) {
    super(context);
    this.references = context.references;
  }

  admit(slot: number): void {
    this.line.pushBack(slot);
  }

  touch(slot: number): void {
    invariant(this.line.has(slot), 'only a resident page is referenced');
  }

  override victim(): number {
    for (let slot = this.line.front(); slot >= 0; slot = this.line.front()) {
      if (!this.references.testAndClear(slot)) return slot;
      this.line.moveToBack(slot);
    }
    return -1;
  }

  override order(): number[] {
    const line = this.line.toArray();
    const isReferenced = (slot: number): boolean => this.references.peek(slot);
    return [...line.filter((slot) => !isReferenced(slot)), ...line.filter(isReferenced)];
  }
}
