/**
 * Programs that ask for absurd things: the machine answers as Linux 6.18 does (measured), stays healthy, and neither
 * fails nor goes on for ever. Each case was found by a reviewer's random arguments.
 */
import { describe, expect, it } from 'vitest';
import { SHM_REMAP, SHM_RND } from '../../src/kernel/fs/shm.ts';
import {
  ERRNO,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const MIB = 2 ** 20;
const RW = PROT_READ | PROT_WRITE;
/** The largest file of ext4, bytes. */
const DISK_FILE_MAX = 2 ** 44 - PAGE;
const NOT_WHOLE = expect.objectContaining({ code: 'MEM-API-008' });

function makeMachine(paging: 'x86_64' | 'sv57' = 'x86_64', memory = 16 * MIB) {
  const machine = new Machine({ paging, memory });
  const process = machine.spawn({ name: 'stub', signals: 'survive' });
  return { machine, process };
}

function withFile(type: 'tmpfs' | 'disk') {
  const made = makeMachine();
  made.machine.files.create('data', type);
  const fd = made.machine.calls.open(made.process, 'data', { canRead: true, canWrite: true });
  return { ...made, fd };
}

describe('ranges larger than memory', () => {
  it('superpages make no stack: below it would be half of one', () => {
    const { machine, process } = makeMachine();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    expect(machine.mmap(process, { length: 2 * MIB, prot: RW, flags: flags | MAP_GROWSDOWN })).toBe(-ERRNO.EINVAL);
    expect(machine.mmap(process, { length: 2 * MIB, prot: RW, flags })).toBeGreaterThan(0);
  });

  it('advice on 1 PiB ends at once: it goes by tables and pages that are there', () => {
    const { machine, process } = makeMachine('sv57');
    const length = 2 ** 50;
    const mine = machine.mmap(process, { length, prot: PROT_READ, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    expect(machine.calls.madvise(process, mine, length, 'COLLAPSE')).toBe(-ERRNO.EINVAL);
    machine.munmap(process, mine, length);
    const flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    const shared = machine.mmap(process, { length, prot: RW, flags });
    expect(shared).toBeGreaterThan(0);
    expect(machine.store(process, shared + 2 ** 49, 1).ok).toBe(true);
    expect(machine.calls.madvise(process, shared, length, 'WILLNEED')).toBe(0);
    expect(machine.calls.residency(process, shared, length)).toBe(-ERRNO.EFAULT);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('mincore of untouched memory goes by tables', () => {
    const { machine, process } = makeMachine();
    const length = 2 ** 21 * PAGE;
    const at = machine.mmap(process, { length, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE });
    machine.store(process, at + 5 * PAGE, 1);
    machine.store(process, at + length - PAGE, 1);
    const resident = machine.calls.residency(process, at, length) as boolean[];
    expect(resident.flatMap((is, page) => (is ? [page] : []))).toEqual([5, 2 ** 21 - 1]);
  });

  it('remap_file_pages ends where a file does', () => {
    const { machine, process } = makeMachine();
    const at = machine.mmap(process, { length: 4 * PAGE, prot: RW, flags: MAP_SHARED | MAP_ANONYMOUS });
    const remap = (page: number | bigint) => machine.calls.remapFilePages(process, at, PAGE, 0, page);
    expect(remap(2 ** 51 - 2)).toBe(0);
    expect(remap(2 ** 51 - 1)).toBe(-ERRNO.EOVERFLOW);
    expect(remap(2n ** 63n)).toBe(-ERRNO.EOVERFLOW);
    expect(remap(2n ** 64n - 1n)).toBe(-ERRNO.EINVAL);
  });

  it('shmat beyond 2^64 is EINVAL, unless it replaces', () => {
    const { machine, process } = makeMachine();
    const id = machine.calls.shmget(process, 2 * PAGE);
    expect(machine.calls.shmat(process, id, -PAGE)).toBe(-ERRNO.EINVAL);
    expect(machine.calls.shmat(process, id, -1, SHM_RND)).toBe(-ERRNO.EINVAL);
    expect(machine.calls.shmat(process, id, 2n ** 64n - 8192n)).toBe(-ERRNO.EINVAL);
    expect(machine.calls.shmat(process, id, 2n ** 64n - 16384n)).toBe(-ERRNO.ENOMEM);
    expect(machine.calls.shmat(process, id, -PAGE, SHM_REMAP)).toBe(-ERRNO.ENOMEM);
  });
});

describe('output and files without end', () => {
  it('the console keeps 16 MiB', () => {
    const { machine, process } = makeMachine();
    const at = machine.mmap(process, { length: 64 * MIB, prot: PROT_READ, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    expect(machine.write(process, 1, at, 16 * MIB - 5)).toBe(16 * MIB - 5);
    expect(machine.write(process, 1, at, 64 * MIB)).toBe(5);
    expect(machine.write(process, 1, at, 1)).toBe(-ERRNO.ENOSPC);
    expect(machine.write(process, 1, at, 0)).toBe(0);
    expect(machine.write(process, 1, at, -1)).toBe(-ERRNO.EFAULT);
  });

  it('a write that cannot be read makes the pages of one block, not of all it asked for', () => {
    const { machine, process, fd } = withFile('disk');
    expect(machine.calls.pwrite(process, fd, 0x10, 8 * MIB, 0)).toBe(-ERRNO.EFAULT);
    machine.calls.ftruncate(process, fd, 16 * MIB);
    const at = machine.mmap(process, { length: 16 * MIB, prot: PROT_READ, flags: MAP_SHARED, fd });
    const cached = machine.calls.residency(process, at, 16 * MIB) as boolean[];
    expect(cached.filter(Boolean).length).toBe(512);
    expect(cached.lastIndexOf(true)).toBe(511);
  });

  it.each([
    { cached: [5], mapped: 0 },
    { cached: [4, 5], mapped: 2 },
    { cached: [2], mapped: 1 },
  ])(
    'a read past the end maps $mapped neighbours when pages $cached are in memory: the last one alone makes no table',
    (row) => {
      const { machine, process, fd } = withFile('disk');
      machine.files.write('data', 0, new Uint8Array(6 * PAGE).fill(1));
      machine.files.dropCache('data');
      const buffer = machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
      for (const page of row.cached) machine.calls.pread(process, fd, buffer, PAGE, page * PAGE);
      const flags = MAP_SHARED | MAP_FIXED;
      const at = machine.mmap(process, { address: 2 ** 30, length: 16 * PAGE, prot: PROT_READ, flags, fd });
      expect(machine.load(process, at + 8 * PAGE, 1).signal?.signal).toBe('SIGBUS');
      expect(process.space?.residentFile).toBe(row.mapped);
    },
  );

  it('a file on a disk has at most 16 TiB less a block', () => {
    const { machine, process, fd } = withFile('disk');
    const at = machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    const { calls } = machine;
    expect(calls.ftruncate(process, fd, DISK_FILE_MAX + 1)).toBe(-ERRNO.EFBIG);
    expect(calls.ftruncate(process, fd, DISK_FILE_MAX)).toBe(0);
    expect(calls.ftruncate(process, fd, 0)).toBe(0);
    expect(calls.pwrite(process, fd, at, 3, DISK_FILE_MAX - 2)).toBe(2);
    expect(calls.pwrite(process, fd, at, 1, DISK_FILE_MAX)).toBe(-ERRNO.EFBIG);
    expect(calls.pwrite(process, fd, at, 1, 2n ** 62n)).toBe(-ERRNO.EFBIG);
    expect(calls.fallocate(process, fd, 3, DISK_FILE_MAX, PAGE)).toBe(-ERRNO.EFBIG);
    expect(calls.fallocate(process, fd, 3, DISK_FILE_MAX - PAGE, PAGE)).toBe(0);
    expect(calls.pread(process, fd, at, 8, 2n ** 62n)).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('zeros on a disk are zeros when they come back', () => {
    const { machine, process, fd } = withFile('disk');
    const at = machine.mmap(process, { length: 2 * PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    machine.store(process, at + PAGE, 7);
    expect(machine.calls.pwrite(process, fd, at, 2 * PAGE, 0)).toBe(2 * PAGE);
    machine.files.dropCache('data');
    const read = machine.files.read('data', 0, 3 * PAGE) as Uint8Array;
    expect(read.length).toBe(2 * PAGE);
    expect(read.findIndex((byte) => byte !== 0)).toBe(PAGE);
    expect(read[PAGE]).toBe(7);
  });
});

describe('what a caller of the library passes', () => {
  it.each([Number.NaN, 0.5, Number.POSITIVE_INFINITY])('%d is no size', (value) => {
    const { machine, process } = withFile('tmpfs');
    expect(() => machine.files.truncate('data', value)).toThrow(NOT_WHOLE);
    expect(() => machine.files.write('data', value, new Uint8Array(1))).toThrow(NOT_WHOLE);
    expect(() => machine.files.read('data', 0, value)).toThrow(NOT_WHOLE);
    expect(() => machine.files.punch('data', 0, value)).toThrow(NOT_WHOLE);
    if (value === Number.POSITIVE_INFINITY) expect(machine.calls.setrlimit(process, 'AS', value)).toBe(0);
    else expect(() => machine.calls.setrlimit(process, 'AS', value)).toThrow(NOT_WHOLE);
  });

  it('negative sizes are refused, a negative limit is none', () => {
    const { machine, process } = withFile('disk');
    expect(machine.files.truncate('data', -1)).toBe(-ERRNO.EINVAL);
    expect(machine.files.write('data', -1, new Uint8Array(1))).toBe(-ERRNO.EINVAL);
    expect(machine.files.read('data', -1, 1)).toBe(-ERRNO.EINVAL);
    expect(machine.calls.setrlimit(process, 'AS', -1)).toBe(0);
    expect(machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS })).toBeGreaterThan(0);
  });

  it('more swap than a device has is a mistake of the configuration', () => {
    expect(() => new Machine({ swap: 2 ** 45 })).toThrow('MEM-CFG-009');
  });
});

describe('a private page in the swap cache', () => {
  it.each(['cow', 'eager'] as const)(
    'is nobody’s own after a fork (%s): what the parent writes the child does not see',
    (fork) => {
      const machine = new Machine({ paging: 'x86_64', memory: 16 * MIB, swap: MIB, swapKind: 'disk', fork });
      const parent = machine.spawn({ name: 'parent' });
      const at = machine.mmap(parent, { length: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
      machine.store(parent, at, 1);
      machine.calls.madvise(parent, at, PAGE, 'PAGEOUT');
      const child = machine.fork(parent) as Process;
      expect(machine.load(parent, at, 1).bytes?.[0]).toBe(1);
      expect(machine.load(child, at, 1).bytes?.[0]).toBe(1);
      machine.store(parent, at, 2);
      expect(machine.load(child, at, 1).bytes?.[0]).toBe(1);
      expect(machine.checkInvariants()).toEqual([]);
    },
  );
});
