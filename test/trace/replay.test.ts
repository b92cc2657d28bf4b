import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { InputError } from '../../src/mmu/input-error.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

describe('the result of a replay', () => {
  test('of nothing', () => {
    expect(simulateReferences([], { policy: 'lru', frames: 2 })).toMatchObject({
      references: 0,
      faults: 0,
      hitRate: 0,
      hitRateWithoutCold: 0,
      frames: [null, null],
    });
  });

  test('of a few references, in full', () => {
    expect(simulateReferences([7, 2 ** 40, 7, 9, 2 ** 40], { policy: 'lru', frames: 2 })).toEqual({
      references: 5,
      hits: 1,
      faults: 4,
      distinctPages: 3,
      coldMisses: 3,
      capacityMisses: 1,
      hitRate: 1 / 5,
      hitRateWithoutCold: 1 / 2,
      missed: Uint8Array.of(1, 1, 0, 1, 1),
      writeBacks: 0,
      evictions: [2 ** 40, 7],
      frames: [2 ** 40, 9],
      referenceBits: [1, 1],
      hand: -1,
    });
  });

  test('a page loaded before the start is resident, and leaves with a capacity miss to come', () => {
    const result = simulateReferences([1, 2, 1], { policy: 'fifo', frames: 1, initial: [1] });
    expect(Array.from(result.missed)).toEqual([0, 1, 1]);
    expect(result).toMatchObject({ distinctPages: 2, coldMisses: 1, capacityMisses: 1, evictions: [1, 2] });
  });

  test('opt knows the future of pages loaded before the start', () => {
    const result = simulateReferences([3, 1, 1, 2], { policy: 'opt', frames: 2, initial: [2, 1] });
    expect(result.evictions).toEqual([2, 3]);
  });

  test.for(POLICY_NAMES)('%s: loading pages before the start is referencing each once at the start', (policy) => {
    const page = fc.nat({ max: 9 });
    fc.assert(
      fc.property(fc.uniqueArray(page, { maxLength: 5 }), fc.array(page), (initial, references) => {
        // Initial pages have clear reference bits, so for clock loading must not set them.
        const config = { policy, frames: 5, options: { referenceOnLoad: false } };
        const before = simulateReferences(references, { ...config, initial });
        const within = simulateReferences([...initial, ...references], config);
        expect(before.evictions).toEqual(within.evictions);
        expect(before.frames).toEqual(within.frames);
        expect(before.faults).toBe(within.faults - initial.length);
      }),
    );
  });

  test('random follows the seed', () => {
    const references = Array.from({ length: 300 }, (_, at) => (at * at) % 17);
    const evictions = (seed: number): readonly number[] =>
      simulateReferences(references, { policy: 'random', frames: 4, seed }).evictions;
    expect(evictions(1)).toEqual(evictions(1));
    expect(evictions(1)).not.toEqual(evictions(2));
  });
});

describe('what is refused', () => {
  test.for([
    ['an unknown policy', [1], { policy: 'best', frames: 1 }, 'MEM-POL-001'],
    ['a negative page', [1, -1], { policy: 'lru', frames: 1 }, 'MEM-TRC-020'],
    ['half a page', [1.5], { policy: 'lru', frames: 1 }, 'MEM-TRC-020'],
    ['no number', [Number.NaN], { policy: 'lru', frames: 1 }, 'MEM-TRC-020'],
    ['a page above 2^53', [2 ** 53], { policy: 'lru', frames: 1 }, 'MEM-TRC-020'],
    ['no frames', [1], { policy: 'lru', frames: 0 }, 'MEM-TRC-021'],
    ['half a frame', [1], { policy: 'lru', frames: 1.5 }, 'MEM-TRC-021'],
    ['too many frames', [1], { policy: 'lru', frames: 2 ** 24 + 1 }, 'MEM-TRC-021'],
    ['initial pages that do not fit', [1], { policy: 'lru', frames: 1, initial: [1, 2] }, 'MEM-TRC-022'],
    ['an initial page twice', [1], { policy: 'lru', frames: 2, initial: [1, 1] }, 'MEM-TRC-022'],
  ] as const)('%s', ([, references, config, code]) => {
    try {
      simulateReferences(references, config);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).code).toBe(code);
      return;
    }
    expect.unreachable();
  });
});
