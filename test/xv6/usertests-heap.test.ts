import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import {
  availableFrames,
  breakOf,
  expectDeath,
  fillPages,
  forkOf,
  GIB,
  inChild,
  isAlive,
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
  XV6_FRAMES,
} from './xv6-machine.ts';

/**
 * xv6 usertests, "heap growth and shrink". xv6's sbrk takes the frames at once, so that it fails when there are none;
 * `overcommit: 2` fails at the same moment (it never promises more than there is), and is used where a test needs that.
 */
const NO_MEMORY = -ERRNO.ENOMEM;

describe('mem', () => {
  test('blocks of 10,001 bytes until there are no more, all given back, then 20 KiB work again', () => {
    usertest({ config: { memory: 32 * MIB, overcommit: 2 } }, (run) => {
      const { machine, process } = run;
      const start = breakOf(run);
      const round = (): number => {
        // As in xv6: a list through the blocks, each holding the address of the one before.
        let last = 0;
        let blocks = 0;
        for (let block = machine.sbrk(process, 10_001); block >= 0; block = machine.sbrk(process, 10_001)) {
          store(run, block, last, 8);
          last = block;
          blocks++;
        }
        let found = 0;
        for (; last !== 0; last = load(run, last, 6)) found++;
        expect(found).toBe(blocks);
        expect(sbrk(run, start - breakOf(run))).toBe(start + blocks * 10_001);
        return blocks;
      };
      const blocks = round();
      expect(blocks).toBeGreaterThan(1500); // 16 MiB may be promised
      expect(round()).toBe(blocks);
      const again = sbrk(run, 20 * KIB);
      store(run, again + 20 * KIB - 1, 1);
    });
  });
});

describe('sbrkbasic', () => {
  test('1 GiB is refused, because it is more than the machine has', () => {
    usertest({}, (run) => {
      expect(run.machine.sbrk(run.process, GIB)).toBe(NO_MEMORY);
    });
  });

  test('1 GiB that is promised lightly kills the child that touches it all', () => {
    usertest({ config: { memory: 4 * MIB, overcommit: 1 } }, ({ machine, process }) => {
      const { signal } = inChild(machine, process, (child) => {
        const start = sbrk({ machine, process: child }, GIB);
        for (let at = start; at < start + GIB && isAlive(child); at += PAGE) machine.store(child, at, 99);
      });
      expect(signal).toBe('SIGKILL');
      expect(isAlive(process)).toBe(true);
    });
  });

  test('5,000 × sbrk(1) return consecutive addresses, each writable', () => {
    usertest({}, (run) => {
      let expected = breakOf(run);
      for (let i = 0; i < 5000; i++) {
        const address = sbrk(run, 1);
        if (address !== expected) throw new Error(`sbrk ${i} returned ${address}, not ${expected}`);
        store(run, address, 1);
        expected = address + 1;
      }
    });
  });

  test('a child inherits the break and moves its own', () => {
    usertest({}, (run) => {
      const a = sbrk(run, 5000);
      const { code } = inChild(run.machine, run.process, (child) => {
        const own = { machine: run.machine, process: child };
        expect(sbrk(own, 1)).toBe(a + 5000);
        expect(sbrk(own, 1)).toBe(a + 5001);
      });
      expect(code).toBe(0);
      expect(breakOf(run)).toBe(a + 5000);
    });
  });
});

test('sbrkmuch: 100 MB touched; a page given back and taken again is zero; the whole way back returns the old break', () => {
  const big = 100 * MIB;
  usertest({}, (run) => {
    const old = breakOf(run);
    const a = sbrk(run, big - (old % PAGE));
    expect(a).toBe(old);
    fillPages(run, a, big / PAGE, 1);
    const last = old + big - 1;
    store(run, last, 99);

    const top = breakOf(run);
    expect(sbrk(run, -PAGE)).toBe(top);
    expect(breakOf(run)).toBe(top - PAGE);

    expect(sbrk(run, PAGE)).toBe(top - PAGE);
    expect(breakOf(run)).toBe(top);
    expect(load(run, last)).toBe(0);
    store(run, last - 1, 1); // now the page has a frame of its own, which may be the one given back
    expect(load(run, last)).toBe(0);

    expect(sbrk(run, old - top)).toBe(top);
    expect(breakOf(run)).toBe(old);
  });
});

