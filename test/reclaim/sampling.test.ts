import { describe, expect, test } from 'vitest';
import { Aging } from '../../src/kernel/reclaim/aging.ts';
import { Lfu } from '../../src/kernel/reclaim/lfu.ts';
import type { PolicyContext, ReferenceBits } from '../../src/kernel/reclaim/policy.ts';
import { createPolicy } from '../../src/kernel/reclaim/registry.ts';
import { Random } from '../../src/mmu/random.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

class Bits implements ReferenceBits {
  readonly set = new Set<number>();

  testAndClear(slot: number): boolean {
    return this.set.delete(slot);
  }

  peek(slot: number): boolean {
    return this.set.has(slot);
  }
}

const contextOf = (references: ReferenceBits, options = {}): PolicyContext => ({
  slots: 8,
  references,
  random: new Random(1),
  options,
});

/** One string a tick; its characters are the reference bits of pages 0, 1, 2, … */
function agedBy(ticks: readonly string[]): string[] {
  const bits = new Bits();
  const aging = new Aging(contextOf(bits));
  const pages = Array.from(ticks[0]!, (_, page) => page);
  for (const page of pages) aging.admit(page, page);
  for (const tick of ticks) {
    for (const page of pages) if (tick[page] === '1') bits.set.add(page);
    aging.tick();
  }
  return pages.map((page) => aging.counterOf(page).toString(2).padStart(8, '0'));
}

describe('aging', () => {
  test('exercise B1: Tanenbaum’s four pages after eight ticks', () => {
    const ticks = ['0111', '1011', '1010', '1101', '0010', '1010', '1100', '0001'];
    expect(agedBy(ticks)).toEqual(['01101110', '01001001', '00110111', '10001011']);
  });

  test('exercise B2: Tanenbaum’s figure 3-17', () => {
    const ticks = ['101011', '110010', '110101', '100010', '011000'];
    expect(agedBy(ticks)).toEqual(['01111000', '10110000', '10001000', '00100000', '01011000', '00101000']);
  });

  test('the number of bits is an option', () => {
    const bits = new Bits();
    const aging = new Aging(contextOf(bits, { counterBits: 3 }));
    aging.admit(0, 0);
    bits.set.add(0);
    aging.tick();
    expect(aging.counterOf(0)).toBe(0b100);
    for (let tick = 0; tick < 3; tick++) aging.tick();
    expect(aging.counterOf(0)).toBe(0);
  });
});

describe('the working set', () => {
  const stream = [2, 6, 1, 5, 7, 7, 7, 7, 5, 1, 6, 2, 3, 4, 1, 2, 3, 4, 4, 4, 3, 4, 3, 4, 4, 4, 1, 3, 2];
  const setAfter = (references: number): number[] =>
    simulateReferences(stream.slice(0, references), { policy: 'working-set', frames: 20, options: { window: 10 } })
      .frames.filter((page) => page !== null)
      .sort((a, b) => a - b);

  test('exercise B3: Silberschatz’s stream with a window of ten', () => {
    expect(setAfter(10)).toEqual([1, 2, 5, 6, 7]);
    expect(setAfter(26)).toEqual([3, 4]);
  });

  test('at every position it is the set of the last ten references', () => {
    for (let at = 1; at <= stream.length; at++) {
      const set = new Set(stream.slice(Math.max(0, at - 10), at));
      expect(setAfter(at)).toEqual([...set].sort((a, b) => a - b));
    }
  });
});

describe('page-fault frequency', () => {
  test('a fault after a long while takes away what was not used since the one before', () => {
    const run = (references: number[]): (number | null)[] =>
      simulateReferences(references, { policy: 'pff', frames: 4, options: { faultInterval: 4 } }).frames.filter(
        (page) => page !== null,
      );
    // Faults at 1, 2, 3 are close. The one at 8 comes five references after: 1 was not used in between.
    expect(run([1, 2, 3, 2, 3, 2, 3]).length).toBe(3);
    expect(run([1, 2, 3, 2, 3, 2, 3, 4]).sort()).toEqual([2, 3, 4]);
  });
});

describe('least frequently used, as books differ', () => {
  const victims = (options: object): number => {
    const lfu = new Lfu(contextOf(new Bits(), options));
    lfu.admit(0, 10);
    lfu.admit(1, 11);
    lfu.touch(1);
    lfu.touch(0);
    return lfu.victim();
  };

  test('ties: the page longest at its count, or the one loaded first', () => {
    expect(victims({})).toBe(1);
    expect(victims({ lfuTies: 'first-loaded' })).toBe(0);
  });

  test('counts may outlive an eviction', () => {
    const references = [1, 1, 1, 2, 3, 1, 4, 5];
    const lost = simulateReferences(references, { policy: 'lfu', frames: 1 }).evictions;
    expect(lost).toEqual([1, 2, 3, 1, 4]);
    const back = (lfuKeepsCounts: boolean): readonly number[] =>
      simulateReferences([1, 1, 2, 3, 3, 3, 4, 1, 5], { policy: 'lfu', frames: 2, options: { lfuKeepsCounts } })
        .evictions;
    expect(back(false)).not.toEqual(back(true));
  });
});

describe('dirty pages', () => {
  test.for(['enhanced-second-chance', 'nru', 'wsclock'])('%s spares them where it can', (name) => {
    const bits = new Bits();
    const policy = createPolicy(name, {
      ...contextOf(bits, { window: 1 }),
      dirty: { isDirty: (slot) => slot === 0 },
    });
    for (let slot = 0; slot < 3; slot++) policy.admit(slot, slot);
    for (let tick = 0; tick < 3; tick++) policy.tick?.();
    expect(policy.victim()).toBe(1);
    bits.set.add(1);
    bits.set.add(2);
    expect(policy.victim()).toBe(0);
  });
});

test('second chance and clock evict the same pages', () => {
  const references = Array.from({ length: 400 }, (_, at) => (at * at + 3 * at) % 23);
  const of = (policy: string): readonly number[] => simulateReferences(references, { policy, frames: 7 }).evictions;
  expect(of('second-chance')).toEqual(of('clock'));
});
