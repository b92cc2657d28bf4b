/**
 * System calls and faults in a process with 10, 1,000 and 60,000 areas, against the same on the Linux underneath
 * (bench/native/areas.c) and against themselves with few areas: nothing may cost more than its logarithm.
 *
 *     [ area ] [ area ] [ area ] …        `count` areas of a few pages, a page unmapped behind each: none can merge
 */
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { Random } from '../../src/mmu/random.ts';
import { type Comparison, type Group, stopwatch, type Timed } from '../harness.ts';
import { askNative, compileNative } from '../native-linux.ts';
import {
  endChild,
  expect,
  forkChild,
  MIB,
  makeWorkbench,
  mapPages,
  PAGE,
  touchPages,
  type Workbench,
} from '../workbench.ts';

const FEW = 10;
const COUNTS = [FEW, 1000, 60_000] as const;
const MANY = COUNTS[2];
const OPERATIONS = 500;
const DISCARDED = 512;
const PAIR_PAGES = 16;
const READ_WRITE = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;
const MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;
const LINUX = 'Linux';
/**
 * A logarithm grows by the ratio of the logarithms, in steps. Among many areas a step misses the host's caches, which may
 * make it as much dearer than this; a scan of all of them would cost thousands of times as much.
 */
const MISSED_STEP = 2;

/** A process with many areas, and how to find them. */
interface Areas extends Workbench {
  readonly count: number;
  addressOf(index: number): number;
}

interface Work {
  readonly id: string;
  readonly title: string;
  /** Of each area, by their count. */
  pages(count: number): number;
  /** Each area is shared memory of its own, not private. */
  readonly isShared?: true;
  time(areas: Areas): Timed;
}

const WORKS: readonly Work[] = [
  { id: 'pair', title: 'mmap + munmap of 64 KiB', pages: () => 3, time: (areas) => timePairs(areas, PRIVATE) },
  { id: 'hole', title: 'mmap + munmap of a page in a drawn hole', pages: () => 3, time: timeHoles },
  { id: 'protect', title: 'mprotect: split in three, merge again', pages: () => 3, time: timeProtections },
  {
    id: 'fault',
    title: 'demand-zero fault, each in another area',
    pages: (count) => (count > OPERATIONS ? 2 : 2 + OPERATIONS / count),
    time: timeFaults,
  },
  {
    id: 'shared',
    title: 'mmap + munmap of 64 KiB, all shared',
    pages: () => 1,
    isShared: true,
    time: (areas) => timePairs(areas, MAP_SHARED | MAP_ANONYMOUS),
  },
  { id: 'move', title: 'mremap: 64 KiB of touched pages moved', pages: () => 3, time: timeMoves },
];

export function areaGroups(): Group[] {
  const native = compileNative('areas');
  const linux = (work: string, count: number, pages: number, operations: number) =>
    native === null ? {} : { [LINUX]: askNative(native, [work, count, pages, operations], operations) };
  return [
    ...WORKS.map((work) => workGroup(work, linux)),
    discardGroup(linux),
    forkManyGroup('untouched', linux),
    forkManyGroup('touched', linux),
  ];
}

type NativeOf = (work: string, count: number, pages: number, operations: number) => Readonly<Record<string, Timed>>;

const GROUP = 'among many areas';

function speed(id: string, title: string, references: object): Comparison {
  const reference = LINUX in references ? LINUX : null;
  return { id, title, subject: 'emulated', reference, kind: 'speed', aim: null };
}

