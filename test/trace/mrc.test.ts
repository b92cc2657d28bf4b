/** Miss-ratio curves: one pass against a replay at every size, samples against the whole. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { curveSizes, missCurve, sampledCurve } from '../../src/trace/mrc/curve.ts';
import { HashHeap } from '../../src/trace/mrc/hash-heap.ts';
import { Shards } from '../../src/trace/mrc/shards.ts';
import { StackDistances } from '../../src/trace/mrc/stack-distance.ts';
import { UseOrder } from '../../src/trace/mrc/use-order.ts';
import { WideningHistogram } from '../../src/trace/mrc/widening-histogram.ts';
import { Replay } from '../../src/trace/replay.ts';
import { Xorshift128 } from '../../src/trace/xorshift.ts';
import { readPgt1 } from './pgt1.ts';

const faults = (policy: string, ids: Int32Array, frames: number): number => {
  const replay = new Replay({ policy, frames });
  replay.feed(ids, null, ids.length);
  return replay.end().faults;
};

/** Pages numbered in the order of their first appearance. */
function dense(pages: readonly number[]): Int32Array {
  const ids = new Map<number, number>();
  return Int32Array.from(pages, (page) => ids.get(page) ?? ids.set(page, ids.size).size - 1);
}

function distancesOf(ids: Int32Array, piece = ids.length || 1): StackDistances {
  const distances = new StackDistances();
  for (let from = 0; from < ids.length; from += piece) {
    const part = ids.subarray(from, from + piece);
    distances.feed(part, part.length);
  }
  return distances;
}

describe('LRU at all sizes in one pass', () => {
  it('misses what a replay misses, whatever the pieces', () => {
    const pages = fc.array(fc.nat({ max: 20 }), { maxLength: 300 });
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 50 }), (numbers, piece) => {
        const ids = dense(numbers);
        const sizes = Array.from({ length: 24 }, (_, index) => index + 1);
        const expected = sizes.map((frames) => faults('lru', ids, frames));
        expect(distancesOf(ids, piece).missesAt(sizes)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['many pages', 30_000, 150_000],
    ['few pages for long', 40, 60_000],
  ])('%s: through all ends of the line', (_what, pages, count) => {
    const random = new Xorshift128(7);
    // Two draws of which the lower counts: some pages are used more often.
    const ids = dense(Array.from({ length: count }, () => Math.min(random.below(pages), random.below(pages))));
    const sizes = curveSizes(pages, 9).filter((_, index) => index % 7 === 0);
    expect(distancesOf(ids, 10_000).missesAt(sizes)).toEqual(sizes.map((frames) => faults('lru', ids, frames)));
  });

  it('the order of uses answers as a list would, also when pages are forgotten', () => {
    const step = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const order = new UseOrder();
        order.grow(31);
        let list: number[] = [];
        for (const [page, kind] of steps) {
          const depth = list.indexOf(page) + 1;
          list = list.filter((other) => other !== page);
          if (kind === 0) order.forget(page);
          else {
            expect(order.use(page)).toBe(depth);
            list.unshift(page);
          }
          expect(order.live).toBe(list.length);
        }
      }),
    );
  });

  it('forgets across blocks and ends of the line', () => {
    const random = new Xorshift128(3);
    const order = new UseOrder();
    order.grow(600);
    let list: number[] = [];
    for (let at = 0; at < 40_000; at++) {
      const page = random.below(600);
      const found = list.indexOf(page);
      if (at % 11 === 0) order.forget(page);
      else if (order.use(page) !== found + 1) expect.fail(`use ${at}`);
      list = list.filter((other) => other !== page);
      if (at % 11 !== 0) list.unshift(page);
    }
    expect(order.live).toBe(list.length);
  });
});

