import { describe, expect, test } from 'vitest';
import { FRAME_ANON } from '../../src/kernel/frames/frame-table.ts';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import type { Machine } from '../../src/machine/machine.ts';
import {
  breakOf,
  fillPages,
  forkOf,
  GIB,
  inChild,
  isAlive,
  load,
  MIB,
  PAGE,
  pagesUnlike,
  type Run,
  sbrk,
  store,
  usertest,
  waitFor,
  XV6_FRAMES,
} from '../xv6/xv6-machine.ts';

/** Exercises I1, I2, I4, I5 and E12: xv6's labs on its machine of 32,768 frames, with the numbers of the table. */

const dataFrames = ({ kernel }: Machine): number =>
  kernel.frames.use.reduce((count, use) => count + (use === FRAME_ANON ? 1 : 0), 0);

describe('I1: 89,478,484 bytes are 21,846 pages, two thirds of the machine', () => {
  const BYTES = 89_478_484;
  const PAGES = 21_846;
  const touchAll = (run: Run): number => {
    const start = sbrk(run, BYTES);
    fillPages(run, start, PAGES, 1);
    expect(run.process.space!.residentPages).toBe(PAGES);
    return start;
  };

  test('copying at once needs 43,692 frames: fork fails and leaves nothing behind', () => {
    usertest({ config: { fork: 'eager' } }, (run) => {
      touchAll(run);
      expect(2 * PAGES).toBe(43_692);
      expect(2 * PAGES).toBeGreaterThan(XV6_FRAMES);
      const { freeFrames } = run.machine.view().memory;
      expect(run.machine.fork(run.process)).toBe(-ERRNO.ENOMEM);
      expect(run.machine.view().memory.freeFrames).toBe(freeFrames);
      expect(dataFrames(run.machine)).toBe(PAGES);
    });
  });

  test('copying on write, fork succeeds twice in a row without a new data frame', () => {
    usertest({}, (run) => {
      for (const round of [1, 2]) {
        touchAll(run);
        const { code } = inChild(run.machine, run.process, () => {
          expect(dataFrames(run.machine), `round ${round}`).toBe(PAGES);
        });
        expect(code).toBe(0);
        sbrk(run, -BYTES);
        expect(dataFrames(run.machine)).toBe(0);
      }
    });
  });
});

test('I2: of 8,192 shared pages grandchild, child and parent write 6,554, 4,096 and all: 14,746 copies, 22,938 frames', () => {
  usertest({}, (run) => {
    const { machine, process } = run;
    const start = sbrk(run, 8192 * PAGE);
    fillPages(run, start, 8192, 1);
    expect(dataFrames(machine)).toBe(8192);
    const child: Run = { machine, process: forkOf(machine, process) };
    const grandchild: Run = { machine, process: forkOf(machine, child.process) };
    const before = machine.counters();

    fillPages(grandchild, start, 6554, 4);
    fillPages(child, start, 4096, 3);
    fillPages(run, start, 8192, 2);

    const after = machine.counters();
    expect(after.copyOnWriteFaults - before.copyOnWriteFaults).toBe(14_746);
    expect(after.reuseFaults - before.reuseFaults).toBe(6554 + 4096 + 8192 - 14_746);
    expect(dataFrames(machine)).toBe(22_938);
    expect(pagesUnlike(run, start, 8192, 2)).toEqual([]);
    expect(pagesUnlike(child, start, 4096, 3)).toEqual([]);
    expect(pagesUnlike(grandchild, start, 6554, 4)).toEqual([]);
    for (const { process: other } of [child, grandchild]) {
      expect(load({ machine, process: other }, start + 8191 * PAGE)).toBe(1); // what it did not write is as it was
    }
    machine.exit(grandchild.process);
    waitFor(machine, child.process, grandchild.process);
    machine.exit(child.process);
    waitFor(machine, process, child.process);
    expect(dataFrames(machine)).toBe(8192);
  });
});

