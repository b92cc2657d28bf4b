/** The formulae against /proc/zoneinfo of the recording machine (shared/reference/linux-samples/zoneinfo.txt). */
import { describe, expect, it } from 'vitest';
import {
  bootMinFreeKbytes,
  DEFAULT_WATERMARK_SCALE_FACTOR,
  defaultMinFreeKbytes,
  LOWMEM_RESERVE_RATIO,
  lowmemReserves,
  superpageMinFreeKbytes,
  watermarksOf,
} from '../../../src/kernel/pressure/watermarks.ts';

const PAGE = 4096;
const DMA = { managed: 3840 };
const DMA32 = { managed: 772915 };
const NORMAL = { managed: 4718592 };
const MOVABLE = { managed: 0, movable: true };
const DEVICE = { managed: 0 };
const ZONES = [DMA, DMA32, NORMAL, MOVABLE, DEVICE];
const FREE = ZONES.reduce((sum, { managed }) => sum + managed, 0);

describe('watermarks of the recording machine', () => {
  it('min_free_kbytes comes from superpages there: 67584 kB', () => {
    expect(superpageMinFreeKbytes(ZONES, 512, FREE, PAGE)).toBe(67584);
    expect(defaultMinFreeKbytes((FREE * PAGE) / 1024)).toBeLessThan(67584);
  });

  it('min, low, high and promo of every zone', () => {
    expect(watermarksOf(ZONES, 67584, DEFAULT_WATERMARK_SCALE_FACTOR, PAGE)).toEqual([
      { min: 11, low: 14, high: 17, promo: 20 },
      { min: 2376, low: 3148, high: 3920, promo: 4692 },
      { min: 14507, low: 19225, high: 23943, promo: 28661 },
      { min: 32, low: 32, high: 32, promo: 32 },
      { min: 0, low: 0, high: 0, promo: 0 },
    ]);
  });

  it('protection: what each zone keeps from requests that could go higher', () => {
    expect(lowmemReserves(ZONES, LOWMEM_RESERVE_RATIO)).toEqual([
      [0, 3019, 21451, 21451, 21451],
      [0, 0, 18432, 18432, 18432],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ]);
  });
});

describe('defaults', () => {
  it.each([
    [512, 64], // below Linux's least memory: an eighth
    [1024, 128],
    [16 * 1024, 512],
    [1024 * 1024, 4096],
    [16 * 1024 * 1024, 16384],
    [64 * 1024 * 1024 * 1024, 262144],
  ])('%d kB of memory: min_free_kbytes %d', (kbytes, minFree) => {
    expect(defaultMinFreeKbytes(kbytes)).toBe(minFree);
  });

  it('superpages raise it, to a twentieth of memory at most', () => {
    expect(bootMinFreeKbytes(4096, PAGE, 0)).toBe(512);
    expect(bootMinFreeKbytes(4096, PAGE, 512)).toBe(816);
    expect(bootMinFreeKbytes(262144, PAGE, 512)).toBe(22528);
  });

  it('a larger scale factor spreads the marks, not min', () => {
    const [narrow] = watermarksOf([NORMAL], 67584, 10, PAGE);
    const [wide] = watermarksOf([NORMAL], 67584, 1000, PAGE);
    expect(wide!.min).toBe(narrow!.min);
    expect(wide!.low - wide!.min).toBe(471859);
    expect(wide!.high - wide!.low).toBe(471859);
  });
});
