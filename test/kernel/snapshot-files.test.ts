/**
 * Snapshots and rewinding where state lies outside of processes: live segments, open files, dirty pages of the page cache,
 * pages on their way to a disk or to swap. What follows a restored snapshot must be what followed the original.
 */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_SYNC,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';
import { Rewinder } from '../../src/machine/rewind.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const ARENA = 0x1000_0000_0000;
const RW = PROT_READ | PROT_WRITE;
const PAGES = 16;
/** Where the shared, the private mapping of the file, the segment and plain memory are. */
const [SHARED, PRIVATE, SEGMENT, PLAIN] = [0, 1, 2, 3].map((n) => ARENA + n * 256 * PAGE) as [
  number,
  number,
  number,
  number,
];

interface Setting {
  readonly machine: Machine;
  readonly segment: number;
}

/** A parent and a child with a file of a disk, a segment, and more memory of their own than there is. */
function setUp(): Setting {
  const machine = new Machine({ paging: 'x86_64', memory: 96 * PAGE, swap: 256 * PAGE, overcommit: 1 });
  const process = machine.spawn({ name: 'parent', signals: 'survive' });
  const { calls, files } = machine;
  expect(files.create('data', 'disk')).toBe(0);
  files.write(
    'data',
    0,
    Uint8Array.from({ length: PAGES * PAGE }, (_, at) => at % 251),
  );
  files.sync('data');
  const fd = calls.open(process, 'data', { canRead: true, canWrite: true });
  const length = PAGES * PAGE;
  for (const [address, flags] of [
    [SHARED, MAP_SHARED],
    [PRIVATE, MAP_PRIVATE],
  ] as const) {
    expect(machine.mmap(process, { address, length, prot: RW, flags: flags | MAP_FIXED, fd })).toBe(address);
  }
  const segment = calls.shmget(process, length);
  expect(calls.shmat(process, segment, SEGMENT)).toBe(SEGMENT);
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  machine.mmap(process, { address: PLAIN, length: 64 * PAGE, prot: RW, flags });
  machine.fork(process, 'child');
  return { machine, segment };
}

const everybody = (machine: Machine): Process[] =>
  ['parent', 'child'].map((name) => machine.process(name)!).filter((process) => process.state === 'running');

/** One step of a program that is the same whenever it is run: what it does follows from its number alone. */
function step({ machine, segment }: Setting, number: number): void {
  const random = new Random(number + 1);
  const people = everybody(machine);
  const process = people[random.below(people.length)]!;
  const page = random.below(PAGES);
  const region = [SHARED, PRIVATE, SEGMENT][random.below(3)]!;
  const { calls, files } = machine;
  switch (random.below(10)) {
    case 0:
      files.write('data', page * PAGE + random.below(5000), new Uint8Array(1 + random.below(6000)).fill(number));
      return;
    case 1:
      files.truncate('data', random.below(PAGES) * PAGE + random.below(PAGE));
      return;
    case 2:
      files.sync('data');
      return;
    case 3:
      calls.msync(process, SHARED + page * PAGE, 2 * PAGE, MS_SYNC);
      return;
    case 4:
      files.dropCache('data');
      return;
    case 5:
      for (let n = 0; n < 12; n++) machine.store(process, PLAIN + random.below(64) * PAGE, number);
      return;
    case 6: {
      // Attached somewhere else for a while, by turns.
      const elsewhere = SEGMENT + 64 * PAGE;
      if (calls.shmdt(process, elsewhere) !== 0) calls.shmat(process, segment, elsewhere);
      return;
    }
    case 7: {
      const fd = calls.open(process, 'data', { canRead: true });
      if (fd > 6) calls.close(process, fd - random.below(2));
      return;
    }
    default:
      machine.store(process, region + page * PAGE + random.below(PAGE), number);
  }
}

