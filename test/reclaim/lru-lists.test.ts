import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LruLists } from '../../src/kernel/reclaim/lru-lists.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';

const SLOTS = 1 << 14;
const slot = fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(1022, 1023, 1024, 4095, SLOTS - 1));
const list = fc.nat({ max: 11 });
const operations = fc.array(fc.tuple(fc.constantFrom('front', 'back', 'unlink', 'to front', 'to back'), slot, list), {
  maxLength: 200,
});

describe('the lists of all groups', () => {
  test('are arrays of slots, each slot in one of them, through any life', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const lists = new LruLists(SLOTS);
        /** From the back. */
        const naive = Array.from({ length: 12 }, (): number[] => []);
        const holder = (wanted: number) => naive.find((slots) => slots.includes(wanted));
        const drop = (wanted: number) => {
          const slots = holder(wanted)!;
          slots.splice(slots.indexOf(wanted), 1);
        };
        for (const [verb, at, to] of steps) {
          const isIn = holder(at) !== undefined;
          expect(lists.has(at)).toBe(isIn);
          if (isIn !== (verb === 'front' || verb === 'back')) {
            if (verb !== 'front' && verb !== 'back') drop(at);
            if (verb === 'front' || verb === 'to front') naive[to]!.push(at);
            if (verb === 'back' || verb === 'to back') naive[to]!.unshift(at);
            if (verb === 'front') lists.pushFront(at, to);
            else if (verb === 'back') lists.pushBack(at, to);
            else if (verb === 'unlink') lists.unlink(at);
            else if (verb === 'to front') lists.moveToFront(at, to);
            else lists.moveToBack(at, to);
          }
          expect(naive.map((_, index) => lists.toArray(index))).toEqual(naive);
          expect(naive.map((_, index) => lists.sizeOf(index))).toEqual(naive.map(({ length }) => length));
          expect(lists.back(to)).toBe(naive[to]![0] ?? -1);
          expect(lists.listOf(at)).toBe(naive.findIndex((slots) => slots.includes(at)));
          expect(lists.size).toBe(naive.flat().length);
          expect(lists.checkInvariants()).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('catch misuse', () => {
    const lists = new LruLists(8);
    lists.pushFront(3, 0);
    expect(() => lists.pushFront(3, 1)).toThrow(InvariantError);
    expect(() => lists.unlink(4)).toThrow(InvariantError);
    expect(() => lists.moveToFront(8, 0)).toThrow(InvariantError);
    expect(() => lists.pushBack(8, 0)).toThrow(InvariantError);
    expect([lists.has(-1), lists.listOf(900), lists.back(40)]).toEqual([false, -1, -1]);
  });
});
