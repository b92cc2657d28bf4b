/**
 * `expect:`: what a step, or the whole run, must have done. Only what is written is checked.
 *
 * Each kind of step allows the expectations that can mean something for it (`STEP_EXPECTATIONS`), so that
 * `munmap … expect: { value: 1 }` is a mistake in the file and not a check that never holds.
 */
import { z } from 'zod';
import { FAULT_KINDS, type SignalName } from '../../kernel/events.ts';
import type { CounterName } from '../../machine/view.ts';
import { FAULT_RULES } from '../../mmu/fault.ts';
import { amount, byteAmount } from './amount.ts';
import { smapsFigures, statusFigures, vmstatFigures } from './figures.ts';
import { heapExpectations } from './heap-expect.ts';
import { address, bitString, hexBytes, processName, value, whole } from './scalars.ts';

/** Every counter, in the order of machine/view.ts. The `satisfies` fails when one is missing or invented. */
const COUNTERS = {
  accesses: 0,
  loads: 0,
  stores: 0,
  fetches: 0,
  tlbHits: 0,
  tlbMisses: 0,
  l1TlbMisses: 0,
  l2TlbHits: 0,
  tlbInvalidations: 0,
  tlbFlushes: 0,
  tlbShootdowns: 0,
  walks: 0,
  pteReads: 0,
  minorFaults: 0,
  majorFaults: 0,
  protectionFaults: 0,
  demandZeroFaults: 0,
  zeroPageFaults: 0,
  copyOnWriteFaults: 0,
  reuseFaults: 0,
  fileFaults: 0,
  sharedFaults: 0,
  swapInFaults: 0,
  swapCacheFaults: 0,
  stackGrowths: 0,
  hugeFaults: 0,
  spuriousFaults: 0,
  evictions: 0,
  cleanEvictions: 0,
  dirtyEvictions: 0,
  swapReads: 0,
  swapWrites: 0,
  syscalls: 0,
  signals: 0,
  forks: 0,
  exits: 0,
  oomKills: 0,
  contextSwitches: 0,
} as const satisfies Record<CounterName, 0>;
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

const ERRNO_NAMES = [
  'ok',
  'EPERM',
  'ENOENT',
  'ESRCH',
  'EINTR',
  'EIO',
  'EBADF',
  'ECHILD',
  'EAGAIN',
  'ENOMEM',
  'EACCES',
  'EFAULT',
  'EBUSY',
  'EEXIST',
  'ENODEV',
  'EISDIR',
  'EINVAL',
  'ENFILE',
  'EMFILE',
  'ETXTBSY',
  'EFBIG',
  'ENOSPC',
  'EROFS',
  'EPIPE',
  'EDOM',
  'ERANGE',
  'EDEADLK',
  'ENOSYS',
  'EOVERFLOW',
  'EOPNOTSUPP',
] as const;

/** Those by which a process here can end. */
const SIGNALS = ['SIGSEGV', 'SIGBUS', 'SIGKILL', 'SIGABRT', 'SIGILL', 'SIGXFSZ'] as const satisfies SignalName[];

const counterShape = Object.fromEntries(
  COUNTER_NAMES.map((name) => [name, amount(`the counter ${name}`).optional()]),
) as Record<CounterName, z.ZodOptional<ReturnType<typeof amount>>>;
const counters = z.strictObject(counterShape).meta({ id: 'counters' });

const faultKind = z.enum(FAULT_KINDS).meta({ id: 'fault-kind' });
const evictedPage = z.union([
  z.strictObject({ process: processName('whose page').optional(), at: address('an address in the page') }),
  address('an address in the page, or `none`'),
]);
const residentPages = z
  .union([amount('pages resident in the whole process'), z.record(z.string(), amount('pages resident in that range'))])
  .meta({ id: 'resident-pages' });
const areaFlags = z
  .record(
    z.string(),
    z.union([
      z.string().describe('exactly these letters: `rd wr mr mw me ac`'),
      z.array(z.string()).describe('these among others; `-lo`: not this one'),
    ]),
  )
  .meta({ id: 'area-flags' });
