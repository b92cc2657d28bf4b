/**
 * mmap and munmap, each test named after the LTP case or kernel selftest whose assertion it repeats
 * (testcases/kernel/syscalls/{mmap,munmap}, tools/testing/selftests/mm). Files are on a disk unless it says otherwise.
 */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  permsOf,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { type SysctlName, setSysctl } from '../../src/kernel/sysctl.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { ANON, ARENA, answer, at, MIB, PAGE, Run, RW, SHARED } from './arena.ts';

const READ = { canRead: true };
const WRITE = { canWrite: true };
const bytes = (machine: Machine, name: string, offset: number, length: number): number[] => [
  ...(machine.files.read(name, offset, length) as Uint8Array),
];

describe('mmap of a file', () => {
  it.each(['tmpfs', 'disk'] as const)(
    'mmap01: what is stored behind the end on %s is zero first and never in the file',
    (type) => {
      const run = new Run();
      const { machine, process } = run;
      const fd = run.open('f', 100, undefined, type);
      run.mapFile(0, 1, fd);
      expect([...machine.load(process, at(0) + 100, PAGE - 100).bytes!]).toEqual(Array(PAGE - 100).fill(0));
      for (const offset of [100, 200, PAGE - 1]) expect(machine.store(process, at(0) + offset, 88).ok).toBe(true);
      machine.munmap(process, at(0), PAGE);
      expect(machine.kernel.files.get('f')!.size).toBe(100);
      expect(bytes(machine, 'f', 0, PAGE)).toEqual(Array(100).fill(1));
      run.check();
    },
  );

  it('mmap02: a mapping for reading of a read-only descriptor shows the file', () => {
    const run = new Run();
    const fd = run.open('f', 2 * PAGE, READ);
    expect(run.mapFile(0, 2, fd, MAP_SHARED, PROT_READ)).toBe(at(0));
    expect(run.read(0, 2)).toEqual([1, 2]);
    expect(run.machine.store(run.process, at(0), 1).signal).toMatchObject({ code: 'SEGV_ACCERR' });
  });

  it('mmap03: a mapping for execution shows the file', () => {
    const run = new Run();
    const fd = run.open('f', PAGE, READ);
    expect(run.mapFile(0, 1, fd, MAP_SHARED, PROT_READ | PROT_EXEC)).toBe(at(0));
    expect(run.read(0, 1)).toEqual([1]);
    expect(run.machine.fetch(run.process, at(0)).ok).toBe(true);
  });

  it.each([
    [PROT_NONE, '---'],
    [PROT_READ, 'r--'],
    [PROT_WRITE, '-w-'],
    [PROT_EXEC, '--x'],
    [PROT_READ | PROT_WRITE, 'rw-'],
    [PROT_READ | PROT_EXEC, 'r-x'],
    [PROT_WRITE | PROT_EXEC, '-wx'],
    [PROT_READ | PROT_WRITE | PROT_EXEC, 'rwx'],
  ])('mmap04: rights %i are shown as %s, private and shared', (prot, letters) => {
    const run = new Run();
    run.map(0, 1, ANON, prot);
    run.map(2, 1, SHARED, prot);
    const shown = [0, 2].map((page) => permsOf(run.process.space!.areas.at(at(page))!.flags));
    expect(shown).toEqual([`${letters}p`, `${letters}s`]);
  });

  it('mmap05: PROT_NONE: any access is SIGSEGV', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 1, run.open('f', PAGE), MAP_PRIVATE, PROT_NONE);
    for (const { signal } of [
      machine.load(process, at(0), 1),
      machine.store(process, at(0), 1),
      machine.fetch(process, at(0)),
    ]) {
      expect(signal).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    }
  });

  it('mmap06: EACCES for what the descriptor does not allow, EINVAL for no length or no type', () => {
    const run = new Run();
    const [read, write, both] = [run.open('f', PAGE, READ), run.open('f', 0, WRITE), run.open('f', 0)];
    expect(run.mapFile(0, 1, write, MAP_SHARED, PROT_READ)).toBe('EACCES');
    expect(run.mapFile(0, 1, write, MAP_PRIVATE, PROT_READ)).toBe('EACCES');
    expect(run.mapFile(0, 1, read, MAP_SHARED, PROT_WRITE)).toBe('EACCES');
    expect(run.mapFile(0, 1, write, MAP_SHARED, PROT_WRITE)).toBe('EACCES');
    expect(run.mapFile(0, 0, both)).toBe('EINVAL');
    expect(run.mapFile(0, 1, both, 0)).toBe('EINVAL');
    expect(run.mapFile(0, 1, read, MAP_PRIVATE, RW)).toBe(at(0));
  });

  it('mmap08: EBADF for a closed descriptor and one that never was', () => {
    const run = new Run();
    const fd = run.open('f', PAGE);
    run.machine.calls.close(run.process, fd);
    for (const bad of [fd, -1, 1000]) expect(run.mapFile(0, 1, bad)).toBe('EBADF');
  });

  it.each(['tmpfs', 'disk'] as const)('mmap09: ftruncate of a mapped file on %s, down, up and to nothing', (type) => {
    const run = new Run();
    const { machine } = run;
    run.mapFile(0, 8, run.open('f', 8 * PAGE, undefined, type));
    expect(run.read(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(machine.files.truncate('f', 4 * PAGE)).toBe(0);
    expect(run.read(0, 8)).toEqual([1, 2, 3, 4, ...Array(4).fill('BUS_ADRERR')]);
    expect(machine.files.truncate('f', 10 * PAGE)).toBe(0);
    expect(run.read(0, 8)).toEqual([1, 2, 3, 4, 0, 0, 0, 0]);
    expect(machine.files.truncate('f', 0)).toBe(0);
    expect(run.read(0, 8)).toEqual(Array(8).fill('BUS_ADRERR'));
    run.check();
  });

  it('mmap10: /dev/zero and anonymous memory, before and after a fork', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = machine.calls.open(process, '/dev/zero', { canRead: true, canWrite: true });
    expect(run.mapFile(0, 2, fd, MAP_PRIVATE)).toBe(at(0));
    expect(run.mapFile(2, 2, fd, MAP_SHARED)).toBe(at(2));
    run.map(4, 2);
    expect(run.read(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    run.fill(0, 6, 10);
    const child = machine.fork(process) as Process;
    expect(run.read(0, 6, child)).toEqual([10, 11, 12, 13, 14, 15]);
    for (const page of [0, 2, 4]) machine.store(child, at(page), 77);
    expect(run.read(0, 6)).toEqual([10, 11, 77, 13, 14, 15]);
    machine.munmap(child, at(0), 6 * PAGE);
    expect(run.read(0, 6)).toEqual([10, 11, 77, 13, 14, 15]);
    run.check();
  });

  it('mmap12, map_populate: MAP_POPULATE brings the pages, and a private copy keeps them from later writes', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = run.open('f', 4 * PAGE);
    machine.files.dropCache('f');
    expect(run.mapFile(0, 4, fd, MAP_PRIVATE | MAP_POPULATE)).toBe(at(0));
    const { minorFaults, majorFaults } = process;
    for (let page = 0; page < 4; page++) expect(run.frameAt(page)).toBeGreaterThan(0);
    run.mapFile(10, 4, fd);
    machine.store(process, at(11), 99);
    expect(run.read(0, 4)).toEqual([1, 2, 3, 4]);
    expect(process.majorFaults).toBe(majorFaults);
    expect(process.minorFaults).toBeGreaterThan(minorFaults);
    run.check();
  });

  it('mmap13: SIGBUS wholly behind the end, for loads and stores', () => {
    const run = new Run();
    run.mapFile(0, 3, run.open('f', PAGE + 1));
    expect(run.read(0, 3)).toEqual([1, 2, 'BUS_ADRERR']);
    expect(run.machine.store(run.process, at(2) + 5, 1).signal).toMatchObject({ signal: 'SIGBUS', address: at(2) + 5 });
  });

  it('mmap14: MAP_LOCKED counts as locked', () => {
    const run = new Run();
    run.map(0, 8, ANON | MAP_LOCKED);
    expect(run.process.space!.lockedPages).toBe(8);
    expect(run.process.space!.residentPages).toBe(8);
  });

  it('mmap15: an address beyond user space is ENOMEM, or EINVAL where it is no page’s', () => {
    const run = new Run();
    const { machine, process } = run;
    const fixed = (address: number | bigint) =>
      answer(machine.mmap(process, { address, length: PAGE, prot: RW, flags: ANON | MAP_FIXED }));
    expect([2n ** 47n - 4096n, 2n ** 47n, 2n ** 63n, 2n ** 64n - 4096n].map(fixed)).toEqual(Array(4).fill('ENOMEM'));
    expect(fixed(ARENA + 5)).toBe('EINVAL');
  });

  it('mmap19: two files unmapped and mapped the other way round show each its own bytes', () => {
    const run = new Run();
    const { machine, process } = run;
    const [one, other] = [run.open('one', PAGE), run.open('other', 2 * PAGE)];
    machine.files.write('other', 0, Uint8Array.of(50));
    for (let round = 0; round < 3; round++) {
      run.mapFile(0, 1, one, MAP_SHARED, PROT_READ);
      run.mapFile(1, 1, other, MAP_SHARED, PROT_READ);
      expect(run.read(0, 2)).toEqual([1, 50]);
      machine.munmap(process, at(0), 2 * PAGE);
      run.mapFile(0, 1, other, MAP_SHARED, PROT_READ);
      run.mapFile(1, 1, one, MAP_SHARED, PROT_READ);
      expect(run.read(0, 2)).toEqual([50, 1]);
    }
    run.check();
  });

  it('mmap20: MAP_SHARED_VALIDATE refuses flags that nobody knows, MAP_SHARED does not', () => {
    const run = new Run();
    const fd = run.open('f', PAGE);
    const unknown = 1 << 22;
    expect(run.mapFile(0, 1, fd, MAP_SHARED_VALIDATE | unknown)).toBe('EOPNOTSUPP');
    expect(run.mapFile(0, 1, fd, MAP_SHARED_VALIDATE | MAP_SYNC)).toBe('EOPNOTSUPP');
    expect(run.mapFile(0, 1, fd, MAP_SHARED_VALIDATE)).toBe(at(0));
    expect(run.mapFile(0, 1, fd, MAP_SHARED | unknown)).toBe(at(0));
  });

  it('mmap21: a large file written through the mapping is read back', () => {
    const run = new Run({ memory: 2 * MIB });
    const { machine } = run;
    const pages = 1024;
    const fd = run.open('f', 0);
    machine.files.truncate('f', pages * PAGE);
    run.mapFile(0, pages, fd);
    for (let page = 0; page < pages; page += 8) machine.store(run.process, at(page) + 3, 1 + (page % 200));
    for (let page = 0; page < pages; page += 8) {
      expect(bytes(machine, 'f', page * PAGE + 3, 1)).toEqual([1 + (page % 200)]);
    }
    run.check();
  });
});

