/**
 * The scenario file, version 1: the single source of its types, of the published JSON Schema and of the reference page.
 *
 *     version, name, description?, machine?, files?, steps, expect?
 */
import { z } from 'zod';
import { finalExpectSchema } from './schema/expect.ts';
import { fileSchema } from './schema/file-steps.ts';
import { machineSchema } from './schema/machine.ts';
import { publishedSchema } from './schema/published.ts';
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
  return publishedSchema(scenarioSchema, 'scenario', SCENARIO_VERSION);
}
