/**
 * The plan as results carry it (plan.ts), for whoever reads them back: plain values, everything written out. What a person
 * writes is sweep-schema.ts.
 */
import { z } from 'zod';
import { checkReplacementOptions } from '../kernel/reclaim/option-table.ts';
import { POLICY_NAMES } from '../kernel/reclaim/policy.ts';
import { InputError } from '../mmu/input-error.ts';
import { TLB_POLICIES, type TlbConfig, validateTlbConfig } from '../mmu/tlb/config.ts';
import { FETCH, LOAD, STORE } from '../mmu/units.ts';
import { AFTER_FAULT, COST_OPTIONS, type CostModel } from '../trace/cost-model.ts';
import { GENERATOR_NAMES } from '../trace/generate.ts';
import { MODIFY } from '../trace/reference.ts';

const count = z.int().min(0);
const several = z.int().min(1);
const share = z.number().min(0).max(1);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1);

const fileTrace = z.strictObject({
  kind: z.literal('file'),
  file: z.string(),
  name: z.string().nullable(),
  format: z.string().nullable(),
  columns: list(z.string()).nullable(),
  unit: z.enum(['address', 'page']).nullable(),
  process: count.nullable(),
  kinds: list(z.literal([LOAD, STORE, FETCH, MODIFY])).nullable(),
});

const generatedTrace = z.strictObject({
  kind: z.literal('generated'),
  name: z.string().nullable(),
  like: z.enum(GENERATOR_NAMES),
  options: z.strictObject({
    count: several,
    pages: several,
    seed: z.int(),
    stores: share.optional(),
    localPages: several.optional(),
    phase: several.optional(),
    hotPages: share.optional(),
    hotReferences: share.optional(),
  }),
});

const tlbLevel = { entries: several, ways: several, policy: z.enum(TLB_POLICIES).optional() };
const tlb = z
  .strictObject({
    ...tlbLevel,
    l2: z.strictObject(tlbLevel).optional(),
    split: z.boolean().optional(),
    asids: z.boolean().optional(),
  })
  .superRefine((config: TlbConfig, context) => {
    for (const { message } of validateTlbConfig(config)) context.addIssue({ code: 'custom', message });
  });

const replacementOptions = z.record(z.string(), z.unknown()).superRefine((options, context) => {
  try {
    checkReplacementOptions(options);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

const grid = z.strictObject({
  policy: z.union([z.literal('all'), list(z.enum(POLICY_NAMES))]).nullable(),
  frames: list(several).nullable(),
  memory: list(several).nullable(),
  tlb: list(tlb.nullable()).nullable(),
  pageSize: list(several).nullable(),
  seed: list(count).nullable(),
  options: list(replacementOptions),
});

const COST_VALUES = { time: z.number().min(0), count: z.number().min(0), share, again: z.enum(AFTER_FAULT) } as const;
/** Those that may be left to what was measured. */
const MEASURED: readonly (keyof CostModel)[] = ['tlbHit', 'dirty', 'faultRatio'];

const costShape = Object.entries(COST_OPTIONS).map(([name, { values }]): [string, z.ZodType] => {
  const value = COST_VALUES[values];
  return [name, MEASURED.some((measured) => measured === name) ? value.nullable() : value];
});

export const planSchema = z.strictObject({
  title: z.string().nullable(),
  traces: z.array(z.discriminatedUnion('kind', [fileTrace, generatedTrace])),
  scenarios: z.array(z.string()),
  grid,
  cost: z.strictObject(Object.fromEntries(costShape)).nullable(),
});
