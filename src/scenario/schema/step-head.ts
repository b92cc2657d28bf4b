/** What every kind of step has: `do`, `process`, `note` and `expect`. */
import { z } from 'zod';
import { type ExpectingStep, expectFor } from './expect.ts';
import { processName, symbolName, value } from './scalars.ts';

export const note = z
  .string()
  .describe('A remark for the reader; shown beside the step.')
  .meta({ id: 'note' })
  .optional();
export const process = processName('The process that does it. May be left out while exactly one is running.')
  .meta({ id: 'acting-process' })
  .optional();
const onlooker = processName('The process that expectations on areas and pages are about. Default: the only one.')
  .meta({ id: 'onlooking-process' })
  .optional();

/** A step of a process. */
export const acts = <Kind extends ExpectingStep>(kind: Kind) => ({
  do: z.literal(kind),
  process,
  note,
  expect: expectFor(kind),
});

/** A step that no process does: what an administrator does to the machine. */
export const happens = <Kind extends ExpectingStep>(kind: Kind) => ({ ...acts(kind), process: onlooker });

/** A descriptor: what `open` answered, by the name it bound, or a number. */
export const descriptor = (description: string) => value(description);
export const bindsNumber = (description: string) => symbolName(description).optional();
