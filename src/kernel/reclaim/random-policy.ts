import { invariant } from '../../mmu/invariant.ts';
import type { Random } from '../../mmu/random.ts';
import { grownArray } from './grown-array.ts';
import type { PolicyContext, ReplacementPolicy } from './policy.ts';

/**
 * A page drawn by lot, each with the same chance: the yardstick that needs no state about use at all.
 *
 * ```
 *   dense:    [ slots that may be drawn … | slots skipped since the last removal … ]
 *               0 … drawable - 1            drawable … resident - 1
 *   position: slot → its index in dense + 1, 0 when empty
 * ```
 *
 * - I1: dense[position[slot] - 1] = slot for every resident slot
 * - I2: 0 ≤ drawable ≤ resident
 *
 * Every operation is O(1): what leaves swaps places with the last of its part.
 */
export class RandomPolicy implements ReplacementPolicy {
  readonly name = 'random';
  readonly needsTouch = false;
  resident: number;
  private readonly slots: number;
  private readonly random: Random;
  private dense: Int32Array;
  private position: Int32Array;
  private drawable: number;

  constructor(context: PolicyContext) {
    this.slots = context.slots;
    this.random = context.random;
    this.dense = new Int32Array(Math.min(context.slots, 1024));
    this.position = new Int32Array(Math.min(context.slots, 1024));
    this.resident = 0;
    this.drawable = 0;
  }

  admit(slot: number): void {
    if (slot >= this.position.length) this.position = grownArray(this.position, slot, this.slots);
    if (this.resident >= this.dense.length) this.dense = grownArray(this.dense, this.resident, this.slots);
    invariant(this.position[slot] === 0, 'a page enters an empty slot');
    this.place(slot, this.resident);
    this.resident++;
    this.swap(this.resident - 1, this.drawable);
    this.drawable++;
  }

  touch(slot: number): void {
    invariant(this.holds(slot), 'only a resident page is referenced');
  }

  victim(): number {
    if (this.resident === 0) return -1;
    if (this.drawable === 0) this.drawable = this.resident;
    return this.dense[this.random.below(this.drawable)]!;
  }

  skip(slot: number): void {
    invariant(this.holds(slot), 'only a resident slot is skipped');
    const index = this.position[slot]! - 1;
    if (index >= this.drawable) return;
    this.drawable--;
    this.swap(index, this.drawable);
  }

  remove(slot: number): void {
    invariant(this.holds(slot), 'only a resident page is removed');
    this.resident--;
    this.swap(this.position[slot]! - 1, this.resident);
    this.position[slot] = 0;
    this.drawable = this.resident;
  }

  holds(slot: number): boolean {
    return slot < this.position.length && this.position[slot] !== 0;
  }

  hand(): number {
    return -1;
  }

  /** Nobody knows the lots to come: ascending. */
  order(): number[] {
    return Array.from(this.dense.subarray(0, this.resident)).sort((a, b) => a - b);
  }

  checkInvariants(): string[] {
    const broken: string[] = [];
    if (this.drawable > this.resident) broken.push('random: the slots that may be drawn are resident');
    for (let index = 0; index < this.resident; index++) {
      if (this.position[this.dense[index]!] !== index + 1) {
        broken.push('random: each resident slot knows its place');
        break;
      }
    }
    let held = 0;
    for (const place of this.position) if (place !== 0) held++;
    if (held !== this.resident) broken.push('random: only resident slots have a place');
    return broken;
  }

  private place(slot: number, index: number): void {
    this.dense[index] = slot;
    this.position[slot] = index + 1;
  }

  private swap(first: number, second: number): void {
    const slot = this.dense[first]!;
    this.place(this.dense[second]!, first);
    this.place(slot, second);
  }
}
