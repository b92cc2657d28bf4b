import { LinePolicy } from './line-policy.ts';

/** Most recently used: the page just used leaves first. The best choice for a loop one page larger than memory. */
export class Mru extends LinePolicy {
  readonly name = 'mru';
  readonly needsTouch = true;

  admit(slot: number): void {
    this.line.pushFront(slot);
  }

  touch(slot: number): void {
    this.line.moveToFront(slot);
  }
}
