/**
 * One list of free blocks, singly linked through a block store, in the order the options name.
 *
 *     head ──> block ──> block ──> block ──> NULL        rover: the block whose successor next fit looks at first (0: head)
 *
 * Invariants: every block of the list is free and in it once; the order holds; with immediate coalescing no two of them are
 * neighbours in memory. A list has no back links, so taking a block out needs the one before it, which every search knows.
 */
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { stopInCircle } from './assertion.ts';
import type { BlockStore } from './block-store.ts';
import type { HeapSource } from './heap-source.ts';
import type { ListOrder, ResolvedFit } from './options.ts';
import { type AllocatorState, STATE_COALESCES, STATE_POLICY } from './state.ts';

const STATE_HEAD = STATE_POLICY;
const STATE_ROVER = STATE_POLICY + 8;
/** A walk compares its length with the size of the heap once in so many steps. */
const STEPS_UNCHECKED = 0x3ff;
/** `before` of a block that is not in the list. */
export const NOWHERE = -1;

export class FreeList {
  readonly blocks: BlockStore;
  private readonly memory: ProgramMemory;
  private readonly state: AllocatorState;
  private readonly source: HeapSource;
  private readonly order: ListOrder;
  /** Only next fit has a rover to keep right. */
  private readonly roves: boolean;

  constructor(
    state: AllocatorState,
    source: HeapSource,
    blocks: BlockStore,
    { order, policy }: Pick<ResolvedFit, 'order' | 'policy'>,
  ) {
    this.memory = state.memory;
    this.state = state;
    this.source = source;
    this.blocks = blocks;
    this.order = order;
    this.roves = policy === 'next-fit';
  }

  /** The block after `before`; of the whole list the first, when `before` is 0. */
  after(reader: MemoryReader, before: number): number {
    return before === 0 ? this.state.get(reader, STATE_HEAD) : this.blocks.next(reader, before);
  }

  get rover(): number {
    return this.state.get(this.memory, STATE_ROVER);
  }

  set rover(before: number) {
    this.state.set(STATE_ROVER, before);
  }

  /** No list has more blocks than the heap has room for: longer ones run in a circle. */
  longest(reader: MemoryReader): number {
    return this.source.bytes(reader) / this.blocks.geometry.least + 1;
  }

  /** To be called for each step of a walk. */
  checkStep(steps: number): void {
    if ((steps & STEPS_UNCHECKED) === STEPS_UNCHECKED && steps > this.longest(this.memory)) stopInCircle(this.memory);
  }

  /** Put `block` where the order wants it. */
  insert(block: number): void {
    const before = this.placeOf(block);
    this.insertAfter(before, block);
  }

  /** Take out the block after `before`. Next fit's rover does not stay at a block that goes. */
  removeAfter(before: number): void {
    const block = this.after(this.memory, before);
    this.link(before, this.blocks.next(this.memory, block));
    if (this.roves && this.rover === block) this.rover = before;
  }

  /** The block after `before` was cut: its rest goes where it was, or where its size wants it. */
  replaceAfter(before: number, rest: number): void {
    const block = this.after(this.memory, before);
    if (this.order === 'size-ascending' || this.order === 'size-descending') {
      this.removeAfter(before);
      this.insert(rest);
      return;
    }
    this.blocks.setNext(rest, this.blocks.next(this.memory, block));
    this.link(before, rest);
    if (this.roves && this.rover === block) this.rover = before;
  }

  /** Put `block` into the list, one with the free blocks at its two ends. */
  insertMerged(block: number): void {
    if (this.order === 'address') this.mergeInPlace(block);
    else this.insert(this.mergeFound(block));
  }

  /** Merge all free neighbours. A list by size is sorted anew, the others are by address afterwards. How many merged. */
  coalesceAll(): number {
    let length = 0;
    for (let block = this.after(this.memory, 0); block !== 0; block = this.blocks.next(this.memory, block)) {
      this.checkStep(++length);
    }
    if (length < 2) return 0;
    if (this.roves) this.rover = 0;
    if (this.order !== 'address') this.link(0, this.sorted(this.after(this.memory, 0), length, 'address'));
    let merged = 0;
    let block = this.after(this.memory, 0);
    for (
      let behind = this.blocks.next(this.memory, block);
      behind !== 0;
      behind = this.blocks.next(this.memory, block)
    ) {
      if (this.end(block) !== this.blocks.start(this.memory, behind)) {
        block = behind;
        continue;
      }
      const next = this.blocks.next(this.memory, behind);
      this.absorb(block, behind);
      this.blocks.setNext(block, next);
      merged++;
    }
    if (this.order === 'size-ascending' || this.order === 'size-descending') {
      this.link(0, this.sorted(this.after(this.memory, 0), length - merged, this.order));
    }
    return merged;
  }

