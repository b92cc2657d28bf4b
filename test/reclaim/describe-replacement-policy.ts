import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keepsBooks } from '../../src/kernel/reclaim/loops/loop.ts';
import { createLoop } from '../../src/kernel/reclaim/loops/registry.ts';
import type { PolicyName, ReplacementPolicy } from '../../src/kernel/reclaim/policy.ts';
import { createPolicy, POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { cloneState } from '../../src/machine/clone-state.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';
import { Random } from '../../src/mmu/random.ts';
import { PageNumbering } from '../../src/trace/page-numbering.ts';
import { PolicyLoop } from '../../src/trace/policy-loop.ts';
import { Replay } from '../../src/trace/replay.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { naiveReplay } from './naive-policies.ts';
import {
  BitArray,
  frames,
  loopOptions,
  looseContext,
  operations,
  QUICK,
  references,
  slot,
  wideFrames,
} from './policy-arbitraries.ts';

/** What every policy owes its caller. An exception is named, with its reason. */
export type PolicyRule =
  | 'capacity is never exceeded'
  | 'the books balance'
  | 'the fast loop is the policy'
  | 'the same trace gives the same result'
  | 'opt is never worse'
  | 'one frame holds the page used last'
  | 'room for every page leaves only cold misses'
  | 'the seed does not matter'
  | 'pieces of a trace are the trace'
  | 'a copy goes on as the original does'
  | 'more frames never fault more'
  | 'agrees with the naive model'
  | 'order tells who leaves'
  | 'skipping shows every page'
  | 'misuse is caught'
  | 'invariants hold through any life';

export interface PolicySuiteOptions {
  readonly except?: readonly { readonly rule: PolicyRule; readonly reason: string }[];
}

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

    rule('capacity is never exceeded', () => {
      fc.assert(
        fc.property(references, frames, (pages, count) => {
          const result = simulateReferences(pages, { policy: name, frames: count, options: QUICK });
          const loaded = result.faults - result.evictions.length;
          expect(loaded).toBeGreaterThanOrEqual(Math.min(pages.length, 1));
          expect(loaded).toBeLessThanOrEqual(count);
          expect(result.frames.filter((page) => page !== null).length).toBe(loaded);
          expect(result.faults).toBeGreaterThanOrEqual(result.distinctPages);
        }),
      );
    });

    rule('the fast loop is the policy', () => {
      fc.assert(
        fc.property(
          references,
          wideFrames,
          loopOptions,
          fc.nat(),
          fc.nat({ max: 120 }),
          fc.boolean(),
          (pages, frames, options, seed, cut, writes) => {
            const kinds = writes ? Uint8Array.from(pages, (page, at) => ((page * 7 + at) % 5 === 0 ? 1 : 0)) : null;
            const numbering = new PageNumbering();
            const ids = Int32Array.from(pages, (page) => numbering.idOf(page));
            const context = () => ({ frames, options, random: new Random(seed), recording: ids });
            const fast = createLoop(name, context());
            expect(fast).not.toBeNull();
            const slow = new PolicyLoop({ ...context(), policy: name, pageOf: (id) => id });
            const results = [fast!, slow].map((loop) => {
              const missBits = new Uint32Array(4);
              const evicted = new Int32Array(ids.length).fill(-2);
              // In two batches, the second with more pages than the first: state has to survive between them.
              const first = Math.min(cut, ids.length);
              loop.grow(1 + ids.subarray(0, first).reduce((most, id) => Math.max(most, id), 0));
              if (keepsBooks(loop)) loop.kinds = kinds;
              let misses = loop.run(ids, 0, first, missBits, evicted);
              loop.grow(numbering.count + 1);
              misses += loop.run(ids, first, ids.length, missBits, evicted);
              const books = keepsBooks(fast!) && keepsBooks(loop) ? [loop.writeBacks, loop.residentSum] : [];
              return { misses, missBits, evicted, books };
            });
            expect(results[0]).toEqual(results[1]);
          },
        ),
        { numRuns: 300 },
      );
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

    rule('one frame holds the page used last', () => {
      fc.assert(
        fc.property(references, (pages) => {
          const { faults, frames } = simulateReferences(pages, { policy: name, frames: 1 });
          expect(faults).toBe(pages.filter((page, at) => page !== pages[at - 1]).length);
          expect(frames).toEqual([pages.at(-1) ?? null]);
        }),
      );
    });

    rule('room for every page leaves only cold misses', () => {
      fc.assert(
        fc.property(references, fc.nat({ max: 3 }), (pages, more) => {
          const distinct = new Set(pages).size;
          const result = simulateReferences(pages, { policy: name, frames: Math.max(1, distinct) + more });
          expect([result.faults, result.evictions]).toEqual([distinct, []]);
        }),
      );
    });

    rule('the seed does not matter', () => {
      fc.assert(
        fc.property(references, frames, fc.nat(), fc.nat(), (pages, count, seed, other) => {
          const config = { policy: name, frames: count };
          const one = simulateReferences(pages, { ...config, seed });
          expect(simulateReferences(pages, { ...config, seed: other })).toEqual(one);
        }),
      );
    });

    rule('pieces of a trace are the trace', () => {
      fc.assert(
        fc.property(references, wideFrames, fc.array(fc.nat({ max: 120 }), { maxLength: 4 }), (pages, count, cuts) => {
          const numbering = new PageNumbering();
          const ids = Int32Array.from(pages, (page) => numbering.idOf(page));
          const replayed = (ends: readonly number[]) => {
            const replay = new Replay({ policy: name, frames: count, options: QUICK, fingerprint: true });
            let from = 0;
            for (const end of ends) {
              replay.feed(ids.subarray(from), null, Math.max(0, end - from));
              from = Math.max(from, end);
            }
            return replay.end();
          };
          const inside = cuts.filter((cut) => cut <= ids.length).sort((a, b) => a - b);
          expect(replayed([...inside, ids.length])).toEqual(replayed([ids.length]));
        }),
      );
    });

    rule('a copy goes on as the original does', () => {
      fc.assert(
        fc.property(fc.uniqueArray(slot, { minLength: 1 }), fc.array(slot), fc.array(slot), (admitted, used, later) => {
          const bits = new BitArray();
          const policy = createPolicy(name, looseContext(bits));
          for (const entry of admitted) policy.admit(entry, entry);
          const use = (one: ReplacementPolicy, ofBits: BitArray, entries: readonly number[]) => {
            for (const entry of entries) {
              if (!one.holds(entry)) continue;
              ofBits.set.add(entry);
              one.touch(entry);
            }
          };
          use(policy, bits, used);
          // As a machine is copied for its snapshots: the policy with the bits and the lots it draws from.
          const [copy, copiedBits] = cloneState([policy, bits] as [ReplacementPolicy, BitArray]);
          const goOn = (one: ReplacementPolicy, ofBits: BitArray): number[] => {
            use(one, ofBits, later);
            const left: number[] = [];
            for (let next = one.victim(); next >= 0; next = one.victim()) {
              one.remove(next);
              left.push(next);
            }
            return left;
          };
          expect(goOn(copy, copiedBits)).toEqual(goOn(policy, bits));
          expect(copy.checkInvariants()).toEqual([]);
        }),
        { numRuns: 40 },
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
        fc.property(
          references,
          frames,
          fc.boolean(),
          fc.infiniteStream(fc.nat(3)),
          (pages, count, referenceOnLoad, stream) => {
            const kinds = pages.map(() => stream.next().value as number);
            const intervals = { referenceOnLoad, tickEvery: 7, window: 3, faultInterval: 4 };
            const result = simulateReferences(pages, { policy: name, frames: count, options: intervals, kinds });
            const naive = naiveReplay(name, pages, count, { ...intervals, writes: (at) => kinds[at]! % 2 === 1 });
            expect(Array.from(result.missed)).toEqual(naive.missed);
            expect(result.evictions).toEqual(naive.evictions);
          },
        ),
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
