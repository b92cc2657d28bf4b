/** A count that an expectation names: exactly, or between bounds. */
import { z } from 'zod';
import { whole } from './scalars.ts';

const anyAmount = z
  .union([
    whole('exactly'),
    z
      .strictObject({ min: whole('at least').optional(), max: whole('at most').optional() })
      .superRefine(({ min, max }, context) => {
        if (min === undefined || max === undefined || min <= max) return;
        const message = `no number is at least ${min} and at most ${max}`;
        const problem = { code: 'MEM-SCN-011', message, hint: 'swap the two' };
        context.addIssue({ code: 'custom', message, params: { problem } });
      })
      .describe('between bounds'),
  ])
  .meta({ id: 'amount' });

export const amount = (description: string) => anyAmount.describe(description);
export type Amount = z.infer<ReturnType<typeof amount>>;
