/** Miss-ratio curves as data: sizes, points, and where more frames mean more misses. */

export interface CurvePoint {
  readonly frames: number;
  /** First uses included; a fraction where it is estimated. */
  readonly misses: number;
  /** misses / references. */
  readonly missRatio: number;
}

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
  }));
  return { policy, method, points, anomalies: anomaliesOf(points) };
}

/** Every point that misses more than the one before it. */
function anomaliesOf(points: readonly CurvePoint[]): Anomaly[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    if (before === undefined || point.misses <= before.misses) return [];
    return [{ frames: before.frames, misses: before.misses, moreFrames: point.frames, moreMisses: point.misses }];
  });
}

/** Up to here every size is a point. */
const EVERY_SIZE_TO = 64;

/** From one frame to all pages: every size of a few, else about `count` sizes with equal ratios between them. */
export function curveSizes(pages: number, count: number): number[] {
  const most = Math.max(1, Math.ceil(pages));
  if (most <= EVERY_SIZE_TO) return Array.from({ length: most }, (_, index) => index + 1);
  const sizes = Array.from({ length: count }, (_, index) => Math.round(most ** (index / (count - 1))));
  return [...new Set(sizes)];
}