const mapsLines = z
  .union([
    z.array(z.string()).describe('each line is an area of the process, exactly'),
    z.strictObject({ only: z.array(z.string()) }).describe('these areas and no others'),
  ])
  .meta({ id: 'area-lines' });

const logTexts = z
  .union([z.string().min(1), z.array(z.string().min(1)).describe('texts, or parts of lines, in this order')])
  .meta({ id: 'log-texts' });

/** All expectations a step can carry. */
const stepExpectations = {
  value: value(
    'The number read, or that rmw found: little-endian, unsigned. A negative number is compared in two’s complement.',
  ),
  bytes: hexBytes('The bytes read, in memory order.'),
  text: z.string().describe('The bytes read, as UTF-8 text.'),
  fault: z
    .union([
      z.enum(['none', ...FAULT_KINDS]),
      z.array(faultKind),
      z.strictObject({ kind: faultKind, count: amount('how many of that kind') }),
    ])
    .describe(
      'Page faults the kernel resolved during the step: one kind (exactly one fault, of that kind), `none` (no fault and no signal), a list (exactly these, in order), or `{ kind, count }`.',
    ),
  faults: amount('How many page faults the kernel resolved.'),
  minor: amount('Minor faults: resolved without reading from a device.'),
  major: amount('Major faults: resolved by reading from a device.'),
  signal: z.enum(['none', ...SIGNALS]).describe('The signal that ended the step.'),
  code: z
    .enum(['SEGV_MAPERR', 'SEGV_ACCERR', 'BUS_ADRERR', 'SI_KERNEL', 'SI_TKILL', 'ILL_ILLOPN'])
    .describe('si_code of the signal.'),
  errorCode: whole('x86 page-fault error code of the signal.'),
  address: address(
    'Of a signal: si_addr, the exact faulting byte. Of mmap, mremap, shmat, brk, sbrk: the address returned.',
  ),
  errno: z.enum(ERRNO_NAMES).describe('The error a system call answered, or `ok`.'),
  count: amount('Bytes or pages done: of read, write, pread64, pwrite64 and touch.'),
  pid: whole('The pid that fork, spawn or wait answered.', 1),
  exitCode: whole('The exit code that wait collected, or with which a Python refused to start.', 0, 255),
  killedBy: z.enum(SIGNALS).describe('The signal that wait says killed the child.'),
  tlb: z
    .enum(['hit', 'miss', 'L1', 'L2'])
    .describe('Did the TLB answer every translation of the step? `L1`/`L2`: which one did.'),
  walks: amount('Page-table walks done.'),
  physical: address('The physical address translated to.'),
  refused: z.enum(FAULT_RULES).describe('The rule by which the hardware refused the translation.'),
  level: whole('The level of the page table that refused: 0 is the leaf level.', 0, 8),
  indices: z.array(whole('an index', 0)).describe('The index into each table of the walk, the root first.'),
  byte: value('The byte of physical memory at the translated address.'),
  resident: residentPages.describe(
    'Resident pages of the process: a count, or for each `start..end` (or the area holding `start`) its count.',
  ),
  evicted: z
    .union([z.array(evictedPage), evictedPage])
    .describe('Pages evicted during the step, in order: addresses, `{ process, at }`, or `none`.'),
  swapReads: amount('Pages read from swap.'),
  swapWrites: amount('Pages written to swap.'),
  counters: counters.describe('Differences of the machine’s counters over the step.'),
  maps: mapsLines.describe(
    'Areas of the process, as in /proc/PID/maps but with expressions: `buf..buf+8KiB rw-p`, then a name when it matters.',
  ),
  vmflags: areaFlags.describe(
    'Of the area that holds each address its VmFlags, the two-letter words of /proc/PID/smaps: `lo` locked, `gu` guard markers, …',
  ),
  vec: bitString('Of mincore: a digit for each page, 1 for one in memory. In quotes: `"1101"`.'),
  smaps: z
    .record(z.string(), smapsFigures)
    .describe(
      'Of the area that holds each address, fields of /proc/PID/smaps in bytes, without names such as `page`: `{ buf: { Rss: 8KiB } }`.',
    ),
  status: statusFigures.describe('Fields of /proc/PID/status in bytes, likewise: `{ VmLck: 8KiB }`.'),
  vmstat: vmstatFigures.describe('Lines of /proc/vmstat, since boot: `{ pswpout: 2 }`.'),
  group: z
    .record(
      z.string(),
      z.strictObject({
        usage: byteAmount('Bytes charged to it now.').optional(),
        failcnt: amount('How often a charge met its limit.').optional(),
        oomKills: amount('Processes killed because of its limit.').optional(),
      }),
    )
    .describe('Figures of memory groups, by their names.'),
  dmesg: logTexts.describe(
    'What the kernel wrote to its log during the step: texts that occur in it, in this order; `[]`: it wrote nothing.',
  ),
  output: z.string().describe('Everything the process has written to the console so far.'),
  result: z
    .union([
      whole('the number answered', Number.MIN_SAFE_INTEGER),
      z.string(),
      z.null(),
      z.array(z.string()).describe('parts of the text answered, in this order'),
    ])
    .describe(
      'What the function answered: a number, a text or parts of it, or of a pointer `NULL` or `block`. Of open the descriptor, of shmget the identifier.',
    ),
  prints: z
    .union([z.string(), z.array(z.string()).describe('lines, or parts of lines, that it prints in this order')])
    .describe(
      'What the step printed: all of it, or a list of parts in order. A byte that is no ASCII counts as Latin-1.',
    ),
  ...heapExpectations,
} as const;
type ExpectationName = keyof typeof stepExpectations;
// Most kinds of steps may carry most of them: the published schema has each once, under its own name.
for (const [name, schema] of Object.entries(stepExpectations)) {
  z.globalRegistry.add(schema, { ...schema.meta(), id: `expect-${name}` });
}

