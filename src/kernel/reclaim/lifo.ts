import { invariant } from '../../mmu/invariant.ts';
import { LinePolicy } from './line-policy.ts';

/** Last in, first out: the page loaded last leaves; the pages loaded first stay for good. */
export class Lifo extends LinePolicy {
  readonly name = 'lifo';
  readonly needsTouch = false;

  admit(slot: number): void {
    this.line.pushFront(slot);
  }

  touch(slot: number): void {
    invariant(this.line.has(slot), 'only a resident page is referenced');
  }
}
