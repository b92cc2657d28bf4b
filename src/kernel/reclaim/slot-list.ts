import { invariant } from '../../mmu/invariant.ts';
import { grownArray } from './grown-array.ts';

/**
 * A line of slots, each in it at most once: what a replacement policy keeps its pages in.
 *
 * ```
 *            front                back
 *   [0] ⇄ [slot+1] ⇄ … ⇄ [slot+1] ⇄ [0]      node 0 is the sentinel that closes the ring
 * ```
 *
 * A node is slot + 1, so that arrays full of zeros are an empty list and nothing has to be filled in. The arrays grow
 * with the highest slot seen: a machine of 2^24 frames that uses a thousand costs (and snapshots) a thousand.
 *
 * States of a slot: out → (pushFront, pushBack, insertBefore) → in → (unlink) → out; moves keep it in.
 * `next` and `previous` of a slot that is out mean nothing.
 *
 * - I1: walking forward from the sentinel meets `size` nodes and comes back to it
 * - I2: previous[next[node]] = node for every node met
 * - I3: the nodes met are exactly those marked as members
 *
 * Every operation but `toArray` and `checkInvariants` is O(1).
 */
export class SlotList {
  private readonly slots: number;
  private next: Int32Array;
  private previous: Int32Array;
  private member: Uint8Array;
  size: number;

  /** @param slots one more than the highest slot that may ever be put in, at most 2^27 */
  constructor(slots: number) {
    invariant(Number.isInteger(slots) && slots >= 1 && slots <= 2 ** 27, 'slots are 1 … 2^27');
    this.slots = slots;
    const nodes = Math.min(slots, 1023) + 1;
    this.next = new Int32Array(nodes);
    this.previous = new Int32Array(nodes);
    this.member = new Uint8Array(nodes);
    this.size = 0;
  }

  has(slot: number): boolean {
    return this.member[slot + 1] === 1;
  }

  /** The first slot in line; -1 when the list is empty. */
  front(): number {
    return this.next[0]! - 1;
  }

  /** The slot after this one, going round from the back to the front. */
  after(slot: number): number {
    const node = this.next[slot + 1]!;
    return (node === 0 ? this.next[0]! : node) - 1;
  }

  pushFront(slot: number): void {
    this.link(slot, this.next[0]!);
  }

  pushBack(slot: number): void {
    this.link(slot, 0);
  }

  /** Put a slot in just before another, which must be in. */
  insertBefore(slot: number, place: number): void {
    invariant(this.has(place), 'a slot is put in before one that is in the list');
    this.link(slot, place + 1);
  }

  unlink(slot: number): void {
    invariant(this.member[slot + 1] === 1, 'only a slot in the list leaves it');
    const node = slot + 1;
    const before = this.previous[node]!;
    const after = this.next[node]!;
    this.next[before] = after;
    this.previous[after] = before;
    this.member[node] = 0;
    this.size--;
  }

  moveToFront(slot: number): void {
    if (this.next[0] === slot + 1) return;
    this.unlink(slot);
    this.link(slot, this.next[0]!);
  }

  moveToBack(slot: number): void {
    if (this.previous[0] === slot + 1) return;
    this.unlink(slot);
    this.link(slot, 0);
  }

  /** All slots, front to back. */
  toArray(): number[] {
    const slots: number[] = [];
    for (let node = this.next[0]!; node !== 0; node = this.next[node]!) slots.push(node - 1);
    return slots;
  }

  checkInvariants(): string[] {
    const broken: string[] = [];
    let met = 0;
    let linked = true;
    let marked = true;
    for (let node = this.next[0]!; node !== 0 && met <= this.size; node = this.next[node]!) {
      met++;
      linked &&= this.previous[this.next[node]!] === node;
      marked &&= this.member[node] === 1;
    }
    if (met !== this.size) broken.push('slot list: the ring has as many nodes as its size');
    if (!linked || this.previous[this.next[0]!] !== 0) broken.push('slot list: links agree in both directions');
    let members = 0;
    for (const mark of this.member) members += mark;
    if (!marked || members !== this.size) broken.push('slot list: the nodes in the ring are the members');
    return broken;
  }

  private link(slot: number, after: number): void {
    const node = slot + 1;
    if (node >= this.member.length) this.grow(slot);
    invariant(this.member[node] === 0, 'a slot is in the list once');
    const before = this.previous[after]!;
    this.next[before] = node;
    this.previous[node] = before;
    this.next[node] = after;
    this.previous[after] = node;
    this.member[node] = 1;
    this.size++;
  }

  private grow(slot: number): void {
    const nodes = this.slots + 1;
    this.next = grownArray(this.next, slot + 1, nodes);
    this.previous = grownArray(this.previous, slot + 1, nodes);
    this.member = grownArray(this.member, slot + 1, nodes);
  }
}
