import { describe, expect, test } from 'vitest';
import { ostepReferences } from '../../src/trace/ostep.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

/**
 * Published exercises on page replacement. The numbers come from the table of the exercise collection (section A: books,
 * lecture notes, exams, OSTEP's own simulator), each recomputed there independently.
 */
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const repeated = (pages: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => pages).flat();
const digits = (text: string): number[] => Array.from(text, Number);

const faultsOf = (references: readonly number[], policy: string, frames: number): number =>
  simulateReferences(references, { policy, frames }).faults;

const BELADY = digits('123412512345');
const SILBERSCHATZ = digits('70120304230321201701');
const SILBERSCHATZ_EXERCISE = digits('12342156212376321236');
const OSTEP_CHAPTER_22 = digits('01201303121');

interface Exercise {
  readonly id: string;
  readonly references: readonly number[];
  readonly frames: number;
  readonly faults: Readonly<Record<string, number>>;
}

const EXERCISES: readonly Exercise[] = [
  { id: 'A1', references: BELADY, frames: 3, faults: { fifo: 9, lru: 10, opt: 7, clock: 9 } },
  { id: 'A2 (Belady’s anomaly)', references: BELADY, frames: 4, faults: { fifo: 10, lru: 8, opt: 6, clock: 10 } },
  { id: 'A3', references: SILBERSCHATZ, frames: 3, faults: { fifo: 15, lru: 12, opt: 9, clock: 14 } },
  { id: 'A9', references: digits('0172327103'), frames: 4, faults: { fifo: 6, lru: 7, opt: 6 } },
  { id: 'A10', references: OSTEP_CHAPTER_22, frames: 3, faults: { opt: 5, lru: 5, fifo: 7 } },
  { id: 'A12', references: digits('1232413241'), frames: 3, faults: { fifo: 6, lru: 9, opt: 5 } },
  {
    id: 'A13 (GATE 2014)',
    references: repeated(range(1, 100), 3),
    frames: 20,
    faults: { opt: 260, mru: 260, lru: 300, fifo: 300, lifo: 262 },
  },
  { id: 'A16 (GATE 2016)', references: repeated(range(1, 20), 2), frames: 10, faults: { lifo: 31, opt: 30 } },
  { id: 'A19 (OSTEP -s 0)', references: ostepReferences({ seed: 0 }), frames: 3, faults: { fifo: 9, lru: 8, opt: 6 } },
  { id: 'A20 (OSTEP -s 1)', references: ostepReferences({ seed: 1 }), frames: 3, faults: { fifo: 8, lru: 8, opt: 7 } },
  {
    id: 'A22 (loop of six, five frames)',
    references: repeated(range(0, 5), 3),
    frames: 5,
    faults: { fifo: 18, lru: 18, mru: 8, opt: 8 },
  },
  {
    id: 'A22 (loop of six, six frames)',
    references: repeated(range(0, 5), 3),
    frames: 6,
    faults: { fifo: 6, lru: 6, mru: 6, opt: 6 },
  },
  {
    id: 'A23 (loop of fifty, 49 frames)',
    references: repeated(range(0, 49), 200),
    frames: 49,
    faults: { fifo: 10000, lru: 10000, mru: 253 },
  },
];

describe.for(EXERCISES)('exercise $id with $frames frames', ({ references, frames, faults }) => {
  test.for(Object.entries(faults))('%s faults %d times', ([policy, expected]) => {
    expect(faultsOf(references, policy, frames)).toBe(expected);
  });
});

interface Curve {
  readonly id: string;
  readonly references: readonly number[];
  readonly policy: string;
  /** Faults with 1, 2, 3, … frames. */
  readonly faults: readonly number[];
}

const OSTEP_100 = ostepReferences({ seed: 0, count: 100, maxPage: 10 });
const CURVES: readonly Curve[] = [
  { id: 'A4', references: SILBERSCHATZ, policy: 'fifo', faults: [20, 15, 15, 10, 9, 6, 6] },
  { id: 'A4', references: SILBERSCHATZ, policy: 'lru', faults: [20, 17, 12, 8, 7, 6, 6] },
  { id: 'A4', references: SILBERSCHATZ, policy: 'opt', faults: [20, 13, 9, 8, 7, 6, 6] },
  { id: 'A5', references: SILBERSCHATZ_EXERCISE, policy: 'lru', faults: [20, 18, 15, 10, 8, 7, 7] },
  { id: 'A5', references: SILBERSCHATZ_EXERCISE, policy: 'fifo', faults: [20, 18, 16, 14, 10, 10, 7] },
  { id: 'A5', references: SILBERSCHATZ_EXERCISE, policy: 'opt', faults: [20, 15, 11, 8, 7, 7, 7] },
  { id: 'A24', references: OSTEP_100, policy: 'fifo', faults: [92, 83, 73, 69, 57] },
  { id: 'A24', references: OSTEP_100, policy: 'lru', faults: [92, 81, 73, 67, 57] },
  { id: 'A24', references: OSTEP_100, policy: 'opt', faults: [92, 66, 52, 43, 35] },
  { id: 'A24', references: OSTEP_100, policy: 'mru', faults: [92, 82, 71, 59, 49] },
];

test.for(CURVES)('exercise $id: $policy over the number of frames', ({ references, policy, faults }) => {
  expect(faults.map((_, index) => faultsOf(references, policy, index + 1))).toEqual(faults);
});

test.for([
  ['opt', 54.5, 85.7],
  ['lru', 54.5, 85.7],
  ['fifo', 36.4, 57.1],
] as const)('exercise A10: %s hits %d %%, %d %% without the cold misses', ([policy, all, warm]) => {
  const result = simulateReferences(OSTEP_CHAPTER_22, { policy, frames: 3 });
  expect(result.hitRate * 100).toBeCloseTo(all, 1);
  expect(result.hitRateWithoutCold * 100).toBeCloseTo(warm, 1);
});

test.for([
  ['fifo', 3],
  ['lru', 1],
  ['opt', 1],
] as const)('exercise A11: %s has 4 cold and %d capacity misses', ([policy, capacity]) => {
  const { coldMisses, capacityMisses } = simulateReferences(OSTEP_CHAPTER_22, { policy, frames: 3 });
  expect({ coldMisses, capacityMisses }).toEqual({ coldMisses: 4, capacityMisses: capacity });
});

test('exercise A15: frames that hold foreign pages are not empty frames', () => {
  const references = repeated(range(1, 100), 3);
  const faults = (policy: string): number =>
    simulateReferences(references, { policy, frames: 20, initial: range(101, 120) }).faults;
  expect({ opt: faults('opt'), mru: faults('mru'), lifo: faults('lifo') }).toEqual({ opt: 260, mru: 300, lifo: 300 });
});

test('exercise A17: the whole state of a clock', () => {
  const references = [3, 2, 3, 0, 8, 4, 2, 5, 0, 9, 8, 3, 2];
  const result = simulateReferences(references, { policy: 'clock', frames: 5 });
  expect(result.faults).toBe(9);
  expect(result.evictions).toEqual([3, 2, 4, 0]);
  expect(result.frames).toEqual([5, 9, 2, 8, 3]);
  expect(result.referenceBits).toEqual([0, 0, 1, 0, 1]);
  expect(result.frames[result.hand]).toBe(8);
});
