/**
 * Memory locks and limits, each test named after the LTP case or kernel selftest whose assertion it repeats
 * (testcases/kernel/syscalls/{mlock,mlock2,munlock,mlockall,munlockall}, testcases/kernel/mem/tunable,
 * tools/testing/selftests/mm).
 */
import { describe, expect, it } from 'vitest';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_LOCKED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  PROT_READ,
  PROT_WRITE,
  vmFlagLetters,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { type SysctlName, setSysctl } from '../../src/kernel/sysctl.ts';
import { Machine } from '../../src/machine/machine.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const ARENA = 0x1000_0000_0000;
const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const MIB = 1 << 20;

interface Run {
  readonly machine: Machine;
  readonly process: Process;
  readonly start: number;
}

/** A process with `pages` pages of untouched private memory. */
function setUp(pages: number, config: ConstructorParameters<typeof Machine>[0] = {}): Run {
  const machine = new Machine({ paging: 'x86_64', memory: 8 * MIB, ...config });
  const process = machine.spawn({ name: 'p' });
  const start = mapAt(machine, process, ARENA, pages);
  return { machine, process, start };
}

const mapAt = (machine: Machine, process: Process, address: number, pages: number, flags = ANON): number =>
  machine.mmap(process, { address, length: pages * PAGE, prot: RW, flags: flags | MAP_FIXED });

const answer = (result: number): string | number => (result < 0 ? errnoName(result) : result);
const lockedPages = ({ process }: Run): number => process.space!.lockedPages;
const areas = ({ process }: Run): [number, number, string][] => {
  const found: [number, number, string][] = [];
  for (let area = process.space!.areas.find(ARENA); area !== null && area.start < ARENA + 64 * PAGE; area = area.next) {
    const locks = vmFlagLetters(area.flags)
      .split(' ')
      .filter((letters) => letters === 'lo' || letters === 'lf');
    found.push([(area.start - ARENA) / PAGE, (area.end - ARENA) / PAGE, locks.join(' ')]);
  }
  return found;
};
const healthy = ({ machine }: Run) => expect(machine.checkInvariants()).toEqual([]);

