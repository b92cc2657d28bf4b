/**
 * Replacement policies over a zipf trace of 20,000,000 references to 1,000,000 pages, with 100,000 frames: the loops of
 * src/kernel/reclaim/loops, against LRU in C of the same design (bench/native/lru.c); and what stands around a loop when
 * `trace simulate` runs it.
 *
 *     loop               misses, of dense page ids
 *     Replay             the same, fed in batches as they come out of a trace; victims and write-backs
 *     Simulation         the same, pages numbered
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { createLoop } from '../../src/kernel/reclaim/loops/registry.ts';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import type { PolicyName } from '../../src/kernel/reclaim/policy.ts';
import { Random } from '../../src/mmu/random.ts';
import { LOAD, STORE } from '../../src/mmu/units.ts';
import { AddressPages } from '../../src/trace/address-pages.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { BATCH_REFERENCES, ReferenceBatch } from '../../src/trace/reference.ts';
import { Replay, type StreamConfig } from '../../src/trace/replay.ts';
import { Simulation, type SimulationConfig } from '../../src/trace/simulation.ts';
import { type Aim, type Comparison, type Group, stopwatch, type Timed } from '../harness.ts';
import { askNative, compileNative } from '../native-linux.ts';
import { expect } from '../workbench.ts';
import { FRAMES, wordFile, type ZipfTrace, zipfTrace } from '../zipf-trace.ts';

/** Those that libCacheSim has too. */
export const COMPARED: readonly PolicyName[] = [
  'fifo',
  'lru',
  'clock',
  'sieve',
  's3-fifo',
  '2q',
  'arc',
  'lirs',
  'lfu',
  'opt',
];

const NATIVE = 'LRU in C';
const OVER_C: Aim = { good: 0.35, goal: 0.5 };
/** A round of all policies takes several seconds. */
const ROUNDS = 5;

export function replacementGroups(): Group[] {
  const native = compileNative('lru');
  const notes = native === null ? ['LRU over native C: no C compiler (cc)'] : [];
  return [loopGroup(native, notes), replayGroup()];
}

function loopGroup(native: string | null, notes: readonly string[]): Group {
  const row = (policy: string, title: string): Comparison => ({
    id: `replacement-${policy}`,
    title,
    subject: policy,
    reference: native === null ? null : NATIVE,
    kind: 'speed',
    aim: policy === 'lru' ? OVER_C : null,
  });
  return {
    name: 'replacement, a reference of a zipf trace: 20 M over 1 M pages, 100,000 frames',
    timings() {
      const trace = zipfTrace();
      const misses: Misses = new Map();
      return {
        ...Object.fromEntries(COMPARED.map((policy) => [policy, timeLoop(policy, trace, misses)])),
        'opt, from the trace alone': timeLoop('opt', trace, misses, { isWhole: true }),
        ...(native === null ? {} : { [NATIVE]: timeNative(native, trace, misses) }),
      };
    },
    comparisons: [
      ...COMPARED.map((policy) => row(policy, policy === 'opt' ? 'opt, next uses known' : policy)),
      row('opt, from the trace alone', 'opt, next uses looked up as well'),
    ],
    rounds: ROUNDS,
    notes,
  };
}

/** Misses of each policy, so far as they are known: whoever replays it has to count as many. */
export type Misses = Map<string, number>;

/** The first to count says how many there are. */
export function expectMisses(misses: Misses, policy: string, counted: number): void {
  if (!misses.has(policy)) misses.set(policy, counted);
  expect(misses.get(policy) === counted, `${policy} misses ${misses.get(policy)} times, not ${counted}`);
}

interface LoopSettings {
  readonly options?: ReplacementOptions;
  /** The time to build the loop counts: for `opt` it looks up the next use of every page. */
  readonly isWhole?: boolean;
  /** The time to number the pages counts: what a simulator that hashes page numbers does within its own. */
  readonly isNumbered?: boolean;
}

export function timeLoop(policy: PolicyName, trace: ZipfTrace, misses: Misses, settings: LoopSettings = {}): Timed {
  const { ids, pages } = trace;
  const { options = {}, isWhole = false, isNumbered = false } = settings;
  const context = { frames: FRAMES, options, random: new Random(0), recording: ids };
  return {
    operations: ids.length,
    run() {
      let counted = 0;
      let loop = createLoop(policy, context);
      const nanoseconds = stopwatch(() => {
        if (isNumbered) numberAgain(trace);
        if (isWhole) loop = createLoop(policy, context);
        loop!.grow(pages);
        counted = loop!.run(ids, 0, ids.length, null, null);
      });
      expectMisses(misses, policy, counted);
      return nanoseconds;
    },
  };
}

