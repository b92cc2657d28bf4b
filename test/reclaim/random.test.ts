import { describe, expect, test } from 'vitest';
import { Random } from '../../src/mmu/random.ts';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe('seeded random numbers', () => {
  test('the same seed gives the same stream, another seed another', () => {
    expect(draw(new Random(5), 20)).toEqual(draw(new Random(5), 20));
    expect(draw(new Random(5), 20)).not.toEqual(draw(new Random(6), 20));
    expect(draw(new Random(5), 20)).not.toEqual(draw(new Random(5 + 2 ** 32), 20));
  });

  test('sfc32 as PractRand seeds and steps it', () => {
    expect(draw(new Random(1), 4)).toEqual(reference(1, 4));
    expect(draw(new Random(0xdead_beef), 4)).toEqual(reference(0xdead_beef, 4));
  });

  test('a clone draws the same numbers and disturbs nothing', () => {
    const random = new Random(9);
    draw(random, 100);
    const clone = random.clone();
    const ahead = draw(clone, 50);
    expect(draw(random, 50)).toEqual(ahead);
  });

  test('below stays below, reaches every value and favours none', () => {
    const random = new Random(3);
    const counts = new Array<number>(6).fill(0);
    for (let roll = 0; roll < 6000; roll++) counts[random.below(6)]!++;
    expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(20.5);
    for (const bound of [1, 2, 3, 0x8000_0001, 2 ** 32]) expect(random.below(bound)).toBeLessThan(bound);
  });
});

/** sfc32 in exact arithmetic, from its published definition. */
function reference(seed: number, count: number): number[] {
  const mask = 0xffff_ffffn;
  let [a, b, c, counter] = [0n, BigInt(seed), 0n, 1n];
  const next = (): number => {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask;
    return Number(sum);
  };
  for (let round = 0; round < 15; round++) next();
  return Array.from({ length: count }, next);
}