describe('mlock, munlock', () => {
  it.for<[number, number, [number, number, string][]]>([
    [
      0,
      1,
      [
        [0, 1, 'lo'],
        [1, 4, ''],
      ],
    ],
    [
      0,
      PAGE,
      [
        [0, 1, 'lo'],
        [1, 4, ''],
      ],
    ],
    [
      1,
      PAGE,
      [
        [0, 2, 'lo'],
        [2, 4, ''],
      ],
    ],
    [
      PAGE + 4095,
      2,
      [
        [0, 1, ''],
        [1, 3, 'lo'],
        [3, 4, ''],
      ],
    ],
    [0, 4 * PAGE, [[0, 4, 'lo']]],
    [0, 0, [[0, 4, '']]],
  ])('mlock01, munlock01: any address and length, to whole pages (%i, %i)', ([offset, length, expected]) => {
    const run = setUp(4);
    const { machine, process, start } = run;
    expect(machine.calls.mlock(process, start + offset, length)).toBe(0);
    expect(areas(run)).toEqual(expected);
    healthy(run);
    expect(machine.calls.munlock(process, start + offset, length)).toBe(0);
    expect(areas(run)).toEqual([[0, 4, '']]);
    expect(lockedPages(run)).toBe(0);
    healthy(run);
  });

  it('mlock02: ENOMEM for a hole, with what precedes it locked; ENOMEM over the limit; EPERM with none', () => {
    const run = setUp(4);
    const { machine, process, start } = run;
    machine.munmap(process, start + 2 * PAGE, PAGE);
    expect(answer(machine.calls.mlock(process, start, 4 * PAGE))).toBe('ENOMEM');
    expect(areas(run)).toEqual([
      [0, 2, 'lo'],
      [3, 4, ''],
    ]);
    expect(machine.calls.setrlimit(process, 'MEMLOCK', 2 * PAGE)).toBe(0);
    expect(answer(machine.calls.mlock(process, start + 3 * PAGE, PAGE))).toBe('ENOMEM');
    // What is locked already is not counted again.
    expect(machine.calls.mlock(process, start, 2 * PAGE)).toBe(0);
    machine.calls.setrlimit(process, 'MEMLOCK', 0);
    expect(answer(machine.calls.mlock(process, start, PAGE))).toBe('EPERM');
    expect(machine.calls.munlock(process, start, 2 * PAGE)).toBe(0);
    healthy(run);
  });

  it('mlock03: locking and unlocking the stack leaves its area as it is', () => {
    const run = setUp(1);
    const { machine, process } = run;
    const stack = process.space!.areas.below(process.space!.stackTop)!;
    const [first, last] = [stack.start, stack.end];
    expect(machine.calls.mlock(process, last - PAGE, PAGE)).toBe(0);
    expect(machine.calls.munlock(process, last - PAGE, PAGE)).toBe(0);
    const again = process.space!.areas.at(last - 1)!;
    expect([again.start, again.end]).toEqual([first, last]);
    healthy(run);
  });

  it('mlock05: what is locked is there, a minor fault a page', () => {
    const run = setUp(16);
    const { machine, process, start } = run;
    const { minorFaults } = process;
    expect(machine.calls.mlock(process, start, 16 * PAGE)).toBe(0);
    expect(process.minorFaults - minorFaults).toBe(16);
    expect(machine.load(process, start + 7 * PAGE, 1)).toMatchObject({ ok: true, minor: 0, major: 0 });
    expect(lockedPages(run)).toBe(16);
  });

  it('mlock-random-test: within the limit any part can be locked, what is beyond never', () => {
    const pages = 64;
    const run = setUp(pages);
    const { machine, process, start } = run;
    const limit = 20;
    machine.calls.setrlimit(process, 'MEMLOCK', limit * PAGE);
    const random = new Random(7);
    for (let round = 0; round < 200; round++) {
      const from = random.below(pages * PAGE);
      const length = 1 + random.below(pages * PAGE - from);
      const wanted = Math.ceil((from + length) / PAGE) - Math.floor(from / PAGE);
      const result = machine.calls.mlock2(process, start + from, length, round % 2);
      expect(answer(result)).toBe(wanted <= limit ? 0 : 'ENOMEM');
      expect(lockedPages(run)).toBe(wanted <= limit ? wanted : 0);
      machine.calls.munlock(process, start, pages * PAGE);
    }
    healthy(run);
  });

  it('munlock02: ENOMEM where nothing is mapped; lengths and addresses of 64 bits', () => {
    const { machine, process, start } = setUp(2);
    expect(answer(machine.calls.munlock(process, start + 2 * PAGE, PAGE))).toBe('ENOMEM');
    expect(answer(machine.calls.mlock(process, start, 2n ** 64n - 4096n))).toBe('ENOMEM');
    expect(answer(machine.calls.munlock(process, start, 2n ** 64n - 4096n))).toBe('EINVAL');
    // PAGE_ALIGN of it is 0.
    expect(machine.calls.mlock(process, start, 2n ** 64n - 1n)).toBe(0);
  });

  it('locks are not inherited by fork', () => {
    const run = setUp(2);
    const { machine, process, start } = run;
    machine.calls.mlockall(process, MCL_FUTURE);
    machine.calls.mlock(process, start, PAGE);
    const child = machine.fork(process) as Process;
    expect(areas({ ...run, process: child })).toEqual([
      [0, 1, ''],
      [1, 2, ''],
    ]);
    expect(child.space!.lockedPages).toBe(0);
    expect(child.space!.defaultFlags).toBe(0);
    healthy(run);
  });

  it('a locked page is never evicted', () => {
    const run = setUp(8, { residentPages: 16, swap: MIB });
    const { machine, process, start } = run;
    expect(machine.calls.mlock(process, start, 4 * PAGE)).toBe(0);
    const other = mapAt(machine, process, ARENA + MIB, 64);
    for (let page = 0; page < 64; page++) machine.store(process, other + page * PAGE, page);
    expect(machine.counters().evictions).toBeGreaterThan(40);
    for (let page = 0; page < 4; page++) {
      expect(machine.load(process, start + page * PAGE, 1)).toMatchObject({ ok: true, minor: 0, major: 0 });
    }
    healthy(run);
  });
});