/** One kind of work with few to many areas: against Linux, and how its cost grows. */
function workGroup({ id, title, pages, isShared, time }: Work, linux: NativeOf): Group {
  const references = [FEW, MANY].map((count) => [count, linux(id, count, pages(count), OPERATIONS)] as const);
  const named = references.flatMap(([count, { [LINUX]: timed }]) =>
    timed ? [[nativeName(count), timed] as const] : [],
  );
  return {
    name: GROUP,
    timings: () => ({
      ...Object.fromEntries(
        COUNTS.map((count) => [nameOf(count), time(isShared ? makeShared(count) : makeAreas(count, pages(count), 32))]),
      ),
      ...Object.fromEntries(named),
    }),
    comparisons: [
      ...references.map(
        ([count, found]): Comparison => ({
          id: `areas-${id}-${count}`,
          title: `${title}, ${nameOf(count)}`,
          subject: nameOf(count),
          reference: LINUX in found ? nativeName(count) : null,
          kind: 'speed',
          aim: null,
        }),
      ),
      ...COUNTS.slice(1).map(
        (count): Comparison => ({
          id: `areas-${id}-growth-${count}`,
          title: `  growth up to ${nameOf(count)}`,
          subject: nameOf(count),
          reference: nameOf(FEW),
          kind: 'cost',
          aim: null,
          limit: (MISSED_STEP * Math.log(count)) / Math.log(FEW),
        }),
      ),
    ],
  };
}

const nameOf = (count: number): string => `${count.toLocaleString('en')} areas`;
const nativeName = (count: number): string => `Linux, ${nameOf(count)}`;

function discardGroup(linux: NativeOf): Group {
  const references = linux('discard', FEW, DISCARDED, DISCARDED);
  return {
    name: GROUP,
    timings: () => ({ ...references, emulated: timeDiscards(makeAreas(FEW, DISCARDED, 32)) }),
    comparisons: [speed('areas-discard', 'madvise(DONTNEED) of 512 touched pages, a page', references)],
  };
}

/** Times are for one area. */
function forkManyGroup(kind: 'touched' | 'untouched', linux: NativeOf): Group {
  const fork = linux(`fork-${kind}`, MANY, 1, MANY);
  const both = linux(`fork-exit-${kind}`, MANY, 1, MANY);
  return {
    name: `fork and exit, 60,000 areas of one ${kind} page`,
    timings() {
      const areas = makeAreas(MANY, 1, kind === 'touched' ? 320 : 32);
      if (kind === 'touched') for (let i = 0; i < MANY; i++) touchPages(areas.cpu, areas.addressOf(i), 1);
      return {
        ...(LINUX in fork ? { 'Linux fork': fork[LINUX]!, 'Linux fork, exit': both[LINUX]! } : {}),
        fork: timeForks(areas, false),
        'fork, exit': timeForks(areas, true),
      };
    },
    comparisons: [
      { ...speed(`areas-fork-${kind}`, 'fork, an area', fork), subject: 'fork', ...referTo(fork, 'Linux fork') },
      {
        ...speed(`areas-fork-exit-${kind}`, 'fork, exit and wait, an area', both),
        subject: 'fork, exit',
        ...referTo(both, 'Linux fork, exit'),
      },
    ],
  };
}

const referTo = (references: object, name: string) => ({ reference: LINUX in references ? name : null });

function makeAreas(count: number, pages: number, mebibytes: number): Areas {
  const bench = makeWorkbench({ memory: mebibytes * MIB, overcommit: 1 });
  const base = mapPages(bench, bench.process, count * (pages + 1));
  const addressOf = (index: number): number => base + index * (pages + 1) * PAGE;
  const { machine, process } = bench;
  for (let i = 0; i < count; i++) {
    expect(machine.munmap(process, addressOf(i) + pages * PAGE, PAGE) === 0, 'munmap succeeds');
  }
  expect(process.space!.areas.count >= count, 'no two areas merge');
  return { ...bench, count, addressOf };
}

function makeShared(count: number): Areas {
  const bench = makeWorkbench({ memory: 32 * MIB, overcommit: 1 });
  const { machine, process } = bench;
  const options = { length: PAGE, prot: READ_WRITE, flags: MAP_SHARED | MAP_ANONYMOUS };
  const addresses = Array.from({ length: count }, () => machine.mmap(process, options));
  expect(process.space!.areas.count >= count, 'no two areas merge');
  return { ...bench, count, addressOf: (index) => addresses[index]! };
}

/** Numbers of areas, drawn beforehand. */
function drawAreas(count: number): Int32Array {
  const random = new Random(count);
  return Int32Array.from({ length: OPERATIONS }, () => random.below(count));
}

