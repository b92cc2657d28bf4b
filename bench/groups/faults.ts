/**
 * Page faults, each made by a store (or load) to a page of its own, against the bare work of moving the bytes, and
 * against a page fault of the Linux that the benchmark runs on.
 */
import { type Group, stopwatch, type Timed } from '../harness.ts';
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

const PAGES = 256;
/** Above the C library's largest threshold for mmap (32 MiB), so that the memory is always new. */
const FRESH_BYTES = 64 * MIB;

export function minorFaultGroup(): Group {
  return {
    name: 'minor faults',
    timings() {
      const bench = makeWorkbench({ memory: 64 * MIB });
      return {
        'fill of 4 KiB': fill(),
        'Linux minor fault': linuxFault(),
        'demand zero': demandZero(bench),
        'zero page': zeroPage(bench),
      };
    },
    comparisons: [
      {
        id: 'minor-against-linux',
        title: 'demand-zero fault (with zeroing)',
        subject: 'demand zero',
        reference: 'Linux minor fault',
        kind: 'speed',
        aim: { good: 3, goal: 5 },
      },
      {
        id: 'minor-against-fill',
        title: 'demand-zero fault (with zeroing)',
        subject: 'demand zero',
        reference: 'fill of 4 KiB',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'zero-page-against-fill',
        title: 'first read: maps the zero page',
        subject: 'zero page',
        reference: 'fill of 4 KiB',
        kind: 'cost',
        aim: null,
      },
    ],
  };
}

export function copyFaultGroup(): Group {
  return {
    name: 'copy on write',
    timings() {
      const bench = makeWorkbench({ memory: 64 * MIB });
      const address = mapPages(bench, bench.process, PAGES);
      touchPages(bench.cpu, address, PAGES);
      return {
        'copy of 4 KiB': copy(1),
        'copy on write': copyOnWrite(bench, address),
        reuse: reuse(bench, address),
      };
    },
    comparisons: [
      {
        id: 'copy-on-write-against-copy',
        title: 'copy-on-write fault',
        subject: 'copy on write',
        reference: 'copy of 4 KiB',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'reuse-against-copy',
        title: 'write by the last owner (reuse)',
        subject: 'reuse',
        reference: 'copy of 4 KiB',
        kind: 'cost',
        aim: null,
      },
    ],
  };
}

export function majorFaultGroup(): Group {
  return {
    name: 'major faults',
    timings: () => ({
      '2 copies of 4 KiB': copy(2),
      'major fault, clock': majorFault('clock'),
      'major fault, fifo': majorFault('fifo'),
    }),
    comparisons: ['clock', 'fifo'].map((policy) => ({
      id: `major-${policy}-against-copies`,
      title: `swap-out and swap-in, ${policy}`,
      subject: `major fault, ${policy}`,
      reference: '2 copies of 4 KiB',
      kind: 'cost',
      aim: null,
    })),
  };
}

function fill(): Timed {
  const bytes = new Uint8Array(PAGES * PAGE).fill(1);
  return {
    operations: PAGES,
    run: () =>
      stopwatch(() => {
        for (let at = 0; at < bytes.length; at += PAGE) bytes.fill(0, at, at + PAGE);
      }),
  };
}

/** As many copies of one page to another as `each` says, per operation. */
function copy(each: number): Timed {
  const bytes = new Uint8Array((each + 1) * PAGES * PAGE).fill(1);
  return {
    operations: PAGES,
    run: () =>
      stopwatch(() => {
        for (let target = 0; target + PAGE <= each * PAGES * PAGE; target += PAGE) {
          const source = target + PAGES * PAGE;
          bytes.copyWithin(target, source, source + PAGE);
        }
      }),
  };
}

/**
 * The real thing: pages of a fresh ArrayBuffer, which is memory of mmap(2) that nobody has touched. Nanoseconds are for
 * each fault that the host counted, in case it maps several pages at once.
 */
function linuxFault(): Timed {
  return {
    operations: PAGES,
    run() {
      const bytes = new Uint8Array(FRESH_BYTES);
      const before = process.resourceUsage().minorPageFault;
      const nanoseconds = stopwatch(() => {
        for (let at = 0; at < PAGES * PAGE; at += PAGE) bytes[at] = 1;
      });
      const faults = process.resourceUsage().minorPageFault - before;
      expect(faults > PAGES / 4, 'touching fresh host memory faults');
      return (nanoseconds / faults) * PAGES;
    },
  };
}

function demandZero(bench: Workbench): Timed {
  const { machine, cpu, process } = bench;
  return {
    operations: PAGES,
    run() {
      const address = mapPages(bench, process, PAGES);
      const before = process.minorFaults;
      const nanoseconds = stopwatch(() => touchPages(cpu, address, PAGES));
      expect(process.minorFaults - before === PAGES, 'each first store is a minor fault');
      machine.munmap(process, address, PAGES * PAGE);
      return nanoseconds;
    },
  };
}

function zeroPage(bench: Workbench): Timed {
  const { machine, cpu, process } = bench;
  return {
    operations: PAGES,
    run() {
      const address = mapPages(bench, process, PAGES);
      const before = machine.counters().zeroPageFaults;
      const nanoseconds = stopwatch(() => {
        for (let at = address; at < address + PAGES * PAGE; at += PAGE) cpu.load32(at);
      });
      expect(machine.counters().zeroPageFaults - before === PAGES, 'each first load maps the zero page');
      machine.munmap(process, address, PAGES * PAGE);
      return nanoseconds;
    },
  };
}

function copyOnWrite(bench: Workbench, address: number): Timed {
  const { machine, cpu } = bench;
  return {
    operations: PAGES,
    run() {
      const child = forkChild(bench);
      machine.switchTo(0, child);
      const before = machine.counters().copyOnWriteFaults;
      const nanoseconds = stopwatch(() => touchPages(cpu, address, PAGES));
      expect(machine.counters().copyOnWriteFaults - before === PAGES, 'each store copies a page');
      endChild(bench, child);
      return nanoseconds;
    },
  };
}

function reuse(bench: Workbench, address: number): Timed {
  const { machine, cpu } = bench;
  return {
    operations: PAGES,
    run() {
      endChild(bench, forkChild(bench));
      const before = machine.counters().reuseFaults;
      const nanoseconds = stopwatch(() => touchPages(cpu, address, PAGES));
      expect(machine.counters().reuseFaults - before === PAGES, 'each store reuses its page');
      return nanoseconds;
    },
  };
}

/** Twice as many pages as frames, stored to in turn: each store writes one page out and reads another in. */
function majorFault(replacement: string): Timed {
  const bench = makeWorkbench({ memory: (PAGES / 2) * PAGE, swap: 4 * PAGES * PAGE, replacement });
  const { cpu, process } = bench;
  const address = mapPages(bench, process, PAGES);
  touchPages(cpu, address, PAGES);
  return {
    operations: PAGES,
    run() {
      const before = process.majorFaults;
      const nanoseconds = stopwatch(() => touchPages(cpu, address, PAGES));
      expect(process.majorFaults - before === PAGES, 'each store is a major fault');
      return nanoseconds;
    },
  };
}
