import { AsidePolicy, SlotNumbers } from './aside-policy.ts';
import type { LfuTies } from './options.ts';
import type { PolicyContext } from './policy.ts';

/**
 * Least frequently used: every reference counts, and the page with the lowest count leaves.
 *
 * A heap of slots: whoever leaves first is on top, each page before the two below it. `at` is a slot's place in the
 * heap, plus one; 0 when it is not in it.
 *
 * ```
 *              [0]              earlier(a, b): the smaller count; among equal ones the smaller stamp, which is when
 *           [1]   [2]           the page reached the count, was used, or was loaded, by the option `lfuTies`
 *         [3][4] [5][6]
 * ```
 *
 * With `lfuKeepsCounts` a page that comes back goes on counting where it had stopped; that costs an entry for each page
 * there ever was. O(log n) an operation.
 */
export class Lfu extends AsidePolicy {
  readonly name = 'lfu';
  readonly needsTouch = true;
  private readonly ties: LfuTies;
  private readonly kept: Map<number, number> | null;
  private readonly heap: number[];
  private readonly at: SlotNumbers;
  private readonly counts: SlotNumbers;
  private readonly stamps: SlotNumbers;
  private readonly pages: SlotNumbers;
  private time: number;

  constructor(context: PolicyContext) {
    super(context);
    this.ties = context.options?.lfuTies ?? 'longest-at-count';
    this.kept = context.options?.lfuKeepsCounts === true ? new Map() : null;
    this.heap = [];
    this.at = new SlotNumbers(context.slots);
    this.counts = new SlotNumbers(context.slots);
    this.stamps = new SlotNumbers(context.slots);
    this.pages = new SlotNumbers(context.slots);
    this.time = 0;
  }

  note(slot: number): string {
    return String(this.counts.of(slot));
  }

  protected enter(slot: number, page: number): void {
    this.pages.set(slot, page);
    this.counts.set(slot, (this.kept?.get(page) ?? 0) + 1);
    this.stamps.set(slot, this.time++);
    this.file(slot);
  }

  protected use(slot: number): void {
    this.counts.set(slot, this.counts.of(slot) + 1);
    if (this.ties !== 'first-loaded') this.stamps.set(slot, this.time++);
    this.sink(this.at.of(slot) - 1);
  }

  protected choose(): number {
    return this.heap[0] ?? -1;
  }

  protected takeOut(slot: number): void {
    const at = this.at.of(slot) - 1;
    const last = this.heap.pop()!;
    this.at.set(slot, 0);
    if (last === slot) return;
    this.put(last, at);
    this.rise(at);
    this.sink(this.at.of(last) - 1);
  }

  protected file(slot: number): void {
    this.put(slot, this.heap.length);
    this.rise(this.heap.length - 1);
  }

  protected override left(slot: number): void {
    this.kept?.set(this.pages.of(slot), this.counts.of(slot));
  }

  protected filedOrder(): number[] {
    return [...this.heap].sort((a, b) => (this.isEarlier(a, b) ? -1 : 1));
  }

  protected checkFiled(): string[] {
    const broken: string[] = [];
    this.heap.forEach((slot, at) => {
      if (this.at.of(slot) !== at + 1) broken.push('lfu: a slot knows its place in the heap');
      if (at > 0 && this.isEarlier(slot, this.heap[(at - 1) >> 1]!)) broken.push('lfu: above a page are earlier ones');
    });
    return broken;
  }

  private isEarlier(a: number, b: number): boolean {
    const difference = this.counts.of(a) - this.counts.of(b);
    return difference !== 0 ? difference < 0 : this.stamps.of(a) < this.stamps.of(b);
  }

  private put(slot: number, at: number): void {
    this.heap[at] = slot;
    this.at.set(slot, at + 1);
  }

  private rise(from: number): void {
    const slot = this.heap[from]!;
    let at = from;
    while (at > 0 && this.isEarlier(slot, this.heap[(at - 1) >> 1]!)) {
      this.put(this.heap[(at - 1) >> 1]!, at);
      at = (at - 1) >> 1;
    }
    this.put(slot, at);
  }

  private sink(from: number): void {
    const slot = this.heap[from]!;
    let at = from;
    for (let below = 2 * at + 1; below < this.heap.length; below = 2 * at + 1) {
      if (below + 1 < this.heap.length && this.isEarlier(this.heap[below + 1]!, this.heap[below]!)) below++;
      if (!this.isEarlier(this.heap[below]!, slot)) break;
      this.put(this.heap[below]!, at);
      at = below;
    }
    this.put(slot, at);
  }
}
