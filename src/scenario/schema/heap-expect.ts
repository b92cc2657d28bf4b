/** Expectations of what heaps and the tools that watch them know. */
import { z } from 'zod';
import { HEAP_ERROR_KINDS } from '../../process/check/memcheck.ts';
import { amount, byteAmount } from './amount.ts';

const lost = z.union([
  byteAmount('bytes'),
  z.strictObject({ bytes: byteAmount('bytes').optional(), blocks: amount('blocks').optional() }),
]);

export const heapExpectations = {
  heap: z
    .strictObject({
      blocks: amount('Blocks that the program holds.').optional(),
      bytes: byteAmount('Bytes that it asked for in them.').optional(),
      free: byteAmount('Free bytes in its heaps.').optional(),
      largestFree: byteAmount('Bytes of the largest free piece.').optional(),
      arenas: amount('Arenas that pymalloc holds.').optional(),
      searched: amount(
        'Elements of the free list that the last request of a textbook’s allocator looked at.',
      ).optional(),
      whole: z.boolean().optional().describe('Do its heaps walk from end to end?'),
    })
    .meta({ id: 'heap-figures' })
    .describe('The program’s heaps after the step.'),
  errors: z
    .union([
      z.enum(['none', ...HEAP_ERROR_KINDS]),
      z.array(z.enum(HEAP_ERROR_KINDS)).describe('exactly these, in order'),
    ])
    .meta({ id: 'memcheck-errors' })
    .describe('What `memcheck` found during the step.'),
  leaks: z
    .union([
      z.literal('none'),
      z.strictObject({
        definitely: lost.optional(),
        indirectly: lost.optional(),
        possibly: lost.optional(),
        reachable: lost.optional(),
      }),
    ])
    .meta({ id: 'leaks' })
    .describe('Blocks that the program still holds when it ends, and whether it could still have freed them.'),
} as const;
