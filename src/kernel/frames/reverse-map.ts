/**
 * The reverse map: from a frame to every PTE that maps it. Reclaim walks it to unmap a page everywhere.
 *
 *     pfn ──► (space, page) ──► node ──► node          the first mapping sits in the frame's own row; a frame that is
 *                                                      mapped again (fork, shared memory) chains nodes behind it
 *
 * A row holds the address space's id plus one (0: unmapped) and the page number. Nodes come from a pool that grows by
 * doubling and recycles through a free list. The order of a chain is not meaningful.
 *
 * I1: length of pfn's chain = mapCount[pfn]     I2: every (space, page) names a PTE that holds pfn
 *
 * Departure: Linux finds the PTEs through anon_vma / address_space interval trees instead; the answers are the same.
 * Adding is O(1); removing is O(mappings of that frame).
 */
import { invariant } from '../../mmu/invariant.ts';

export class ReverseMap {
  private readonly firstSpace: Int32Array;
  private readonly firstPage: Float64Array;
  private readonly chain: Int32Array;
  private nodeSpace = new Int32Array(64);
  private nodePage = new Float64Array(64);
  private nodeNext = new Int32Array(64);
  /** Highest node ever used, and the head of the recycled ones; node 0 is never used, so that 0 ends a chain. */
  private used = 0;
  private recycled = 0;

  constructor(frames: number) {
    this.firstSpace = new Int32Array(frames);
    this.firstPage = new Float64Array(frames);
    this.chain = new Int32Array(frames);
  }

  add(pfn: number, space: number, page: number): void {
    if (this.firstSpace[pfn] === 0) {
      this.firstSpace[pfn] = space + 1;
      this.firstPage[pfn] = page;
      return;
    }
    const node = this.takeNode();
    this.nodeSpace[node] = space;
    this.nodePage[node] = page;
    this.nodeNext[node] = this.chain[pfn]!;
    this.chain[pfn] = node;
  }

  remove(pfn: number, space: number, page: number): void {
    if (this.firstSpace[pfn] === space + 1 && this.firstPage[pfn] === page) {
      const node = this.chain[pfn]!;
      if (node === 0) {
        this.firstSpace[pfn] = 0;
        return;
      }
      this.firstSpace[pfn] = this.nodeSpace[node]! + 1;
      this.firstPage[pfn] = this.nodePage[node]!;
      this.chain[pfn] = this.nodeNext[node]!;
      this.giveNode(node);
      return;
    }
    let before = 0;
    for (let node = this.chain[pfn]!; node !== 0; before = node, node = this.nodeNext[node]!) {
      if (this.nodeSpace[node] !== space || this.nodePage[node] !== page) continue;
      if (before === 0) this.chain[pfn] = this.nodeNext[node]!;
      else this.nodeNext[before] = this.nodeNext[node]!;
      this.giveNode(node);
      return;
    }
    invariant(false, 'a mapping to remove is not in the reverse map');
  }

  /** Iteration without allocation: `for (let at = first(pfn); at >= 0; at = next(pfn, at)) spaceAt(pfn, at)`. */
  first(pfn: number): number {
    return this.firstSpace[pfn] === 0 ? -1 : 0;
  }

  next(pfn: number, at: number): number {
    const node = at === 0 ? this.chain[pfn]! : this.nodeNext[at]!;
    return node === 0 ? -1 : node;
  }

  spaceAt(pfn: number, at: number): number {
    return at === 0 ? this.firstSpace[pfn]! - 1 : this.nodeSpace[at]!;
  }

  pageAt(pfn: number, at: number): number {
    return at === 0 ? this.firstPage[pfn]! : this.nodePage[at]!;
  }

  /** The mappings as plain data, for views and events. */
  list(pfn: number): { space: number; page: number }[] {
    const mappings: { space: number; page: number }[] = [];
    for (let at = this.first(pfn); at >= 0; at = this.next(pfn, at)) {
      mappings.push({ space: this.spaceAt(pfn, at), page: this.pageAt(pfn, at) });
    }
    return mappings;
  }

  private takeNode(): number {
    const node = this.recycled;
    if (node !== 0) {
      this.recycled = this.nodeNext[node]!;
      return node;
    }
    this.used++;
    if (this.used === this.nodeSpace.length) this.grow();
    return this.used;
  }

  private giveNode(node: number): void {
    this.nodeNext[node] = this.recycled;
    this.recycled = node;
  }

  private grow(): void {
    const size = this.nodeSpace.length * 2;
    const space = new Int32Array(size);
    space.set(this.nodeSpace);
    const page = new Float64Array(size);
    page.set(this.nodePage);
    const next = new Int32Array(size);
    next.set(this.nodeNext);
    this.nodeSpace = space;
    this.nodePage = page;
    this.nodeNext = next;
  }
}
