/** fork and exit of a process with 10,000 pages, and mappings made and undone. */
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

const PAGES = 10_000;
const PAIRS = 250;
const MANY_AREAS = 60_000;

export function forkGroup(): Group {
  return {
    name: 'fork and exit, 10,000 pages',
    timings() {
      const shared = withPages('cow');
      const copied = withPages('eager');
      return {
        '10,000 entries copied': copyEntries(),
        '10,000 pages copied': copyPages(),
        fork: timeFork(shared),
        exit: timeExit(shared),
        'eager fork': timeFork(copied),
        'eager exit': timeExit(copied),
      };
    },
    comparisons: [
      {
        id: 'fork-against-entries',
        title: 'fork, a page',
        subject: 'fork',
        reference: '10,000 entries copied',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'exit-against-entries',
        title: 'exit of that child, a page',
        subject: 'exit',
        reference: '10,000 entries copied',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'eager-fork-against-copies',
        title: 'eager fork (xv6), a page',
        subject: 'eager fork',
        reference: '10,000 pages copied',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'eager-exit-against-copies',
        title: 'exit of that child, a page',
        subject: 'eager exit',
        reference: '10,000 pages copied',
        kind: 'cost',
        aim: null,
      },
    ],
  };
}

export function mappingGroup(): Group {
  return {
    name: 'mappings',
    timings() {
      const few = makeWorkbench({ memory: 16 * MIB });
      const many = makeWorkbench({ memory: 16 * MIB, overcommit: 1 });
      // Every other page unmapped leaves areas that cannot merge. No page is touched: this is about areas alone.
      const address = mapPages(many, many.process, 2 * MANY_AREAS);
      for (let area = 0; area < MANY_AREAS; area++) {
        expect(many.machine.munmap(many.process, address + (2 * area + 1) * PAGE, PAGE) === 0, 'munmap succeeds');
      }
      return { pair: mapAndUnmap(few), 'pair among many': mapAndUnmap(many) };
    },
    comparisons: [
      {
        id: 'map-unmap',
        title: 'mmap + munmap of 64 KiB',
        subject: 'pair',
        reference: null,
        kind: 'cost',
        aim: null,
      },
      {
        id: 'map-unmap-many',
        title: 'the same among 60,000 areas',
        subject: 'pair among many',
        reference: 'pair',
        kind: 'cost',
        aim: null,
      },
    ],
  };
}

function withPages(fork: 'cow' | 'eager'): Workbench {
  const bench = makeWorkbench({ memory: 96 * MIB, fork });
  touchPages(bench.cpu, mapPages(bench, bench.process, PAGES), PAGES);
  return bench;
}

function timeFork(bench: Workbench): Timed {
  return {
    operations: PAGES,
    run() {
      let child = bench.process;
      const nanoseconds = stopwatch(() => {
        child = forkChild(bench);
      });
      endChild(bench, child);
      return nanoseconds;
    },
  };
}

function timeExit(bench: Workbench): Timed {
  return {
    operations: PAGES,
    run() {
      const child = forkChild(bench);
      const nanoseconds = stopwatch(() => bench.machine.exit(child));
      endChild(bench, child);
      return nanoseconds;
    },
  };
}

/** As many page-table entries as fork copies, word by word. */
function copyEntries(): Timed {
  const source = new Int32Array(PAGES).fill(1);
  const target = new Int32Array(PAGES);
  return {
    operations: PAGES,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < PAGES; i++) target[i] = source[i]!;
      }),
  };
}

function copyPages(): Timed {
  const bytes = new Uint8Array(2 * PAGES * PAGE).fill(1);
  return {
    operations: PAGES,
    run: () =>
      stopwatch(() => {
        for (let page = 0; page < PAGES; page++) {
          const source = (PAGES + page) * PAGE;
          bytes.copyWithin(page * PAGE, source, source + PAGE);
        }
      }),
  };
}

function mapAndUnmap(bench: Workbench): Timed {
  const { machine, process } = bench;
  return {
    operations: PAIRS,
    run: () =>
      stopwatch(() => {
        for (let pair = 0; pair < PAIRS; pair++) {
          machine.munmap(process, mapPages(bench, process, 16), 16 * PAGE);
        }
      }),
  };
}
