/**
 * Replacement against libCacheSim, on request: `--against libcachesim=PATH`. The same requests in the same order, its ten
 * algorithms under its own conventions, and as many misses on both sides.
 */
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import type { PolicyName } from '../../src/kernel/reclaim/policy.ts';
import { AgainstError, checkCachesim, runCachesim, writeOracleGeneral } from '../cachesim.ts';
import type { Aim, Group, Timed } from '../harness.ts';
import { FRAMES, zipfTrace } from '../zipf-trace.ts';
import { type Misses, timeFile, timeLoop } from './replacement.ts';

interface Rival {
  readonly policy: PolicyName;
  readonly options: ReplacementOptions;
  /** What cachesim calls it; the first that misses as often is meant. */
  readonly algorithms: readonly string[];
  readonly aim: Aim;
}

const SIMPLE: Aim = { good: 1.5, goal: 3 };
const ADAPTIVE: Aim = { good: 1, goal: 2.5 };

const RIVALS: readonly Rival[] = [
  { policy: 'fifo', options: {}, algorithms: ['fifo'], aim: SIMPLE },
  { policy: 'lru', options: {}, algorithms: ['lru'], aim: SIMPLE },
  { policy: 'clock', options: { referenceOnLoad: false }, algorithms: ['clock'], aim: SIMPLE },
  { policy: 'sieve', options: {}, algorithms: ['sieve'], aim: SIMPLE },
  // The algorithm of this name changed at the end of 2024; the one before is called v0 since.
  { policy: 's3-fifo', options: {}, algorithms: ['s3fifo', 's3fifov0'], aim: ADAPTIVE },
  { policy: '2q', options: {}, algorithms: ['twoq'], aim: ADAPTIVE },
  { policy: 'arc', options: {}, algorithms: ['arc'], aim: ADAPTIVE },
  { policy: 'lirs', options: { lirsVariant: 'libcachesim' }, algorithms: ['lirs'], aim: ADAPTIVE },
  { policy: 'lfu', options: {}, algorithms: ['lfu'], aim: ADAPTIVE },
  { policy: 'opt', options: {}, algorithms: ['belady'], aim: ADAPTIVE },
];

const THEIRS = 'libCacheSim';

/** @throws AgainstError when there is no such program */
export function libCacheSimGroups(path: string): Group[] {
  checkCachesim(path);
  let written: string | null = null;
  const file = (): string => {
    written ??= writeOracleGeneral(zipfTrace().numbers);
    return written;
  };
  return [...RIVALS.map((rival) => rivalGroup(path, rival, file)), fileGroup(path, file)];
}

const ROUNDS = 5;

function rivalGroup(path: string, rival: Rival, file: () => string): Group {
  const { policy, options, aim } = rival;
  return {
    name: 'against libCacheSim, a reference of a zipf trace: 20 M over 1 M pages, 100,000 frames',
    timings() {
      const misses: Misses = new Map();
      const ours = timeLoop(policy, zipfTrace(), misses, { options });
      ours.run();
      const missRatio = misses.get(policy)! / ours.operations;
      return {
        ours,
        numbered: timeLoop(policy, zipfTrace(), misses, { options, isNumbered: true }),
        [THEIRS]: timeTheirs(path, rival, file(), missRatio),
      };
    },
    comparisons: [
      { id: `libcachesim-${policy}`, title: policy, subject: 'ours', reference: THEIRS, kind: 'speed', aim },
      {
        id: `libcachesim-${policy}-numbered`,
        title: '  pages numbered as well',
        subject: 'numbered',
        reference: THEIRS,
        kind: 'speed',
        aim: null,
      },
    ],
    rounds: ROUNDS,
  };
}

/** What a person waits for on either side. */
function fileGroup(path: string, file: () => string): Group {
  const lru = RIVALS.find(({ policy }) => policy === 'lru')!;
  return {
    name: 'against libCacheSim, from the file',
    timings() {
      const misses: Misses = new Map();
      const ours = timeFile(file(), zipfTrace(), misses);
      ours.run();
      return { ours, [THEIRS]: timeTheirs(path, lru, file(), misses.get('lru')! / ours.operations) };
    },
    comparisons: [
      {
        id: 'libcachesim-file',
        title: 'lru, trace read, pages numbered, write-backs counted',
        subject: 'ours',
        reference: THEIRS,
        kind: 'speed',
        aim: null,
      },
    ],
    rounds: ROUNDS,
  };
}

/** @throws AgainstError when none of the rival's algorithms has this miss ratio */
function timeTheirs(path: string, rival: Rival, trace: string, missRatio: number): Timed {
  const { numbers } = zipfTrace();
  const answers: string[] = [];
  for (const algorithm of rival.algorithms) {
    let run: ReturnType<typeof runCachesim>;
    try {
      run = runCachesim(path, trace, algorithm, FRAMES);
    } catch (error) {
      // A version that does not know the second name ends with an error.
      if (answers.length === 0 || !(error instanceof AgainstError)) throw error;
      continue;
    }
    if (run.requests === numbers.length && Math.abs(run.missRatio - missRatio) <= run.precision + 1e-12) {
      return {
        operations: numbers.length,
        run: () => runCachesim(path, trace, algorithm, FRAMES).nanoseconds,
      };
    }
    answers.push(`${algorithm} misses ${run.missRatio} of ${run.requests}`);
  }
  throw new AgainstError(
    `${rival.policy} misses ${missRatio.toFixed(6)} of ${numbers.length}, but ${answers.join(', ')}: not the same algorithm`,
  );
}
