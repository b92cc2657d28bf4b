import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineEvent } from '../../src/machine/events.ts';
import { Machine } from '../../src/machine/machine.ts';
import { ostepReferences } from '../../src/trace/ostep.ts';

/**
 * Exercises of section A on a whole machine: a process writes to the pages of the reference string while no more than
 * `frames` of its pages may be resident; evicted ones go to swap. First touches are minor faults, later ones major.
 * (`test/trace/exercises.test.ts` has the same numbers for the policies alone, and those of OPT.)
 */
const PAGE = 4096;

class ReferenceMachine {
  readonly machine: Machine;
  readonly process: Process;
  readonly base: number;
  readonly evictions: number[] = [];

  constructor(policy: string, frames: number, pages: number) {
    this.machine = new Machine({
      memory: (pages + 64) * PAGE,
      swap: (pages + 64) * PAGE,
      replacement: policy,
      residentPages: frames,
    });
    this.process = this.machine.spawn({ name: 'exercise', image: {} });
    const prot = PROT_READ | PROT_WRITE;
    this.base = this.machine.mmap(this.process, { length: pages * PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  }

  /** Write each page in turn; the page's byte counts its references, so that a lost write shows. */
  refer(references: readonly number[]): void {
    const stop = this.machine.on((event) => this.note(event));
    this.write(references);
    stop();
  }

  /** The same without listening. */
  write(references: readonly number[]): void {
    for (const page of references) {
      const { ok } = this.machine.rmw(this.process, this.base + page * PAGE, (count) => (count + 1) % 256);
      expect(ok).toBe(true);
    }
  }

  get faults(): number {
    return this.process.minorFaults + this.process.majorFaults;
  }

  /** Pages that are resident, each with its use bit. */
  get residents(): Map<number, boolean> {
    const { pages } = this.machine.view().processes[this.process.pid]!;
    return new Map(
      Object.values(pages)
        .filter(({ state }) => state === 'present')
        .map(({ address, letters }) => [(address - this.base) / PAGE, letters.includes('A')]),
    );
  }

  private note(event: MachineEvent): void {
    if (event.type !== 'Eviction') return;
    for (const { address } of event.mappings) this.evictions.push((address - this.base) / PAGE);
  }
}

const digits = (text: string): number[] => Array.from(text, Number);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const repeated = (pages: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => pages).flat();

function run(references: readonly number[], policy: string, frames: number): ReferenceMachine {
  const exercise = new ReferenceMachine(policy, frames, Math.max(...references) + 1);
  exercise.write(references);
  return exercise;
}

const BELADY = digits('123412512345');
const SILBERSCHATZ = digits('70120304230321201701');
const SILBERSCHATZ_EXERCISE = digits('12342156212376321236');
const OSTEP_100 = ostepReferences({ seed: 0, count: 100, maxPage: 10 });

interface Exercise {
  readonly id: string;
  readonly references: readonly number[];
  readonly frames: number;
  readonly faults: Readonly<Record<string, number>>;
}

const EXERCISES: readonly Exercise[] = [
  { id: 'A1', references: BELADY, frames: 3, faults: { fifo: 9, lru: 10, clock: 9 } },
  { id: 'A2 (Belady’s anomaly)', references: BELADY, frames: 4, faults: { fifo: 10, lru: 8, clock: 10 } },
  { id: 'A3', references: SILBERSCHATZ, frames: 3, faults: { fifo: 15, lru: 12, clock: 14 } },
  { id: 'A9', references: digits('0172327103'), frames: 4, faults: { fifo: 6, lru: 7 } },
  { id: 'A10', references: digits('01201303121'), frames: 3, faults: { lru: 5, fifo: 7 } },
  { id: 'A12', references: digits('1232413241'), frames: 3, faults: { fifo: 6, lru: 9 } },
  {
    id: 'A13',
    references: repeated(range(1, 100), 3),
    frames: 20,
    faults: { mru: 260, lru: 300, fifo: 300, lifo: 262 },
  },
  { id: 'A16', references: repeated(range(1, 20), 2), frames: 10, faults: { lifo: 31 } },
  { id: 'A19', references: ostepReferences({ seed: 0 }), frames: 3, faults: { fifo: 9, lru: 8 } },
  { id: 'A20', references: ostepReferences({ seed: 1 }), frames: 3, faults: { fifo: 8, lru: 8 } },
  { id: 'A22', references: repeated(range(0, 5), 3), frames: 5, faults: { fifo: 18, lru: 18, mru: 8 } },
  { id: 'A22', references: repeated(range(0, 5), 3), frames: 6, faults: { fifo: 6, lru: 6, mru: 6 } },
  { id: 'A23', references: repeated(range(0, 49), 200), frames: 49, faults: { fifo: 10000, lru: 10000, mru: 253 } },
];

describe.for(EXERCISES)('exercise $id with $frames frames', ({ references, frames, faults }) => {
  test.for(Object.entries(faults))('a process under %s faults %d times', ([policy, expected]) => {
    const exercise = run(references, policy, frames);
    const distinct = new Set(references).size;
    const { minorFaults, majorFaults } = exercise.process;
    expect({ minorFaults, majorFaults }).toEqual({ minorFaults: distinct, majorFaults: expected - distinct });
    // Every page was written before it left and after it came: each replacement writes, each major fault reads.
    expect(exercise.machine.counters()).toMatchObject({
      evictions: expected - Math.min(distinct, frames),
      swapWrites: expected - Math.min(distinct, frames),
      swapReads: expected - distinct,
    });
    expect(exercise.residents.size).toBe(Math.min(distinct, frames));
    expect(exercise.machine.checkInvariants()).toEqual([]);
  });
});

const CURVES = [
  { id: 'A4', references: SILBERSCHATZ, policy: 'fifo', faults: [20, 15, 15, 10, 9, 6, 6] },
  { id: 'A4', references: SILBERSCHATZ, policy: 'lru', faults: [20, 17, 12, 8, 7, 6, 6] },
  { id: 'A5', references: SILBERSCHATZ_EXERCISE, policy: 'lru', faults: [20, 18, 15, 10, 8, 7, 7] },
  { id: 'A5', references: SILBERSCHATZ_EXERCISE, policy: 'fifo', faults: [20, 18, 16, 14, 10, 10, 7] },
  { id: 'A24', references: OSTEP_100, policy: 'fifo', faults: [92, 83, 73, 69, 57] },
  { id: 'A24', references: OSTEP_100, policy: 'lru', faults: [92, 81, 73, 67, 57] },
  { id: 'A24', references: OSTEP_100, policy: 'mru', faults: [92, 82, 71, 59, 49] },
] as const;

test.for(CURVES)(
  'exercise $id: a process under $policy, over the number of frames',
  ({ references, policy, faults }) => {
    expect(faults.map((_, index) => run(references, policy, index + 1).faults)).toEqual(faults);
  },
);

test('A11: FIFO’s seven faults are 4 cold (minor) and 3 capacity (major), LRU’s five are 4 and 1', () => {
  const split = (policy: string): readonly number[] => {
    const { process } = run(digits('01201303121'), policy, 3);
    return [process.minorFaults, process.majorFaults];
  };
  expect({ fifo: split('fifo'), lru: split('lru') }).toEqual({ fifo: [4, 3], lru: [4, 1] });
});

test('A17: the clock evicts 3, 2, 4, 0; the use bits are those of the page table; the hand is at 8', () => {
  const references = [3, 2, 3, 0, 8, 4, 2, 5, 0, 9, 8, 3, 2];
  const exercise = new ReferenceMachine('clock', 5, 10);
  exercise.refer(references);
  expect(exercise.faults).toBe(9);
  expect(exercise.evictions).toEqual([3, 2, 4, 0]);
  expect(exercise.residents).toEqual(
    new Map([
      [2, true],
      [3, true],
      [5, false],
      [8, false],
      [9, false],
    ]),
  );
  exercise.refer([7]);
  expect(exercise.evictions.at(-1)).toBe(8); // what the hand pointed to, its bit being clear
});

test('what was evicted comes back as it was: every page knows how often it was written', () => {
  const references = repeated(SILBERSCHATZ, 10);
  const exercise = run(references, 'clock', 3);
  for (const page of new Set(references)) {
    const times = references.filter((other) => other === page).length;
    const { bytes } = exercise.machine.load(exercise.process, exercise.base + page * PAGE, 1);
    expect(bytes).toEqual(Uint8Array.of(times % 256));
  }
});
