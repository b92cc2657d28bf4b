import { invariant } from '../../mmu/invariant.ts';
import { grownArray } from './grown-array.ts';

/**
 * The lists that Linux keeps its pages on: five for each memory group [include/linux/mmzone.h:enum lru_list].
 *
 * ```
 *                         front (young)          back (looked at first)
 *   group 0  inactive_anon   7 ⇄ 3 ⇄ 12
 *            active_anon     5
 *            inactive_file   9 ⇄ 8                     a page is on exactly one list of one group
 *            active_file     –
 *            unevictable     4                         locked: never looked at
 *   group 1  inactive_anon   …
 * ```
 *
 * Answers: which list a page is on, how long each list is, which page is at its back. A list is its group's index times
 * LIST_KINDS plus its kind. The links of all lists share two arrays, as a page is on one list only; they grow with the
 * highest slot seen. A node is slot + 1, so that arrays full of zeros are empty lists.
 *
 * - I1: walking a list from its front meets `sizes` nodes, each of which knows that list, and ends at its back
 * - I2: the sizes of all lists sum up to `size`, which is how many slots know a list
 *
 * Every operation but `toArray` and `checkInvariants` is O(1).
 */
export const INACTIVE_ANON = 0;
export const ACTIVE_ANON = 1;
export const INACTIVE_FILE = 2;
export const ACTIVE_FILE = 3;
export const UNEVICTABLE = 4;
export const LIST_KINDS = 5;

/** Added to an inactive list's kind. */
export const ACTIVE = 1;
/** Added to an anonymous list's kind. */
export const FILE = 2;

export class LruLists {
  private readonly slots: number;
  private next: Int32Array;
  private previous: Int32Array;
  /** List plus one; 0: on none. */
  private place: Uint16Array;
  private readonly fronts: number[] = [];
  private readonly backs: number[] = [];
  private readonly sizes: number[] = [];
  size = 0;

  /** @param slots one more than the highest slot that may ever be put in */
  constructor(slots: number) {
    this.slots = slots;
    const nodes = Math.min(slots, 1023) + 1;
    this.next = new Int32Array(nodes);
    this.previous = new Int32Array(nodes);
    this.place = new Uint16Array(nodes);
  }

  /** Lists there are: they come into being with their first page. */
  get count(): number {
    return this.sizes.length;
  }

  has(slot: number): boolean {
    return slot >= 0 && slot + 1 < this.place.length && this.place[slot + 1] !== 0;
  }

  /** The list that the slot is on; -1 for none. */
  listOf(slot: number): number {
    return this.has(slot) ? this.place[slot + 1]! - 1 : -1;
  }

  sizeOf(list: number): number {
    return this.sizes[list] ?? 0;
  }

  /** The slot at the back; -1 when the list is empty. */
  back(list: number): number {
    return (this.backs[list] ?? 0) - 1;
  }

  pushFront(slot: number, list: number): void {
    const node = this.enter(slot, list);
    const first = this.fronts[list]!;
    this.next[node] = first;
    this.previous[node] = 0;
    if (first === 0) this.backs[list] = node;
    else this.previous[first] = node;
    this.fronts[list] = node;
  }

  pushBack(slot: number, list: number): void {
    const node = this.enter(slot, list);
    const last = this.backs[list]!;
    this.previous[node] = last;
    this.next[node] = 0;
    if (last === 0) this.fronts[list] = node;
    else this.next[last] = node;
    this.backs[list] = node;
  }

  unlink(slot: number): void {
    invariant(this.has(slot), 'only a slot on a list leaves it');
    const node = slot + 1;
    const list = this.place[node]! - 1;
    const before = this.previous[node]!;
    const after = this.next[node]!;
    if (before === 0) this.fronts[list] = after;
    else this.next[before] = after;
    if (after === 0) this.backs[list] = before;
    else this.previous[after] = before;
    this.place[node] = 0;
    this.sizes[list]!--;
    this.size--;
  }

  /** To the front of a list, from wherever it is. */
  moveToFront(slot: number, list: number): void {
    this.unlink(slot);
    this.pushFront(slot, list);
  }

  moveToBack(slot: number, list: number): void {
    this.unlink(slot);
    this.pushBack(slot, list);
  }

  /** The slots of a list, from its back: as they are looked at. */
  toArray(list: number): number[] {
    const slots: number[] = [];
    for (let node = this.backs[list] ?? 0; node !== 0; node = this.previous[node]!) slots.push(node - 1);
    return slots;
  }

  checkInvariants(): string[] {
    const broken = new Set<string>();
    let total = 0;
    for (let list = 0; list < this.count; list++) {
      let met = 0;
      let last = 0;
      for (let node = this.fronts[list]!; node !== 0 && met <= this.sizes[list]!; node = this.next[node]!) {
        if (this.previous[node] !== last) broken.add('lru lists: links agree in both directions');
        if (this.place[node] !== list + 1) broken.add('lru lists: a page knows its list');
        last = node;
        met++;
      }
      if (met !== this.sizes[list] || last !== this.backs[list]) {
        broken.add('lru lists: a list has as many pages as its size, and ends at its back');
      }
      total += met;
    }
    let placed = 0;
    for (const place of this.place) if (place !== 0) placed++;
    if (placed !== this.size || total !== this.size) broken.add('lru lists: every page is on exactly one list');
    return [...broken];
  }

  private enter(slot: number, list: number): number {
    const node = slot + 1;
    if (node >= this.place.length) this.grow(slot);
    invariant(this.place[node] === 0, 'a slot is on one list at a time');
    while (this.sizes.length <= list) {
      this.fronts.push(0);
      this.backs.push(0);
      this.sizes.push(0);
    }
    this.place[node] = list + 1;
    this.sizes[list]!++;
    this.size++;
    return node;
  }

  private grow(slot: number): void {
    const nodes = this.slots + 1;
    this.next = grownArray(this.next, slot + 1, nodes);
    this.previous = grownArray(this.previous, slot + 1, nodes);
    this.place = grownArray(this.place, slot + 1, nodes);
  }
}