describe('sbrkfail: ten children each ask for 100 MB', () => {
  const BIG = 100 * MIB;
  /** 16,384 slots make half of memory and swap together 32,768 pages: room for one child. */
  const strict = { overcommit: 2, swap: 64 * MIB } as const;

  test('who cannot have them is told so, and the parent still gets a page', () => {
    usertest({ config: strict }, (run) => {
      const { machine, process } = run;
      const children = Array.from({ length: 10 }, () => forkOf(machine, process));
      const answers = children.map((child) => machine.sbrk(child, BIG));
      expect(answers.filter((answer) => answer > 0)).toHaveLength(1);
      expect(answers.filter((answer) => answer === NO_MEMORY)).toHaveLength(9);
      store(run, sbrk(run, PAGE), 1);
      for (const child of children) {
        machine.kill(child, 'SIGKILL');
        expect(waitFor(machine, process, child)).toMatchObject({ signal: 'SIGKILL' });
      }
    });
  });

  test('promised lightly: those who touch them are killed one after the other, the parent never', () => {
    usertest({}, (run) => {
      const { machine, process } = run;
      const children = Array.from({ length: 10 }, () => forkOf(machine, process));
      const starts = children.map((child) => sbrk({ machine, process: child }, BIG));
      children.forEach((child, index) => {
        const start = starts[index]!;
        for (let at = start; at < start + BIG && isAlive(child); at += PAGE) machine.store(child, at, 1);
      });
      // The last to touch its memory has it all; whoever had most before it made room.
      expect(children.map(isAlive)).toEqual([...new Array<boolean>(9).fill(false), true]);
      expect(machine.counters().oomKills).toBe(9);
      store(run, sbrk(run, PAGE), 1);
      machine.kill(children[9]!, 'SIGKILL');
      for (const child of children) expect(waitFor(machine, process, child).signal).toBe('SIGKILL');
    });
  });

  test('a child that touches ten times as much as there is dies, and its frames are free again', () => {
    usertest({ config: { overcommit: 1 } }, (run) => {
      const { machine, process } = run;
      const available = availableFrames(machine);
      const { signal } = inChild(machine, process, (child) => {
        const start = sbrk({ machine, process: child }, 10 * BIG);
        for (let at = start; at < start + 10 * BIG && isAlive(child); at += PAGE) machine.store(child, at, 1);
      });
      expect(signal).toBe('SIGKILL');
      expect(availableFrames(machine)).toBe(available);
    });
  });
});

describe('sbrkbugs', () => {
  test('a process that gives up all its memory dies of its next instruction, the machine does not', () => {
    usertest({ dies: 'SIGSEGV' }, ({ machine, process }) => {
      const text = process.space!.areas.first!.start;
      expect(machine.fetch(process, text).ok).toBe(true);
      expect(machine.munmap(process, 0, machine.format.userEnd)).toBe(0);
      machine.fetch(process, text);
    });
  });

  test('sbrk of minus the whole size cannot take the program away: the break stays', () => {
    usertest({}, (run) => {
      const size = breakOf(run);
      expect(run.machine.sbrk(run.process, -size)).toBe(NO_MEMORY);
      expect(breakOf(run)).toBe(size);
      expect(run.machine.fetch(run.process, run.process.space!.areas.first!.start).ok).toBe(true);
    });
  });

  test('a break inside page 0 is refused', () => {
    usertest({}, (run) => {
      const size = breakOf(run);
      expect(run.machine.sbrk(run.process, -(size - 3500))).toBe(NO_MEMORY);
      expect(breakOf(run)).toBe(size);
    });
  });

  test('shrunk by ten bytes inside a page: nothing is freed', () => {
    usertest({}, (run) => {
      const top = sbrk(run, 10 * PAGE + 2048) + 10 * PAGE + 2048;
      store(run, top - 1, 7);
      const { freeFrames } = run.machine.view().memory;
      sbrk(run, -10);
      expect(run.machine.view().memory.freeFrames).toBe(freeFrames);
      expect(load(run, top - 1)).toBe(7);
    });
  });
});

