/**
 * Errnos in the order Linux checks them (linux-vm.md section 4; matrix-mmap and the focussed traces named there), for
 * the calls and flags there are. x86_64, so that the addresses are those of the recordings.
 */
import { describe, expect, it } from 'vitest';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MmapOptions } from '../../src/machine/machine-api.ts';

const ARENA = 0x1000_0000_0000;
const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const TASK_SIZE = 0x7fff_ffff_f000;

function boot() {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 22 });
  return { machine, process: machine.spawn({ name: 'p' }) };
}

const answer = (result: number): string | number => (result < 0 ? errnoName(result) : result);

describe('mmap', () => {
  const cases: [string, Partial<MmapOptions>, string | number][] = [
    ['offset not page-aligned', { offset: 1 }, 'EINVAL'],
    ['offset before descriptor', { offset: 1, flags: MAP_PRIVATE }, 'EINVAL'],
    ['no MAP_ANON and no file', { flags: MAP_PRIVATE }, 'EBADF'],
    ['descriptor before length', { flags: MAP_PRIVATE, length: 0 }, 'EBADF'],
    ['length 0', { length: 0 }, 'EINVAL'],
    ['length that rounds to 0', { length: 2n ** 64n - 1n }, 'ENOMEM'],
    ['length -1 is the same', { length: -1 }, 'ENOMEM'],
    ['offset + length beyond 2^64 only counts pages', { length: 2n ** 63n, offset: 2n ** 63n + 4096n }, 'ENOMEM'],
    ['longer than the address space', { length: 2 ** 48 }, 'ENOMEM'],
    ['fixed and unaligned', { address: ARENA + 1, flags: ANON | MAP_FIXED }, 'EINVAL'],
    ['fixed end beyond TASK_SIZE', { address: TASK_SIZE, flags: ANON | MAP_FIXED }, 'ENOMEM'],
    ['fixed, beyond before unaligned', { address: TASK_SIZE + 1, flags: ANON | MAP_FIXED }, 'ENOMEM'],
    ['fixed below mmap_min_addr', { address: 0, flags: ANON | MAP_FIXED }, 'EPERM'],
    ['no type', { flags: MAP_ANONYMOUS }, 'EINVAL'],
    ['SHARED_VALIDATE of anonymous memory', { flags: MAP_ANONYMOUS | MAP_SHARED | MAP_PRIVATE }, 'EINVAL'],
    ['shared and growing down', { flags: MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN }, 'EINVAL'],
    ['unknown prot bits are ignored', { address: ARENA, flags: ANON | MAP_FIXED, prot: 0x100 | RW }, ARENA],
    ['hint rounded down to its page', { address: ARENA + 5000 }, ARENA + 4096],
  ];

  it.for(cases)('%s', ([, options, expected]) => {
    const { machine, process } = boot();
    expect(answer(machine.mmap(process, { length: 4096, prot: RW, flags: ANON, ...options }))).toBe(expected);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('FIXED_NOREPLACE of an occupied range: EEXIST, nothing changed', () => {
    const { machine, process } = boot();
    machine.mmap(process, { address: ARENA, length: 8192, prot: RW, flags: ANON | MAP_FIXED });
    const flags = ANON | MAP_FIXED_NOREPLACE;
    expect(answer(machine.mmap(process, { address: ARENA + 4096, length: 8192, prot: RW, flags }))).toBe('EEXIST');
    expect(machine.mmap(process, { address: ARENA + 8192, length: 4096, prot: RW, flags })).toBe(ARENA + 8192);
  });

  it('places mappings top-down below the room for the stack, and 2 MiB multiples on their boundary', () => {
    const { machine, process } = boot();
    const top = 0x7fff_f7ff_f000;
    expect(machine.mmap(process, { length: 4096, prot: RW, flags: ANON })).toBe(top - 4096);
    expect(machine.mmap(process, { length: 8192, prot: RW, flags: ANON })).toBe(top - 12288);
    expect(machine.mmap(process, { length: 2 << 20, prot: PROT_READ, flags: ANON })).toBe(0x7fff_f7c0_0000);
  });

  it('overcommit 0 refuses only a single request beyond RAM and swap; 2 counts promises', () => {
    const lax = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 1 << 20 });
    const a = lax.spawn({});
    for (let i = 0; i < 4; i++) expect(lax.mmap(a, { length: 2 << 20, prot: RW, flags: ANON })).toBeGreaterThan(0);
    expect(answer(lax.mmap(a, { length: (2 << 20) + 1, prot: RW, flags: ANON }))).toBe('ENOMEM');
    const strict = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 1 << 20, overcommit: 2 });
    const b = strict.spawn({ image: { stack: 4096 } });
    expect(strict.mmap(b, { length: 1 << 20, prot: RW, flags: ANON })).toBeGreaterThan(0);
    expect(answer(strict.mmap(b, { length: 1 << 20, prot: RW, flags: ANON }))).toBe('ENOMEM');
    expect(strict.mmap(b, { length: 1 << 20, prot: PROT_READ, flags: ANON })).toBeGreaterThan(0);
  });
});