/** The ids of the trace once more, over themselves: they come out the same. */
function numberAgain({ numbers, ids }: ZipfTrace): void {
  const numbering = new AddressPages();
  const zeros = new Uint32Array(BATCH_REFERENCES);
  const lows = new Uint32Array(BATCH_REFERENCES);
  for (let from = 0; from < numbers.length; from += BATCH_REFERENCES) {
    const count = Math.min(BATCH_REFERENCES, numbers.length - from);
    lows.set(numbers.subarray(from, from + count));
    numbering.idsOf(zeros, zeros, lows, 0, count, 0, ids, from);
  }
}

function timeNative(program: string, { ids }: ZipfTrace, misses: Misses): Timed {
  return askNative(program, [wordFile(ids), FRAMES], ids.length, ([counted]) => expectMisses(misses, 'lru', counted!));
}

/** One in four references writes. */
const isStore = (at: number): boolean => at % 4 === 3;

function replayGroup(): Group {
  const row = (id: string, title: string, subject: string): Comparison => ({
    id: `replay-${id}`,
    title,
    subject,
    reference: 'lru loop',
    kind: 'speed',
    aim: null,
  });
  return {
    name: 'trace simulate, LRU on the same trace',
    timings() {
      const trace = zipfTrace();
      const misses: Misses = new Map();
      return {
        'lru loop': timeLoop('lru', trace, misses),
        fed: timeReplay(trace, {}, misses),
        fingerprint: timeReplay(trace, { fingerprint: true }, misses),
        'write-backs': timeReplay(trace, { writeBacks: true }, misses),
        simulation: timeSimulation(trace, misses),
      };
    },
    comparisons: [
      row('fed', 'fed in batches', 'fed'),
      row('fingerprint', 'and the fingerprint of its misses taken', 'fingerprint'),
      row('write-backs', 'and write-backs counted', 'write-backs'),
      row('simulation', 'and pages numbered: all but reading the file', 'simulation'),
    ],
    rounds: ROUNDS,
  };
}

function timeReplay({ ids }: ZipfTrace, config: Partial<StreamConfig>, misses: Misses): Timed {
  const kinds = new Uint8Array(BATCH_REFERENCES);
  for (let at = 0; at < kinds.length; at++) kinds[at] = isStore(at) ? STORE : LOAD;
  return {
    operations: ids.length,
    run() {
      let faults = 0;
      const nanoseconds = stopwatch(() => {
        const replay = new Replay({ policy: 'lru', frames: FRAMES, ...config });
        for (let from = 0; from < ids.length; from += BATCH_REFERENCES) {
          const count = Math.min(BATCH_REFERENCES, ids.length - from);
          replay.feed(ids.subarray(from, from + count), kinds, count);
        }
        faults = replay.end().faults;
      });
      expectMisses(misses, 'lru', faults);
      return nanoseconds;
    },
  };
}

const SIMULATED: SimulationConfig = {
  policies: ['lru'],
  frames: [FRAMES],
  options: {},
  seed: 0,
  allocation: 'global',
  writeBacks: true,
  pageBytes: 4096,
  kinds: null,
};

function timeSimulation({ numbers }: ZipfTrace, misses: Misses): Timed {
  const batch = new ReferenceBatch({ take: () => {} });
  for (let at = 0; at < BATCH_REFERENCES; at++) {
    batch.kinds[at] = isStore(at) ? STORE : LOAD;
    batch.sizes[at] = 1;
  }
  return {
    operations: numbers.length,
    run() {
      let faults = 0;
      const nanoseconds = stopwatch(() => {
        const simulation = new Simulation(SIMULATED, 'page');
        for (let from = 0; from < numbers.length; from += BATCH_REFERENCES) {
          const count = Math.min(BATCH_REFERENCES, numbers.length - from);
          batch.lows.set(numbers.subarray(from, from + count));
          simulation.take(batch, count);
        }
        faults = faultsOf(simulation);
      });
      expectMisses(misses, 'lru', faults);
      return nanoseconds;
    },
  };
}

function faultsOf(simulation: Simulation): number {
  expect([...simulation.rest()].length === 0, 'lru does not wait for the end');
  return simulation.rows()[0]!.faults;
}

const CHUNK_BYTES = 1 << 16;

/** All of `trace simulate --policy lru` but starting: the file is read, its records taken apart, the pages numbered. */
export function timeFile(path: string, { numbers }: ZipfTrace, misses: Misses): Timed {
  const chunk = new Uint8Array(CHUNK_BYTES);
  return {
    operations: numbers.length,
    run() {
      let faults = 0;
      const nanoseconds = stopwatch(() => {
        let simulation: Simulation | null = null;
        const reader = new TraceReader((_format, unit) => {
          simulation = new Simulation(SIMULATED, unit);
          return simulation;
        });
        const file = openSync(path, 'r');
        for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
          reader.push(chunk.subarray(0, length));
        }
        closeSync(file);
        reader.end();
        faults = faultsOf(simulation!);
      });
      expectMisses(misses, 'lru', faults);
      return nanoseconds;
    },
  };
}
