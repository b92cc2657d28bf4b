import { invariant } from '../../mmu/invariant.ts';
import { LinePolicy } from './line-policy.ts';

/** First in, first out: the page longest in memory leaves, however often it is used. Shows Belady's anomaly. */
export class Fifo extends LinePolicy {
  readonly name = 'fifo';
  readonly needsTouch = false;

  admit(slot: number): void {
    this.line.pushBack(slot);
  }

  touch(slot: number): void {
    invariant(this.line.has(slot), 'only a resident page is referenced');
  }
}