describe('mlock2', () => {
  it('mlock201: without a flag all pages are there, with MLOCK_ONFAULT those that were; both count as locked', () => {
    const run = setUp(8);
    const { machine, process, start } = run;
    machine.store(process, start + PAGE, 1);
    const resident = () => process.space!.residentAnon;
    const before = resident();
    expect(machine.calls.mlock2(process, start, 4 * PAGE, MLOCK_ONFAULT)).toBe(0);
    expect([resident() - before, lockedPages(run)]).toEqual([0, 4]);
    expect(machine.calls.mlock2(process, start + 4 * PAGE, 4 * PAGE, 0)).toBe(0);
    expect([resident() - before, lockedPages(run)]).toEqual([4, 8]);
    expect(areas(run)).toEqual([
      [0, 4, 'lo lf'],
      [4, 8, 'lo'],
    ]);
    // mlock after mlock2 brings what is missing, and the areas are one again.
    expect(machine.calls.mlock(process, start, 8 * PAGE)).toBe(0);
    expect([resident() - before, areas(run)]).toEqual([7, [[0, 8, 'lo']]]);
    healthy(run);
  });

  it('mlock202: EINVAL for another flag, before anything else', () => {
    const { machine, process, start } = setUp(1);
    machine.calls.setrlimit(process, 'MEMLOCK', 0);
    expect(answer(machine.calls.mlock2(process, start, PAGE, 2))).toBe('EINVAL');
    expect(answer(machine.calls.mlock2(process, start, PAGE, MLOCK_ONFAULT))).toBe('EPERM');
  });

  it('mlock203: locking twice counts once', () => {
    const run = setUp(4);
    for (let i = 0; i < 2; i++) run.machine.calls.mlock(run.process, run.start, 4 * PAGE);
    expect(lockedPages(run)).toBe(4);
  });
});

describe('mlockall, munlockall', () => {
  it.for([
    ['CURRENT', MCL_CURRENT, 'lo', 0],
    ['FUTURE', MCL_FUTURE, '', 4],
    ['CURRENT and FUTURE', MCL_CURRENT | MCL_FUTURE, 'lo', 4],
    ['CURRENT and ONFAULT', MCL_CURRENT | MCL_ONFAULT, 'lo lf', 0],
  ] as const)('mlockall01: %s', ([, flags, now, later]) => {
    const run = setUp(4);
    const { machine, process } = run;
    expect(machine.calls.mlockall(process, flags)).toBe(0);
    expect(areas(run)).toEqual([[0, 4, now]]);
    const { minorFaults } = process;
    mapAt(machine, process, ARENA + 8 * PAGE, 4);
    expect(process.minorFaults - minorFaults).toBe(later);
    expect(areas(run)[1]).toEqual([8, 12, later > 0 ? 'lo' : '']);
    healthy(run);
    // munlockall01
    expect(machine.calls.munlockall(process)).toBe(0);
    expect(areas(run).map(([, , locks]) => locks)).toEqual(['', '']);
    expect([lockedPages(run), process.space!.defaultFlags]).toEqual([0, 0]);
    healthy(run);
  });

  it('mlockall02, 03: EINVAL for flags, EPERM without a limit, ENOMEM above it', () => {
    const { machine, process } = setUp(1);
    for (const flags of [0, MCL_ONFAULT, 8, MCL_CURRENT | 8]) {
      expect(answer(machine.calls.mlockall(process, flags))).toBe('EINVAL');
    }
    machine.calls.setrlimit(process, 'MEMLOCK', PAGE);
    expect(answer(machine.calls.mlockall(process, MCL_CURRENT))).toBe('ENOMEM');
    expect(machine.calls.mlockall(process, MCL_FUTURE)).toBe(0);
    machine.calls.setrlimit(process, 'MEMLOCK', 0);
    expect(answer(machine.calls.mlockall(process, MCL_FUTURE))).toBe('EPERM');
  });

  it('on-fault-limit: a mapping above the limit fails after mlockall(ONFAULT | FUTURE)', () => {
    const { machine, process } = setUp(1);
    machine.calls.setrlimit(process, 'MEMLOCK', 4 * PAGE);
    expect(machine.calls.mlockall(process, MCL_ONFAULT | MCL_FUTURE)).toBe(0);
    expect(answer(mapAt(machine, process, ARENA + MIB, 5))).toBe('EAGAIN');
    const { minorFaults } = process;
    expect(mapAt(machine, process, ARENA + MIB, 4)).toBe(ARENA + MIB);
    expect(process.minorFaults).toBe(minorFaults);
    // The break is held against it as well.
    const end = machine.brk(process, 0);
    expect(machine.brk(process, end + 5 * PAGE)).toBe(end);
  });

  it('MAP_LOCKED: EPERM without a limit, EAGAIN above it', () => {
    const { machine, process } = setUp(1);
    machine.calls.setrlimit(process, 'MEMLOCK', PAGE);
    expect(answer(mapAt(machine, process, ARENA + MIB, 2, ANON | MAP_LOCKED))).toBe('EAGAIN');
    machine.calls.setrlimit(process, 'MEMLOCK', 0);
    expect(answer(mapAt(machine, process, ARENA + MIB, 1, ANON | MAP_LOCKED))).toBe('EPERM');
  });
});