describe('SHARDS', () => {
  const { ids } = readPgt1('cc1.pgt.gz');
  const sizes = [36, 68, 94, 131, 181, 250, 346, 479, 916];
  const exact = distancesOf(ids).missesAt(sizes);
  const errorOf = (shards: Shards): number => {
    const misses = shards.missesAt(sizes);
    return misses.reduce((sum, count, index) => sum + Math.abs(count - exact[index]!), 0) / sizes.length / ids.length;
  };

  it('of all pages is exact', () => {
    const shards = new Shards({ rate: 1, pagesMax: null });
    shards.feed(ids, ids.length);
    expect(shards.missesAt(sizes)).toEqual(exact);
    expect(shards.sampledReferences).toBe(ids.length);
  });

  it('of a quarter of the pages is close', () => {
    const shards = new Shards({ rate: 0.25, pagesMax: null });
    shards.feed(ids, ids.length);
    expect(shards.sampledPages / 2428).toBeCloseTo(0.25, 1);
    expect(errorOf(shards)).toBeLessThan(0.02);
  });

  it('of at most 600 pages lowers its rate until they are no more', () => {
    const shards = new Shards({ rate: 1, pagesMax: 600 });
    for (let from = 0; from < ids.length; from += 100_000) {
      const piece = ids.subarray(from, from + 100_000);
      shards.feed(piece, piece.length);
      expect(shards.sampledPages).toBeLessThanOrEqual(600);
    }
    expect(shards.rate).toBeCloseTo(600 / 2428, 1);
    expect(errorOf(shards)).toBeLessThan(0.02);
  });

  it('of more pages than there are is exact', () => {
    const shards = new Shards({ rate: 1, pagesMax: 3000 });
    shards.feed(ids, ids.length);
    expect([shards.rate, shards.missesAt(sizes)]).toEqual([1, exact]);
  });

  it('is adjusted: a page as hot as all others together costs nothing where it is not looked at', () => {
    const random = new Xorshift128(5);
    // Page 0 takes nine references of ten.
    const hot = dense(Array.from({ length: 200_000 }, (_, at) => (at % 10 === 0 ? 1 + random.below(2000) : 0)));
    const truth = distancesOf(hot).missesAt([1000])[0]! / hot.length;
    const shards = new Shards({ rate: 0.1, pagesMax: null });
    shards.feed(hot, hot.length);
    // Page 0 is in the sample or it is not: the plain ratio would be far off either way.
    const plain = shards.missesAt([1000])[0]! / (shards.sampledReferences / shards.rate);
    expect(Math.abs(plain - truth)).toBeGreaterThan(0.02);
    expect(shards.missesAt([1000])[0]! / hot.length).toBeCloseTo(truth, 2);
  });

  it.each([
    [0, null],
    [1.5, null],
    [Number.NaN, null],
    [1e-9, null],
    [0.5, 0],
    [0.5, 1.5],
  ])('a rate of %s with %s pages is refused', (rate, pagesMax) => {
    expect(() => new Shards({ rate, pagesMax })).toThrow(expect.objectContaining({ code: 'MEM-TRC-045' }));
  });
});

describe('its parts', () => {
  it('the heap gives pages back by their hash', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), (hashes) => {
        const heap = new HashHeap();
        for (const [page, hash] of hashes.entries()) heap.push(hash, page);
        const popped = hashes.map(() => {
          const highest = heap.highest();
          expect(hashes[heap.pop()]).toBe(highest);
          return highest;
        });
        expect(popped).toEqual(hashes.toSorted((left, right) => right - left));
        expect(heap.size).toBe(0);
      }),
    );
  });

  it('the histogram keeps all weight while it widens, and is exact before', () => {
    const histogram = new WideningHistogram();
    for (const depth of [1, 2, 2, 65_536]) histogram.add(depth, 1);
    expect([0, 1, 2, 65_535, 65_536].map((depth) => histogram.upTo(depth))).toEqual([0, 1, 3, 3, 4]);
    histogram.add(1_000_000, 5);
    expect([16, 65_536, 1_000_000, 2 ** 40].map((depth) => histogram.upTo(depth))).toEqual([3, 4, 9, 9]);
  });

  it('sizes: every one of a few, spread over many, from one frame to all pages', () => {
    expect(curveSizes(5, 40)).toEqual([1, 2, 3, 4, 5]);
    const sizes = curveSizes(100_000, 40);
    expect([sizes[0], sizes.at(-1)]).toEqual([1, 100_000]);
    expect(sizes).toEqual([...new Set(sizes)].sort((left, right) => left - right));
    expect(sizes.length).toBeLessThanOrEqual(40);
  });

  it('sizes of a sample: from the fewest it can tell', () => {
    expect(curveSizes(5, 40, 2.5)).toEqual([3, 4, 5]);
    expect(curveSizes(5, 40, 100)).toEqual([5]);
    const sizes = curveSizes(100_000, 40, 10);
    expect([sizes.length, sizes[0], sizes.at(-1)]).toEqual([40, 10, 100_000]);
  });

  it('a sample: nothing below its finest size, and never fewer misses than pages', () => {
    const of = { references: 1000, pages: 50, finest: 10 };
    expect(sampledCurve(of, [1, 9, 10, 20, 50], [600, 600, 500, 49, 40])).toEqual({
      policy: 'lru',
      method: 'sampled',
      points: [
        { frames: 1, misses: null, missRatio: null, note: 'unresolved' },
        { frames: 9, misses: null, missRatio: null, note: 'unresolved' },
        { frames: 10, misses: 500, missRatio: 0.5, note: null },
        { frames: 20, misses: 50, missRatio: 0.05, note: 'at least' },
        { frames: 50, misses: 50, missRatio: 0.05, note: 'at least' },
      ],
      anomalies: [],
    });
  });

  it('anomalies are the pairs that miss more with more frames', () => {
    const curve = missCurve('fifo', 'replayed', 12, [1, 2, 3, 4, 5], [12, 12, 9, 10, 5]);
    expect(curve.anomalies).toEqual([{ frames: 3, misses: 9, moreFrames: 4, moreMisses: 10 }]);
    expect(curve.points[2]).toEqual({ frames: 3, misses: 9, missRatio: 0.75, note: null });
  });
});
