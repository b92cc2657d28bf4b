import { FORMATS } from '../mmu/page-table/formats.ts';
import type { TlbConfig } from '../mmu/tlb/config.ts';
import { TlbHierarchy } from '../mmu/tlb/hierarchy.ts';
import { FETCH, LOAD } from '../mmu/units.ts';

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
 * A stream of page references against the TLBs of the machine, without the rest of it: pages of 4 KiB, and unless told
 * otherwise one address space and all accesses loads.
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
  /** Without ASIDs a switch between address spaces flushes. */
  private readonly flushes: boolean;
  private space = 0;

  /** @param config one that `validateTlbConfig` finds nothing wrong with @param seed of the policy `random` */
  constructor(config: TlbConfig, seed = 1) {
    const format = FORMATS.x86_64;
    this.tlbs = new TlbHierarchy(config, format, seed);
    this.pageBytes = format.pageBytes;
    this.flushes = config.asids === false;
  }

  /**
   * References ids[from], …, ids[to - 1].
   * @param numbers page number of each id, below 2^52: they decide about sets
   * @param kinds as in a batch: a TLB may have a first level for fetches; null: all load
   * @param spaces address space of each id, from 0 up; null: all are of one
   */
  feed(
    ids: Int32Array,
    numbers: Float64Array,
    from: number,
    to: number,
    kinds: Uint8Array | null = null,
    spaces: Int32Array | null = null,
  ): void {
    const { tlbs, pageBytes } = this;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const number = numbers[id]!;
      const address = (number < UPPER_HALF ? number : number - PAGE_NUMBERS) * pageBytes;
      const time = this.time++;
      const kind = kinds !== null && kinds[at] === FETCH ? FETCH : LOAD;
      const space = spaces === null ? 0 : spaces[id]!;
      if (space !== this.space) this.switchTo(space);
      const slot = tlbs.find(address, kind, space);
      if (slot === -1) {
        this.walks++;
        tlbs.fill(address, kind, 0, space, id, 0, time);
      } else {
        if (tlbs.isSecond(slot)) this.l2Hits++;
        tlbs.use(slot, kind, time);
      }
    }
  }

  private switchTo(space: number): void {
    this.space = space;
    if (this.flushes) this.tlbs.invalidateAll(false);
  }

  end(): TlbCounts {
    const { time: references, l2Hits, walks } = this;
    return { references, l1Hits: references - l2Hits - walks, l2Hits, walks };
  }
}