describe('setrlimit', () => {
  it('a soft limit goes up to the hard one, a hard one only down', () => {
    const { machine, process } = setUp(1);
    const { calls } = machine;
    expect(calls.setrlimit(process, 'AS', 64 * MIB, 128 * MIB)).toBe(0);
    expect(calls.setrlimit(process, 'AS', 128 * MIB)).toBe(0);
    expect(answer(calls.setrlimit(process, 'AS', 129 * MIB))).toBe('EINVAL');
    expect(answer(calls.setrlimit(process, 'AS', MIB, 129 * MIB))).toBe('EPERM');
    const child = machine.fork(process) as Process;
    expect([child.limits.addressSpace, child.limits.hard.AS]).toEqual([128 * MIB, 128 * MIB]);
  });
});

describe('sysctl', () => {
  const sysctl = (machine: Machine, name: SysctlName, value: number) =>
    answer(setSysctl(machine.kernel.sysctl, name, value));
  const map = ({ machine, process }: Run, bytes: number, flags = ANON) =>
    answer(machine.mmap(process, { length: bytes, prot: RW, flags }));

  it('max_map_count: one area more than it says can be had', () => {
    const run = setUp(1);
    const { machine, process } = run;
    expect(sysctl(machine, 'max_map_count', 100)).toBe(0);
    const fresh = (index: number) => mapAt(machine, process, ARENA + MIB + index * 2 * PAGE, 1);
    let index = 0;
    while (fresh(index) > 0) index++;
    expect(answer(fresh(index))).toBe('ENOMEM');
    expect(process.space!.areas.count).toBe(101);
  });

  it('overcommit_memory: 2 stops at the limit, 0 at all there is, 1 never', () => {
    const run = setUp(1, { memory: 8 * MIB, swap: 4 * MIB });
    const { machine } = run;
    expect(sysctl(machine, 'overcommit_memory', 2)).toBe(0);
    expect(map(run, 8 * MIB)).toBe('ENOMEM');
    expect(map(run, 8 * MIB, ANON | MAP_NORESERVE)).toBe('ENOMEM');
    expect(map(run, 7 * MIB)).toBeTypeOf('number');
    expect(map(run, MIB)).toBe('ENOMEM');
    expect(sysctl(machine, 'overcommit_ratio', 100)).toBe(0);
    expect(map(run, MIB)).toBeTypeOf('number');
    expect(sysctl(machine, 'overcommit_memory', 0)).toBe(0);
    expect(map(run, 12 * MIB)).toBeTypeOf('number');
    expect(map(run, 12 * MIB + 1)).toBe('ENOMEM');
    expect(sysctl(machine, 'overcommit_memory', 1)).toBe(0);
    expect(map(run, 2 ** 40)).toBeTypeOf('number');
    expect(sysctl(machine, 'overcommit_memory', 3)).toBe('EINVAL');
  });

  it('overcommit_kbytes: an amount in place of the ratio, less what is kept back', () => {
    const run = setUp(1, { memory: 8 * MIB });
    const { machine, process } = run;
    sysctl(machine, 'overcommit_memory', 2);
    sysctl(machine, 'overcommit_kbytes', 4096);
    const free = 1024 - machine.kernel.committedPages;
    expect(map(run, free * PAGE)).toBe('ENOMEM');
    sysctl(machine, 'admin_reserve_kbytes', 40);
    expect(map(run, (free - 10) * PAGE)).toBe('ENOMEM');
    // Of its own size the process keeps a 32nd back.
    sysctl(machine, 'user_reserve_kbytes', 1024);
    const own = Math.floor(process.space!.totalPages / 32);
    expect(map(run, (free - 10 - own) * PAGE)).toBe('ENOMEM');
    expect(map(run, (free - 10 - own - 1) * PAGE)).toBeTypeOf('number');
  });
});