test('sbrk8000: sbrk(0x80000004), negative as an int32, leaves a size that works', () => {
  usertest({}, (run) => {
    const before = breakOf(run);
    expect(run.machine.sbrk(run.process, 0x80000004)).toBe(NO_MEMORY);
    expect(run.machine.sbrk(run.process, 0x80000004 | 0)).toBe(NO_MEMORY);
    const top = breakOf(run);
    expect(top).toBe(before);
    store(run, top - 1, load(run, top - 1) + 1);
    expect(load(run, top - 1)).toBe(1);
  });
});

test('bsstest: 10,000 bytes of uninitialized array read zero', () => {
  const image = { text: PAGE, data: new Uint8Array(PAGE).fill(0xee), bss: 10_000, stack: 0 };
  usertest({ image }, (run) => {
    const { bytes } = run.machine.load(run.process, run.process.space!.brkStart - 3 * PAGE, 10_000);
    expect(bytes).toEqual(new Uint8Array(10_000));
  });
});

describe('forktest', () => {
  const forkUntilFailure = ({ machine, process }: Run): { children: Process[]; answer: number } => {
    const children: Process[] = [];
    for (;;) {
      const child = machine.fork(process);
      if (typeof child === 'number') return { children, answer: child };
      children.push(child);
    }
  };
  const waitForAll = ({ machine, process }: Run, children: readonly Process[]): void => {
    for (const child of children) machine.exit(child);
    const pids = children.map(() => waitFor(machine, process).pid);
    expect(pids).toEqual(children.map((child) => child.pid));
    expect(machine.wait(process)).toBe(-ERRNO.ECHILD);
  };

  test('fails before 1,000 with xv6’s 64 processes; every child can be waited for exactly once', () => {
    usertest({ config: { processesMax: 64 } }, (run) => {
      const { children, answer } = forkUntilFailure(run);
      expect(answer).toBe(-ERRNO.EAGAIN);
      expect(children).toHaveLength(62); // 64 without init and the test itself
      waitForAll(run, children);
    });
  });

  test('fails before 1,000 when memory ends first', () => {
    usertest({ config: { memory: 2 * MIB } }, (run) => {
      store(run, sbrk(run, PAGE), 1); // so that a child needs tables of its own
      const { children, answer } = forkUntilFailure(run);
      expect(answer).toBe(-ERRNO.ENOMEM);
      expect(children.length).toBeGreaterThan(100);
      expect(children.length).toBeLessThan(1000);
      waitForAll(run, children);
    });
  });
});

describe('countfree', () => {
  test('sbrk(4096) and a touch, until failure, finds every frame, twice the same', () => {
    const memory = 8 * MIB;
    usertest({ config: { memory } }, ({ machine, process }) => {
      const count = (): number => {
        let touched = 0;
        const { signal } = inChild(machine, process, (child) => {
          for (;;) {
            const page = machine.sbrk(child, PAGE);
            if (page < 0 || !machine.store(child, page, 1).ok) return;
            touched++;
          }
        });
        expect(signal).toBe('SIGKILL');
        return touched;
      };
      const available = availableFrames(machine);
      const touched = count();
      // All but the tables: a root, one in the middle, and one for each 512 pages.
      expect(available - touched).toBe(2 + Math.ceil((touched + 16) / 512));
      expect(count()).toBe(touched);
    });
  });

  test('lab alloc, memtest: one process gets at least 31,950 of the 32,768 frames', () => {
    usertest({}, ({ machine, process }) => {
      let touched = 0;
      inChild(machine, process, (child) => {
        const run = { machine, process: child };
        const start = sbrk(run, 31_950 * PAGE);
        fillPages(run, start, 31_950, 5);
        touched = 31_950 - pagesUnlike(run, start, 31_950, 5).length;
      });
      expect(touched).toBe(31_950);
      expect(machine.memory.frames).toBe(XV6_FRAMES);
    });
  });
});

test('a page given back cannot be touched any more', () => {
  usertest({}, (run) => {
    const a = sbrk(run, 2 * PAGE);
    fillPages(run, a, 2, 1);
    sbrk(run, -PAGE);
    expectDeath(run.machine, run.process, (child) => run.machine.load(child, a + PAGE, 1));
    expect(load(run, a)).toBe(1);
  });
});
