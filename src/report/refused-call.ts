/**
 * Why a system call was refused, in a sentence: the rule behind the errno, decided by the call's arguments where they
 * decide it, otherwise the rules that are left. Rules: Linux 6.x, in the order in which the kernel checks them
 * (mm/mmap.c, mm/mprotect.c, mm/vma.c, kernel/fork.c, kernel/exit.c, fs/read_write.c), as src/kernel implements them.
 */
import {
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from '../kernel/linux-abi.ts';
import type { MachineEvent } from '../machine/events.ts';
import type { MachineView } from '../machine/view.ts';
import { hex, size } from './quantities.ts';

export type SyscallEvent = Extract<MachineEvent, { type: 'Syscall' }>;

/** What of the machine the rules depend on. */
export interface MachineFacts {
  readonly pageBytes: number;
  /** RAM and swap together; null when nobody knows. */
  readonly memoryBytes: number | null;
}

export const UNKNOWN_MACHINE: MachineFacts = { pageBytes: 4096, memoryBytes: null };

export function factsOf(view: MachineView | null): MachineFacts {
  if (view === null) return UNKNOWN_MACHINE;
  const { pageBytes, frames, swapSlots } = view.memory;
  return { pageBytes, memoryBytes: (frames + swapSlots) * pageBytes };
}

/** Null for a call that was not refused, or an errno that none of our system calls answers. */
export function refusalReason(event: SyscallEvent, facts: MachineFacts): string | null {
  const errno = errnoOf(event);
  return errno === null ? null : (RULES[event.name]?.[errno]?.(new Call(event, facts)) ?? null);
}

/** A brk that fails answers the break as it was, no errno. */
export function errnoOf({ name, args, result }: SyscallEvent): string | null {
  if (typeof result === 'string') return result;
  return name === 'brk' && BigInt.asUintN(64, BigInt(args.address ?? 0)) !== BigInt(result) ? 'ENOMEM' : null;
}

/** The arguments as the kernel sees them: 64 bits, unsigned. */
class Call {
  readonly result: number | string;
  readonly facts: MachineFacts;
  private readonly args: SyscallEvent['args'];

  constructor({ args, result }: SyscallEvent, facts: MachineFacts) {
    this.args = args;
    this.result = result;
    this.facts = facts;
  }

  signed(name: string): bigint {
    return BigInt(this.args[name] ?? 0);
  }

  value(name: string): bigint {
    return BigInt.asUintN(64, this.signed(name));
  }

  has(name: string, bits: number): boolean {
    return (Number(this.args[name] ?? 0) & bits) !== 0;
  }

  unaligned(name: string): boolean {
    return this.value(name) % BigInt(this.facts.pageBytes) !== 0n;
  }

  /** Rounded up to whole pages it needs more than 64 bits. */
  wraps(name: string): boolean {
    return this.value(name) > TWO_64 - BigInt(this.facts.pageBytes);
  }
}

const TWO_64 = 1n << 64n;
/** No page-table format here gives user space more. */
const USER_SPACE_MAX = 1n << 56n;

type Rule = (call: Call) => string;

/** The first that applies. */
const firstOf =
  (cases: readonly (readonly [applies: (call: Call) => boolean, sentence: string])[], otherwise: string): Rule =>
  (call) =>
    cases.find(([applies]) => applies(call))?.[1] ?? otherwise;

const NO_LENGTH = [(call: Call) => call.value('length') === 0n, 'the length is zero'] as const;
const UNALIGNED = [(call: Call) => call.unaligned('address'), 'the address is not page-aligned'] as const;
const WRAPS = [
  (call: Call) => call.wraps('length'),
  'the length, rounded up to whole pages, does not fit into 64 bits',
] as const;

const PROT_KNOWN = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP;
const LIMITS = 'a limit of the process is reached (address space, data, number of areas)';

/** More than there is was asked for in one go. */
function tooMuch(asked: bigint, { memoryBytes }: MachineFacts): string | null {
  if (memoryBytes === null || asked <= BigInt(memoryBytes)) return null;
  return `${sizeText(asked)} asked for, and one request may not exceed RAM and swap together, ${size(memoryBytes)} (overcommit 0; 2 promises less still)`;
}

const sizeText = (bytes: bigint): string =>
  bytes <= Number.MAX_SAFE_INTEGER ? size(Number(bytes)) : `${hex(bytes)} bytes`;

/** brk and sbrk, by how far the break was to move. */
function breakStays(distance: bigint, facts: MachineFacts): string {
  if (distance < 0n) return 'the break cannot go below the start of the heap';
  return (
    tooMuch(distance, facts) ??
    `something is mapped in the way (a page before it stays free, a whole gap before a stack), no more memory may be promised (overcommit 2), or ${LIMITS}`
  );
}

const NO_LOCKS = 'RLIMIT_MEMLOCK is 0: the process may not lock any memory';
const TOO_MANY_LOCKS = 'more would be locked than RLIMIT_MEMLOCK allows';
const LOCK_HOLE = 'a page of the range is in no area; what lies before it has been changed';
const WRAPPING_RANGE = [
  (call: Call) => call.value('address') + call.value('length') >= 2n ** 64n,
  'the range reaches beyond 2^64',
] as const;
/** No mmap_min_addr is higher. */
const LOWEST_MAX = 65536n;
const isLowest = (call: Call): boolean =>
  call.has('flags', MAP_FIXED | MAP_FIXED_NOREPLACE) && call.value('address') < LOWEST_MAX;
const LOCK_RULES: Readonly<Record<string, Rule>> = {
  EINVAL: () => WRAPPING_RANGE[1],
  EPERM: () => NO_LOCKS,
  ENOMEM: () =>
    `${TOO_MANY_LOCKS}, ${LOCK_HOLE}, or a page cannot be made present (it has no rights, or lies past the end of its file) although it is locked now`,
};

const unreadable =
  (verb: string): Rule =>
  (call) =>
    call.value('address') + call.value('length') >= USER_SPACE_MAX
      ? 'the buffer reaches beyond user space'
      : `the kernel cannot ${verb} the buffer at ${hex(call.value('address'))} for the process: its first byte is not mapped, has not the right, or the buffer reaches beyond user space; a system call then answers EFAULT, no signal is sent`;

const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  mmap: {
    EINVAL: firstOf(
      [
        NO_LENGTH,
        [
          (call) => call.has('flags', MAP_FIXED | MAP_FIXED_NOREPLACE) && call.unaligned('address'),
          'the address is not page-aligned, as MAP_FIXED wants it',
        ],
        [
          (call) => call.has('flags', MAP_SHARED) && call.has('flags', MAP_PRIVATE),
          'MAP_SHARED and MAP_PRIVATE together are MAP_SHARED_VALIDATE, which is for files only',
        ],
        [
          (call) => !call.has('flags', MAP_SHARED | MAP_PRIVATE),
          'a mapping must be MAP_SHARED or MAP_PRIVATE, this is neither',
        ],
        [
          (call) => call.has('flags', MAP_SHARED) && call.has('flags', MAP_GROWSDOWN),
          'shared memory cannot grow downwards',
        ],
        [
          (call) => call.has('flags', MAP_HUGETLB),
          'MAP_HUGETLB: no superpage of this format fits into memory, the address is not aligned to one, or the mapping is shared',
        ],
      ],
      'the offset is not page-aligned',
    ),
    ENOMEM: (call) => {
      if (call.wraps('length')) return WRAPS[1];
      if (call.value('length') + call.value('address') > USER_SPACE_MAX) return 'the range reaches beyond user space';
      return (
        tooMuch(call.value('length'), call.facts) ??
        `no free gap is that long, no more memory may be promised (overcommit 2), or ${LIMITS}`
      );
    },
    EBADF: () => 'without MAP_ANONYMOUS a file is mapped, and this machine has none',
    EOVERFLOW: () => 'offset and length together do not fit into 64 bits',
    EEXIST: () => 'MAP_FIXED_NOREPLACE: something is mapped in this range already',
    EPERM: firstOf(
      [[(call) => call.has('flags', MAP_LOCKED) && !isLowest(call), NO_LOCKS]],
      'the lowest pages may not be mapped (mmap_min_addr), so that null pointers fault',
    ),
    EAGAIN: () => `${TOO_MANY_LOCKS} (MAP_LOCKED, or mlockall for what is mapped later)`,
  },
  mlock: LOCK_RULES,
  mlock2: { ...LOCK_RULES, EINVAL: firstOf([WRAPPING_RANGE], 'MLOCK_ONFAULT is the only flag') },
  munlock: { EINVAL: () => WRAPPING_RANGE[1], ENOMEM: () => LOCK_HOLE },
  mlockall: {
    EINVAL: () => 'the flags are MCL_CURRENT or MCL_FUTURE or both, and MCL_ONFAULT only with one of them',
    EPERM: () => NO_LOCKS,
    ENOMEM: () => 'everything that is mapped is more than RLIMIT_MEMLOCK allows to lock',
  },
  setrlimit: {
    EINVAL: () => 'there is no such limit, or the soft one is above the hard one',
    EPERM: () => 'a hard limit once lowered cannot be raised again',
  },
  munmap: {
    EINVAL: firstOf([NO_LENGTH, UNALIGNED, WRAPS], 'the range reaches beyond user space, or cuts a superpage in two'),
    ENOMEM: () => 'a hole in the middle of an area would make one area more than max_map_count allows',
  },
  mprotect: {
    EINVAL: firstOf(
      [
        UNALIGNED,
        [(call) => (Number(call.value('prot') & 0xffffffffn) & ~PROT_KNOWN) !== 0, 'prot has a bit that no right is'],
        [(call) => call.has('prot', PROT_GROWSDOWN), 'PROT_GROWSDOWN: the area is no stack that grows downwards'],
        [(call) => call.has('prot', PROT_GROWSUP), 'PROT_GROWSUP: no area here grows upwards'],
      ],
      'the range cuts a superpage in two',
    ),
    EACCES: () => 'the area may never have that right',
    ENOMEM: firstOf(
      [
        WRAPS,
        [
          (call) => call.value('address') + call.value('length') > USER_SPACE_MAX,
          'the range reaches beyond user space',
        ],
        [
          (call) => !call.has('prot', PROT_WRITE),
          'a page of the range is in no area; what lies before it has been changed',
        ],
      ],
      'a page of the range is in no area (what lies before it has been changed), or what becomes writable is more than may be promised',
    ),
  },
  brk: {
    ENOMEM: (call) => breakStays(call.value('address') - BigInt(call.result), call.facts),
  },
  sbrk: {
    ENOMEM: (call) => breakStays(call.signed('delta'), call.facts),
  },
  fork: {
    EAGAIN: () => 'there are as many processes as there may be',
    ENOMEM: () =>
      'no frame is left for the child’s page tables, or its memory cannot be promised a second time (overcommit 2)',
  },
  wait: {
    ECHILD: (call) =>
      call.signed('pid') === -1n ? 'it has no children' : `it has no child with pid ${call.signed('pid')}`,
    EAGAIN: (call) =>
      call.signed('pid') === -1n
        ? 'no child has ended yet, and waiting does not block here'
        : 'the child has not ended yet, and waiting does not block here',
  },
  read: {
    EBADF: (call) => `descriptor ${call.signed('fd')} is not open for reading: only 0, the console, is`,
    EFAULT: unreadable('write to'),
  },
  write: {
    EBADF: (call) => `descriptor ${call.signed('fd')} is not open for writing: only 1 and 2, the console, are`,
    EFAULT: unreadable('read'),
  },
};
