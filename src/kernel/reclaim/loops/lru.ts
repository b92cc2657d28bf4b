import { grownInts } from '../../../mmu/grown-arrays.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `lru`: a ring of links through a sentinel, the page used last behind it.
 *
 * ```
 *   links   [ next of sentinel, previous of sentinel | next of page 0, previous of page 0 | … ]
 *             used last          used longest ago      next: the page used before it
 * ```
 *
 * A link is the index of the other's `next` (2 × page + 2, 0 for the sentinel), so no multiplication stands between
 * one page and the next. A page that is not resident has -1 in `next`. Within a batch the sentinel's `next` lives in a
 * variable: nothing reads it but the first page's predecessor, and that page is never taken out, being first already. For
 * the same reason the first page's `previous` is not kept; it is written when another page becomes first.
 */
export class LruLoop implements ReplayLoop {
  private links: Int32Array;
  private free: number;

  constructor({ frames }: LoopContext) {
    this.links = Int32Array.of(0, 0);
    this.free = frames;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + 2, -1);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const links = this.links;
    const end = to | 0;
    let free = this.free | 0;
    let first = links[0]! | 0;
    let misses = 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const node = ((ids[at]! << 1) + 2) | 0;
      if (node === first) continue;
      const next = links[node]!;
      if (next >= 0) {
        const previous = links[node | 1]!;
        links[previous] = next;
        links[next | 1] = previous;
      } else {
        misses = (misses + 1) | 0;
        let gone = -1;
        if (free === 0) {
          const last = links[1]!;
          // With one frame the first is the last.
          const before = last === first ? 0 : links[last | 1]!;
          if (before === 0) first = 0;
          links[1] = before;
          links[before] = 0;
          links[last] = -1;
          gone = ((last >> 1) - 1) | 0;
        } else free = (free - 1) | 0;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      links[node] = first;
      links[first | 1] = node;
      first = node;
    }
    links[0] = first;
    this.free = free;
    return misses;
  }
}