/** All that can be seen: every byte of every mapping, the file, what the kernel counts. */
function everything({ machine, segment }: Setting): unknown {
  const { kernel } = machine;
  const bytes = everybody(machine).map((process) =>
    [SHARED, PRIVATE, SEGMENT, PLAIN].map((region) =>
      Array.from({ length: PAGES }, (_, page) => {
        const { bytes: read, signal, minor, major } = machine.load(process, region + page * PAGE, PAGE);
        return [read === null ? signal!.code : Buffer.from(read).toString('base64'), minor, major];
      }),
    ),
  );
  const inode = kernel.files.get('data')!;
  return {
    bytes,
    file: Buffer.from(machine.files.read('data', 0, 64 * PAGE) as Uint8Array).toString('base64'),
    size: inode.size,
    disk: [inode.store!.reads, inode.store!.writes],
    attached: kernel.segments.get(segment)?.areas,
    descriptors: everybody(machine).map((process) => [...process.files.keys()]),
    counters: machine.counters(),
    free: [kernel.buddy.free, kernel.swap.free, kernel.committedPages],
  };
}

describe('a snapshot', () => {
  it.each([3, 30, 90])('after %i steps goes on as the original does, and again', (position) => {
    const setting = setUp();
    const { machine } = setting;
    for (let number = 0; number < position; number++) step(setting, number);
    const snapshot = machine.snapshot();
    const goOn = (): unknown => {
      for (let number = position; number < position + 40; number++) step(setting, number);
      return everything(setting);
    };
    const first = goOn();
    expect(machine.checkInvariants()).toEqual([]);
    for (let again = 0; again < 2; again++) {
      machine.restore(snapshot);
      expect(machine.checkInvariants()).toEqual([]);
      expect(goOn()).toEqual(first);
    }
  });

  it('outlives the end of what it holds: the processes, the segment, the file', () => {
    const setting = setUp();
    const { machine, segment } = setting;
    const parent = machine.process('parent')!;
    machine.store(parent, SHARED, 200);
    machine.store(parent, SEGMENT, 201);
    machine.calls.shmrm(parent, segment);
    machine.files.unlink('data');
    const snapshot = machine.snapshot();
    for (const process of everybody(machine)) machine.exit(process);
    expect(machine.kernel.segments.size).toBe(0);
    expect(machine.kernel.objects.filter((object) => object !== null)).toEqual([]);
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
    machine.restore(snapshot);
    const again = machine.process('child')!;
    expect(machine.load(again, SHARED, 1).bytes).toEqual(Uint8Array.of(200));
    expect(machine.load(again, SEGMENT, 1).bytes).toEqual(Uint8Array.of(201));
    expect(machine.calls.shmat(again, segment, SEGMENT + 64 * PAGE)).toBe(SEGMENT + 64 * PAGE);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('shares nothing that changes: not the disk’s blocks, not the page cache, not what is open', () => {
    const setting = setUp();
    const { machine } = setting;
    const parent = machine.process('parent')!;
    machine.store(parent, SHARED + 7, 9);
    const snapshot = machine.snapshot();
    machine.store(parent, SHARED + 7, 10);
    machine.files.sync('data');
    machine.files.dropCache('data');
    machine.calls.close(parent, 3);
    machine.restore(snapshot);
    const inode = machine.kernel.files.get('data')!;
    expect(inode.store!.peek(0)![7]).toBe(7);
    expect(machine.process('parent')!.files.get(3)!.inode).toBe(inode);
    expect(machine.process('parent')!.files.get(3)).toBe(machine.process('child')!.files.get(3));
    expect(machine.load(machine.process('parent')!, SHARED + 7, 1).bytes).toEqual(Uint8Array.of(9));
  });
});

it('rewinding to any step gives what was there', () => {
  const setting = setUp();
  const { machine } = setting;
  const rewinder = new Rewinder(machine, (number) => step(setting, number), { every: 16, countMax: 6 });
  const seen = new Map<number, unknown>();
  for (const position of [10, 45, 80, 120]) {
    rewinder.goTo(position);
    // Looking is part of what happens, so it is done on a copy.
    const snapshot = machine.snapshot();
    seen.set(position, everything(setting));
    machine.restore(snapshot);
  }
  for (const position of [45, 120, 10, 80]) {
    rewinder.goTo(position);
    const snapshot = machine.snapshot();
    expect(everything(setting)).toEqual(seen.get(position));
    machine.restore(snapshot);
  }
  expect(machine.checkInvariants()).toEqual([]);
});
