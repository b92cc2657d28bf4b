/**
 * The areas of one address space, in address order: which area holds an address, and where is room for another.
 *
 * An AVL tree over the areas themselves, threaded by `previous`/`next`, in which every node also knows the largest gap
 * below any area of its subtree (`gapMax`): so the highest hole that fits is found without looking at full ones.
 *
 * I1: areas do not overlap and ascend along `next`        I2: |height(left) - height(right)| <= 1
 * I3: gapMax(n) = max(gap(n), gapMax(left), gapMax(right)), gap(n) = startWithGap(n) - (previous.end or 0), at least 0
 *
 * find, insert, remove, boundsChanged and the hole searches are O(log n); insertAfter and the end of a list that is
 * built in order are O(1) on average, as mending heights and gaps stops at the first ancestor that stays as it was.
 * (Linux keeps a maple tree; until 6.1 it was an rbtree augmented in this very way, mm/mmap.c:unmapped_area_topdown.)
 */
import type { Area } from './area.ts';

const heightOf = (node: Area | null): number => (node === null ? 0 : node.height);
const gapOf = (node: Area | null): number => (node === null ? 0 : node.gapMax);

export class AreaTree {
  root: Area | null = null;
  first: Area | null = null;
  last: Area | null = null;
  count = 0;
  private readonly stackGuardBytes: number;
  /** The last answer of `find`: faults come in runs, and a system call asks about its range more than once. */
  private recent: Area | null = null;

  constructor(stackGuardBytes: number) {
    this.stackGuardBytes = stackGuardBytes;
  }

  /** The first area that ends above `address` (Linux find_vma): it holds it, or is the next one up. */
  find(address: number): Area | null {
    const recent = this.recent;
    if (recent !== null && address < recent.end) {
      if (address >= recent.start || recent.previous === null || recent.previous.end <= address) return recent;
    }
    // By starts alone: in a large tree every field looked at is a cache miss.
    let node = this.root;
    let lower: Area | null = null;
    while (node !== null) {
      if (node.start <= address) {
        lower = node;
        node = node.right;
      } else {
        node = node.left;
      }
    }
    const found = lower === null ? this.first : lower.end > address ? lower : lower.next;
    if (found !== null) this.recent = found;
    return found;
  }

  /** The area that holds `address`, or null. */
  at(address: number): Area | null {
    const area = this.find(address);
    return area !== null && area.start <= address ? area : null;
  }

  /** The last area that starts below `address`. */
  below(address: number): Area | null {
    const recent = this.recent;
    if (recent !== null && recent.start < address && (recent.next === null || recent.next.start >= address)) {
      return recent;
    }
    let node = this.root;
    let best: Area | null = null;
    while (node !== null) {
      if (node.start < address) {
        best = node;
        node = node.right;
      } else {
        node = node.left;
      }
    }
    return best;
  }

  insert(area: Area): void {
    const { last } = this;
    const isHighest = last === null || last.start < area.start;
    this.insertAfter(isHighest ? last : this.find(area.start)!.previous, area);
  }

  /** Put the area in behind `previous`; null: before all. */
  insertAfter(previous: Area | null, area: Area): void {
    this.count++;
    const next = previous === null ? this.first : previous.next;
    area.previous = previous;
    area.next = next;
    if (previous === null) this.first = area;
    else previous.next = area;
    if (next === null) this.last = area;
    else next.previous = area;

    // Of two neighbours one lies below the other, and has no child on the side where the other is.
    const parent = previous !== null && previous.right === null ? previous : next;
    area.left = null;
    area.right = null;
    area.parent = parent;
    area.height = 1;
    area.gapMax = this.gapBelow(area);
    if (parent === null) this.root = area;
    else if (parent === previous) parent.right = area;
    else parent.left = area;
    if (parent !== null) this.rebalanceFrom(parent);
    if (next !== null) this.refreshGapFrom(next);
  }

  remove(area: Area): void {
    if (this.recent === area) this.recent = null;
    this.count--;
    const { previous, next } = area;
    if (previous !== null) previous.next = next;
    else this.first = next;
    if (next !== null) next.previous = previous;
    else this.last = previous;

    let start: Area | null;
    if (area.left !== null && area.right !== null) {
      // The successor takes the removed node's place, and at first its figures, which are what the parent has seen.
      const heir = next!;
      start = heir.parent === area ? heir : heir.parent;
      if (heir.parent !== area) {
        this.replaceChild(heir, heir.right);
        heir.right = area.right;
        heir.right.parent = heir;
      }
      this.replaceChild(area, heir);
      heir.left = area.left;
      heir.left.parent = heir;
      heir.height = area.height;
      heir.gapMax = area.gapMax;
    } else {
      start = area.parent;
      this.replaceChild(area, area.left ?? area.right);
    }
    if (start !== null) this.rebalanceFrom(start);
    area.left = null;
    area.right = null;
    area.parent = null;
    area.previous = null;
    area.next = null;
    if (next !== null) this.refreshGapFrom(next);
  }

  /** Forget all areas, which are not to be used any more. */
  clear(): void {
    this.root = null;
    this.first = null;
    this.last = null;
    this.recent = null;
    this.count = 0;
  }

