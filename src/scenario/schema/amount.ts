/** A count, or a number of bytes, that an expectation names: exactly, or between bounds. */
import { z } from 'zod';
import { size, whole } from './scalars.ts';

const amountOf = (number: typeof whole | typeof size, id: string) =>
  z
    .union([
      number('exactly'),
      z
        .strictObject({ min: number('at least').optional(), max: number('at most').optional() })
        .superRefine(({ min, max }, context) => {
          if (min === undefined || max === undefined || min <= max) return;
          const message = `no number is at least ${min} and at most ${max}`;
          const problem = { code: 'MEM-SCN-011', message, hint: 'swap the two' };
          context.addIssue({ code: 'custom', message, params: { problem } });
        })
        .describe('between bounds'),
    ])
    .meta({ id });

const anyAmount = amountOf(whole, 'amount');
const anyBytes = amountOf(size, 'amount-of-bytes');

export const amount = (description: string) => anyAmount.describe(description);
/** Bytes, which may be written `56KiB`. */
export const byteAmount = (description: string) => anyBytes.describe(description);
export type Amount = z.infer<ReturnType<typeof amount>>;