function timePairs({ machine, process }: Areas, flags: number): Timed {
  const options = { length: PAIR_PAGES * PAGE, prot: READ_WRITE, flags };
  return {
    operations: OPERATIONS,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < OPERATIONS; i++) {
          expect(machine.munmap(process, machine.mmap(process, options), options.length) === 0, 'munmap succeeds');
        }
      }),
  };
}

function timeHoles({ machine, process, count, addressOf }: Areas): Timed {
  const order = drawAreas(count);
  return {
    operations: OPERATIONS,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < OPERATIONS; i++) {
          const hole = addressOf(order[i]!) + 3 * PAGE;
          const options = { address: hole, length: PAGE, prot: PROT_NONE, flags: PRIVATE };
          expect(machine.mmap(process, options) === hole, 'the hole is taken');
          machine.munmap(process, hole, PAGE);
        }
      }),
  };
}

function timeProtections({ machine, process, count, addressOf }: Areas): Timed {
  const order = drawAreas(count);
  return {
    operations: OPERATIONS,
    run() {
      const before = process.space!.areas.count;
      const nanoseconds = stopwatch(() => {
        for (let i = 0; i < OPERATIONS; i++) {
          const middle = addressOf(order[i]!) + PAGE;
          machine.mprotect(process, middle, PAGE, PROT_READ);
          if (i === 0) expect(process.space!.areas.count === before + 2, 'the area is split in three');
          machine.mprotect(process, middle, PAGE, READ_WRITE);
        }
      });
      expect(process.space!.areas.count === before, 'what was split merges again');
      return nanoseconds;
    },
  };
}

/** Each area's first page has been read, so that no page table is made on the way. */
function timeFaults({ machine, cpu, process, count, addressOf }: Areas): Timed {
  for (let i = 0; i < count; i++) cpu.load32(addressOf(i));
  const random = new Random(count);
  const pageOf = (i: number): number => addressOf(i % count) + (1 + Math.floor(i / count)) * PAGE;
  const pages = new Float64Array(OPERATIONS);
  return {
    operations: OPERATIONS,
    run() {
      const first = count > OPERATIONS ? random.below(count - OPERATIONS) : 0;
      for (let i = 0; i < OPERATIONS; i++) pages[i] = pageOf(first + i);
      const before = machine.counters().demandZeroFaults;
      const nanoseconds = stopwatch(() => {
        for (let i = 0; i < OPERATIONS; i++) cpu.store32(pages[i]!, i);
      });
      expect(machine.counters().demandZeroFaults - before === OPERATIONS, 'each store is a demand-zero fault');
      for (let i = 0; i < OPERATIONS; i++) machine.calls.madvise(process, pages[i]!, PAGE, 'DONTNEED');
      return nanoseconds;
    },
  };
}

function timeMoves(areas: Areas): Timed {
  const { machine, cpu, process } = areas;
  const bytes = PAIR_PAGES * PAGE;
  const home = mapPages(areas, process, PAIR_PAGES);
  const away = home - 1024 * MIB;
  touchPages(cpu, home, PAIR_PAGES);
  const move = (from: number, to: number): void => {
    const options = { address: from, oldLength: bytes, newLength: bytes, flags: MOVE, newAddress: to };
    expect(machine.calls.mremap(process, options) === to, 'mremap moves the pages');
  };
  return {
    operations: OPERATIONS,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < OPERATIONS; i += 2) {
          move(home, away);
          move(away, home);
        }
      }),
  };
}

function timeDiscards({ machine, cpu, process, addressOf }: Areas): Timed {
  const address = addressOf(0);
  return {
    operations: DISCARDED,
    run() {
      touchPages(cpu, address, DISCARDED);
      const before = process.space!.residentAnon;
      const nanoseconds = stopwatch(() => machine.calls.madvise(process, address, DISCARDED * PAGE, 'DONTNEED'));
      expect(before - process.space!.residentAnon === DISCARDED, 'every page is discarded');
      return nanoseconds;
    },
  };
}

function timeForks(areas: Areas, withExit: boolean): Timed {
  return {
    operations: MANY,
    run() {
      let child = areas.process;
      const nanoseconds = stopwatch(() => {
        child = forkChild(areas);
        if (withExit) endChild(areas, child);
      });
      if (!withExit) endChild(areas, child);
      return nanoseconds;
    },
  };
}
