import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PositionSet } from '../../src/kernel/reclaim/position-set.ts';
import { SlotList } from '../../src/kernel/reclaim/slot-list.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';

describe('slot list', () => {
  const slot = fc.oneof(fc.nat({ max: 5 }), fc.constantFrom(1022, 1023, 5000));
  const verb = fc.constantFrom('front', 'back', 'before', 'unlink', 'toFront', 'toBack');

  test('is an array, only faster', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(verb, slot, fc.nat())), (steps) => {
        const list = new SlotList(5001);
        const model: number[] = [];
        for (const [action, at, place] of steps) {
          const index = model.indexOf(at);
          if (action === 'unlink' || action === 'toFront' || action === 'toBack') {
            if (index < 0) continue;
            model.splice(index, 1);
            if (action === 'unlink') list.unlink(at);
            else if (action === 'toFront') {
              list.moveToFront(at);
              model.unshift(at);
            } else {
              list.moveToBack(at);
              model.push(at);
            }
          } else if (index < 0) {
            if (action === 'front') {
              list.pushFront(at);
              model.unshift(at);
            } else if (action === 'back') {
              list.pushBack(at);
              model.push(at);
            } else if (model.length > 0) {
              const before = place % model.length;
              list.insertBefore(at, model[before]!);
              model.splice(before, 0, at);
            }
          }
          expect(list.toArray()).toEqual(model);
          expect(list.size).toBe(model.length);
          expect(list.front()).toBe(model[0] ?? -1);
          expect(list.checkInvariants()).toEqual([]);
          model.forEach((entry, position) => {
            expect(list.after(entry)).toBe(model[(position + 1) % model.length]);
          });
        }
      }),
    );
  });

  test('refuses what does not exist', () => {
    const list = new SlotList(2000);
    list.pushBack(1);
    for (const wrong of [() => list.pushBack(2000), () => list.pushBack(1.5), () => list.insertBefore(2, 3)]) {
      expect(wrong).toThrow(InvariantError);
    }
    expect(() => new SlotList(0)).toThrow(InvariantError);
    expect(() => new SlotList(2 ** 27 + 1)).toThrow(InvariantError);
    expect(list.checkInvariants()).toEqual([]);
  });

  test('a list for 2^24 slots costs what it holds', () => {
    const list = new SlotList(2 ** 24);
    list.pushBack(3000);
    const bytes = Object.values(list).reduce(
      (sum: number, field: unknown) => sum + (ArrayBuffer.isView(field) ? field.byteLength : 0),
      0,
    );
    expect(bytes).toBeLessThan(64 * 1024);
  });
});

test('position set: the last member, as a sorted array would tell', () => {
  const length = 40_000;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.oneof(fc.nat({ max: 70 }), fc.nat({ max: length - 1 })))),
      (steps) => {
        const positions = new PositionSet(length);
        const model = new Set<number>();
        for (const [add, at] of steps) {
          if (add) {
            positions.add(at);
            model.add(at);
          } else if (model.delete(at)) {
            positions.delete(at);
          }
          expect(positions.has(at)).toBe(model.has(at));
          expect(positions.last()).toBe(Math.max(-1, ...model));
          expect(positions.count()).toBe(model.size);
        }
      },
    ),
  );
});
