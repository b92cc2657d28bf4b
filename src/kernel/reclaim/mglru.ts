import { AsidePolicy } from './aside-policy.ts';
import { LruLists } from './lru-lists.ts';
import type { PolicyContext, ReferenceBits } from './policy.ts';

/** Linux MIN_NR_GENS: generations that eviction leaves alone. */
export const YOUNG = 2;
/** Linux MAX_NR_GENS. */
export const GENERATIONS = 4;

/**
 * Linux's multi-generational LRU [mm/vmscan.c: lru_gen], for one kind of memory in one group: pages stand in generations,
 * numbered upward, of which there are two to four.
 *
 * ```
 *   oldest … youngest           generation g is list g modulo 4; the front of a list joined last
 *   [ 5 ]  [ 6 ]  [ 7 ]         loaded ──► 7
 *     │                         5: back not referenced ──► leaves; referenced ──► 7
 *     └── empty: 6 is the oldest from here on
 * ```
 *
 * When only two generations are left, memory *ages*: every page referenced since it was looked at last joins the youngest
 * generation, and a new one begins. So one look at all reference bits serves many evictions.
 *
 * Left out: tiers and the controller that spares pages that refault (they concern files read by calls), Bloom filters
 * (they choose which page tables to walk; here all bits are looked at), and the split by kind and group.
 */
export class MgLru extends AsidePolicy {
  readonly name = 'mglru';
  readonly needsTouch = false;
  private readonly lists: LruLists;
  private readonly references: ReferenceBits;
  private oldest: number;
  private youngest: number;

  constructor(context: PolicyContext) {
    super(context);
    this.lists = new LruLists(context.slots);
    this.references = context.references;
    this.oldest = 0;
    this.youngest = YOUNG + 1;
  }

  note(slot: number): string {
    for (let generation = this.oldest; generation < this.youngest; generation++) {
      if (this.lists.listOf(slot) === generation % GENERATIONS) return `generation ${generation}`;
    }
    return `generation ${this.youngest}`;
  }

  protected enter(slot: number): void {
    this.lists.pushFront(slot, this.youngest % GENERATIONS);
  }

  protected use(): void {}

  protected choose(): number {
    if (this.lists.size === 0) return -1;
    for (;;) {
      if (this.oldest + YOUNG > this.youngest) this.age();
      const slot = this.lists.back(this.oldest % GENERATIONS);
      if (slot < 0) this.oldest++;
      else if (!this.references.testAndClear(slot)) return slot;
      else this.lists.moveToFront(slot, this.youngest % GENERATIONS);
    }
  }

  protected takeOut(slot: number): void {
    this.lists.unlink(slot);
  }

  protected file(slot: number): void {
    this.enter(slot);
  }

  /** From the oldest generation to the youngest: the references until then are left out of account. */
  protected filedOrder(): number[] {
    const order: number[] = [];
    for (let generation = this.oldest; generation <= this.youngest; generation++) {
      order.push(...this.lists.toArray(generation % GENERATIONS));
    }
    return order;
  }

  protected checkFiled(): string[] {
    const broken = this.lists.checkInvariants();
    const generations = this.youngest - this.oldest + 1;
    if (generations < YOUNG || generations > GENERATIONS) broken.push('mglru: there are two to four generations');
    return broken;
  }

  private age(): void {
    for (const slot of this.filedOrder()) {
      if (this.references.testAndClear(slot)) this.lists.moveToFront(slot, this.youngest % GENERATIONS);
    }
    this.youngest++;
  }
}
