/** `mrc.json`: misses of LRU on page traces at many sizes, all of them from one pass here. */
import { StackDistances } from '../../trace/mrc/stack-distance.ts';
import type { ExplainedDifference } from '../outcome.ts';
import type { RecordedRow, RowReader } from './recorded-rows.ts';
import type { RecordedPages } from './recorded-trace.ts';
import { differingNumber, type RowKind, type RowReplay } from './row-conformance.ts';

export interface CurveRow extends RecordedRow {
  readonly pages: number;
  /** Pairs of frames and misses. */
  readonly points: readonly (readonly [frames: number, misses: number])[];
}

export const curveRows: RowReader<CurveRow> = {
  expected: 'a list of {"trace":…,"refs":…,"pages":…,"lruMissesBySize":[[frames,misses],…]}',
  marks: ['lruMissesBySize'],
  isList: true,
  read: (fields, common) => {
    const points = common.json.lruMissesBySize;
    const isPair = (value: unknown): value is readonly [number, number] =>
      Array.isArray(value) && value.length === 2 && isWhole(value[0], 1) && isWhole(value[1], 0);
    const right = Array.isArray(points) && points.every(isPair);
    if (!right) fields.refuse('`lruMissesBySize` must be a list of pairs of frames and misses');
    return {
      ...common,
      title: `LRU at ${right ? points.length : 0} sizes`,
      pages: fields.whole('pages', 1),
      points: right ? points : [],
    };
  },
};

const isWhole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && (value as number) >= least;

export const curveKind: RowKind<CurveRow> = {
  kind: 'miss-ratio curves',
  missing: () => null,
  start: (row) => new CurveReplay(row),
};

class CurveReplay implements RowReplay {
  private readonly row: CurveRow;
  private readonly distances = new StackDistances();

  constructor(row: CurveRow) {
    this.row = row;
  }

  feed({ ids }: RecordedPages, from: number, to: number): void {
    this.distances.feed(ids.subarray(from, to), to - from);
  }

  differences(): readonly ExplainedDifference[] {
    const { pages, points } = this.row;
    const misses = this.distances.missesAt(points.map(([frames]) => frames));
    return [
      ...differingNumber('pages', pages, this.distances.distinctPages),
      ...points.flatMap(([frames, expected], index) =>
        differingNumber(`misses with ${frames} frames`, expected, misses[index]!),
      ),
    ];
  }
}
