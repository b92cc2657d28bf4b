import { expect, test } from 'vitest';
import {
  expectDeath,
  inChild,
  isAlive,
  load,
  MIB,
  PAGE,
  type Run,
  sbrk,
  store,
  type UsertestOptions,
  usertest,
} from './xv6-machine.ts';

/**
 * Lab pgtbl as xv6 has it: `sbrk` makes superpages of the aligned 2 MiB blocks by itself (`transparentSuperpages`), `fork`
 * copies at once, and giving back a part of a superpage demotes it.
 */
const SUPERPAGE = 2 * MIB;
const BYTES = 16 * MIB;
const XV6: UsertestOptions = { config: { transparentSuperpages: true, fork: 'eager' } };
const COW: UsertestOptions = { config: { transparentSuperpages: true } };

/** Grow the heap by whole superpages from the next boundary on; the first of them. */
function growAligned(run: Run, bytes = BYTES): number {
  const at = sbrk(run, 0);
  const start = Math.ceil(at / SUPERPAGE) * SUPERPAGE;
  sbrk(run, start - at);
  sbrk(run, bytes);
  return start;
}

function writeAll(run: Run, start: number, bytes = BYTES): void {
  for (let at = start; at < start + bytes; at += PAGE) store(run, at, at / PAGE, 4);
}

const unlike = (run: Run, start: number, bytes = BYTES): number[] => {
  const wrong: number[] = [];
  for (let at = start; at < start + bytes; at += PAGE) if (load(run, at, 4) !== at / PAGE) wrong.push(at);
  return wrong;
};

/** Level of the leaf that maps `at`, with V, R and W. */
function leafLevel({ machine, process }: Run, at: number): number {
  const leaf = machine.explain(process, at, 'store').walk.at(-1)!;
  expect(leaf.letters.slice(0, 3)).toBe('VRW');
  return leaf.level;
}

const levels = (run: Run, start: number): number[] =>
  Array.from({ length: BYTES / SUPERPAGE }, (_, i) => leafLevel(run, start + i * SUPERPAGE));

test('superpg_fork: sbrk(16 MiB) is eight leaves at level 1, in the child too; given back, a touch kills', () => {
  usertest(XV6, (run) => {
    const { machine, process } = run;
    const start = growAligned(run);
    writeAll(run, start);
    expect(levels(run, start)).toEqual(Array(8).fill(1));
    expect(unlike(run, start)).toEqual([]);
    const { code } = inChild(machine, process, (child) => {
      const own = { machine, process: child };
      expect(levels(own, start)).toEqual(Array(8).fill(1));
      expect(unlike(own, start)).toEqual([]);
      store(own, start, 1, 4);
    });
    expect(code).toBe(0);
    expect(load(run, start, 4)).toBe(start / PAGE);
    expect(machine.checkInvariants()).toEqual([]);
    sbrk(run, -BYTES);
    expectDeath(machine, process, (child) => machine.load(child, start, 1));
  });
});

test('superpg_free: freeing the last 4 KiB demotes the superpage: the rest is kept, the page has no PTE and faults', () => {
  usertest(XV6, (run) => {
    const { machine, process } = run;
    const start = growAligned(run, SUPERPAGE);
    writeAll(run, start, SUPERPAGE);
    expect(leafLevel(run, start)).toBe(1);
    const { freeFrames } = machine.view().memory;
    sbrk(run, -PAGE);
    expect(machine.view().memory.freeFrames - freeFrames).toBe(1);
    expect(leafLevel(run, start)).toBe(0);
    expect(unlike(run, start, SUPERPAGE - PAGE)).toEqual([]);
    const last = start + SUPERPAGE - PAGE;
    expect(machine.explain(process, last, 'load').walk.at(-1)).toMatchObject({ level: 0, kind: 'absent' });
    expectDeath(machine, process, (child) => machine.load(child, last, 1));
    expect(machine.checkInvariants()).toEqual([]);
  });
});

test('superpg_free: page by page to the end, and again', () => {
  usertest(XV6, (run) => {
    const { machine } = run;
    for (let round = 0; round < 2; round++) {
      const start = growAligned(run, SUPERPAGE);
      // The heap below stays, and with it the upper tables it shares with the superpage.
      store(run, start - PAGE, 1, 4);
      const { freeFrames } = machine.view().memory;
      writeAll(run, start, SUPERPAGE);
      expect(leafLevel(run, start)).toBe(1);
      for (let left = SUPERPAGE / PAGE - 1; left >= 0; left--) {
        sbrk(run, -PAGE);
        if (left % 64 === 0 && left > 0) expect(unlike(run, start, left * PAGE)).toEqual([]);
      }
      expect(machine.view().memory.freeFrames).toBe(freeFrames);
      expect(machine.checkInvariants()).toEqual([]);
    }
  });
});

test('with copy on write a fork splits: each side keeps its own values, page by page', () => {
  usertest(COW, (run) => {
    const { machine, process } = run;
    const start = growAligned(run, SUPERPAGE);
    writeAll(run, start, SUPERPAGE);
    const { freeFrames } = machine.view().memory;
    inChild(machine, process, (child) => {
      const own = { machine, process: child };
      store(own, start + 7 * PAGE, 0, 4);
      expect(unlike(own, start, SUPERPAGE)).toEqual([start + 7 * PAGE]);
      expect(unlike(run, start, SUPERPAGE)).toEqual([]);
      expect(machine.checkInvariants()).toEqual([]);
      // Tables of the child and one copied page, not another 512.
      expect(freeFrames - machine.view().memory.freeFrames).toBeLessThan(20);
    });
    expect(isAlive(process)).toBe(true);
  });
});

test('protecting one page of a superpage splits it and leaves its neighbours alone', () => {
  usertest(COW, (run) => {
    const { machine, process } = run;
    const start = growAligned(run, SUPERPAGE);
    writeAll(run, start, SUPERPAGE);
    expect(machine.mprotect(process, start + 3 * PAGE, PAGE, 1)).toBe(0);
    expectDeath(machine, process, (child) => machine.store(child, start + 3 * PAGE, 1, 1));
    store(run, start + 4 * PAGE, (start + 4 * PAGE) / PAGE, 4);
    expect(unlike(run, start, SUPERPAGE)).toEqual([]);
    expect(machine.checkInvariants()).toEqual([]);
  });
});

test('under pressure a superpage is split and its pages go to swap one by one', () => {
  const config = { transparentSuperpages: true, memory: 4 * MIB, swap: 8 * MIB, overcommit: 1 } as const;
  usertest({ config }, (run) => {
    const start = growAligned(run, 3 * SUPERPAGE);
    writeAll(run, start, 3 * SUPERPAGE);
    expect(run.machine.counters().dirtyEvictions).toBeGreaterThan(512);
    expect(unlike(run, start, 3 * SUPERPAGE)).toEqual([]);
    expect(run.machine.checkInvariants()).toEqual([]);
  });
});