  /** Call after changing `start`, `end` or VM_GROWSDOWN of an area that stays in its place. */
  boundsChanged(area: Area): void {
    this.refreshGapFrom(area);
    if (area.next !== null) this.refreshGapFrom(area.next);
  }

  /** Start of the highest hole of `length` bytes within [low, high), or -1. */
  highestHole(length: number, low: number, high: number): number {
    if (high - low < length) return -1;
    const lastEnd = this.last === null ? 0 : this.last.end;
    if (Math.max(lastEnd, low) + length <= high) return high - length;
    return this.highestIn(this.root, length, low, high);
  }

  /** Start of the lowest hole of `length` bytes within [low, high), or -1. */
  lowestHole(length: number, low: number, high: number): number {
    const found = this.lowestIn(this.root, length, low, high);
    if (found >= 0) return found;
    const start = Math.max(low, this.last === null ? 0 : this.last.end);
    return start + length <= high ? start : -1;
  }

  checkInvariants(): string[] {
    const broken: string[] = [];
    let count = 0;
    let end = 0;
    for (let area = this.first; area !== null; area = area.next) {
      count++;
      if (area.start < end || area.end <= area.start) broken.push('areas: overlap or out of order');
      end = area.end;
      if (area.next === null && area !== this.last) broken.push('areas: the last one is not the last');
      const balance = heightOf(area.left) - heightOf(area.right);
      if (Math.abs(balance) > 1) broken.push('areas: tree out of balance');
      if (area.gapMax !== Math.max(this.gapBelow(area), gapOf(area.left), gapOf(area.right))) {
        broken.push('areas: gap of a subtree is wrong');
      }
    }
    if (count !== this.count) broken.push('areas: count differs from the list');
    return broken;
  }

  private highestIn(node: Area | null, length: number, low: number, high: number): number {
    if (node === null || node.gapMax < length) return -1;
    if (node.end < high) {
      const right = this.highestIn(node.right, length, low, high);
      if (right >= 0) return right;
    }
    const holeEnd = Math.min(node.startWithGap(this.stackGuardBytes), high);
    const holeStart = Math.max(node.previous === null ? 0 : node.previous.end, low);
    if (holeEnd - holeStart >= length) return holeEnd - length;
    return node.start > low ? this.highestIn(node.left, length, low, high) : -1;
  }

  private lowestIn(node: Area | null, length: number, low: number, high: number): number {
    if (node === null || node.gapMax < length) return -1;
    if (node.start > low) {
      const left = this.lowestIn(node.left, length, low, high);
      if (left >= 0) return left;
    }
    const holeEnd = Math.min(node.startWithGap(this.stackGuardBytes), high);
    const holeStart = Math.max(node.previous === null ? 0 : node.previous.end, low);
    if (holeEnd - holeStart >= length) return holeStart;
    return node.end < high ? this.lowestIn(node.right, length, low, high) : -1;
  }

  private gapBelow(area: Area): number {
    const from = area.previous === null ? 0 : area.previous.end;
    return Math.max(0, area.startWithGap(this.stackGuardBytes) - from);
  }

  private update(node: Area): void {
    node.height = 1 + Math.max(heightOf(node.left), heightOf(node.right));
    node.gapMax = Math.max(this.gapBelow(node), gapOf(node.left), gapOf(node.right));
  }

  private refreshGapFrom(area: Area): void {
    for (let node: Area | null = area; node !== null; node = node.parent) {
      const gap = Math.max(this.gapBelow(node), gapOf(node.left), gapOf(node.right));
      if (gap === node.gapMax && node !== area) return;
      node.gapMax = gap;
    }
  }

  /** Mend `start`, one of whose subtrees changed, and its ancestors, up to the first that looks to its parent as before. */
  private rebalanceFrom(start: Area): void {
    for (let node: Area | null = start; node !== null; node = node.parent) {
      const { height, gapMax }: Area = node;
      this.update(node);
      const balance = heightOf(node.left) - heightOf(node.right);
      if (balance > 1) {
        const left: Area = node.left!;
        if (heightOf(left.left) < heightOf(left.right)) this.rotateLeft(left);
        node = this.rotateRight(node);
      } else if (balance < -1) {
        const right: Area = node.right!;
        if (heightOf(right.right) < heightOf(right.left)) this.rotateRight(right);
        node = this.rotateLeft(node);
      }
      if (node.height === height && node.gapMax === gapMax) return;
    }
  }

  private replaceChild(child: Area, replacement: Area | null): void {
    const parent = child.parent;
    if (parent === null) this.root = replacement;
    else if (parent.left === child) parent.left = replacement;
    else parent.right = replacement;
    if (replacement !== null) replacement.parent = parent;
  }

  private rotateLeft(node: Area): Area {
    const up = node.right!;
    this.replaceChild(node, up);
    node.right = up.left;
    if (node.right !== null) node.right.parent = node;
    up.left = node;
    node.parent = up;
    this.update(node);
    this.update(up);
    return up;
  }

  private rotateRight(node: Area): Area {
    const up = node.left!;
    this.replaceChild(node, up);
    node.left = up.right;
    if (node.left !== null) node.left.parent = node;
    up.right = node;
    node.parent = up;
    this.update(node);
    this.update(up);
    return up;
  }
}
