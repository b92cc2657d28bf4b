import { FORMATS } from '../mmu/page-table/formats.ts';
import type { TlbConfig } from '../mmu/tlb/config.ts';
import { TlbHierarchy } from '../mmu/tlb/hierarchy.ts';
import { LOAD } from '../mmu/units.ts';

export interface TlbCounts {
  readonly references: number;
  readonly l1Hits: number;
  /** Found by the second level after the first missed. */
  readonly l2Hits: number;
  /** Found by neither. */
  readonly walks: number;
}

/** Numbers of 52 bits from here on belong to the upper half, whose addresses the machine carries as negative numbers. */
const UPPER_HALF = 2 ** 51;
const PAGE_NUMBERS = 2 ** 52;

/**
 * A stream of page references against the TLBs of the machine, without the rest of it: one address space, pages of 4 KiB, all
 * accesses alike.
 *
 *     const replay = new TlbReplay({ entries: 64, ways: 4, l2: { entries: 1536, ways: 12 } });
 *     replay.feed(ids, numbers, from, to);        // any number of times
 *     const { l1Hits, l2Hits, walks } = replay.end();
 */
export class TlbReplay {
  private readonly tlbs: TlbHierarchy;
  private readonly pageBytes: number;
  private time = 0;
  private l2Hits = 0;
  private walks = 0;

  /** @param config one that `validateTlbConfig` finds nothing wrong with @param seed of the policy `random` */
  constructor(config: TlbConfig, seed = 1) {
    const format = FORMATS.x86_64;
    this.tlbs = new TlbHierarchy(config, format, seed);
    this.pageBytes = format.pageBytes;
  }

  /**
   * References ids[from], …, ids[to - 1].
   * @param numbers page number of each id, below 2^52: they decide about sets
   */
  feed(ids: Int32Array, numbers: Float64Array, from: number, to: number): void {
    const { tlbs, pageBytes } = this;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const number = numbers[id]!;
      const address = (number < UPPER_HALF ? number : number - PAGE_NUMBERS) * pageBytes;
      const time = this.time++;
      const slot = tlbs.lookup(address, LOAD, 0, time);
      if (slot === -1) {
        this.walks++;
        tlbs.fill(address, LOAD, 0, 0, id, 0, time);
      } else if (tlbs.hitSecond) this.l2Hits++;
    }
  }

  end(): TlbCounts {
    const { time: references, l2Hits, walks } = this;
    return { references, l1Hits: references - l2Hits - walks, l2Hits, walks };
  }
}
