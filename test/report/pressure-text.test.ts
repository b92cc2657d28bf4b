/** What `run` and `explain` say of memory pressure, and in which order. */
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/machine/events.ts';
import { makeNames } from '../../src/report/names.ts';
import { summariesFirst } from '../../src/report/pressure-text.ts';
import { whyOf } from '../../src/report/why.ts';

const names = makeNames(new Map([[3, 'hog']]), {});

const woke: MachineEvent = { type: 'KswapdWoke', free: 12, low: 15, high: 18 };
const slept: MachineEvent = { type: 'KswapdSlept', from: 12, free: 20, high: 18, scanned: 30, reclaimed: 8 };
const direct: MachineEvent = { type: 'DirectReclaim', pid: 3, free: 9, min: 9, scanned: 40, reclaimed: 32 };
const eviction = (pfn: number): MachineEvent => ({
  type: 'Eviction',
  pfn,
  mappings: [],
  dirty: true,
  policy: 'linux',
  to: 'swap',
  why: '',
});
const swapOut = (pfn: number): MachineEvent => ({ type: 'SwapOut', slot: pfn, pfn });

describe('the words', () => {
  it.each([
    [woke, 'kswapd woke: 12 free <= low 15; it is to make them more than high 18'],
    [slept, 'kswapd looked at 30 pages and freed 8: 12 free -> 20 > high 18'],
    [
      { ...slept, free: 12, reclaimed: 0 },
      'kswapd looked at 30 pages and freed 0: 12 free -> 12 still <= high 18: nothing else can leave',
    ],
    [direct, 'direct reclaim: 9 free <= min 9, so hog itself looked at 40 pages and freed 32'],
  ] as const)('%j', (event, text) => {
    expect(whyOf(event, names)?.text).toBe(text);
  });
});

describe('the order', () => {
  it('what came of a reclaim is told before the pages that left, each reclaim by itself', () => {
    const events = [
      woke,
      swapOut(1),
      eviction(1),
      eviction(2),
      direct,
      eviction(3),
      direct,
      swapOut(4),
      eviction(4),
      slept,
    ];
    expect(summariesFirst(events)).toEqual([
      woke,
      direct,
      swapOut(1),
      eviction(1),
      eviction(2),
      direct,
      eviction(3),
      slept,
      swapOut(4),
      eviction(4),
    ]);
  });

  it('nothing moves where nobody reclaimed by watermarks', () => {
    const events = [swapOut(1), eviction(1)];
    expect(summariesFirst(events)).toBe(events);
  });
});
