import { z } from 'zod';

/**
 * JSON Schema, draft-07, of a file that people write: what editors complete and check with.
 * @param what `scenario`, `sweep`
 */
export function publishedSchema(schema: z.ZodType, what: string, version: number): Record<string, unknown> {
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', override: withoutNoise });
  const $id = `https://mmulator.dev/schema/${what}.v${version}.json`;
  const head = { $id, title: `mmulator ${what}, version ${version}` };
  return { ...head, ...(plainReferences(json) as Record<string, unknown>) };
}

/** `allOf: [{ $ref }]` is for what stands beside a reference; where nothing does, the reference says the same in less. */
function plainReferences(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(plainReferences);
  if (typeof part !== 'object' || part === null) return part;
  const { allOf } = part as { allOf?: readonly unknown[] };
  if (allOf?.length === 1 && Object.keys(part).length === 1) return plainReferences(allOf[0]);
  return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, plainReferences(inner)]));
}

/** Safe-integer bounds on every whole number say nothing to a reader. */
function withoutNoise({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}
