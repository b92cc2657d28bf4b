/** Every expression and process name inside a step, with its path: what the static checks look at. */
import { VM_FLAG_LETTERS } from '../../kernel/linux-abi.ts';
import { suggest } from '../../mmu/nearest.ts';
import { type Expression, parseExpression } from '../expression.ts';
import { ScalarProblem } from '../scalar-problem.ts';
import type { FinalExpect, MapsExpect, ResidentExpect, VmFlagsExpect } from '../schema/expect.ts';
import type { ActionStep } from '../schema/steps.ts';
import type { Path } from './locate.ts';
import { parseAreaLine, parseRange } from './ranges.ts';

export interface PlacedExpression {
  readonly path: Path;
  readonly expression: Expression;
}

export const isExpression = (value: unknown): value is Expression =>
  typeof value === 'object' && value !== null && 'root' in value && 'names' in value;

/** Expressions among the step's own values and its expectations. */
export function expressionsOf(value: unknown, path: Path = []): PlacedExpression[] {
  if (isExpression(value)) return [{ path, expression: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => expressionsOf(item, [...path, index]));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, item]) => expressionsOf(item, [...path, key]));
}

/**
 * The same step with every number in the words of the file: YAML has read `0xffff800000000000` as a number, and a
 * person knows it by its hexadecimal digits. `written` answers the text at a path, or null.
 */
export function withNumbersAsWritten<Value>(
  value: Value,
  written: (path: Path) => string | null,
  path: Path = [],
): Value {
  if (isExpression(value)) {
    const text = value.constant === null ? null : written(path);
    return text === null ? value : { ...value, text };
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const inside = (item: unknown, key: PropertyKey): unknown => withNumbersAsWritten(item, written, [...path, key]);
  // Keys and shape stay as they are, so the type does too.
  if (Array.isArray(value)) return value.map(inside) as Value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)])) as Value;
}

export interface PlacedText {
  readonly path: Path;
  /** The text stands in a key of the mapping, not in a value. */
  readonly isKey: boolean;
  /** Parses the text; throws a `ScalarProblem`. */
  readonly parse: () => readonly Expression[];
}

/** Texts that hold expressions of their own: lines of `maps`, keys of `resident`. */
export function textsOf(step: ActionStep): PlacedText[] {
  const expect = step.expect ?? {};
  return [
    ...mapsTexts(expect.maps, ['expect', 'maps']),
    ...residentTexts(expect.resident, ['expect', 'resident']),
    ...vmFlagsTexts(expect.vmflags, ['expect', 'vmflags']),
    ...Object.keys(expect.smaps ?? {}).map((key): PlacedText => {
      return { path: ['expect', 'smaps', key], isKey: true, parse: () => [parseExpression(key)] };
    }),
  ];
}

/** Letters of VmFlags that an area can have; a misspelt one would be an expectation that nothing fulfils, or anything. */
const VM_FLAG_WORDS = new Set(VM_FLAG_LETTERS.map(([, letters]) => letters));

function vmFlagsTexts(flags: VmFlagsExpect | undefined, path: Path): PlacedText[] {
  return Object.entries(flags ?? {}).flatMap(([key, wanted]) => {
    const listed = typeof wanted === 'string' ? wanted.split(/\s+/).filter((word) => word !== '') : wanted;
    return [
      { path: [...path, key], isKey: true, parse: () => [parseExpression(key)] },
      ...listed.map((word, index): PlacedText => {
        const place = typeof wanted === 'string' ? [...path, key] : [...path, key, index];
        return { path: place, isKey: false, parse: () => requireFlag(word) };
      }),
    ];
  });
}

function requireFlag(word: string): readonly Expression[] {
  if (VM_FLAG_WORDS.has(word.replace(/^-/, ''))) return [];
  const message = `\`${word}\` is none of the VmFlags`;
  throw new ScalarProblem({ code: 'MEM-SCN-010', message, hint: suggest(word, [...VM_FLAG_WORDS], 'flags') });
}

export function finalTextsOf(expect: FinalExpect): PlacedText[] {
  const maps = Object.entries(expect.maps ?? {}).flatMap(([name, lines]) => mapsTexts(lines, ['expect', 'maps', name]));
  const resident = Object.entries(expect.resident ?? {}).flatMap(([name, pages]) =>
    residentTexts(pages, ['expect', 'resident', name]),
  );
  return [...maps, ...resident];
}

function mapsTexts(maps: MapsExpect | undefined, path: Path): PlacedText[] {
  if (maps === undefined) return [];
  const [lines, base] = Array.isArray(maps) ? [maps, path] : [maps.only, [...path, 'only']];
  return lines.map((line, index) => ({
    path: [...base, index],
    isKey: false,
    parse: () => {
      const { range } = parseAreaLine(line);
      return [range.start, range.end];
    },
  }));
}

/** `resident: 3` and `resident: { min: 1 }` speak of the whole process; any other key is a range. */
export function residentRanges(
  resident: ResidentExpect,
): [string, number | { min?: number | undefined; max?: number | undefined }][] | null {
  if (typeof resident === 'number') return null;
  const entries = Object.entries(resident);
  if (entries.every(([key, value]) => (key === 'min' || key === 'max') && typeof value === 'number')) return null;
  return entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

function residentTexts(resident: ResidentExpect | undefined, path: Path): PlacedText[] {
  const ranges = resident === undefined ? null : residentRanges(resident);
  return (ranges ?? []).map(([key]) => ({
    path: [...path, key],
    isKey: true,
    parse: () => {
      const { start, end } = parseRange(key);
      return end === null ? [start] : [start, end];
    },
  }));
}
