/**
 * The order of use within each set of an LRU array all of whose uses are told here: whose turn is it to leave?
 *
 *     set 0:  head ─► 5 ─► 2 ─► 7 ─► … ─► 1 ─┐      a ring of the set's slots, by `older`; `newer` goes the other way.
 *              ▲─────────────────────────────┘      The head was used last, the one before it round the ring least recently.
 *
 * Time stamps say the same (tlb.ts), and are all there is where a processor's hit path stamps slots; but to find the least
 * of a dozen takes forty nanoseconds, more than all else that a miss does to a TLB. Slots are counted from 0 here.
 *
 * I1: the ring of a set has all its slots, empty ones too.   I2: `empty` counts the empty ones; while there are any, the
 * lowest of them is filled next, wherever it is in the ring.
 * `victim` of a full set and `use` are O(1).
 */
export class Recency {
  private readonly heads: Int32Array;
  private readonly empty: Int32Array;
  private readonly older: Int32Array;
  private readonly newer: Int32Array;
  /** By slot: its set. To divide would cost more than all else here. */
  private readonly setAt: Int32Array;

  constructor(sets: number, ways: number) {
    this.heads = Int32Array.from({ length: sets }, (_, set) => set * ways);
    this.empty = new Int32Array(sets).fill(ways);
    this.setAt = Int32Array.from({ length: sets * ways }, (_, slot) => Math.floor(slot / ways));
    const way = (slot: number) => slot % ways;
    this.older = Int32Array.from({ length: sets * ways }, (_, slot) => slot - way(slot) + way(slot + 1));
    this.newer = Int32Array.from({ length: sets * ways }, (_, slot) => slot - way(slot) + way(slot + ways - 1));
  }

  hasEmpty(set: number): boolean {
    return this.empty[set] !== 0;
  }

  /** The slot of a full set that was used least recently. */
  last(set: number): number {
    return this.newer[this.heads[set]!]!;
  }

  /** The slot is the one of its set used last from now on. */
  use(slot: number): void {
    const { heads, older, newer } = this;
    const set = this.setAt[slot]!;
    const head = heads[set]!;
    if (slot === head) return;
    heads[set] = slot;
    const last = newer[head]!;
    // The last one becomes the head by turning the ring.
    if (slot === last) return;
    const before = newer[slot]!;
    const after = older[slot]!;
    older[before] = after;
    newer[after] = before;
    older[last] = slot;
    newer[slot] = last;
    older[slot] = head;
    newer[head] = slot;
  }

  /** The slot of a full set that was used least recently is used: the ring turns. */
  turn(set: number, slot: number): void {
    this.heads[set] = slot;
  }

  /** An empty slot was filled. */
  filled(slot: number): void {
    const set = this.setAt[slot]!;
    this.empty[set] = this.empty[set]! - 1;
  }

  /** A slot was emptied. */
  emptied(slot: number): void {
    const set = this.setAt[slot]!;
    this.empty[set] = this.empty[set]! + 1;
  }
}
