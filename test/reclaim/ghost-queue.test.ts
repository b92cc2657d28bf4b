import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GhostQueue } from '../../src/kernel/reclaim/ghost-queue.ts';

const page = fc.oneof(
  fc.nat({ max: 40 }),
  fc.maxSafeNat(),
  fc.nat().map((high) => high * 2 ** 21),
);

test('ghosts are an array from which the oldest goes when it is full', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 40 }),
      fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete', 'forget'), page), { maxLength: 300 }),
      (most, steps) => {
        const ghosts = new GhostQueue(most);
        let model: number[] = [];
        for (const [verb, at] of steps) {
          if (verb === 'add') {
            ghosts.add(at);
            model = [...model.filter((other) => other !== at), at].slice(-most || model.length + 1);
          } else if (verb === 'delete') {
            expect(ghosts.delete(at)).toBe(model.includes(at));
            model = model.filter((other) => other !== at);
          } else {
            ghosts.forgetOldest();
            model.shift();
          }
          expect(ghosts.toArray()).toEqual(model);
          expect(ghosts.has(at)).toBe(model.includes(at));
          expect(ghosts.entryOf(at) >= 0 && ghosts.pageAt(ghosts.entryOf(at)) === at).toBe(model.includes(at));
          expect(ghosts.checkInvariants()).toEqual([]);
        }
      },
    ),
  );
});
