/** The tree of areas against a plain sorted array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VM_GROWSDOWN } from '../../src/kernel/linux-abi.ts';
import { Area } from '../../src/kernel/vm/area.ts';
import { AreaTree } from '../../src/kernel/vm/area-tree.ts';

const GUARD = 3;
const SPACE = 400;

interface NaiveArea {
  start: number;
  end: number;
  growsDown: boolean;
}

/** Every hole of the array within [low, high), lowest first. */
function holes(areas: readonly NaiveArea[], low: number, high: number): [number, number][] {
  const found: [number, number][] = [];
  let from = 0;
  for (const area of areas) {
    found.push([from, area.growsDown ? Math.max(0, area.start - GUARD) : area.start]);
    from = area.end;
  }
  found.push([from, Number.POSITIVE_INFINITY]);
  return found.map(([start, end]) => [Math.max(start, low), Math.min(end, high)]);
}

const command = fc.oneof(
  fc.record({
    do: fc.constant('insert' as const),
    start: fc.nat(SPACE),
    length: fc.integer({ min: 1, max: 12 }),
    growsDown: fc.boolean(),
  }),
  fc.record({ do: fc.constant('remove' as const), at: fc.nat(SPACE) }),
  fc.record({ do: fc.constant('resize' as const), at: fc.nat(SPACE), by: fc.integer({ min: -5, max: 5 }) }),
  fc.record({
    do: fc.constant('holes' as const),
    length: fc.integer({ min: 1, max: 40 }),
    low: fc.nat(SPACE / 2),
    high: fc.integer({ min: SPACE / 2, max: SPACE + 60 }),
  }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

function apply(tree: AreaTree, naive: NaiveArea[], step: Command): void {
  switch (step.do) {
    case 'insert': {
      const end = step.start + step.length;
      if (naive.some((area) => area.start < end && step.start < area.end)) return;
      tree.insert(new Area(step.start, end, step.growsDown ? VM_GROWSDOWN : 0, null, 0));
      naive.push({ start: step.start, end, growsDown: step.growsDown });
      naive.sort((a, b) => a.start - b.start);
      return;
    }
    case 'remove': {
      const area = tree.find(step.at);
      if (area === null) return;
      const index = naive.findIndex((other) => other.start === area.start);
      naive.splice(index, 1);
      tree.remove(area);
      return;
    }
    case 'resize': {
      const area = tree.at(step.at);
      if (area === null) return;
      const end = area.end + step.by;
      if (end <= area.start || (area.next !== null && end > area.next.start)) return;
      naive.find((other) => other.start === area.start)!.end = end;
      area.end = end;
      tree.boundsChanged(area);
      return;
    }
    case 'holes': {
      const { length, low, high } = step;
      const fits = holes(naive, low, high).filter(([start, end]) => end - start >= length);
      expect(tree.highestHole(length, low, high)).toBe(fits.length === 0 ? -1 : fits.at(-1)![1] - length);
      expect(tree.lowestHole(length, low, high)).toBe(fits.length === 0 ? -1 : fits[0]![0]);
    }
  }
}

describe('AreaTree agrees with a sorted array', () => {
  it('over inserts, removals, moved bounds and searches', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 60, maxLength: 160, size: 'max' }), (commands) => {
        const tree = new AreaTree(GUARD);
        const naive: NaiveArea[] = [];
        for (const step of commands) {
          apply(tree, naive, step);
          expect(tree.checkInvariants()).toEqual([]);
          const probe = step.do === 'holes' ? step.low : 'at' in step ? step.at : step.start;
          expect(tree.find(probe)?.start).toBe(naive.find((area) => area.end > probe)?.start);
          expect(tree.below(probe)?.start).toBe(naive.filter((area) => area.start < probe).at(-1)?.start);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  it('stays shallow with tens of thousands of areas', () => {
    const tree = new AreaTree(0);
    for (let i = 0; i < 60_000; i++) tree.insert(new Area(i * 2, i * 2 + 1, 0, null, 0));
    expect(tree.root!.height).toBeLessThanOrEqual(1.4405 * Math.log2(60_002));
    for (let i = 0; i < 60_000; i += 3) tree.remove(tree.at(i * 2)!);
    expect(tree.count).toBe(40_000);
    // The highest removed one is number 59,997: free from the end of 59,996 to the start of 59,998.
    expect(tree.highestHole(3, 0, 119_999)).toBe(119_993);
    expect(tree.checkInvariants()).toEqual([]);
  });
});
