/** The rule behind each errno, from the arguments of real calls on a real machine. */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';
import { stepStory } from '../../src/report/explain/story.ts';
import { makeNames } from '../../src/report/names.ts';
import { stepIsGood, stepOutcomeText } from '../../src/report/outcome.ts';
import { refusalReason, type SyscallEvent } from '../../src/report/refused-call.ts';
import { PLAIN } from '../../src/report/style.ts';
import { HELD, stepResult } from './fixture.ts';

const PLAIN_MAP = MAP_PRIVATE | MAP_ANONYMOUS;
const RW = PROT_READ | PROT_WRITE;

/** The last system call of what is done, and why it was refused. */
function refused(act: (machine: Machine, process: Process) => unknown): { event: SyscallEvent; reason: string | null } {
  const machine = new Machine({ memory: 256 * 1024 });
  const process = machine.spawn({ name: 'main' });
  const events: SyscallEvent[] = [];
  machine.on((event) => {
    if (event.type === 'Syscall') events.push(event);
  });
  act(machine, process);
  const event = events.at(-1)!;
  return { event, reason: refusalReason(event) };
}
const map = (machine: Machine, process: Process, more: object) =>
  machine.mmap(process, { length: 4096, prot: RW, flags: PLAIN_MAP, ...more });

function withoutLocks(machine: Machine, process: Process): Machine {
  machine.calls.setrlimit(process, 'MEMLOCK', 0);
  return machine;
}

