import { naiveLinux } from './naive-linux.ts';

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

export function naiveChoice(name: string): Choose {
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

export function naiveReplay(
  name: string,
  references: readonly number[],
  frameCount: number,
  bitOnLoad = true,
): NaiveResult {
  if (name === 'linux') return naiveLinux(references, frameCount, bitOnLoad);
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