describe('placement', () => {
  it('mmap17, map_fixed_noreplace: EEXIST for the same, inside, overlapping left or right, around; free ranges are taken', () => {
    const run = new Run();
    run.map(10, 5);
    const map = (page: number, pages: number) => {
      const flags = ANON | MAP_FIXED_NOREPLACE;
      return answer(run.machine.mmap(run.process, { address: at(page), length: pages * PAGE, prot: RW, flags }));
    };
    expect([map(10, 5), map(11, 3), map(8, 3), map(14, 3), map(8, 10)]).toEqual(Array(5).fill('EEXIST'));
    expect([map(5, 5), map(15, 2)]).toEqual([at(5), at(15)]);
    run.machine.munmap(run.process, at(10), 5 * PAGE);
    expect(map(10, 5)).toBe(at(10));
    run.check();
  });

  it('mmap18: MAP_GROWSDOWN grows when touched below, and not into what is in the way', () => {
    const run = new Run({ stackGuardPages: 4 });
    const { machine, process } = run;
    run.map(100, 2, ANON | MAP_GROWSDOWN);
    expect(machine.store(process, at(99), 1).ok).toBe(true);
    expect(machine.store(process, at(90), 1).ok).toBe(true);
    expect(run.areas()).toHaveLength(1);
    expect(run.areas()[0]!.slice(0, 2)).toEqual([90, 102]);
    run.map(80, 2);
    expect(machine.store(process, at(86), 1).ok).toBe(true);
    expect(machine.store(process, at(85), 1).signal).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_MAPERR' });
    run.check();
  });

  it('virtual_address_range: the whole of user space can be mapped, and not a page more', () => {
    const run = new Run({ overcommit: 1 });
    const { machine, process } = run;
    const chunk = 2 ** 40;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const places = new Set<number>();
    for (let length = chunk; length >= PAGE; ) {
      const place = machine.mmap(process, { length, prot: PROT_READ, flags });
      if (place < 0) length = Math.floor(length / 16 / PAGE) * PAGE;
      else places.add(place);
    }
    expect(answer(machine.mmap(process, { length: PAGE, prot: PROT_READ, flags }))).toBe('ENOMEM');
    const free = machine.format.userEnd - process.space!.totalPages * PAGE;
    // What is left lies below mmap_min_addr and in the gap below the stack.
    expect(free).toBeLessThanOrEqual((256 + 16 + 1) * PAGE);
    run.check();
  });
});

