/** The facts of `trace info` against counting by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FactGatherer, type TraceFacts } from '../../src/trace/facts.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { ReuseIntervals } from '../../src/trace/reuse.ts';
import { SlidingWorkingSet } from '../../src/trace/working-set.ts';
import { bytesOf } from './format-samples.ts';

function factsOf(text: string, options: { pageBytes?: number; window?: number } = {}): TraceFacts {
  let gatherer: FactGatherer | null = null;
  const reader = new TraceReader((_format, unit) => {
    gatherer = new FactGatherer({ pageBytes: options.pageBytes ?? 4096, window: options.window ?? 10, unit });
    return gatherer;
  });
  reader.push(bytesOf(text));
  reader.end();
  return (gatherer as FactGatherer | null)!.end();
}

const anyPages = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 120 });

/** Different pages among the references (end - window, end]. */
const workingSet = (pages: readonly number[], end: number, window: number): number =>
  new Set(pages.slice(Math.max(0, end - window), end)).size;

describe('against counting by hand', () => {
  test('the working set at every moment', () => {
    fc.assert(
      fc.property(anyPages, fc.integer({ min: 1, max: 40 }), (pages, window) => {
        const sliding = new SlidingWorkingSet(window);
        sliding.pages(Int32Array.from(pages), pages.length);
        const sizes = pages.map((_, at) => workingSet(pages, at + 1, window));
        const { mean, peak, ...result } = sliding.result();
        expect(result).toEqual({ window, every: 1, sizes });
        expect(peak).toBe(Math.max(...sizes));
        expect(mean).toBeCloseTo(sizes.reduce((sum, size) => sum + size) / sizes.length, 9);
      }),
    );
  });

  test('many references leave a sample every so many, the same however they come', () => {
    const pages = Int32Array.from({ length: 5000 }, (_, at) => (at * at) % 97);
    const whole = new SlidingWorkingSet(50);
    whole.pages(pages, pages.length);
    const result = whole.result();
    expect(result.every).toBe(32);
    expect(result.sizes).toEqual(
      Array.from({ length: Math.floor(5000 / 32) }, (_, sample) => workingSet([...pages], 32 * (sample + 1), 50)),
    );
    const piecewise = new SlidingWorkingSet(50);
    for (let at = 0; at < pages.length; at += 7) piecewise.pages(pages.subarray(at), Math.min(7, pages.length - at));
    expect(piecewise.result()).toEqual(result);
  });

  test('the mean working set for every window that is a power of two', () => {
    fc.assert(
      fc.property(anyPages, (pages) => {
        const reuse = new ReuseIntervals();
        reuse.pages(Int32Array.from(pages), pages.length);
        const rows = reuse.byWindow();
        expect(rows.at(-1)!.window).toBeGreaterThanOrEqual(pages.length);
        for (const { window, pages: mean } of rows) {
          const sum = pages.reduce((total, _, at) => total + workingSet(pages, at + 1, window), 0);
          expect(mean).toBeCloseTo(sum / pages.length, 9);
        }
      }),
    );
  });

  test('intervals between uses', () => {
    fc.assert(
      fc.property(anyPages, (pages) => {
        const reuse = new ReuseIntervals();
        reuse.pages(Int32Array.from(pages), pages.length);
        const intervals = pages.flatMap((page, at) => {
          const before = pages.lastIndexOf(page, at - 1);
          return at === 0 || before < 0 ? [] : [at - before];
        });
        for (const { from, to, count } of reuse.rows()) {
          expect(count).toBe(intervals.filter((interval) => interval >= from && interval < to).length);
        }
        expect(reuse.rows().reduce((sum, { count }) => sum + count, 0)).toBe(intervals.length);
      }),
    );
  });
});

test('reuse distances: different pages since the last use', () => {
  fc.assert(
    fc.property(anyPages, (pages) => {
      const depths = pages.flatMap((page, at) => {
        const before = at === 0 ? -1 : pages.lastIndexOf(page, at - 1);
        return before < 0 ? [] : [new Set(pages.slice(before, at)).size];
      });
      const { reuse } = factsOf(pages.join(' '));
      for (const { from, to, count } of reuse.distances) {
        expect(count).toBe(depths.filter((depth) => depth >= from && depth <= to).length);
      }
      expect(reuse.distances.reduce((sum, { count }) => sum + count, reuse.first)).toBe(pages.length);
    }),
  );
});

test('B3: the working sets of Silberschatz’s stream', () => {
  const stream = [2, 6, 1, 5, 7, 7, 7, 7, 5, 1, 6, 2, 3, 4, 1, 2, 3, 4, 4, 4, 3, 4, 3, 4, 4, 4, 1, 3, 2];
  const { workingSet: found } = factsOf(stream.join(' '), { window: 10 });
  expect([found.sizes[9], found.sizes[25]]).toEqual([5, 2]);
});

test('a trace of addresses', () => {
  const facts = factsOf('I  1ffe,4\n L 5000,8\n S 5008,8\n M 9000,4\n L ffffffffff600000,1\n');
  expect(facts).toMatchObject({
    references: { total: 5, fetches: 1, loads: 2, stores: 1, modifies: 1, bytes: 25 },
    processes: 1,
    lowest: 0x1ffen,
    highest: 0xffffffffff600000n,
    pages: { references: 6, crossings: 1, distinct: 5, fetched: 2, read: 3, written: 2 },
    reuse: {
      first: 5,
      intervals: [{ from: 1, to: 2, count: 1 }],
      distances: [
        { from: 1, to: 1, count: 1 },
        { from: 2, to: 2, count: 0 },
        { from: 3, to: 4, count: 0 },
        { from: 5, to: 8, count: 0 },
      ],
    },
  });
});

test('pages of several processes are different pages', () => {
  expect(factsOf('pid,page\n1,5\n2,5\n1,5\n')).toMatchObject({ processes: 2, pages: { distinct: 2, references: 3 } });
});

test('object ids of 64 bits are kept apart', () => {
  const text = `id,size\n${2n ** 64n - 1n},1\n${2n ** 64n - 2n},1\n${2n ** 53n},1\n${2n ** 53n + 1n},1\n`;
  expect(factsOf(text).pages.distinct).toBe(4);
});

test.each([0, 3, 4095, 2 ** 31])('pages of %d bytes are refused', (pageBytes) => {
  expect(() => factsOf(' L 1000,1\n', { pageBytes })).toThrow(expect.objectContaining({ code: 'MEM-TRC-038' }));
});
