/**
 * Our answers against the recorded ones, field by field and level by level, as the recordings' compare.py does:
 *
 *     1  return values, errnos, signals, data        2  fault addresses, error codes, frame reuse
 *     3  fault counts                                4  maps                5  page classes and shared frames
 *     6  figures of status and smaps
 */
import { type Difference, firstDifference } from '../first-difference.ts';
import type { Result } from './recording.ts';

export const LEVEL_MAX = 6;

const LEVELS: readonly (readonly (keyof Result)[])[] = [
  ['ret', 'err', 'sig', 'code', 'val', 'vec', 'hex', 'status', 'wsig', 'n', 'skip', 'killed'],
  ['fa', 'pfec', 'pg'],
  ['min', 'maj', 'f'],
  ['maps'],
  ['pt', 'share'],
  ['mem'],
];

/** Fields compared at a level (1 to LEVEL_MAX): its own and those of the levels below. */
export function fieldsOf(level: number): readonly (keyof Result)[] {
  return LEVELS.slice(0, level).flat();
}

export interface FieldDifference extends Difference {
  readonly field: keyof Result;
}

/**
 * The first difference in every field of these that differs, in the order of the levels; what Linux itself leaves open
 * (`nd`) is passed over. A field that neither side has is equal.
 */
export function differences(fields: readonly (keyof Result)[], linux: Result, ours: Result): FieldDifference[] {
  return fields.flatMap((field) => {
    if (linux.nd?.includes(field)) return [];
    const found = firstDifference(linux[field], ours[field], field);
    return found === null ? [] : [{ field, ...found }];
  });
}
