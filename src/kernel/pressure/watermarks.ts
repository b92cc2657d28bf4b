/**
 * Watermarks: how much of each zone is kept free, as pure functions of the zones' sizes.
 *
 *     free pages of a zone
 *       │  managed
 *       ┊
 *       ├── promo   (where NUMA promotion stops)
 *       ├── high    kswapd goes back to sleep
 *       ├── low     an allocation that would go below wakes kswapd
 *       ├── min     an allocation that would go below reclaims itself
 *       └── 0
 *
 *     min   = min_free_kbytes, shared out by the zones' managed pages
 *     gap   = the larger of min/4 and managed * watermark_scale_factor/10000
 *     low   = min + gap      high = low + gap      promo = high + gap
 *
 * A movable (or highmem) zone holds nothing the kernel itself needs: its min is a thousandth, 32 … 128 pages.
 * [mm/page_alloc.c:__setup_per_zone_wmarks, calculate_min_free_kbytes, setup_per_zone_lowmem_reserve;
 * mm/khugepaged.c:set_recommended_min_free_kbytes]
 */

/** What a zone's marks depend on, pages. */
export interface ZoneSize {
  readonly managed: number;
  /** ZONE_MOVABLE or ZONE_HIGHMEM: not part of the low memory that min_free_kbytes is about. */
  readonly movable?: boolean;
}

/** Pages. */
export interface Watermarks {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly promo: number;
}

export const DEFAULT_WATERMARK_SCALE_FACTOR = 10;
/** Zones of a node, the empty ones included: as many as `lowmem_reserve[]` and `protection:` have entries. */
export const ZONE_NAMES = ['DMA', 'DMA32', 'Normal', 'Movable', 'Device'] as const;

/** Linux vm.lowmem_reserve_ratio at boot, by zone. */
export const LOWMEM_RESERVE_RATIO = [256, 256, 32, 0, 0] as const;

const KIB = 1024;
const MIN_FREE_KBYTES_LEAST = 128;
const MIN_FREE_KBYTES_MOST = 262144;
/** The formula's own share of the least memory it was made for: 128 kB of 1 MiB. */
const MOST_OF_MEMORY = 8;
/** Linux SWAP_CLUSTER_MAX: what reclaim does in one go. */
export const SWAP_CLUSTER_MAX = 32;
/** A movable zone's min is managed/1024, within these bounds. */
const MOVABLE_PART = 1024;
const MOVABLE_MOST = 128;
/** Kinds of pageblocks that have per-CPU lists: unmovable, movable, reclaimable. */
const MIGRATE_PCPTYPES = 3;
/** At most a 20th of memory for superpages' sake. */
const SUPERPAGE_SHARE = 20;

/**
 * min_free_kbytes that Linux sets at boot for so much low memory, kB. Below 1 MiB, where Linux could not run, at most an
 * eighth of memory.
 */
export function defaultMinFreeKbytes(lowmemKbytes: number): number {
  const root = Math.floor(Math.sqrt(lowmemKbytes * 16));
  const clamped = Math.min(Math.max(root, MIN_FREE_KBYTES_LEAST), MIN_FREE_KBYTES_MOST);
  return Math.min(clamped, Math.floor(lowmemKbytes / MOST_OF_MEMORY));
}

/**
 * What transparent superpages raise it to, kB: two free pageblocks per zone, and one for each kind of page that may have
 * to fall back on another kind's.
 */
export function superpageMinFreeKbytes(
  zones: readonly ZoneSize[],
  pageblockPages: number,
  freePages: number,
  pageBytes: number,
): number {
  const populated = zones.filter(({ managed, movable }) => managed > 0 && movable !== true).length;
  const wanted = pageblockPages * populated * (2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES);
  return Math.floor((Math.min(wanted, Math.floor(freePages / SUPERPAGE_SHARE)) * pageBytes) / KIB);
}

/**
 * min_free_kbytes of a machine with one zone at boot, kB. `superpagePages`: pages of a superpage where blocks of memory are
 * mapped as superpages by themselves, 0 elsewhere.
 */
export function bootMinFreeKbytes(managed: number, pageBytes: number, superpagePages: number): number {
  const kbytes = defaultMinFreeKbytes(Math.floor((managed * pageBytes) / KIB));
  if (superpagePages === 0) return kbytes;
  return Math.max(kbytes, superpageMinFreeKbytes([{ managed }], superpagePages, managed, pageBytes));
}

/** Each zone's marks, pages. */
export function watermarksOf(
  zones: readonly ZoneSize[],
  minFreeKbytes: number,
  scaleFactor: number,
  pageBytes: number,
): Watermarks[] {
  const pagesMin = Math.floor((minFreeKbytes * KIB) / pageBytes);
  const lowmem = zones.reduce((sum, zone) => sum + (zone.movable === true ? 0 : zone.managed), 0);
  return zones.map(({ managed, movable }) => {
    const share = lowmem === 0 ? 0 : Math.floor((pagesMin * managed) / lowmem);
    const ofMovable = Math.min(Math.max(Math.floor(managed / MOVABLE_PART), SWAP_CLUSTER_MAX), MOVABLE_MOST);
    const min = movable === true ? ofMovable : share;
    const gap = Math.max(Math.floor(share / 4), Math.floor((managed * scaleFactor) / 10000));
    return { min, low: min + gap, high: min + 2 * gap, promo: min + 3 * gap };
  });
}

/**
 * lowmem_reserve: `[zone][upper]` pages of `zone` that a request that could have been met by zone `upper` must leave alone,
 * so that they remain for those who can use no other. `ratios`: vm.lowmem_reserve_ratio, by zone; 0 reserves nothing.
 */
export function lowmemReserves(zones: readonly ZoneSize[], ratios: readonly number[]): number[][] {
  return zones.map((zone, index) => {
    let above = 0;
    return zones.map((upper, upperIndex) => {
      if (upperIndex <= index) return 0;
      above += upper.managed;
      const ratio = ratios[index] ?? 0;
      return ratio === 0 || zone.managed === 0 ? 0 : Math.floor(above / ratio);
    });
  });
}
