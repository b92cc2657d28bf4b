/** Who was best: for each input and number of frames (and whatever else was the same) those with the fewest faults. */
import type { ResultRow } from '../sweep/results.ts';
import { thousands } from './quantities.ts';
import { exactPercent } from './simulation-report.ts';
import { AXES, CONTENDERS, placeText, TLB_AXIS, varying } from './sweep-axes.ts';

export interface Ranking {
  readonly input: string;
  /** `64 frames, 4KiB pages`; empty where there is only one such place. */
  readonly place: string;
  /** The best first; of equal ones the one that was named first. */
  readonly ranked: readonly { readonly name: string; readonly text: string }[];
}

/** Those with two contenders at least, in the order of the rows. */
export function rankings(rows: readonly ResultRow[]): Ranking[] {
  const contenders = varying(CONTENDERS, rows);
  if (contenders.length === 0) return [];
  const places = varying(AXES, rows).filter((axis) => !CONTENDERS.includes(axis));
  const groups = new Map<string, { readonly input: string; readonly place: string; readonly rows: ResultRow[] }>();
  for (const row of rows) {
    if (faultsOf(row) === null) continue;
    // What a TLB hits is nothing to the policies that replay a trace.
    const axes = row.kind === 'scenario' ? places : places.filter((axis) => axis !== TLB_AXIS);
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
    const ranked = [...names]
      .sort(([, one], [, other]) => (faultsOf(one) ?? 0) - (faultsOf(other) ?? 0))
      .map(([name, row]) => ({ name, text: merit(row) }));
    return [{ input: group.input, place: group.place, ranked }];
  });
}

function faultsOf({ figures }: ResultRow): number | null {
  if (figures === null) return null;
  return figures.kind === 'trace' ? figures.faults : figures.majorFaults + figures.minorFaults;
}

function merit(row: ResultRow): string {
  const { figures } = row;
  return figures?.kind === 'trace' ? exactPercent(figures.hitRatio ?? 0, 1) : `${thousands(faultsOf(row) ?? 0)} faults`;
}
