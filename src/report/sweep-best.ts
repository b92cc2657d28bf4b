/** Who was best: for each input and number of frames (and whatever else was the same) those with the fewest faults. */
import type { ResultRow } from '../sweep/results.ts';
import { thousands } from './quantities.ts';
import { AXES, CONTENDERS, placeText, TLB_AXIS, varying } from './sweep-axes.ts';

export interface Ranking {
  readonly input: string;
  /** `64 frames, 4KiB pages`; empty where there is only one such place. */
  readonly place: string;
  /** The best first, with what they are ranked by; equal ones share a place, `lru = clock`, in the order of the rows. */
  readonly ranked: readonly { readonly name: string; readonly text: string }[];
}

/** Those with two contenders at least, in the order of the rows. */
export function rankings(rows: readonly ResultRow[]): Ranking[] {
  const contenders = varying(CONTENDERS, rows);
  if (contenders.length === 0) return [];
  const surroundings = varying(AXES, rows).filter((axis) => !CONTENDERS.includes(axis));
  const groups = new Map<string, { readonly input: string; readonly place: string; readonly rows: ResultRow[] }>();
  for (const row of rows) {
    if (faultsOf(row) === null) continue;
    // What a TLB hits is nothing to the policies that replay a trace.
    const axes = row.kind === 'scenario' ? surroundings : surroundings.filter((axis) => axis !== TLB_AXIS);
    const place = placeText(axes, row);
    const key = JSON.stringify([row.kind, row.input, place]);
    const group = groups.get(key) ?? { input: row.input, place, rows: [] };
    groups.set(key, group);
    group.rows.push(row);
  }
  return [...groups.values()].flatMap((group) => {
    const names = new Map<string, ResultRow>();
    for (const row of group.rows) {
      const name = placeText(contenders, row);
      if (!names.has(name)) names.set(name, row);
    }
    if (names.size < 2) return [];
    const places = new Map<number, { readonly names: string[]; readonly text: string }>();
    for (const [name, row] of names) {
      const faults = faultsOf(row) ?? 0;
      const place = places.get(faults) ?? { names: [], text: `${thousands(faults)} faults` };
      places.set(faults, place);
      place.names.push(name);
    }
    const ranked = [...places]
      .sort(([one], [other]) => one - other)
      .map(([, { names: equal, text }]) => ({ name: tied(equal), text }));
    return [{ input: group.input, place: group.place, ranked }];
  });
}

/** All policies that hold everything are alike: nobody wants to read their names. */
const TIED_MAX = 4;

function tied(names: readonly string[]): string {
  if (names.length <= TIED_MAX) return names.join(' = ');
  return `${names.slice(0, TIED_MAX - 1).join(' = ')} = … (${names.length})`;
}

function faultsOf({ figures }: ResultRow): number | null {
  if (figures === null) return null;
  return figures.kind === 'trace' ? figures.faults : figures.majorFaults + figures.minorFaults;
}
