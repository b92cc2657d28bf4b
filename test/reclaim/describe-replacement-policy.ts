import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyContext, PolicyName, ReferenceBits } from '../../src/kernel/reclaim/policy.ts';
import { createPolicy, POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';
import { Random } from '../../src/mmu/random.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { naiveReplay } from './naive-policies.ts';

/** What every policy owes its caller. An exception is named, with its reason. */
export type PolicyRule =
  | 'the books balance'
  | 'the same trace gives the same result'
  | 'opt is never worse'
  | 'more frames never fault more'
  | 'agrees with the naive model'
  | 'order tells who leaves'
  | 'skipping shows every page'
  | 'misuse is caught'
  | 'invariants hold through any life';

export interface PolicySuiteOptions {
  readonly except?: readonly { readonly rule: PolicyRule; readonly reason: string }[];
}

class BitArray implements ReferenceBits {
  readonly set = new Set<number>();

  testAndClear(slot: number): boolean {
    return this.set.delete(slot);
  }

  peek(slot: number): boolean {
    return this.set.has(slot);
  }
}

const SLOTS = 1 << 14;

/** A context outside of any replay. Its future: slot s is used again at position s, those from 8192 up never. */
function looseContext(references: ReferenceBits): PolicyContext {
  const length = SLOTS / 2;
  return {
    slots: SLOTS,
    references,
    random: new Random(7),
    future: { length, nextUse: (slot) => Math.min(slot, length), slotAt: (position) => position },
  };
}

const references = fc.array(fc.nat({ max: 9 }), { maxLength: 120 });
const frames = fc.integer({ min: 1, max: 8 });
/** Slots next to each other, and slots far apart: frames of a machine are both. */
const slot = fc.oneof(fc.nat({ max: 7 }), fc.constantFrom(1022, 1023, 1024, 4095, SLOTS / 2, SLOTS - 1));
const operations = fc.array(
  fc.tuple(fc.constantFrom('admit', 'touch', 'evict', 'victim', 'skip', 'free', 'order'), slot),
  { maxLength: 150 },
);

export function describeReplacementPolicy(name: PolicyName, options: PolicySuiteOptions = {}): void {
  const rule = (title: PolicyRule, check: () => void): void => {
    const exception = options.except?.find((entry) => entry.rule === title);
    if (exception === undefined) test(title, check);
    else test.skip(`${title} (not so: ${exception.reason})`, check);
  };

  describe(`replacement policy ${name}`, () => {
    test('is registered under its own name, with a description', () => {
      expect(createPolicy(name, looseContext(new BitArray())).name).toBe(name);
      expect(POLICIES[name].description.length).toBeGreaterThan(40);
    });

    rule('the books balance', () => {
      fc.assert(
        fc.property(references, frames, (pages, count) => {
          const result = simulateReferences(pages, { policy: name, frames: count });
          const resident = new Set<number>();
          let evicted = 0;
          pages.forEach((page, at) => {
            expect(result.missed[at]).toBe(resident.has(page) ? 0 : 1);
            if (resident.has(page)) return;
            if (resident.size === count) expect(resident.delete(result.evictions[evicted++]!)).toBe(true);
            resident.add(page);
          });
          expect(evicted).toBe(result.evictions.length);
          expect(new Set(result.frames.filter((page) => page !== null))).toEqual(resident);
          expect(result.hits + result.faults).toBe(pages.length);
          expect(result.coldMisses).toBe(result.distinctPages);
          expect(result.coldMisses + result.capacityMisses).toBe(result.faults);
        }),
      );
    });

    rule('the same trace gives the same result', () => {
      fc.assert(
        fc.property(references, frames, fc.nat(), (pages, count, seed) => {
          const config = { policy: name, frames: count, seed };
          expect(simulateReferences(pages, config)).toEqual(simulateReferences(pages, config));
        }),
      );
    });

    rule('opt is never worse', () => {
      fc.assert(
        fc.property(references, frames, (pages, count) => {
          const best = simulateReferences(pages, { policy: 'opt', frames: count }).faults;
          expect(simulateReferences(pages, { policy: name, frames: count }).faults).toBeGreaterThanOrEqual(best);
        }),
      );
    });

    rule('more frames never fault more', () => {
      fc.assert(
        fc.property(references, frames, (pages, count) => {
          const smaller = simulateReferences(pages, { policy: name, frames: count });
          const larger = simulateReferences(pages, { policy: name, frames: count + 1 });
          // The stack property is stronger than the totals: every hit of the smaller memory is a hit of the larger.
          pages.forEach((_, at) => {
            expect(larger.missed[at]).toBeLessThanOrEqual(smaller.missed[at]!);
          });
        }),
      );
    });

    rule('agrees with the naive model', () => {
      fc.assert(
        fc.property(references, frames, fc.boolean(), (pages, count, referenceOnLoad) => {
          const result = simulateReferences(pages, { policy: name, frames: count, options: { referenceOnLoad } });
          const naive = naiveReplay(name, pages, count, referenceOnLoad);
          expect(Array.from(result.missed)).toEqual(naive.missed);
          expect(result.evictions).toEqual(naive.evictions);
        }),
        { numRuns: 300 },
      );
    });

    rule('order tells who leaves', () => {
      fc.assert(
        fc.property(fc.uniqueArray(slot, { minLength: 1 }), fc.array(slot), (admitted, used) => {
          const bits = new BitArray();
          const policy = createPolicy(name, looseContext(bits));
          for (const entry of admitted) policy.admit(entry, entry);
          for (const entry of used) {
            if (!policy.holds(entry)) continue;
            bits.set.add(entry);
            policy.touch(entry);
          }
          const foretold = policy.order();
          const left: number[] = [];
          for (let next = policy.victim(); next >= 0; next = policy.victim()) {
            policy.remove(next);
            left.push(next);
          }
          expect(left).toEqual(foretold);
        }),
      );
    });

    rule('skipping shows every page', () => {
      fc.assert(
        fc.property(fc.uniqueArray(slot, { minLength: 1 }), (admitted) => {
          const bits = new BitArray();
          const policy = createPolicy(name, looseContext(bits));
          for (const entry of admitted) policy.admit(entry, entry);
          for (const entry of admitted.slice(1)) bits.set.add(entry);
          for (let round = 0; round < 2; round++) {
            const seen = new Set<number>();
            for (let ask = 0; ask < 2 * admitted.length; ask++) {
              const chosen = policy.victim();
              seen.add(chosen);
              policy.skip(chosen);
            }
            expect(seen).toEqual(new Set(admitted));
          }
          expect(policy.checkInvariants()).toEqual([]);
        }),
      );
    });

    rule('misuse is caught', () => {
      const policy = createPolicy(name, looseContext(new BitArray()));
      policy.admit(3, 30);
      expect(() => policy.admit(3, 31)).toThrow(InvariantError);
      for (const empty of [0, 4, 2000]) {
        expect(() => policy.remove(empty)).toThrow(InvariantError);
        expect(() => policy.touch(empty)).toThrow(InvariantError);
        expect(() => policy.skip(empty)).toThrow(InvariantError);
      }
      policy.remove(3);
      expect(() => policy.remove(3)).toThrow(InvariantError);
      expect(policy.victim()).toBe(-1);
      expect(policy.checkInvariants()).toEqual([]);
    });

    rule('invariants hold through any life', () => {
      fc.assert(
        fc.property(operations, (steps) => {
          const bits = new BitArray();
          const policy = createPolicy(name, looseContext(bits));
          const resident = new Set<number>();
          for (const [verb, at] of steps) {
            if (verb === 'admit' && !resident.has(at)) {
              policy.admit(at, at);
              resident.add(at);
            } else if (verb === 'touch' && resident.has(at)) {
              bits.set.add(at);
              policy.touch(at);
            } else if (verb === 'free' && resident.delete(at)) {
              policy.remove(at);
            } else if (verb === 'order') {
              const before = JSON.stringify(policy);
              expect(policy.order().sort((a, b) => a - b)).toEqual([...resident].sort((a, b) => a - b));
              expect(JSON.stringify(policy)).toBe(before);
            } else if (verb === 'evict' || verb === 'victim' || verb === 'skip') {
              const chosen = policy.victim();
              expect(chosen === -1 ? resident.size === 0 : resident.has(chosen)).toBe(true);
              if (verb === 'skip' && chosen >= 0) policy.skip(chosen);
              if (verb === 'evict' && resident.delete(chosen)) policy.remove(chosen);
            }
            expect(policy.resident).toBe(resident.size);
            expect(policy.holds(at)).toBe(resident.has(at));
            expect(policy.checkInvariants()).toEqual([]);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
