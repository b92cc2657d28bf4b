/** Miss-ratio curves as data: sizes, points, and where more frames mean more misses. */

export interface CurvePoint {
  readonly frames: number;
  /** First uses included; a fraction where it is estimated; null where a sample cannot tell. */
  readonly misses: number | null;
  /** misses / references. */
  readonly missRatio: number | null;
  readonly note: PointNote | null;
}

/**
 * What is to be said of a point of a sample:
 * - `unresolved`: fewer frames than lie between two pages of the sample (1 / rate), so no depth below tells it from others
 * - `at least`: the sample estimates fewer misses than there are different pages, each of which misses once; that number
 *   stands in its place
 */
export type PointNote = 'unresolved' | 'at least';

/** Belady's anomaly: more frames, and yet more misses. */
export interface Anomaly {
  readonly frames: number;
  readonly misses: number;
  readonly moreFrames: number;
  readonly moreMisses: number;
}

export interface MissCurve {
  readonly policy: string;
  /** Where it comes from: one pass for all sizes, that over a sample, or a replay for each size. */
  readonly method: 'one pass' | 'sampled' | 'replayed';
  readonly points: readonly CurvePoint[];
  readonly anomalies: readonly Anomaly[];
}

/** @param frames ascending @param misses with each of them */
export function missCurve(
  policy: string,
  method: MissCurve['method'],
  references: number,
  frames: readonly number[],
  misses: readonly number[],
): MissCurve {
  const points = frames.map((count, index) => ({
    frames: count,
    misses: misses[index]!,
    missRatio: references === 0 ? 0 : misses[index]! / references,
    note: null,
  }));
  return { policy, method, points, anomalies: anomaliesOf(points) };
}

/**
 * LRU's curve from a sample: what it cannot tell is not told as if it could.
 * @param frames ascending @param misses estimated with each of them @param pages different pages of the whole trace
 * @param finest the fewest frames that the sample tells from none: 1 / rate
 */
export function sampledCurve(
  { references, pages, finest }: { readonly references: number; readonly pages: number; readonly finest: number },
  frames: readonly number[],
  misses: readonly number[],
): MissCurve {
  const points = frames.map((count, index): CurvePoint => {
    if (count < finest) return { frames: count, misses: null, missRatio: null, note: 'unresolved' };
    const estimate = Math.max(pages, misses[index]!);
    const missRatio = references === 0 ? 0 : estimate / references;
    return { frames: count, misses: estimate, missRatio, note: misses[index]! < pages ? 'at least' : null };
  });
  // A stack policy has no anomaly.
  return { policy: 'lru', method: 'sampled', points, anomalies: [] };
}

type Known = CurvePoint & { readonly misses: number };

/** Every point that misses more than the one before it. */
function anomaliesOf(points: readonly Known[]): Anomaly[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    if (before === undefined || point.misses <= before.misses) return [];
    return [{ frames: before.frames, misses: before.misses, moreFrames: point.frames, moreMisses: point.misses }];
  });
}

/** Up to here every size is a point. */
const EVERY_SIZE_TO = 64;

/**
 * From `fewest` frames (of a sample: those it can tell) to all pages: every size of a few, else about `count` sizes with
 * equal ratios between them.
 */
export function curveSizes(pages: number, count: number, fewest = 1): number[] {
  const most = Math.max(1, Math.ceil(pages));
  const least = Math.min(most, Math.max(1, Math.ceil(fewest)));
  if (most <= EVERY_SIZE_TO) return Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const sizes = Array.from({ length: count }, (_, index) =>
    Math.round(least * (most / least) ** (index / (count - 1))),
  );
  return [...new Set(sizes)];
}
