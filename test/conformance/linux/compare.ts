/**
 * An emulator's results against the recorded ones, field by field and level by level, as the recordings' compare.py does:
 *
 *     1  return values, errnos, signals, data        2  fault addresses, error codes, frame reuse
 *     3  fault counts                                4  maps                5  page classes and shared frames
 *     6  figures of status and smaps
 */
import { isDeepStrictEqual } from 'node:util';
import type { Op, Result } from './recording.ts';

export const LEVELS = {
  1: ['ret', 'err', 'sig', 'code', 'val', 'status', 'n', 'skip'],
  2: ['fa', 'pfec', 'pg'],
  3: ['min', 'maj', 'f'],
  4: ['maps'],
  5: ['pt', 'share'],
  6: ['mem'],
} as const satisfies Readonly<Record<number, readonly (keyof Result)[]>>;
export type Level = keyof typeof LEVELS;

export interface Difference {
  readonly trace: string;
  /** Index of the operation. */
  readonly at: number;
  readonly op: Op;
  readonly level: Level;
  readonly field: keyof Result;
  readonly linux: unknown;
  readonly ours: unknown;
}

/** Every field in which the two differ; fields that Linux itself does not determine (`nd`) are left out. */
export function differences(trace: string, at: number, op: Op, linux: Result, ours: Result): Difference[] {
  const found: Difference[] = [];
  for (const [level, fields] of Object.entries(LEVELS)) {
    for (const field of fields) {
      if (linux.nd?.includes(field) || isDeepStrictEqual(linux[field], ours[field])) continue;
      found.push({ trace, at, op, level: Number(level) as Level, field, linux: linux[field], ours: ours[field] });
    }
  }
  return found;
}

/** One difference on a few lines, for people. */
export function describeDifference({ trace, at, op, field, linux, ours }: Difference): string {
  return `${trace} op ${at} ${JSON.stringify(op)}\n  ${field}: Linux ${JSON.stringify(linux)}\n  ${field}: ours  ${JSON.stringify(ours)}`;
}
