/** Steps that are system calls on a process's address space, by their Linux names. */
import { z } from 'zod';
import { MAP_FLAGS, MCL_FLAGS, MLOCK_FLAGS, MREMAP_FLAGS, MS_FLAGS, SHM_FLAGS } from '../../kernel/flag-names.ts';
import { RESOURCE_NAMES } from '../../kernel/limits.ts';
import { ADVICE, type AdviceName } from '../../kernel/vm/advice.ts';
import { flagsOf } from './flags.ts';
import { address, byteLimit, length, protection, symbolName, value, whole } from './scalars.ts';
import { acts, bindsNumber, descriptor } from './step-head.ts';

const range = { at: address('First byte.'), length: length('Bytes.') };
const prot = 'Letters of `rwx`, or `none`; also `rw|growsdown`, `|growsup`, `|sem`, `|0x…`.';
const bindsAddress = symbolName('Name for the address it returns.').optional();

type LowerAdvice = Lowercase<AdviceName>;
const ADVICE_NAMES = Object.keys(ADVICE).map((name) => name.toLowerCase()) as [LowerAdvice, ...LowerAdvice[]];
type LowerResource = Lowercase<(typeof RESOURCE_NAMES)[number]>;
const RESOURCES = RESOURCE_NAMES.map((name) => name.toLowerCase()) as [LowerResource, ...LowerResource[]];

const mapFlags = flagsOf(MAP_FLAGS, 'mmap-flags').optional();

export const memoryShapes = {
  mmap: z.strictObject({
    ...acts('mmap'),
    as: bindsAddress,
    length: length('Bytes to map.'),
    prot: protection(prot).optional().describe('Default: `rw`.'),
    flags: mapFlags.describe('MAP_* names in lower case, or numbers. Default: private, and anonymous without `fd`.'),
    at: address('A hint, or with `fixed` the place itself.').optional(),
    fd: descriptor('Descriptor of the file to map: the name that `open` bound. Default: anonymous memory.').optional(),
    offset: address('Where in the file the mapping starts: a whole number of pages.').optional(),
  }),
  munmap: z.strictObject({ ...acts('munmap'), at: address('First byte.'), length: length('Bytes to unmap.') }),
  mprotect: z.strictObject({
    ...acts('mprotect'),
    at: address('First byte.'),
    length: length('Bytes to protect.'),
    prot: protection(prot),
  }),
  mremap: z.strictObject({
    ...acts('mremap'),
    as: bindsAddress,
    at: address('Where the mapping is.'),
    length: length('Its bytes now (old_size). 0 makes a second mapping of shared memory.'),
    newLength: length('Its bytes afterwards.'),
    flags: flagsOf(MREMAP_FLAGS, 'mremap-flags')
      .optional()
      .describe('MREMAP_* names. Default: none, so that it may not move.'),
    to: address('With `fixed` where it goes, with `dontunmap` a hint.').optional(),
  }),
  madvise: z.strictObject({
    ...acts('madvise'),
    ...range,
    advice: z
      .union([z.enum(ADVICE_NAMES), whole('A number of include/uapi/asm-generic/mman-common.h.')])
      .describe('MADV_* name in lower case, or a number.'),
  }),
  mlock: z.strictObject({ ...acts('mlock'), ...range }),
  mlock2: z.strictObject({
    ...acts('mlock2'),
    ...range,
    flags: flagsOf(MLOCK_FLAGS, 'mlock2-flags').optional().describe('`onfault`: lock pages as they come.'),
  }),
  munlock: z.strictObject({ ...acts('munlock'), ...range }),
  mlockall: z.strictObject({
    ...acts('mlockall'),
    flags: flagsOf(MCL_FLAGS, 'mlockall-flags').describe('What is mapped now, what will be, and when to bring it.'),
  }),
  munlockall: z.strictObject(acts('munlockall')),
  msync: z.strictObject({
    ...acts('msync'),
    ...range,
    flags: flagsOf(MS_FLAGS, 'msync-flags').optional().describe('Default: `sync`.'),
  }),
  mincore: z.strictObject({
    ...acts('mincore'),
    ...range,
    vector: address('Where the process wants the answer, a byte for each page. Default: nowhere.').optional(),
  }),
  mseal: z.strictObject({ ...acts('mseal'), ...range, flags: whole('None is known: 0, the default.').optional() }),
  remap_file_pages: z.strictObject({
    ...acts('remap_file_pages'),
    ...range,
    page: value('Page of the file or shared memory that is to stand at `at`.'),
    prot: whole('Must be 0, the default.').optional(),
    flags: mapFlags.describe('`nonblock`: do not make locked pages present.'),
  }),
  setrlimit: z.strictObject({
    ...acts('setrlimit'),
    resource: z.enum(RESOURCES).describe('RLIMIT_* name in lower case.'),
    soft: byteLimit('Bytes, or `infinity`: what counts.'),
    hard: byteLimit('How far the soft limit may go up. Default: stays as it is.').optional(),
  }),
  oom_score_adj: z.strictObject({
    ...acts('oom_score_adj'),
    value: whole(
      '-1000 … 1000, for /proc/PID/oom_score_adj: thousandths of RAM and swap added to its badness; -1000: never killed.',
      Number.MIN_SAFE_INTEGER,
    ),
    privileged: z
      .boolean()
      .optional()
      .describe(
        'Written as root does. Without, it does not go below the least that root has set (0 at first): EACCES.',
      ),
  }),
  shmget: z.strictObject({
    ...acts('shmget'),
    size: length('Bytes of the new segment.'),
    as: bindsNumber('Name for its identifier.'),
  }),
  shmat: z.strictObject({
    ...acts('shmat'),
    id: descriptor('Identifier of the segment: the name that `shmget` bound.'),
    at: address('Where to; default: where there is room.').optional(),
    flags: flagsOf(SHM_FLAGS, 'shmat-flags').optional().describe('SHM_* names. Default: none.'),
    as: bindsAddress,
  }),
  shmdt: z.strictObject({ ...acts('shmdt'), at: address('Where the segment was attached.') }),
  shmctl: z.strictObject({
    ...acts('shmctl'),
    id: descriptor('Identifier of the segment.'),
    command: z.enum(['rmid']).describe('`rmid`: it ends with its last attachment.'),
  }),
  peekdata: z.strictObject({ ...acts('peekdata'), at: address('The byte that a debugger reads.') }),
  pokedata: z.strictObject({
    ...acts('pokedata'),
    at: address('The byte that a debugger writes.'),
    value: value('What it writes there.'),
  }),
} as const;
