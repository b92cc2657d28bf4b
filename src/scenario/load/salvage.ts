/**
 * What is left of a value with mistakes in it: the keys that zod had nothing against. What they say can be held against
 * the rest of the file, so that one mistake on a line does not hide another.
 */
import type { z } from 'zod';
import { PARSE_SETTINGS } from './issues.ts';
import type { Path } from './locate.ts';

/**
 * `value` without what is wrong with it; null when nothing can be saved. `mapped`: keys whose own keys are saved one by
 * one (`expect`), where else the whole key is given up.
 */
export function salvaged<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  mapped: readonly string[] = [],
): Partial<Output> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const partial = 'partial' in schema && typeof schema.partial === 'function' ? schema.partial() : schema;
  let rest = value as Record<string, unknown>;
  // Every round takes something away, so that it ends; a check of two keys together may only speak up in the second.
  for (let round = 0; round < 4; round++) {
    const { success, data, error } = (partial as z.ZodType<Partial<Output>>).safeParse(rest, PARSE_SETTINGS);
    if (success) return data;
    rest = error.issues.reduce((kept, issue) => {
      const paths: Path[] =
        issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      return paths.reduce<Record<string, unknown>>((left, path) => without(left, path, mapped), kept);
    }, rest);
  }
  return null;
}

function without(value: Record<string, unknown>, path: Path, mapped: readonly string[]): Record<string, unknown> {
  const [key, inner] = path.map(String);
  if (key === undefined) return {};
  const { [key]: taken, ...others } = value;
  if (inner === undefined || !mapped.includes(key) || typeof taken !== 'object' || taken === null) return others;
  const { [inner]: _wrong, ...kept } = taken as Record<string, unknown>;
  return { ...others, [key]: kept };
}