describe('why a call was refused', () => {
  const cases: [string, string, Parameters<typeof refused>[0], RegExp][] = [
    ['mmap', 'EINVAL', (m, p) => map(m, p, { length: 0 }), /length is zero/],
    [
      'mmap',
      'EINVAL',
      (m, p) => map(m, p, { address: 0x10001, flags: PLAIN_MAP | MAP_FIXED }),
      /not page-aligned, as MAP_FIXED/,
    ],
    ['mmap', 'EINVAL', (m, p) => map(m, p, { flags: PLAIN_MAP | MAP_SHARED }), /MAP_SHARED_VALIDATE/],
    ['mmap', 'EINVAL', (m, p) => map(m, p, { flags: MAP_ANONYMOUS }), /neither/],
    ['mmap', 'EINVAL', (m, p) => map(m, p, { offset: 1 }), /offset is not a whole number of pages/],
    ['mmap', 'ENOMEM', (m, p) => map(m, p, { length: 2 ** 20 }), /1MiB asked for.*RAM and swap together, 256KiB/],
    ['mmap', 'ENOMEM', (m, p) => map(m, p, { length: 2n ** 64n - 1n }), /64 bits/],
    ['mmap', 'EPERM', (m, p) => map(m, p, { address: 0, flags: PLAIN_MAP | MAP_FIXED }), /mmap_min_addr/],
    [
      'mmap',
      'EEXIST',
      (m, p) => map(m, p, { address: map(m, p, {}), flags: PLAIN_MAP | MAP_FIXED_NOREPLACE }),
      /mapped in this range already/,
    ],
    ['mmap', 'EPERM', (m, p) => map(withoutLocks(m, p), p, { flags: PLAIN_MAP | MAP_LOCKED }), /RLIMIT_MEMLOCK is 0/],
    ['mlock', 'EPERM', (m, p) => withoutLocks(m, p).calls.mlock(p, 0x10000, 1), /RLIMIT_MEMLOCK is 0/],
    ['mlock', 'ENOMEM', (m, p) => m.calls.mlock(p, 0x3000_0000, 1), /a page of the range is in no area/],
    ['mlock2', 'EINVAL', (m, p) => m.calls.mlock2(p, 0x10000, 1, 2), /MLOCK_ONFAULT is the only flag/],
    ['mlock2', 'EINVAL', (m, p) => m.calls.mlock2(p, 2n ** 64n - 1n, 1, 0), /beyond 2\^64/],
    ['munlock', 'ENOMEM', (m, p) => m.calls.munlock(p, 0x3000_0000, 1), /in no area/],
    ['mlockall', 'EINVAL', (m, p) => m.calls.mlockall(p, 0), /MCL_CURRENT or MCL_FUTURE/],
    [
      'setrlimit',
      'EINVAL',
      (m, p) => m.calls.setrlimit(p, 'MEMLOCK', 2 ** 40),
      /soft limit is above the hard one, 8MiB/,
    ],
    ['setrlimit', 'EPERM', (m, p) => m.calls.setrlimit(p, 'MEMLOCK', 0, 2 ** 40), /cannot be raised again/],
    ['mmap', 'EBADF', (m, p) => map(m, p, { flags: MAP_PRIVATE }), /without MAP_ANONYMOUS/],
    ['munmap', 'EINVAL', (m, p) => m.munmap(p, 0x10000, 0), /length is zero/],
    ['munmap', 'EINVAL', (m, p) => m.munmap(p, 0x10001, 4096), /not page-aligned/],
    ['munmap', 'EINVAL', (m, p) => m.munmap(p, 0x10000, 2 ** 45), /beyond user space/],
    ['mprotect', 'EINVAL', (m, p) => m.mprotect(p, 0x10001, 4096, RW), /not page-aligned/],
    ['mprotect', 'EINVAL', (m, p) => m.mprotect(p, 0x10000, 4096, 64), /no right is/],
    ['mprotect', 'ENOMEM', (m, p) => m.mprotect(p, 0x7000000, 4096, PROT_READ), /nothing is mapped at the start/],
    ['brk', 'ENOMEM', (m, p) => m.brk(p, 0), /below the start of the heap/],
    ['sbrk', 'ENOMEM', (m, p) => m.sbrk(p, -4096), /below the start of the heap/],
    ['sbrk', 'ENOMEM', (m, p) => m.sbrk(p, 2 ** 20), /1MiB asked for.*RAM and swap together, 256KiB/],
    ['wait', 'ECHILD', (m, p) => m.wait(p), /no children/],
    ['wait', 'ECHILD', (m, p) => m.wait(p, 77), /no child with pid 77/],
    [
      'wait',
      'EAGAIN',
      (m, p) => {
        m.fork(p);
        m.wait(p);
      },
      /no child.* has ended yet/,
    ],
    ['read', 'EBADF', (m, p) => m.read(p, 1, 0x10000, 1), /descriptor 1 .* open for reading/],
    ['write', 'EBADF', (m, p) => m.write(p, 0, 0x10000, 1), /descriptor 0 .* open for writing/],
    ['write', 'EFAULT', (m, p) => m.write(p, 1, 8, 1), /buffer cannot be accessed/],
    [
      'read',
      'EFAULT',
      (m, p) => {
        p.input.push(1);
        m.read(p, 0, 8, 1);
      },
      /buffer cannot be accessed/,
    ],
    [
      'fork',
      'ENOMEM',
      (m, p) => {
        for (let count = 0; count < 100; count++) if (typeof m.fork(p) === 'number') return;
      },
      /child’s page tables/,
    ],
  ];
  it.for(cases)('%s: %s, case %#', ([name, errno, act, sentence]) => {
    const { event, reason } = refused(act);
    expect(event.name).toBe(name);
    if (name !== 'brk') expect(event.result).toBe(errno);
    expect(reason).toMatch(sentence);
  });

  it('is not asked of a call that was granted', () => {
    expect(refused((m, p) => map(m, p, {})).reason).toBeNull();
    expect(refused((m, p) => m.brk(p, p.space!.brk)).reason).toBeNull();
  });
});

describe('a break that stays', () => {
  const { event } = refused((m, p) => m.brk(p, 0x40000000));
  const step = stepResult(0, 'brk main 0x40000000', {
    outcome: { kind: 'address', address: 0x14000 },
    events: [event],
  });
  it('does not look like one that moved', () => {
    expect(stepOutcomeText(step, makeNames(new Map(), {}))).toBe('ENOMEM, the break stays at 0x14000');
    expect(stepIsGood(step)).toBe(false);
    const granted = { ...step, events: [{ ...event, result: 0x40000000 }] };
    expect(stepOutcomeText(granted, makeNames(new Map(), {}))).toBe('= 0x14000');
  });

  it('is told with its reason', () => {
    const text = stepStory(HELD, step, { style: PLAIN, format: new Machine().format, verbose: false }).join('\n');
    expect(refusalReason(event)).toContain(
      'about 1023.9MiB asked for, and one request may not exceed RAM and swap together',
    );
    expect(text).toContain('brk: ENOMEM: about 1023.9MiB asked for');
  });
});