const ANY_STEP = [
  'fault',
  'faults',
  'minor',
  'major',
  'resident',
  'evicted',
  'swapReads',
  'swapWrites',
  'counters',
  'maps',
  'vmflags',
  'smaps',
  'status',
  'vmstat',
  'group',
  'dmesg',
  'output',
  'walks',
  'heap',
  'errors',
] as const satisfies readonly ExpectationName[];
const SIGNALLED = ['signal', 'code', 'address', 'errorCode', 'tlb'] as const satisfies readonly ExpectationName[];
const READS = ['value', 'bytes', 'text', ...SIGNALLED] as const satisfies readonly ExpectationName[];
const TRANSLATES = [
  'physical',
  'refused',
  'level',
  'indices',
  'byte',
  'tlb',
] as const satisfies readonly ExpectationName[];

/** What each step may expect, besides what every step may. */
const OWN_EXPECTATIONS = {
  spawn: ['pid', 'prints', 'exitCode'],
  mmap: ['errno', 'address'],
  munmap: ['errno'],
  mprotect: ['errno'],
  mremap: ['errno', 'address'],
  madvise: ['errno'],
  mlock: ['errno'],
  mlock2: ['errno'],
  munlock: ['errno'],
  mlockall: ['errno'],
  munlockall: ['errno'],
  msync: ['errno'],
  mincore: ['errno', 'vec'],
  mseal: ['errno'],
  remap_file_pages: ['errno'],
  setrlimit: ['errno'],
  oom_score_adj: ['errno'],
  shmget: ['errno', 'result'],
  shmat: ['errno', 'address'],
  shmdt: ['errno'],
  shmctl: ['errno'],
  peekdata: ['errno', 'value'],
  pokedata: ['errno'],
  create: ['errno'],
  unlink: ['errno'],
  open: ['errno', 'result'],
  close: ['errno'],
  pread64: ['errno', 'count'],
  pwrite64: ['errno', 'count', 'signal'],
  ftruncate: ['errno', 'signal'],
  truncate: ['errno', 'signal'],
  fallocate: ['errno'],
  fsync: ['errno'],
  drop_caches: ['errno'],
  sysctl: ['errno'],
  group_create: ['errno'],
  group_limit: ['errno'],
  group_move: ['errno'],
  reclaim: ['errno'],
  brk: ['address', 'errno'],
  sbrk: ['address', 'errno'],
  fork: ['errno', 'pid'],
  exit: ['leaks'],
  wait: ['errno', 'pid', 'exitCode', 'killedBy'],
  kill: [],
  load: READS,
  store: SIGNALLED,
  fetch: SIGNALLED,
  rmw: ['value', ...SIGNALLED],
  touch: ['count', ...SIGNALLED],
  read: ['errno', 'count'],
  write: ['errno', 'count'],
  switch: [],
  peek: TRANSLATES,
  translate: TRANSLATES,
  check: ['value', 'bytes', 'text'],
  comment: [],
  call: ['result', 'prints', 'address', 'signal', 'code'],
} as const satisfies Record<string, readonly ExpectationName[]>;

