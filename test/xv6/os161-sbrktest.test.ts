import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import { Random } from '../../src/mmu/random.ts';
import {
  availableFrames,
  breakOf,
  expectDeath,
  fillPages,
  forkOf,
  GIB,
  inChild,
  KIB,
  load,
  MIB,
  PAGE,
  pagesUnlike,
  type Run,
  sbrk,
  store,
  usertest,
  waitFor,
} from './xv6-machine.ts';

/** OS/161's sbrktest, tests 1 to 23 by their numbers. Every sbrk that succeeds returns the old break. */
const NO_MEMORY = -ERRNO.ENOMEM;
/** OS/161 refuses what it has no frames for; so does a kernel that never promises more than there is. */
const strict = (memory: number) => ({ memory, overcommit: 2 }) as const;

const growBy = (run: Run, pages: number): number => {
  const old = breakOf(run);
  expect(sbrk(run, pages * PAGE)).toBe(old);
  expect(breakOf(run)).toBe(old + pages * PAGE);
  return old;
};
const shrinkBy = (run: Run, pages: number): void => {
  const old = breakOf(run);
  expect(sbrk(run, -pages * PAGE)).toBe(old);
  expect(breakOf(run)).toBe(old - pages * PAGE);
};

/** Write a pattern over whole pages that differs by page and by place, and read it back. */
const patternOf = (page: number): Uint8Array =>
  Uint8Array.from({ length: PAGE }, (_, at) => (at * 7 + page * 13) % 251);
function checkPattern(run: Run, start: number, pages: number): void {
  for (let page = 0; page < pages; page++) store(run, start + page * PAGE, patternOf(page));
  for (let page = 0; page < pages; page++) {
    expect(run.machine.load(run.process, start + page * PAGE, PAGE).bytes).toEqual(patternOf(page));
  }
}

describe('1 to 4: allocate, and free, with a pattern in every byte', () => {
  test.for([
    ['1', 1, false],
    ['2', 1, true],
    ['3', 12, false],
    ['4', 12, true],
  ] as const)('%s: %d page(s), freed by the program: %s', ([, pages, frees]) => {
    usertest({}, (run) => {
      const start = growBy(run, pages);
      checkPattern(run, start, pages);
      if (!frees) return;
      shrinkBy(run, pages);
      expect(breakOf(run)).toBe(start);
    });
  });
});

describe('5 to 8: touching just past the end of the heap is SIGSEGV', () => {
  const expectEnd = ({ machine, process }: Run, end: number): void => {
    expectDeath(machine, process, (child) => {
      expect(machine.store(child, end, 1).signal).toMatchObject({ code: 'SEGV_MAPERR', address: end });
    });
  };

  test('5: fresh', () => {
    usertest({}, (run) => expectEnd(run, breakOf(run)));
  });

  test('6: after growing', () => {
    usertest({}, (run) => {
      const start = growBy(run, 1);
      store(run, start + PAGE - 1, 1);
      expectEnd(run, start + PAGE);
    });
  });

  test('7: after shrinking', () => {
    usertest({}, (run) => {
      const start = growBy(run, 1);
      store(run, start, 1);
      shrinkBy(run, 1);
      expectEnd(run, start);
    });
  });

  test('8: after shrinking by some of the pages', () => {
    usertest({}, (run) => {
      const start = growBy(run, 12);
      fillPages(run, start, 12, 3);
      shrinkBy(run, 6);
      expectEnd(run, start + 6 * PAGE);
      expect(pagesUnlike(run, start, 6, 3)).toEqual([]);
    });
  });
});

test('9: the largest power of two that sbrk grants, from 1 GiB down; touched, freed, granted again', () => {
  usertest({ config: strict(64 * MIB) }, (run) => {
    let bytes = GIB;
    while (run.machine.sbrk(run.process, bytes) === NO_MEMORY) bytes /= 2;
    expect(bytes).toBe(16 * MIB); // 32 MiB may be promised, and the program has some of them
    const start = breakOf(run) - bytes;
    for (const round of [1, 2]) {
      fillPages(run, start, bytes / PAGE, round);
      expect(pagesUnlike(run, start, bytes / PAGE, round)).toEqual([]);
      shrinkBy(run, bytes / PAGE);
      if (round === 1) growBy(run, bytes / PAGE);
    }
  });
});

test('10: all memory page by page, freed backwards: every page keeps its number, the break is as it was', () => {
  usertest({ config: strict(16 * MIB) }, (run) => {
    const start = breakOf(run);
    const available = availableFrames(run.machine);
    let pages = 0;
    for (let page = run.machine.sbrk(run.process, PAGE); page >= 0; page = run.machine.sbrk(run.process, PAGE)) {
      store(run, page, pages++, 4);
    }
    expect(pages).toBeGreaterThan(2000); // half of the 4,096 frames may be promised
    for (let page = pages - 1; page >= 0; page--) {
      expect(load(run, start + page * PAGE, 4)).toBe(page);
      sbrk(run, -PAGE);
    }
    expect(breakOf(run)).toBe(start);
    expect(available - availableFrames(run.machine)).toBeLessThanOrEqual(2); // the tables above the heap's first page
  });
});

test('11: 256 pages that the program leaks are free when it has ended', () => {
  usertest({}, (run) => {
    const available = availableFrames(run.machine);
    inChild(run.machine, run.process, (child) => {
      const own = { machine: run.machine, process: child };
      checkPattern(own, growBy(own, 256), 4);
      fillPages(own, breakOf(own) - 256 * PAGE, 256, 1);
      expect(available - availableFrames(run.machine)).toBeGreaterThan(256);
    });
    expect(availableFrames(run.machine)).toBe(available);
  });
});

