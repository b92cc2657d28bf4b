import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { naiveLinux } from './naive-linux.ts';

/** Stretches of a program: hot pages over and over, a scan through many, both at once, a few at random. */
const stretch = fc
  .tuple(fc.constantFrom('hot', 'scan', 'both', 'random'), fc.nat({ max: 40 }), fc.integer({ min: 1, max: 24 }))
  .chain(([kind, first, width]) =>
    fc.array(fc.nat({ max: 60 }), { minLength: 10, maxLength: 120 }).map((lots) =>
      lots.map((lot, at) => {
        const hot = first + (lot % Math.min(width, 6));
        if (kind === 'hot') return hot;
        const scanned = first + (at % width);
        if (kind === 'scan') return scanned;
        if (kind === 'both') return lot % 2 === 0 ? hot : 100 + scanned;
        return lot;
      }),
    ),
  );
const program = fc.array(stretch, { minLength: 1, maxLength: 8 }).map((parts) => parts.flat());

describe('the lists of the linux policy', () => {
  test('do with programs that have working sets what arrays and loops do', () => {
    fc.assert(
      fc.property(program, fc.integer({ min: 2, max: 30 }), fc.boolean(), (pages, frames, referenceOnLoad) => {
        const result = simulateReferences(pages, { policy: 'linux', frames, options: { referenceOnLoad } });
        const naive = naiveLinux(pages, frames, referenceOnLoad);
        expect(result.evictions).toEqual(naive.evictions);
        expect(Array.from(result.missed)).toEqual(naive.missed);
      }),
      { numRuns: 200 },
    );
  });

  test('keep a working set beside pages used once, as LRU does and a single list with reference bits cannot', () => {
    // In each round eight pages used in every round, and eight that never come back.
    const pages: number[] = [];
    for (let round = 0; round < 100; round++) {
      for (let hot = 0; hot < 8; hot++) pages.push(hot);
      for (let once = 0; once < 8; once++) pages.push(1000 + round * 8 + once);
    }
    const avoidable = (policy: string) => simulateReferences(pages, { policy, frames: 16 }).capacityMisses;
    expect([avoidable('opt'), avoidable('lru')]).toEqual([0, 0]);
    // Each hot page is lost once, before its second use is seen: that makes it active.
    expect(avoidable('linux')).toBe(8);
    expect([avoidable('clock'), avoidable('fifo')]).toEqual([392, 392]);
  });
});
