import { LinePolicy } from './line-policy.ts';

/** Least recently used: a reference puts a page at the end of the line. Exact, so every reference must be told. */
export class Lru extends LinePolicy {
  readonly name = 'lru';
  readonly needsTouch = true;

  admit(slot: number): void {
    this.line.pushBack(slot);
  }

  touch(slot: number): void {
    this.line.moveToBack(slot);
  }
}