describe('munmap and mprotect', () => {
  const range = (machine: Machine) => {
    const process = machine.spawn({ name: 'p' });
    machine.mmap(process, { address: ARENA, length: 4 * 4096, prot: RW, flags: ANON | MAP_FIXED });
    return process;
  };
  const machineOf = () => new Machine({ paging: 'x86_64', memory: 1 << 22 });

  it.for<[string, number | bigint, number | bigint, string | number]>([
    ['unaligned', ARENA + 1, 4096, 'EINVAL'],
    ['length 0', ARENA, 0, 'EINVAL'],
    ['length that rounds to 0', ARENA, 2n ** 64n - 1n, 'EINVAL'],
    ['beyond TASK_SIZE', TASK_SIZE, 4096, 'EINVAL'],
    ['nothing there', ARENA + 0x10_0000, 4096, 0],
    ['part of it and a hole', ARENA + 8192, 0x10_0000, 0],
  ])('munmap: %s', ([, address, length, expected]) => {
    const machine = machineOf();
    expect(answer(machine.munmap(range(machine), address, length))).toBe(expected);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it.for<[string, number, number | bigint, number, string | number]>([
    ['GROWSDOWN and GROWSUP', ARENA, 4096, PROT_GROWSDOWN | PROT_GROWSUP, 'EINVAL'],
    ['unaligned', ARENA + 1, 4096, RW, 'EINVAL'],
    ['unaligned before length 0', ARENA + 1, 0, RW, 'EINVAL'],
    ['length 0', ARENA, 0, RW, 0],
    ['wraps', ARENA, 2n ** 64n - 1n, RW, 'ENOMEM'],
    ['unknown bit', ARENA, 4096, 0x100, 'EINVAL'],
    ['nothing there', ARENA + 0x10_0000, 4096, RW, 'ENOMEM'],
    ['starts before the area', ARENA - 4096, 8192, RW, 'ENOMEM'],
    ['GROWSDOWN of what does not', ARENA, 4096, RW | PROT_GROWSDOWN, 'EINVAL'],
    ['GROWSUP', ARENA, 4096, RW | PROT_GROWSUP, 'EINVAL'],
    ['runs into a hole', ARENA + 12288, 8192, PROT_READ, 'ENOMEM'],
  ])('mprotect: %s', ([, address, length, prot, expected]) => {
    const machine = machineOf();
    expect(answer(machine.mprotect(range(machine), address, length, prot))).toBe(expected);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('a failed mprotect leaves the areas before the hole changed', () => {
    const machine = machineOf();
    const process = range(machine);
    machine.mprotect(process, ARENA + 12288, 8192, PROT_READ);
    const area = machine.view().processes[process.pid]!.areas.find((candidate) => candidate.start === ARENA + 12288);
    expect(area?.perms).toBe('r--p');
  });
});

describe('areas merge as Linux merges them', () => {
  const areasOf = (machine: Machine, pid: number) =>
    machine.view().processes[pid]!.areas.filter((area) => area.start >= ARENA && area.start < ARENA + 0x10_0000);

  it('untouched neighbours merge, a protected middle splits, equal rights merge again', () => {
    const { machine, process } = boot();
    for (const page of [0, 2, 1]) {
      machine.mmap(process, { address: ARENA + page * 4096, length: 4096, prot: RW, flags: ANON | MAP_FIXED });
    }
    expect(areasOf(machine, process.pid)).toHaveLength(1);
    machine.mprotect(process, ARENA + 4096, 4096, PROT_READ);
    expect(areasOf(machine, process.pid).map((area) => area.perms)).toEqual(['rw-p', 'r--p', 'rw-p']);
    machine.mprotect(process, ARENA + 4096, 4096, RW);
    expect(areasOf(machine, process.pid)).toHaveLength(1);
  });

  it('two shared mappings never merge', () => {
    const { machine, process } = boot();
    const flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
    machine.mmap(process, { address: ARENA, length: 4096, prot: RW, flags });
    machine.mmap(process, { address: ARENA + 4096, length: 4096, prot: RW, flags });
    expect(areasOf(machine, process.pid)).toHaveLength(2);
  });

  it('a touched area of a forked child does not merge with a new neighbour', () => {
    const { machine, process } = boot();
    machine.mmap(process, { address: ARENA, length: 4096, prot: RW, flags: ANON | MAP_FIXED });
    machine.store(process, ARENA, 1, 1);
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('fork failed');
    for (const who of [process, child]) {
      machine.mmap(who, { address: ARENA + 4096, length: 4096, prot: RW, flags: ANON | MAP_FIXED });
    }
    expect(areasOf(machine, process.pid)).toHaveLength(1);
    expect(areasOf(machine, child.pid)).toHaveLength(2);
  });
});
