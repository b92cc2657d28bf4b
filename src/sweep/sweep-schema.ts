/**
 * The sweep file, version 1: the single source of what may stand in it, for its reader and for the published JSON Schema.
 *
 *     sweep, title?, traces?, scenarios?, grid?, options?, cost?
 */
import { z } from 'zod';
import { POLICY_NAMES } from '../kernel/reclaim/policy.ts';
import { validateTlbConfig } from '../mmu/tlb/config.ts';
import { tlbSchema } from '../scenario/schema/machine.ts';
import { publishedSchema } from '../scenario/schema/published.ts';
import { replacementOptions } from '../scenario/schema/replacement-options.ts';
import { size, whole } from '../scenario/schema/scalars.ts';
import { COST_OPTIONS } from '../trace/cost-model.ts';
import { TRACE_FORMATS } from '../trace/formats/registry.ts';
import { GENERATOR_NAMES } from '../trace/generate.ts';
import {
  costValue,
  frameNumbers,
  pageBytes,
  processNumber,
  referenceKinds,
  seedNumbers,
  share,
} from './sweep-scalars.ts';

export const SWEEP_VERSION = 1;

const text = (description: string) => z.string().min(1).describe(description);

/** One, or a list of them. */
const several = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);

const traceFile = z.strictObject({
  file: text('A trace, packed or not, or a pattern such as `traces/*.gz`; relative to the sweep file.'),
  name: text('What the results call it; default: its file name.').optional(),
  format: z
    .enum(TRACE_FORMATS.map(({ name }) => name))
    .optional()
    .describe('Default: told by how it begins.'),
  columns: z.array(z.string().min(1)).min(1).optional().describe('Columns of a CSV without header line.'),
  unit: z.enum(['address', 'page']).optional().describe('What the numbers are, where the format does not mean it.'),
  process: processNumber('Only the references of this process.').optional(),
  kinds: referenceKinds('Only these: fetch, load, store, modify; data is all but fetch.').optional(),
});

const generatedTrace = z.strictObject({
  like: z.enum(GENERATOR_NAMES).describe('What kind of references: as `trace generate --like`.'),
  name: text('What the results call it; default: from its settings.').optional(),
  count: whole('References.', 1),
  pages: whole('Different pages.', 1, 2 ** 31 - 1),
  seed: z.int().optional().describe('Default 0.'),
  stores: share('Share of stores. Default 0.').optional(),
  localPages: whole('`locality`: pages in use at a time.', 1).optional(),
  phase: whole('`locality`: references until others are in use.', 1).optional(),
  hotPages: share('`80-20`: share of the pages that are hot.').optional(),
  hotReferences: share('`80-20`: share of the references to them.').optional(),
});

/** A trace is read by the schema of its kind, so that a mistake in it is told as one of that kind. */
export const TRACE_SCHEMAS = { file: traceFile, generated: generatedTrace } as const;
export type TraceFileSpec = z.infer<typeof traceFile>;
export type GeneratedTraceSpec = z.infer<typeof generatedTrace>;

const policyOptions = replacementOptions.describe('Options of replacement policies.');

const tlb = tlbSchema
  .omit({ preset: true })
  .superRefine((config, context) => {
    for (const { code, message, hint } of validateTlbConfig(config)) {
      // The key is named anyway; of the second level the rest stays.
      const told = message.replace(/^tlb(?:: |\.)/, '');
      context.addIssue({ code: 'custom', message: told, params: { problem: { code, message: told, hint } } });
    }
  })
  .nullable();

const grid = z.strictObject({
  policy: z
    .union([z.enum(['all', ...POLICY_NAMES]), z.array(z.enum(POLICY_NAMES)).min(1)])
    .optional()
    .describe('Replacement policies, or `all`.'),
  frames: several(frameNumbers('`64`, `16..1024` (doubling), `64..4096:64` (in steps).'))
    .optional()
    .describe('Page frames; for a scenario, `residentPages` of its machine.'),
  memory: several(size('Bytes of memory.')).optional().describe('Physical memory; for scenarios only.'),
  tlb: z
    .union([tlb, z.array(tlb).min(1)])
    .optional()
    .describe('TLBs, as `machine.tlb` of a scenario; `null`: none.'),
  pageSize: several(pageBytes('Bytes of a page.')).optional().describe('Page sizes.'),
  seed: several(seedNumbers('`7`, `0..9`, `0..90:10` (in steps).'))
    .optional()
    .describe('Seeds: for `random`, TLBs that choose at random, and scenarios.'),
  options: z.array(policyOptions).min(1).optional().describe('Sets of options, each a point of the grid.'),
});
export type GridSpec = z.infer<typeof grid>;

const cost = z
  .strictObject(
    Object.fromEntries(
      Object.entries(COST_OPTIONS).map(([name, { description, defaultsTo }]) => [
        name,
        costValue(name, `${description} (default ${defaultsTo})`).optional(),
      ]),
    ),
  )
  .describe('What references cost, as `trace simulate --cost`; with it there are access times.');

const head = {
  sweep: z.literal(SWEEP_VERSION).describe('Version of this format: 1.'),
  title: text('One line: what the sweep is about.').optional(),
};
const tail = {
  scenarios: z.array(text('A scenario or a pattern; relative to the sweep file.')).min(1).optional(),
  grid: grid.optional().describe('The axes; every combination is a cell.'),
  options: policyOptions.optional(),
  cost: cost.optional(),
};

/** For reading: traces are left raw, so that each is validated by its own kind. */
export const sweepHeadSchema = z.strictObject({ ...head, traces: z.array(z.unknown()).min(1).optional(), ...tail });

const traces = z.array(z.union([z.string().min(1), traceFile, generatedTrace])).min(1);
const published = z.strictObject({
  ...head,
  traces: traces.optional().describe('Recorded traces, or made-up ones; relative to the sweep file.'),
  ...tail,
});

/** JSON Schema, draft-07, of what a person writes. */
export function sweepJsonSchema(): Record<string, unknown> {
  return publishedSchema(published, 'sweep', SWEEP_VERSION);
}
