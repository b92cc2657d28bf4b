/**
 * Sums over the traces of a snapshot, and what changed between two [tracemalloc.Statistic, StatisticDiff].
 *
 *     by          a group for each                       with `cumulative`
 *     lineno      line that allocated                    each line of each traceback: a block counts in all of them
 *     filename    file that allocated                    each file, once for each of its frames
 *     traceback   traceback                              (refused)
 */
import { signedText, sizeText } from './size-text.ts';
import { compareTracebacks, type Traceback } from './traceback.ts';

export type KeyType = 'filename' | 'lineno' | 'traceback';

/** A group of traces. */
export class Statistic {
  readonly traceback: Traceback;
  /** Bytes. */
  readonly size: number;
  /** Blocks. */
  readonly count: number;

  constructor(traceback: Traceback, size: number, count: number) {
    this.traceback = traceback;
    this.size = size;
    this.count = count;
  }

  /** `app.py:3: size=1024 B, count=2, average=512 B`. */
  get text(): string {
    const { traceback, size, count } = this;
    return `${traceback.text}: size=${sizeText(size, false)}, count=${count}${averageText(size, count)}`;
  }
}

/** A group in a newer snapshot against the same in an older one; a group that is gone has size and count 0. */
export class StatisticDiff {
  readonly traceback: Traceback;
  readonly size: number;
  readonly sizeDiff: number;
  readonly count: number;
  readonly countDiff: number;

  constructor(traceback: Traceback, size: number, sizeDiff: number, count: number, countDiff: number) {
    this.traceback = traceback;
    this.size = size;
    this.sizeDiff = sizeDiff;
    this.count = count;
    this.countDiff = countDiff;
  }

  /** `app.py:3: size=1024 B (+512 B), count=2 (+1), average=512 B`. */
  get text(): string {
    const { traceback, size, sizeDiff, count, countDiff } = this;
    const sizes = `size=${sizeText(size, false)} (${sizeText(sizeDiff, true)})`;
    return `${traceback.text}: ${sizes}, count=${count} (${signedText(countDiff)})${averageText(size, count)}`;
  }
}

/** Groups by the frames of their traceback. */
export type Groups = ReadonlyMap<string, Statistic>;

/** Largest first; of the same size the most blocks, then the last traceback. */
export function sortedStatistics(groups: Groups): Statistic[] {
  return [...groups.values()].sort(
    (left, right) =>
      right.size - left.size || right.count - left.count || compareTracebacks(right.traceback, left.traceback),
  );
}

/** Largest change first, whichever way; then size, change of the count, count, traceback, each from the highest. */
export function sortedDifferences(newer: Groups, older: Groups): StatisticDiff[] {
  const differences: StatisticDiff[] = [];
  for (const [key, { traceback, size, count }] of newer) {
    const before = older.get(key);
    differences.push(
      new StatisticDiff(traceback, size, size - (before?.size ?? 0), count, count - (before?.count ?? 0)),
    );
  }
  for (const [key, { traceback, size, count }] of older) {
    if (!newer.has(key)) differences.push(new StatisticDiff(traceback, 0, 0 - size, 0, 0 - count));
  }
  return differences.sort(
    (left, right) =>
      Math.abs(right.sizeDiff) - Math.abs(left.sizeDiff) ||
      right.size - left.size ||
      Math.abs(right.countDiff) - Math.abs(left.countDiff) ||
      right.count - left.count ||
      compareTracebacks(right.traceback, left.traceback),
  );
}

function averageText(size: number, count: number): string {
  return count === 0 ? '' : `, average=${sizeText(size / count, false)}`;
}