describe('12 to 15: fork before and after allocating', () => {
  test('12: the child allocates, the parent’s break stays', () => {
    usertest({}, (run) => {
      const before = breakOf(run);
      inChild(run.machine, run.process, (child) => {
        const own = { machine: run.machine, process: child };
        checkPattern(own, growBy(own, 1), 1);
      });
      expect(breakOf(run)).toBe(before);
      expectDeath(run.machine, run.process, (child) => run.machine.load(child, before, 1));
    });
  });

  test('13: both allocate after the fork, each its own page at the same address', () => {
    usertest({}, (run) => {
      const child = forkOf(run.machine, run.process);
      const own = { machine: run.machine, process: child };
      const mine = growBy(run, 1);
      const theirs = growBy(own, 1);
      expect(theirs).toBe(mine);
      store(run, mine, 1);
      store(own, theirs, 2);
      expect([load(run, mine), load(own, theirs)]).toEqual([1, 2]);
      run.machine.exit(child);
      waitFor(run.machine, run.process, child);
    });
  });

  test('14: allocated before the fork; the child frees it, the parent still has it', () => {
    usertest({}, (run) => {
      const start = growBy(run, 12);
      fillPages(run, start, 12, 5);
      inChild(run.machine, run.process, (child) => shrinkBy({ machine: run.machine, process: child }, 12));
      expect(pagesUnlike(run, start, 12, 5)).toEqual([]);
      checkPattern(run, start, 12);
    });
  });

  test('15: allocated before the fork; the parent frees it, the child still has it', () => {
    usertest({}, (run) => {
      const start = growBy(run, 12);
      fillPages(run, start, 12, 5);
      const child = forkOf(run.machine, run.process);
      shrinkBy(run, 12);
      expect(pagesUnlike({ machine: run.machine, process: child }, start, 12, 5)).toEqual([]);
      run.machine.exit(child);
      waitFor(run.machine, run.process, child);
    });
  });
});

/** Grow and shrink at random by up to 16 pages, each page holding its own mark, checked before it goes. */
function stress(run: Run, seed: number, loops: number, pagesMax: number): void {
  const random = new Random(seed);
  const start = breakOf(run);
  const marks: number[] = [];
  for (let loop = 0; loop < loops; loop++) {
    const grows = random.below(2) === 0;
    const pages = Math.min(random.below(16) + 1, grows ? pagesMax - marks.length : marks.length);
    if (grows) {
      const first = growBy(run, pages);
      for (let page = 0; page < pages; page++) {
        expect(load(run, first + page * PAGE, 4)).toBe(0); // what comes is clean, whatever was there before
        const mark = random.below(2 ** 31) + 1;
        store(run, first + page * PAGE, mark, 4);
        expect(load(run, first + (page + 1) * PAGE - 4, 4)).toBe(0); // nor does the frame itself remember
        store(run, first + (page + 1) * PAGE - 4, mark, 4);
        marks.push(mark);
      }
    } else {
      for (let page = marks.length - pages; page < marks.length; page++) {
        expect(load(run, start + page * PAGE, 4)).toBe(marks[page]);
      }
      marks.length -= pages;
      shrinkBy(run, pages);
    }
  }
  expect(marks.map((_, page) => load(run, start + page * PAGE, 4))).toEqual(marks);
  if (marks.length > 0) shrinkBy(run, marks.length);
  expect(breakOf(run)).toBe(start);
}

describe('16 to 21: grown and shrunk at random, 10,000 times in all, every page checked', () => {
  test.for([
    ['16', 16, 2500, 64],
    ['17', 17, 2500, 256],
    ['18', 18, 2000, 1024],
  ] as const)('%s: seed %d, %d loops, up to %d pages', ([, seed, loops, pagesMax]) => {
    usertest({}, (run) => stress(run, seed, loops, pagesMax));
  });

  test.for([
    ['19', 19],
    ['20', 20],
    ['21', 21],
  ] as const)('%s: seed %d in a forked child while the parent keeps its heap', ([, seed]) => {
    usertest({}, (run) => {
      const start = growBy(run, 20);
      fillPages(run, start, 20, 0x21);
      const { code } = inChild(run.machine, run.process, (child) =>
        stress({ machine: run.machine, process: child }, seed, 1000, 128),
      );
      expect(code).toBe(0);
      expect(pagesUnlike(run, start, 20, 0x21)).toEqual([]);
    });
  });
});

test('22: of 20 MiB only the last ten pages are touched, so ten frames are enough', () => {
  usertest({ config: { memory: 512 * KIB, overcommit: 1 } }, (run) => {
    const pages = (20 * MIB) / PAGE;
    const start = growBy(run, pages);
    checkPattern(run, start + (pages - 10) * PAGE, 10);
    expect(run.process.space!.residentPages).toBe(10);
  });
});

test('23: growing and shrinking by a page, more than 4 MiB in total, needs one page’s worth of frames', () => {
  // Frames: the zero page, two processes' roots, the heap's two tables, and the page; nothing spare.
  usertest({ config: { memory: 6 * PAGE, overcommit: 1 }, image: { stack: 0 } }, (run) => {
    for (let round = 0; round < 1100; round++) {
      const page = growBy(run, 1);
      store(run, page, round % 256);
      if (round === 0) expect(run.machine.kernel.buddy.free).toBe(0);
      expect(load(run, page)).toBe(round % 256);
      shrinkBy(run, 1);
    }
  });
});
