/** The arrays behind the lists of pages: longer when they must be, of their kind, and never past the last slot. */
import { expect, it } from 'vitest';
import { grownArray } from '../../src/kernel/reclaim/grown-array.ts';
import { InvariantError } from '../../src/mmu/invariant.ts';

it.each([Int32Array, Uint16Array, Uint8Array])('%o grows by half of what it then has, or to the index', (Kind) => {
  const array = Kind.of(7, 8, 9);
  expect(grownArray(array, 3, 100)).toEqual(Kind.of(7, 8, 9, 0, 0, 0));
  expect(grownArray(array, 9, 100)).toHaveLength(10);
  expect(grownArray(array, 3, 4)).toEqual(Kind.of(7, 8, 9, 0));
});

it.each([4, -1, 2.5])('index %d of four is refused', (index) => {
  expect(() => grownArray(new Int32Array(2), index, 4)).toThrow(InvariantError);
});
