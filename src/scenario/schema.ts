/**
 * The scenario file, version 1: the single source of its types, of the published JSON Schema and of the reference page.
 *
 *     version, name, description?, machine?, files?, steps, expect?
 */
import { z } from 'zod';
import { finalExpectSchema } from './schema/expect.ts';
import { fileSchema } from './schema/file-steps.ts';
import { machineSchema } from './schema/machine.ts';
import { stepSchema } from './schema/steps.ts';

export const SCENARIO_VERSION = 1;

const head = {
  version: z.literal(SCENARIO_VERSION).describe('Version of this format: 1.'),
  name: z.string().min(1).describe('One line: what the scenario shows.'),
  description: z.string().optional().describe('What a reader should know, in a paragraph.'),
  machine: machineSchema.optional().describe('What it runs on; everything has a default.'),
  files: z.record(z.string().min(1), fileSchema).optional().describe('Files that are there from the start, by name.'),
};
const tail = { expect: finalExpectSchema.optional().describe('What must hold when all steps are done.') };

/** For loading: steps are left raw, so that each is validated by its own kind. */
export const scenarioHeadSchema = z.strictObject({ ...head, steps: z.array(z.unknown()).min(1), ...tail });

/** For the published schema. */
export const scenarioSchema = z.strictObject({
  ...head,
  steps: z.array(stepSchema).min(1).describe('What happens, in order.'),
  ...tail,
});

/** JSON Schema, draft-07, of what a person writes. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, { target: 'draft-7', io: 'input', override: withoutNoise });
  const head = { $id: 'https://mmulator.dev/schema/scenario.v1.json', title: 'mmulator scenario, version 1' };
  return { ...head, ...(plainReferences(schema) as Record<string, unknown>) };
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
