/** Where two pieces of JSON differ first: a path into them and the two values there. */
import { isObject, type JsonObject } from './fields.ts';

export interface Difference {
  /** `final.usable[3]`. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

/** The first difference in each field. Fields that only `actual` has do not count: a recording need not tell everything. */
export function differingFields(expected: JsonObject, actual: JsonObject, path: string): Difference[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const found = firstDifference(value, actual[name], `${path}.${name}`);
    return found === null ? [] : [found];
  });
}

/** Null when the two are equal. */
export function firstDifference(expected: unknown, actual: unknown, path: string): Difference | null {
  if (Array.isArray(expected) && Array.isArray(actual)) return inLists(expected, actual, path);
  if (isObject(expected) && isObject(actual)) return inObjects(expected, actual, path);
  if (typeof expected === 'string' && typeof actual === 'string' && expected.includes('\n')) {
    return inTexts(expected, actual, path);
  }
  return expected === actual ? null : { path, expected: shown(expected), actual: shown(actual) };
}

function inObjects(expected: JsonObject, actual: JsonObject, path: string): Difference | null {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = firstDifference(expected[name], actual[name], `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function inLists(expected: readonly unknown[], actual: readonly unknown[], path: string): Difference | null {
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const at = `${path}[${index}]`;
    // Small rows are easier to read whole than by the one number in them.
    if (isRow(expected[index]) && isRow(actual[index])) {
      const [left, right] = [shown(expected[index]), shown(actual[index])];
      if (left !== right) return { path: at, expected: left, actual: right };
      continue;
    }
    const found = firstDifference(expected[index], actual[index], at);
    if (found !== null) return found;
  }
  return null;
}

function inTexts(expected: string, actual: string, path: string): Difference | null {
  const left = expected.split('\n');
  const right = actual.split('\n');
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    if (left[index] === right[index]) continue;
    return { path: `${path}, line ${index + 1}`, expected: shown(left[index]), actual: shown(right[index]) };
  }
  return null;
}

const isRow = (value: unknown): boolean => Array.isArray(value) && value.length <= 16 && !value.some(isObject);

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