describe('munmap', () => {
  it('munmap01: of a part and of all; what is gone is SIGSEGV', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 4, run.open('f', 4 * PAGE));
    expect(machine.munmap(process, at(1), 2 * PAGE)).toBe(0);
    expect(run.read(0, 4)).toEqual([1, 'SEGV_MAPERR', 'SEGV_MAPERR', 4]);
    expect(machine.munmap(process, at(0), 4 * PAGE)).toBe(0);
    expect(machine.munmap(process, at(0), 4 * PAGE)).toBe(0);
    expect(run.read(0, 4)).toEqual(Array(4).fill('SEGV_MAPERR'));
    run.check();
  });

  it('munmap03: EINVAL outside user space, without a length, at an odd address', () => {
    const run = new Run();
    run.map(0, 2);
    const munmap = (address: number | bigint, length: number | bigint) =>
      answer(run.machine.munmap(run.process, address, length));
    const refused = [munmap(ARENA, 0), munmap(ARENA + 1, PAGE), munmap(2n ** 47n, PAGE), munmap(ARENA, 2n ** 47n)];
    expect(refused).toEqual(Array(4).fill('EINVAL'));
    expect(munmap(ARENA, 2n ** 64n - 1n)).toBe('EINVAL');
    expect(munmap(ARENA, 1)).toBe(0);
    expect(run.areas().map(([start, end]) => [start, end])).toEqual([[1, 2]]);
  });

  it('munmap04: ENOMEM for a hole at the limit of areas; a head, a tail or a whole area may go', () => {
    const run = new Run();
    const { machine, process } = run;
    const areas = process.space!.areas;
    for (let page = 0; areas.count <= 40; page += 4) run.map(page, 3);
    setSysctl(machine.kernel.sysctl, 'max_map_count' satisfies SysctlName, 40);
    expect(answer(machine.munmap(process, at(1), PAGE))).toBe('ENOMEM');
    expect(machine.munmap(process, at(0), PAGE)).toBe(0);
    expect(machine.munmap(process, at(2), PAGE)).toBe(0);
    expect(answer(machine.munmap(process, at(5), PAGE))).toBe('ENOMEM');
    expect(machine.munmap(process, at(8), 3 * PAGE)).toBe(0);
    expect(answer(machine.munmap(process, at(5), PAGE))).toBe('ENOMEM');
    expect(machine.munmap(process, at(12), 3 * PAGE)).toBe(0);
    expect(machine.munmap(process, at(5), PAGE)).toBe(0);
    run.check();
  });
});
