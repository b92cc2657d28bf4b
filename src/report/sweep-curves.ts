/**
 * The curves in a sweep's results, whatever draws them:
 *
 * - of a trace the hit ratio over frames, a curve a policy (with its options and seed where those vary)
 * - of a TLB its hit ratio over entries, a curve a shape (ways, second level)
 * - of a scenario the page faults over frames, or over memory
 *
 * A picture holds the curves of one input with everything else (page size, …) the same.
 */
import type { ResultRow } from '../sweep/results.ts';
import { countAxis, hitRatioPicture, type PictureAxis } from './picture-axis.ts';
import { type Axis, CONTENDERS, placeText, SURROUNDINGS, TLB_AXIS, varying } from './sweep-axes.ts';

export interface SweepCurve {
  readonly name: string;
  /** Place among all curves of that measure: the same name is drawn alike in every picture. */
  readonly ink: number;
  /** Ascending in x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface SweepPicture {
  /** `ls.pgt.gz, 4KiB pages`. */
  readonly title: string;
  readonly measure: 'hit ratio' | 'TLB hit ratio' | 'page faults';
  readonly xLabel: 'frames' | 'TLB entries' | 'bytes of memory';
  readonly curves: readonly SweepCurve[];
}

/** One kind of picture. */
interface Kind {
  readonly measure: SweepPicture['measure'];
  readonly xLabel: SweepPicture['xLabel'];
  /** Null: the row is not in the picture. */
  readonly x: (row: ResultRow) => number | null;
  readonly y: (row: ResultRow) => number | null;
  readonly curve: (row: ResultRow) => string;
  readonly picture: (row: ResultRow) => string;
}

/** Pictures with a curve of two points at least, in the order of the rows. */
export function sweepPictures(rows: readonly ResultRow[]): SweepPicture[] {
  const contenders = varying(CONTENDERS, rows);
  const around = varying(SURROUNDINGS, rows);
  const tlbs = varying([TLB_AXIS], rows);
  const titled = (axes: readonly Axis[]) => (row: ResultRow) =>
    [row.input, placeText(axes, row)].filter((text) => text !== '').join(', ');
  // A curve of a single policy is still called by it.
  const named = (row: ResultRow): string => placeText(contenders, row) || (row.parameters.policy ?? 'as it says');
  const scenario = { measure: 'page faults', y: faults, curve: named } as const;
  const kinds: readonly Kind[] = [
    {
      measure: 'hit ratio',
      xLabel: 'frames',
      x: ({ parameters }) => parameters.frames,
      y: ({ figures }) => (figures?.kind === 'trace' ? figures.hitRatio : null),
      curve: named,
      picture: titled(around),
    },
    { measure: 'TLB hit ratio', xLabel: 'TLB entries', x: entries, y: tlbRatio, curve: shape, picture: titled(around) },
    {
      ...scenario,
      xLabel: 'frames',
      x: ({ parameters }) => parameters.frames,
      picture: titled([...around, ...tlbs]),
    },
    {
      ...scenario,
      xLabel: 'bytes of memory',
      x: ({ parameters }) => (parameters.frames === null ? parameters.memory : null),
      picture: titled([...around.filter(({ name }) => name !== 'memory'), ...tlbs]),
    },
  ];
  return kinds.flatMap((kind) => picturesOf(kind, rows));
}

/** As it is drawn, everywhere: its axis, and the curves as they lie on it. */
export function drawnPicture({ measure, curves }: SweepPicture): {
  readonly axis: PictureAxis;
  readonly curves: readonly SweepCurve[];
} {
  if (measure !== 'page faults') return hitRatioPicture(measure, curves);
  const counts = curves.flatMap(({ points }) => points.map(([, y]) => y));
  return { axis: countAxis(measure, counts), curves };
}

function picturesOf(kind: Kind, rows: readonly ResultRow[]): SweepPicture[] {
  const inks = new Map<string, number>();
  // Of the same place the first row counts: a TLB is measured again with each policy, and hits as often.
  const pictures = new Map<string, Map<string, Map<number, number>>>();
  for (const row of rows) {
    const [x, y] = [kind.x(row), kind.y(row)];
    if (x === null || y === null) continue;
    const name = kind.curve(row);
    if (!inks.has(name)) inks.set(name, inks.size);
    const curves = within(pictures, kind.picture(row), () => new Map<string, Map<number, number>>());
    const points = within(curves, name, () => new Map<number, number>());
    if (!points.has(x)) points.set(x, y);
  }
  return [...pictures].flatMap(([title, curves]) => {
    if (![...curves.values()].some((points) => points.size > 1)) return [];
    const drawn = [...curves].map(([name, points]) => ({
      name,
      ink: inks.get(name) ?? 0,
      points: [...points].sort(([one], [other]) => one - other),
    }));
    return [{ title, measure: kind.measure, xLabel: kind.xLabel, curves: drawn }];
  });
}

function within<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}

function faults({ figures }: ResultRow): number | null {
  return figures?.kind === 'scenario' ? figures.minorFaults + figures.majorFaults : null;
}

function tlbRatio({ figures }: ResultRow): number | null {
  return figures?.kind === 'trace' ? (figures.tlb?.hitRatio ?? null) : null;
}

function entries({ parameters: { tlb } }: ResultRow): number | null {
  return tlb === null || tlb === 'none' ? null : tlb.entries;
}

function shape({ parameters: { tlb } }: ResultRow): string {
  if (tlb === null || tlb === 'none') return '';
  const ways = tlb.ways === tlb.entries ? 'fully associative' : tlb.ways === 1 ? 'direct-mapped' : `${tlb.ways} ways`;
  const second = tlb.l2 === undefined ? '' : `, then ${tlb.l2.entries}/${tlb.l2.ways}`;
  return `${ways}, ${tlb.policy ?? 'lru'}${tlb.split === true ? ', split' : ''}${second}`;
}
