/**
 * The machine's one zone: how many frames it has, and where its watermarks lie (watermarks.ts).
 *
 *     Normal   0 ── zero page ──┬── managed: what the page allocator has ──────────┬ present
 *
 * There is no memory that devices cannot reach, so there is no DMA zone below it and nothing is reserved for one
 * (lowmem_reserve is all zeros). The marks follow the sysctls `min_free_kbytes` and `watermark_scale_factor`.
 */
import type { Sysctls } from '../sysctl.ts';
import { LOWMEM_RESERVE_RATIO, lowmemReserves, type Watermarks, watermarksOf, ZONE_NAMES } from './watermarks.ts';

export class Zone {
  readonly name = 'Normal';
  /** Frames there are, and those of them that are handed out. */
  readonly present: number;
  readonly managed: number;
  /**
   * Pages added to each mark for a while when kinds of pages had to be mixed in one pageblock [mm/page_alloc.c:
   * boost_watermark]. Here frames have no kinds, so it stays 0.
   */
  readonly boost = 0;
  private readonly pageBytes: number;
  private readonly sysctl: Sysctls;
  private marks: Watermarks | null = null;
  /** The settings that `marks` were made from. */
  private minFreeKbytes = 0;
  private scaleFactor = 0;

  constructor(present: number, managed: number, pageBytes: number, sysctl: Sysctls) {
    this.present = present;
    this.managed = managed;
    this.pageBytes = pageBytes;
    this.sysctl = sysctl;
  }

  get watermarks(): Watermarks {
    const { min_free_kbytes, watermark_scale_factor } = this.sysctl;
    if (this.marks !== null && min_free_kbytes === this.minFreeKbytes && watermark_scale_factor === this.scaleFactor) {
      return this.marks;
    }
    this.minFreeKbytes = min_free_kbytes;
    this.scaleFactor = watermark_scale_factor;
    this.marks = watermarksOf([this], min_free_kbytes, watermark_scale_factor, this.pageBytes)[0]!;
    return this.marks;
  }

  /** Pages kept from requests that could use a higher zone, per zone: there is no higher one with memory. */
  get lowmemReserve(): readonly number[] {
    const zones = ZONE_NAMES.map((name) => ({ managed: name === this.name ? this.managed : 0 }));
    return lowmemReserves(zones, LOWMEM_RESERVE_RATIO)[ZONE_NAMES.indexOf(this.name)]!;
  }

  /** May 2^order of `free` pages be taken, so that the mark is kept? [mm/page_alloc.c:__zone_watermark_ok] */
  allows(mark: keyof Watermarks, free: number, order = 0): boolean {
    return free - ((1 << order) - 1) > this.watermarks[mark] + this.boost;
  }
}
