/** What the suite of replacement policies makes up: references, options, lives of slots, and a place to live them in. */
import fc from 'fast-check';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import type { PolicyContext, ReferenceBits } from '../../src/kernel/reclaim/policy.ts';
import { Random } from '../../src/mmu/random.ts';

export class BitArray implements ReferenceBits {
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
export function looseContext(references: ReferenceBits): PolicyContext {
  const length = SLOTS / 2;
  return {
    slots: SLOTS,
    references,
    random: new Random(7),
    future: { length, nextUse: (slot) => Math.min(slot, length), slotAt: (position) => position },
  };
}

/** Few pages that come back often; or more of them, in which some come back late. */
export const references = fc.oneof(
  fc.array(fc.nat({ max: 9 }), { maxLength: 120 }),
  fc.array(fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 40 })), { minLength: 60, maxLength: 120 }),
);
export const frames = fc.integer({ min: 1, max: 8 });
/** Also so many that the parts of a memory are more than nothing. */
export const wideFrames = fc.oneof(frames, fc.constantFrom(10, 12, 20));
/** Short intervals, for the few references there are. */
export const QUICK: ReplacementOptions = { tickEvery: 7, window: 5, faultInterval: 4 };
export const loopOptions: fc.Arbitrary<ReplacementOptions> = fc.record(
  {
    referenceOnLoad: fc.boolean(),
    handStart: fc.nat({ max: 9 }),
    counterBits: fc.integer({ min: 1, max: 4 }),
    inPart: fc.constantFrom(0, 0.25, 0.5, 1),
    outPart: fc.constantFrom(0, 0.5, 2),
    smallPart: fc.constantFrom(0, 0.1, 0.5, 1),
    ghostPart: fc.constantFrom(0, 0.9, 2),
    hirPart: fc.constantFrom(0.01, 0.3, 0.5, 1),
    stackPart: fc.constantFrom(1, 2, 3),
    tickEvery: fc.integer({ min: 1, max: 30 }),
    window: fc.integer({ min: 1, max: 12 }),
    faultInterval: fc.integer({ min: 1, max: 9 }),
    writesAhead: fc.nat({ max: 2 }),
  },
  { requiredKeys: [] },
);
/** Slots next to each other, and slots far apart: frames of a machine are both. */
export const slot = fc.oneof(fc.nat({ max: 7 }), fc.constantFrom(1022, 1023, 1024, 4095, SLOTS / 2, SLOTS - 1));
export const operations = fc.array(
  fc.tuple(fc.constantFrom('admit', 'touch', 'evict', 'victim', 'skip', 'free', 'order'), slot),
  { maxLength: 150 },
);
