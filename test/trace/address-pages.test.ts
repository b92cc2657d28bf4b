/** Pages of several address spaces, numbered, against a map of their names. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressPages } from '../../src/trace/address-pages.ts';

const PAGES = 40_000;

/** Page numbers that make collisions where a hash is careless. */
const SHAPES: Readonly<Record<string, (page: number) => readonly [process: number, high: number, low: number]>> = {
  'a run of pages': (page) => [0, 0, page],
  'every 512th page': (page) => [0, 0, (page * 512) >>> 0],
  'the upper half alone': (page) => [0, page, 7],
  'two halves of an address space': (page) => [0, page % 2 === 0 ? 7 : 5, page >>> 1],
  'many processes': (page) => [page, 0, 7],
  'scattered over 64 bits': (page) => [0, Math.imul(page, 0x9e3779b1) >>> 0, Math.imul(page, 0x85ebca6b) >>> 0],
};

test.each(Object.entries(SHAPES))('%s: numbered in the order of appearance, found again', (_, shape) => {
  const numbering = new AddressPages();
  const pages = Array.from({ length: PAGES }, (_, page) => page);
  const names = pages.map(shape);
  expect(names.map((name) => numbering.idOf(...name))).toEqual(pages);
  expect(names.map((name) => numbering.idOf(...name))).toEqual(pages);
  const told = pages.map((id) => [numbering.processOf(id), numbering.highOf(id), numbering.lowOf(id)]);
  expect(told).toEqual(names);
  expect(numbering.count).toBe(PAGES);
});

const column = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const address = fc.tuple(fc.integer({ min: 0, max: 2 }), column, column);

test('columns of addresses, as one by one', () => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 50 }), fc.integer({ min: 0, max: 30 }), (addresses, shift) => {
      const [processes, highs, lows] = [0, 1, 2].map((part) => Uint32Array.from(addresses, (one) => one[part]!));
      const ids = new Int32Array(addresses.length + 1).fill(-1);
      const numbering = new AddressPages();
      const half = addresses.length >>> 1;
      numbering.idsOf(processes!, highs!, lows!, 0, half, shift, ids, 1);
      numbering.idsOf(processes!, highs!, lows!, half, addresses.length, shift, ids, 1 + half);
      const names = addresses.map(([process, high, low]) => {
        const page = ((BigInt(high) << 32n) | BigInt(low)) >> BigInt(shift);
        return `${process}:${page}`;
      });
      const seen = [...new Set(names)];
      expect([...ids]).toEqual([-1, ...names.map((name) => seen.indexOf(name))]);
      expect(numbering.count).toBe(seen.length);
    }),
  );
});