  /** Must `left` stand before `right`, or may it, by this order? */
  inOrder(reader: MemoryReader, left: number, right: number, order: ListOrder = this.order): boolean {
    const { blocks } = this;
    switch (order) {
      case 'address':
        return blocks.start(reader, left) <= blocks.start(reader, right);
      case 'size-ascending':
        return blocks.bytes(reader, left) <= blocks.bytes(reader, right);
      case 'size-descending':
        return blocks.bytes(reader, left) >= blocks.bytes(reader, right);
      case 'front':
      case 'back':
        return true;
    }
  }

  /** What comes between the rover and where the next search would begin does not change where it begins. */
  private insertAfter(before: number, block: number): void {
    this.blocks.setNext(block, this.after(this.memory, before));
    this.link(before, block);
    if (this.roves && this.rover === before) this.rover = block;
  }

  private link(before: number, block: number): void {
    if (before === 0) this.state.set(STATE_HEAD, block);
    else this.blocks.setNext(before, block);
  }

  private end(block: number): number {
    return this.blocks.start(this.memory, block) + this.blocks.bytes(this.memory, block);
  }

  private absorb(block: number, behind: number): void {
    this.blocks.absorb(block, behind);
    this.state.add(STATE_COALESCES, 1);
  }

  /** The block that `block` comes after: 0 for the front. Equals stay in the order they came. */
  private placeOf(block: number): number {
    let before = 0;
    if (this.order === 'front') return before;
    let steps = 0;
    for (let next = this.after(this.memory, 0); next !== 0; next = this.blocks.next(this.memory, next)) {
      this.checkStep(++steps);
      if (!this.inOrder(this.memory, next, block)) break;
      before = next;
    }
    return before;
  }

  /** By address the neighbours are where the block goes. */
  private mergeInPlace(block: number): void {
    const before = this.placeOf(block);
    let next = this.after(this.memory, before);
    let replaces = false;
    if (next !== 0 && this.end(block) === this.blocks.start(this.memory, next)) {
      const behind = next;
      next = this.blocks.next(this.memory, behind);
      if (this.roves && this.rover === behind) this.rover = before;
      this.absorb(block, behind);
      replaces = true;
    }
    if (before !== 0 && this.end(before) === this.blocks.start(this.memory, block)) {
      this.absorb(before, block);
      this.blocks.setNext(before, next);
      return;
    }
    this.blocks.setNext(block, next);
    this.link(before, block);
    if (this.roves && !replaces && this.rover === before) this.rover = block;
  }

  /** In other orders the list is searched for both neighbours. The block that has become of the three; not in the list. */
  private mergeFound(block: number): number {
    let before = this.beforeStart(this.end(block));
    if (before !== NOWHERE) {
      const behind = this.after(this.memory, before);
      this.removeAfter(before);
      this.absorb(block, behind);
    }
    before = this.beforeEnd(this.blocks.start(this.memory, block));
    if (before === NOWHERE) return block;
    const lower = this.after(this.memory, before);
    this.removeAfter(before);
    this.absorb(lower, block);
    return lower;
  }

  /** The list's block before that which starts at `address`. */
  private beforeStart(address: number): number {
    let steps = 0;
    for (let before = 0, next = this.after(this.memory, 0); next !== 0; ) {
      this.checkStep(++steps);
      if (this.blocks.start(this.memory, next) === address) return before;
      before = next;
      next = this.blocks.next(this.memory, next);
    }
    return NOWHERE;
  }

  /** The list's block before that which ends at `address`. */
  private beforeEnd(address: number): number {
    let steps = 0;
    for (let before = 0, next = this.after(this.memory, 0); next !== 0; ) {
      this.checkStep(++steps);
      if (this.end(next) === address) return before;
      before = next;
      next = this.blocks.next(this.memory, next);
    }
    return NOWHERE;
  }

  /** Merge sort of the `length` blocks from `head` on, in place: the new head, its last link NULL. */
  private sorted(head: number, length: number, order: ListOrder): number {
    if (length === 1) {
      this.blocks.setNext(head, 0);
      return head;
    }
    const half = length >> 1;
    let middle = head;
    for (let step = 0; step < half; step++) middle = this.blocks.next(this.memory, middle);
    const left = this.sorted(head, half, order);
    return this.zip(left, this.sorted(middle, length - half, order), order);
  }

  private zip(left: number, right: number, order: ListOrder): number {
    let head = 0;
    let tail = 0;
    while (left !== 0 || right !== 0) {
      const takesLeft = right === 0 || (left !== 0 && this.inOrder(this.memory, left, right, order));
      const block = takesLeft ? left : right;
      if (takesLeft) left = this.blocks.next(this.memory, left);
      else right = this.blocks.next(this.memory, right);
      if (head === 0) head = block;
      else this.blocks.setNext(tail, block);
      tail = block;
    }
    return head;
  }
}
