/** Options of replacement policies as files write them: a schema made from their table. */
import { z } from 'zod';
import { type OptionEntry, REPLACEMENT_OPTIONS } from '../../kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../../kernel/reclaim/options.ts';
import { ScalarProblem } from '../scalar-problem.ts';
import { describeInput, scalar } from './scalars.ts';

function optionSchema({ values, policies, defaultsTo, description }: OptionEntry): z.ZodType {
  const about = `${description} (${policies.join(', ')}; default ${defaultsTo})`;
  switch (values.type) {
    case 'boolean':
      return z.boolean().optional().describe(about);
    case 'choice':
      return z.enum(values.choices).optional().describe(about);
    case 'integer':
      return z.int().min(values.least).max(values.most).optional().describe(about);
    case 'number':
      return z.number().min(values.least).max(values.most).optional().describe(about);
  }
}

const optionsSchema = (entries: readonly (readonly [string, OptionEntry])[]) =>
  z.strictObject(Object.fromEntries(entries.map(([name, entry]) => [name, optionSchema(entry)])));

const ENTRIES = Object.entries(REPLACEMENT_OPTIONS);

/** Every option. */
export const replacementOptions = optionsSchema(ENTRIES);

const { $schema: _draft, ...machineOptionsJson } = z.toJSONSchema(
  optionsSchema(ENTRIES.filter(([, { notInMachines }]) => notInMachines === undefined)),
  { target: 'draft-7', io: 'input' },
);

/**
 * Those of a machine. Any mapping is let through: which options there may be depends on the policy, so whoever knows it
 * (load/check-machine.ts) tells all that is wrong, in the same words and under the same code as the command line.
 */
export const machineReplacementOptions = scalar(
  (input): ReplacementOptions => {
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input;
    const message = `expected a mapping, found ${describeInput(input)}`;
    throw new ScalarProblem({ code: 'MEM-SCN-009', message, hint: 'such as `{ referenceOnLoad: false }`' });
  },
  { ...machineOptionsJson, description: 'Options that the replacement policy obeys (docs/replacement.md).' },
);