export type ExpectingStep = keyof typeof OWN_EXPECTATIONS;

/** By what they allow: most system calls share theirs, and the published schema has it once. */
const made = new Map<string, z.ZodOptional<z.ZodType<StepExpect>>>();

/** The `expect:` of one kind of step. */
export function expectFor(kind: ExpectingStep): z.ZodOptional<z.ZodType<StepExpect>> {
  const own: readonly ExpectationName[] = OWN_EXPECTATIONS[kind];
  const id = ['expect-of', ...own].join('-');
  const known = made.get(id);
  if (known !== undefined) return known;
  const shape = Object.fromEntries([...own, ...ANY_STEP].map((name) => [name, stepExpectations[name].optional()]));
  const schema = z.strictObject(shape).meta({ id }).optional() as z.ZodOptional<z.ZodType<StepExpect>>;
  made.set(id, schema);
  return schema;
}

/**
 * Every expectation a step may carry, parsed: the type the checker reads. Written for all kinds of steps at once: the
 * types of what each kind allows, spelt out in the declarations, would be half a megabyte.
 */
export type StepExpect = { readonly [Name in ExpectationName]?: z.infer<(typeof stepExpectations)[Name]> | undefined };
export const EXPECTATION_NAMES = Object.keys(stepExpectations) as readonly ExpectationName[];
export const EXPECTATION_SCHEMAS: Readonly<Record<ExpectationName, z.ZodType>> = stepExpectations;

const frames = z.strictObject({
  leaked: amount(
    'Frames still in use after every process was made to exit and was waited for, less those in use right after boot.',
  ).optional(),
  free: amount('Free frames at the end.').optional(),
  used: amount('Frames in use at the end, the kernel’s own included.').optional(),
});
const swap = z.strictObject({
  leaked: amount('Swap slots still in use after every process has gone.').optional(),
  free: amount('Free slots at the end.').optional(),
  used: amount('Slots in use at the end.').optional(),
});
const processes = z.union([
  z.array(z.string()).describe('names of the running processes'),
  z.strictObject({ running: z.array(z.string()).optional(), zombie: z.array(z.string()).optional() }),
]);

/** The scenario's own `expect:`, checked when all steps are done. */
export const finalExpectSchema = z.strictObject({
  counters: counters.optional().describe('The machine’s counters at the end.'),
  frames: frames.optional().describe('Frames of memory.'),
  swap: swap.optional().describe('Slots of the swap device.'),
  processes: processes.optional().describe('Names of the processes that run at the end, in any order; and of zombies.'),
  output: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .describe('What the only process, or each named process, wrote to the console.'),
  dmesg: logTexts.optional().describe('Texts that occur in the kernel’s log, in this order; `[]`: it is empty.'),
  maps: z.record(z.string(), mapsLines).optional().describe('For each named process, its areas.'),
  resident: z.record(z.string(), residentPages).optional().describe('For each named process, its resident pages.'),
});
export type FinalExpect = z.infer<typeof finalExpectSchema>;
export type MapsExpect = z.infer<typeof mapsLines>;
export type ResidentExpect = z.infer<typeof residentPages>;
export type VmFlagsExpect = z.infer<typeof areaFlags>;