describe('I4: sbrk(1 GiB) on 128 MiB', () => {
  const config = { overcommit: 1 } as const;

  test('succeeds, and 4,096 touched pages read back their own address; given back, a touch kills', () => {
    usertest({ config }, (run) => {
      const start = sbrk(run, GIB);
      const touched = Array.from({ length: 4096 }, (_, index) => start + index * 64 * PAGE);
      for (const at of touched) store(run, at, at, 8);
      expect(touched.filter((at) => load(run, at, 6) !== at)).toEqual([]);
      const { signal } = inChild(run.machine, run.process, (child) => {
        sbrk({ machine: run.machine, process: child }, -GIB);
        run.machine.load(child, touched[4095]!, 1);
      });
      expect(signal).toBe('SIGSEGV');
    });
  });

  test('touching until memory ends kills only the offender', () => {
    usertest({ config }, (run) => {
      const { machine, process } = run;
      const bystanders = [1, 2, 3].map(() => forkOf(machine, process));
      for (const other of bystanders) store({ machine, process: other }, sbrk({ machine, process: other }, PAGE), 7);
      const { signal } = inChild(machine, process, (child) => {
        const start = sbrk({ machine, process: child }, GIB);
        for (let at = start; isAlive(child); at += PAGE) machine.store(child, at, 1);
      });
      expect(signal).toBe('SIGKILL');
      expect(machine.counters().oomKills).toBe(1);
      for (const other of bystanders) {
        expect(load({ machine, process: other }, breakOf({ machine, process: other }) - PAGE)).toBe(7);
        machine.exit(other);
        waitFor(machine, process, other);
      }
    });
  });
});

describe('I5: a page given back and taken again reads 0', () => {
  test('99 written at 100 MB - 1', () => {
    usertest({}, (run) => {
      const start = sbrk(run, 100 * MIB);
      const last = start + 100 * MIB - 1;
      store(run, last, 99);
      expect(load(run, last)).toBe(99);
      sbrk(run, -PAGE);
      sbrk(run, PAGE);
      expect(load(run, last)).toBe(0);
    });
  });

  test('because the frames themselves are zeroed, not only the first reading of a page', () => {
    usertest({}, (run) => {
      const { machine, process } = run;
      const pages = 64;
      const start = sbrk(run, pages * PAGE);
      const framesOf = (): Set<number | null> =>
        new Set(
          Array.from({ length: pages }, (_, page) => machine.explain(process, start + page * PAGE, 'load').physical),
        );
      for (let page = 0; page < pages; page++) store(run, start + page * PAGE, new Uint8Array(PAGE).fill(99));
      const used = framesOf();
      sbrk(run, -pages * PAGE);
      sbrk(run, pages * PAGE);
      fillPages(run, start, pages, 1);
      expect([...framesOf()].some((frame) => used.has(frame))).toBe(true); // some are those given back
      const fresh = new Uint8Array(PAGE);
      fresh[0] = 1;
      for (let page = 0; page < pages; page++) {
        const { bytes } = machine.load(process, start + page * PAGE, PAGE);
        expect(Buffer.compare(bytes!, fresh), `page ${page}`).toBe(0);
      }
    });
  });
});

test('E12: 1 GiB touched every 64 pages takes 4,096 data pages, 512 leaf tables and 1 table above them', () => {
  usertest({ config: { overcommit: 1 } }, (run) => {
    const { machine, process } = run;
    // The table's region fills one entry of the root: begin at a multiple of 1 GiB.
    sbrk(run, GIB - breakOf(run));
    const tablesBefore = process.space!.tableFrames;
    const start = sbrk(run, GIB);
    expect(start % GIB).toBe(0);
    for (let at = start; at < start + GIB; at += 64 * PAGE) store(run, at, 1);
    expect(dataFrames(machine)).toBe(4096);
    expect(process.space!.tableFrames - tablesBefore).toBe(512 + 1);

    // The same, counted in the bytes of the page table: the tables that walks of the region read.
    const tables = [0, 1, 2].map(() => new Set<number>());
    for (let at = start; at < start + GIB; at += 64 * PAGE) {
      for (const { level, tableAddress } of machine.explain(process, at, 'load').walk) tables[level]!.add(tableAddress);
    }
    expect(tables.map((seen) => seen.size)).toEqual([512, 1, 1]);
  });
});
