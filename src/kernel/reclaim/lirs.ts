import { InputError } from '../../mmu/input-error.ts';
import { AsidePolicy, SlotMarks, SlotNumbers } from './aside-policy.ts';
import { GhostQueue } from './ghost-queue.ts';
import { lirsSizes } from './options.ts';
import type { PolicyContext } from './policy.ts';
import { SlotList } from './slot-list.ts';

/**
 * LIRS, the low inter-reference recency set (Jiang and Zhang, SIGMETRICS 2002): a page that was used twice within a
 * short while is *LIR* and stays; all others (*HIR*) pass through a short queue.
 *
 * ```
 *   stack S   bottom  L  h  L  g  H  L  top      by last use: L LIR pages, H and h HIR pages, g left but remembered
 *   queue Q   front   x  h  H     back           resident HIR pages, in S or not: the front leaves
 * ```
 *
 * An HIR page that is used while S still knows it was used sooner than the LIR page at the bottom: they change places.
 * Whatever stands below the last LIR page says nothing any more and is pruned, ghosts included.
 *
 * - I1: the bottom of S is a LIR page, or S has one page only
 * - I2: a resident page is LIR or in Q
 *
 * S holds slots and ghosts: node 2 × slot is a resident page, 2 × entry + 1 one that is remembered.
 */
export class Lirs extends AsidePolicy {
  readonly name = 'lirs';
  readonly needsTouch = true;
  private readonly lirMost: number;
  private readonly stackMost: number;
  private readonly stack: SlotList;
  private readonly queue: SlotList;
  private readonly ghosts: GhostQueue;
  private readonly isLir: SlotMarks;
  private readonly pages: SlotNumbers;
  private lirs: number;

  /** @throws InputError MEM-POL-003 for libCacheSim's variant, in which pages leave when others are hit */
  constructor(context: PolicyContext) {
    super(context);
    const options = context.options ?? {};
    if (options.lirsVariant === 'libcachesim') {
      throw new InputError({
        code: 'MEM-POL-003',
        message: 'libCacheSim’s variant of `lirs` evicts pages on hits, which no machine does',
        hint: 'it exists in the replay of a trace, where nothing is asked about single pages',
      });
    }
    const { lirMost, stackMost } = lirsSizes(context.capacity ?? context.slots, options);
    this.lirMost = lirMost;
    this.stackMost = stackMost;
    this.stack = new SlotList(2 * (Math.max(context.slots, stackMost) + 2));
    this.queue = new SlotList(context.slots);
    this.ghosts = new GhostQueue(stackMost + 1);
    this.isLir = new SlotMarks(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.lirs = 0;
  }

  note(slot: number): string {
    return this.isLir.has(slot) ? 'LIR' : 'HIR';
  }

  protected enter(slot: number, page: number): void {
    this.pages.set(slot, page);
    const ghost = this.ghosts.entryOf(page);
    if (ghost >= 0) this.forget(ghost);
    if ((ghost >= 0 && this.lirMost > 0) || this.lirs < this.lirMost) this.isLir.add(slot);
    else this.isLir.delete(slot);
    this.stack.pushBack(2 * slot);
    this.file(slot);
    this.limitStack();
  }

  protected use(slot: number): void {
    const node = 2 * slot;
    if (this.isLir.has(slot)) {
      this.stack.moveToBack(node);
      this.prune();
      return;
    }
    if (this.stack.has(node) && this.lirMost > 0) {
      this.stack.moveToBack(node);
      this.queue.unlink(slot);
      this.isLir.add(slot);
      this.file(slot);
      return;
    }
    if (this.stack.has(node)) this.stack.moveToBack(node);
    else this.stack.pushBack(node);
    this.queue.moveToBack(slot);
    this.limitStack();
  }

  /** With all pages LIR (memory that was never full) the bottom of S leaves, as LRU would have it. */
  protected choose(): number {
    if (this.queue.size > 0) return this.queue.front();
    return this.lirs > 0 ? this.stack.front() / 2 : -1;
  }

  protected takeOut(slot: number, evicted: boolean): void {
    const node = 2 * slot;
    const inStack = this.stack.has(node);
    if (inStack && evicted && !this.isLir.has(slot)) {
      const page = this.pages.of(slot);
      this.ghosts.add(page);
      this.stack.insertBefore(2 * this.ghosts.entryOf(page) + 1, node);
    }
    if (inStack) this.stack.unlink(node);
    if (this.isLir.has(slot)) this.lirs--;
    else this.queue.unlink(slot);
    this.prune();
  }

  /** A page whose place in S is lost comes back on top when it is LIR, and in Q only when it is not. */
  protected file(slot: number): void {
    if (!this.isLir.has(slot)) {
      this.queue.pushBack(slot);
      return;
    }
    if (!this.stack.has(2 * slot)) this.stack.pushBack(2 * slot);
    this.lirs++;
    while (this.lirs > this.lirMost) this.demote();
    this.prune();
  }

  protected filedOrder(): number[] {
    return [...this.queue.toArray(), ...this.lirSlots()];
  }

  protected checkFiled(): string[] {
    const broken = [this.stack, this.queue, this.ghosts].flatMap((part) => part.checkInvariants());
    const lirs = this.lirSlots().length;
    if (lirs !== this.lirs) broken.push('lirs: every LIR page is in S, and counted');
    if (this.lirs > 0 && !this.isLirNode(this.stack.front())) broken.push('lirs: the bottom of S is a LIR page');
    return broken;
  }

  private isLirNode(node: number): boolean {
    return node % 2 === 0 && this.isLir.has(node / 2);
  }

  /** From the bottom of S up. */
  private lirSlots(): number[] {
    return this.stack.toArray().flatMap((node) => (this.isLirNode(node) ? [node / 2] : []));
  }

  /** The LIR page at the bottom of S becomes the last of Q. */
  private demote(): void {
    const node = this.stack.front();
    this.stack.unlink(node);
    this.isLir.delete(node / 2);
    this.lirs--;
    this.queue.pushBack(node / 2);
    this.prune();
  }

  private prune(): void {
    while (this.stack.size > 1) {
      const node = this.stack.front();
      if (this.isLirNode(node)) return;
      if (node % 2 === 0) this.stack.unlink(node);
      else this.forget((node - 1) / 2);
    }
  }

  /** S is bounded: the pages that left longest ago are forgotten first. */
  private limitStack(): void {
    while (this.stack.size > this.stackMost && this.ghosts.size > 0) this.forget(this.ghosts.oldest());
  }

  private forget(entry: number): void {
    this.stack.unlink(2 * entry + 1);
    this.ghosts.delete(this.ghosts.pageAt(entry));
  }
}
