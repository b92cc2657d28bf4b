import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * `lfu`: pages of the same count stand in a ring of their own, those rings in a ring by rising count.
 *
 * ```
 *   bucket 0 (no bucket) ⇄ count 1 ⇄ count 2 ⇄ count 5 ⇄ (bucket 0)          ladder: [next, previous] of each bucket
 *                             │         │
 *                          pages     pages        node of a bucket in `links` is 2 × bucket: its pages' sentinel
 * ```
 *
 * In a bucket the page that came last is first: the last one leaves, being the one longest at its count. A page alone
 * in its bucket takes the bucket along when it is used and the next count has none yet; with a few very hot pages that
 * is what happens most.
 */
export class LfuLoop implements ReplayLoop {
  private readonly frames: number;
  /** Where the pages' nodes start in `links`: behind one sentinel a bucket, as many buckets as frames, and bucket 0. */
  private readonly pages: number;
  private links: Int32Array;
  private resident: Uint8Array;
  /** Bucket of each resident page. */
  private bucketOf: Int32Array;
  private readonly ladder: Int32Array;
  private readonly count: Float64Array;
  /** Free buckets, a stack. */
  private readonly spare: Int32Array;
  private spares: number;
  private used: number;

  constructor({ frames }: LoopContext) {
    this.frames = frames;
    const buckets = frames + 2;
    this.pages = 2 * buckets;
    this.links = emptyRings(buckets);
    this.resident = new Uint8Array(0);
    this.bucketOf = new Int32Array(0);
    this.ladder = new Int32Array(2 * buckets);
    this.count = new Float64Array(buckets);
    this.spare = new Int32Array(buckets);
    for (let bucket = buckets - 1; bucket > 0; bucket--) this.spare[buckets - 1 - bucket] = bucket;
    this.spares = buckets - 1;
    this.used = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + this.pages, 0);
    this.resident = grownBytes(this.resident, pages);
    this.bucketOf = grownInts(this.bucketOf, pages, 0);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { frames, pages, links, resident, bucketOf, ladder, count } = this;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const node = ((id << 1) + pages) | 0;
      if (resident[id] !== 0) {
        const bucket = bucketOf[id]!;
        const more = count[bucket]! + 1;
        let above = ladder[bucket << 1]! >> 1;
        const isNext = above !== 0 && count[above] === more;
        if (links[node] === links[node + 1]) {
          // Alone in its bucket: both neighbours are the sentinel.
          if (!isNext) {
            count[bucket] = more;
            continue;
          }
          unlink(ladder, bucket << 1);
          this.spare[this.spares++] = bucket;
        } else if (!isNext) above = this.addBucket(bucket, more);
        unlink(links, node);
        pushFirst(links, above << 1, node);
        bucketOf[id] = above;
        continue;
      }
      misses = (misses + 1) | 0;
      let gone = -1;
      if (this.used === frames) {
        const bucket = ladder[0]! >> 1;
        const last = links[(bucket << 1) + 1]!;
        unlink(links, last);
        gone = (last - pages) >> 1;
        resident[gone] = 0;
        if (links[bucket << 1] === bucket << 1) {
          unlink(ladder, bucket << 1);
          this.spare[this.spares++] = bucket;
        }
      } else this.used++;
      let lowest = ladder[0]! >> 1;
      if (lowest === 0 || count[lowest] !== 1) lowest = this.addBucket(0, 1);
      pushFirst(links, lowest << 1, node);
      bucketOf[id] = lowest;
      resident[id] = 1;
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  /** A bucket for a count, just above another one. */
  private addBucket(below: number, count: number): number {
    const bucket = this.spare[--this.spares]!;
    pushFirst(this.ladder, below << 1, bucket << 1);
    this.count[bucket] = count;
    return bucket;
  }
}
