import { NaiveArc, NaiveCar, NaiveLirs, NaiveS3Fifo, NaiveTwoQueue } from './naive-adaptive.ts';
import { naiveLinux } from './naive-linux.ts';
import {
  NaiveCounting,
  NaiveEnhanced,
  NaiveGClock,
  NaiveLfu,
  NaiveMgLru,
  NaiveNru,
  type NaiveOptions,
  NaivePff,
  NaiveSieve,
  NaiveWorkingSet,
  NaiveWsClock,
  type SamplingBrain,
} from './naive-sampling.ts';

/**
 * The policies again, as a textbook would do them by hand: arrays of pages and searches, nothing shared with src/.
 */
export interface NaiveResult {
  readonly missed: readonly number[];
  readonly evictions: readonly number[];
}

interface Frame {
  page: number;
  loadedAt: number;
  usedAt: number;
  bit: boolean;
}

type Choose = (frames: Frame[], rest: readonly number[]) => number;

const least = (frames: Frame[], key: (frame: Frame) => number): number =>
  frames.reduce((best, frame, index) => (key(frame) < key(frames[best]!) ? index : best), 0);

const nextUse = (frame: Frame, rest: readonly number[]): number => {
  const at = rest.indexOf(frame.page);
  // Never used again: before all others, the longest unused first.
  return at < 0 ? 1e9 - frame.usedAt : at;
};

function naiveChoice(name: string): Choose {
  let hand = 0;
  switch (name) {
    case 'fifo':
      return (frames) => least(frames, (frame) => frame.loadedAt);
    case 'lifo':
      return (frames) => least(frames, (frame) => -frame.loadedAt);
    case 'lru':
      return (frames) => least(frames, (frame) => frame.usedAt);
    case 'mru':
      return (frames) => least(frames, (frame) => -frame.usedAt);
    case 'opt':
      return (frames, rest) => least(frames, (frame) => -nextUse(frame, rest));
    case 'clock':
    case 'second-chance':
      return (frames) => {
        while (frames[hand]!.bit) {
          frames[hand]!.bit = false;
          hand = (hand + 1) % frames.length;
        }
        const victim = hand;
        hand = (hand + 1) % frames.length;
        return victim;
      };
    default:
      throw new Error(`no naive ${name}`);
  }
}

export interface NaiveConfig extends NaiveOptions {
  readonly tickEvery: number;
  /** Does the reference at this position write? */
  readonly writes: (at: number) => boolean;
}

function brainOf(name: string, frames: number, options: NaiveOptions): SamplingBrain | null {
  switch (name) {
    case '2q':
      return new NaiveTwoQueue(frames);
    case 's3-fifo':
      return new NaiveS3Fifo(frames);
    case 'arc':
      return new NaiveArc(frames);
    case 'car':
      return new NaiveCar(frames);
    case 'lirs':
      return new NaiveLirs(frames);
    case 'sieve':
      return new NaiveSieve();
    case 'lfu':
      return new NaiveLfu(options);
    case 'gclock':
      return new NaiveGClock(options);
    case 'enhanced-second-chance':
      return new NaiveEnhanced(options);
    case 'nru':
      return new NaiveNru(options);
    case 'nfu':
      return new NaiveCounting(options, false);
    case 'aging':
      return new NaiveCounting(options, true);
    case 'working-set':
      return new NaiveWorkingSet(options);
    case 'wsclock':
      return new NaiveWsClock(options);
    case 'pff':
      return new NaivePff(options);
    case 'mglru':
      return new NaiveMgLru(options);
    default:
      return null;
  }
}

export function naiveReplay(
  name: string,
  references: readonly number[],
  frameCount: number,
  config: NaiveConfig,
): NaiveResult {
  if (name === 'linux') return naiveLinux(references, frameCount, config.referenceOnLoad);
  const brain = brainOf(name, frameCount, config);
  return brain === null
    ? chosenOneByOne(name, references, frameCount, config.referenceOnLoad)
    : thoughtThrough(brain, references, frameCount, config);
}

function thoughtThrough(
  brain: SamplingBrain,
  references: readonly number[],
  frameCount: number,
  { tickEvery, writes }: NaiveConfig,
): NaiveResult {
  const missed: number[] = [];
  const evictions: number[] = [];
  let resident = 0;
  references.forEach((page, at) => {
    const isHit = brain.has(page);
    missed.push(isHit ? 0 : 1);
    if (isHit) brain.hit(page, writes(at));
    else {
      const gone = brain.load(page, resident === frameCount, writes(at));
      if (gone === undefined) resident++;
      else evictions.push(gone);
    }
    const surplus = brain.surplus?.() ?? [];
    evictions.push(...surplus);
    resident -= surplus.length;
    if ((at + 1) % tickEvery === 0) brain.tick?.();
  });
  return { missed, evictions };
}

function chosenOneByOne(
  name: string,
  references: readonly number[],
  frameCount: number,
  bitOnLoad: boolean,
): NaiveResult {
  const choose = naiveChoice(name);
  const frames: Frame[] = [];
  const missed: number[] = [];
  const evictions: number[] = [];
  references.forEach((page, at) => {
    const resident = frames.find((frame) => frame.page === page);
    missed.push(resident === undefined ? 1 : 0);
    if (resident !== undefined) {
      resident.usedAt = at;
      resident.bit = true;
      return;
    }
    const loaded = { page, loadedAt: at, usedAt: at, bit: bitOnLoad };
    if (frames.length < frameCount) {
      frames.push(loaded);
      return;
    }
    const victim = choose(frames, references.slice(at + 1));
    evictions.push(frames[victim]!.page);
    frames[victim] = loaded;
  });
  return { missed, evictions };
}
