/** `files:` and the steps on files: made by the scenario, opened and changed by processes. */
import { z } from 'zod';
import { FALLOC_FLAGS } from '../../kernel/flag-names.ts';
import { flagsOf } from './flags.ts';
import { address, hexBytes, length, size, whole } from './scalars.ts';
import { acts, bindsNumber, descriptor, happens } from './step-head.ts';

/** What a file is made of, in `files:` and in a `create` step. */
const contents = {
  kind: z
    .enum(['disk', 'tmpfs'])
    .optional()
    .describe('`disk` (the default): as ext4, with blocks on a device. `tmpfs`: in memory and swap only.'),
  size: size('Its bytes; beyond what is written they are a hole. Default: what is written.').optional(),
  text: z.string().optional().describe('What it begins with, as UTF-8 text.'),
  hex: hexBytes('What it begins with, in hex.').optional(),
  fill: z
    .union([whole('A byte.', 0, 255), z.literal('page')])
    .optional()
    .describe('Byte that all of `size` is written with; `page`: each page with its own number, modulo 256.'),
  cached: z
    .boolean()
    .optional()
    .describe('false: of a file on a disk nothing is in the page cache at first. Default: what was written is.'),
};

export const fileSchema = z.strictObject(contents);
export type FileSpec = z.infer<typeof fileSchema>;

const fileName = z.string().min(1).describe('Name of the file.');
const anyFile = z.string().min(1).describe('Name of a file, or `/dev/zero`, `/dev/null`, `/`.');
const range = { at: address('Buffer of the process.'), length: length('Bytes.') };

export const fileShapes = {
  create: z.strictObject({ ...happens('create'), file: fileName, ...contents }),
  unlink: z.strictObject({ ...happens('unlink'), file: fileName }),
  open: z.strictObject({
    ...acts('open'),
    file: anyFile,
    mode: z.enum(['r', 'w', 'rw', 'path']).optional().describe('O_RDONLY (the default), O_WRONLY, O_RDWR or O_PATH.'),
    as: bindsNumber('Name for the descriptor.'),
  }),
  close: z.strictObject({ ...acts('close'), fd: descriptor('Descriptor.') }),
  pread64: z.strictObject({
    ...acts('pread64'),
    fd: descriptor('Descriptor.'),
    ...range,
    offset: address('Where in the file; default 0.').optional(),
  }),
  pwrite64: z.strictObject({
    ...acts('pwrite64'),
    fd: descriptor('Descriptor.'),
    ...range,
    offset: address('Where in the file; default 0.').optional(),
  }),
  ftruncate: z.strictObject({
    ...acts('ftruncate'),
    fd: descriptor('Descriptor.'),
    size: length('Bytes from now on.'),
  }),
  truncate: z.strictObject({ ...acts('truncate'), file: anyFile, size: length('Bytes from now on.') }),
  fallocate: z.strictObject({
    ...acts('fallocate'),
    fd: descriptor('Descriptor.'),
    mode: flagsOf(FALLOC_FLAGS, 'fallocate-modes')
      .optional()
      .describe('FALLOC_FL_* names. Default: `[punch_hole, keep_size]`, the one this kernel has.'),
    offset: address('First byte of the hole.'),
    length: length('Bytes of the hole.'),
  }),
  fsync: z.strictObject({ ...acts('fsync'), fd: descriptor('Descriptor.') }),
  drop_caches: z.strictObject({
    ...happens('drop_caches'),
    file: fileName.describe('Only of this file. Default: of all.').optional(),
  }),
} as const;
