/** What a spawned process runs on its heap: which malloc, which Python, and whether its accesses are watched. */
import { z } from 'zod';
import { PYTHON_VERSIONS } from '../../process/python/profiles.ts';
import {
  COALESCINGS,
  checkTextbookOptions,
  LIST_ORDERS,
  TEXTBOOK_POLICIES,
  type TextbookOptions,
} from '../../process/textbook/options.ts';
import { size, whole } from './scalars.ts';

const textbook = z
  .strictObject({
    policy: z.enum(TEXTBOOK_POLICIES).describe('How a free block is chosen.'),
    bytes: size('Bytes of the one region it manages. Left out: it grows by moving the break.').optional(),
    base: size('Where that region begins. Left out: the kernel chooses.').optional(),
    grow: size('Without `bytes`: how far the break moves at a time.').optional(),
    header: z.literal([0, 4, 8, 16]).optional().describe('Bytes before each block; 0 keeps them in a table elsewhere.'),
    alignment: size('Of every block: a power of two.').optional(),
    order: z.enum(LIST_ORDERS).optional().describe('Order of the free list.'),
    coalescing: z.enum(COALESCINGS).optional().describe('When free neighbours become one block.'),
    splitThreshold: size('A block is split when at least this much would be left.').optional(),
    stopAtExactFit: z.boolean().optional().describe('Best fit: end the search at a block of exactly the size.'),
    minOrder: whole('Buddy: the smallest block is 2^minOrder bytes.', 0, 30).optional(),
    classes: z.array(size('bytes')).optional().describe('Segregated: the largest block of each class, ascending.'),
    objectSizes: z.array(size('bytes')).optional().describe('Slab: object size of each cache, ascending.'),
    slabBytes: size('Slab: bytes of one slab, a power of two.').optional(),
    keepEmpty: whole('Slab: empty slabs that a cache keeps.', 0).optional(),
  })
  .superRefine((options, context) => {
    for (const message of checkTextbookOptions(options as TextbookOptions)) {
      const problem = { code: 'MEM-SCN-034', message, hint: 'docs/heaps.md lists the options of each policy' };
      context.addIssue({ code: 'custom', message, params: { problem } });
    }
  })
  .meta({ id: 'textbook-malloc' });

const version = z.enum(PYTHON_VERSIONS as [string, ...string[]]);
/** The keys are the users' spelling of what python-settings.ts of the machine knows. */
const python = z.strictObject({
  version: version.describe('CPython version.'),
  PYTHONMALLOC: z.string().optional().describe('The environment variable, as Python reads it: `debug`, `malloc`, …'),
  PYTHONMALLOCSTATS: z.string().optional().describe('Not empty: print statistics at every new arena and at the end.'),
  dev: z.boolean().optional().describe('`-X dev`: debug hooks unless PYTHONMALLOC says otherwise.'),
  isolated: z.boolean().optional().describe('`-E` or `-I`: ignore environment variables.'),
  debugBuild: z.boolean().optional().describe('Configured with `--with-pydebug`.'),
  withPymalloc: z.boolean().optional().describe('false: configured with `--without-pymalloc`.'),
});
/** Keys of `spawn`. */
export const heapOptions = {
  malloc: z
    .union([z.enum(['glibc', ...TEXTBOOK_POLICIES]), textbook])
    .optional()
    .describe('What the C library’s `malloc` is; default: glibc’s.'),
  python: z
    .union([version, python])
    .optional()
    .describe('The Python that the process runs: `PyMem_…` and `tracemalloc…` steps need one. Default: none.'),
  memcheck: z
    .boolean()
    .optional()
    .describe('Hold every access and every free against the blocks that the program has, as Valgrind does.'),
} as const;
