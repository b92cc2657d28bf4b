/** TLBs of two levels against lists: sets by page number, the order of use or of filling in each. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type TlbCounts, TlbReplay } from '../../src/trace/tlb-replay.ts';

type Policy = 'lru' | 'fifo';

/** A level: for each set its pages, the next to leave first. */
class NaiveLevel {
  private readonly sets: bigint[][];
  private readonly ways: number;
  private readonly policy: Policy;

  constructor(sets: number, ways: number, policy: Policy) {
    this.sets = Array.from({ length: sets }, () => []);
    this.ways = ways;
    this.policy = policy;
  }

  hits(page: bigint): boolean {
    const set = this.setOf(page);
    const at = set.indexOf(page);
    if (at >= 0 && this.policy === 'lru') set.push(...set.splice(at, 1));
    return at >= 0;
  }

  fill(page: bigint): void {
    const set = this.setOf(page);
    if (set.length === this.ways) set.shift();
    set.push(page);
  }

  private setOf(page: bigint): bigint[] {
    return this.sets[Number(page % BigInt(this.sets.length))]!;
  }
}

function naive(pages: readonly number[], first: NaiveLevel, second: NaiveLevel): TlbCounts {
  let [l1Hits, l2Hits, walks] = [0, 0, 0];
  for (const page of pages.map(BigInt)) {
    if (first.hits(page)) l1Hits++;
    else {
      if (second.hits(page)) l2Hits++;
      else {
        walks++;
        second.fill(page);
      }
      first.fill(page);
    }
  }
  return { references: pages.length, l1Hits, l2Hits, walks };
}

/** User space, and the top of the address space, whose page numbers have 52 bits. */
const page = fc.oneof(
  fc.nat({ max: 40 }),
  fc.nat({ max: 40 }).map((number) => 2 ** 35 - 1 - number),
  fc.nat({ max: 40 }).map((number) => 2 ** 52 - 1 - number),
);
// Sets of the upper half agree with the page number where they are a power of two, as they are in hardware.
const level = fc.record({ sets: fc.constantFrom(1, 2, 4, 8), ways: fc.integer({ min: 1, max: 4 }) });

it('counts as lists do', () => {
  const pages = fc.array(page, { minLength: 1, maxLength: 400 });
  const policy = fc.constantFrom<Policy>('lru', 'fifo');
  fc.assert(
    fc.property(pages, level, level, policy, fc.nat({ max: 400 }), (numbers, l1, l2, kind, cut) => {
      const known = [...new Set(numbers)];
      const ids = Int32Array.from(numbers, (number) => known.indexOf(number));
      const entries = ({ sets, ways }: typeof l1) => ({ entries: sets * ways, ways, policy: kind });
      const replay = new TlbReplay({ ...entries(l1), l2: entries(l2) });
      const middle = Math.min(cut, ids.length);
      replay.feed(ids, Float64Array.from(known), 0, middle);
      replay.feed(ids, Float64Array.from(known), middle, ids.length);
      const [first, second] = [l1, l2].map(({ sets, ways }) => new NaiveLevel(sets, ways, kind));
      expect(replay.end()).toEqual(naive(numbers, first!, second!));
    }),
    { numRuns: 300 },
  );
});
