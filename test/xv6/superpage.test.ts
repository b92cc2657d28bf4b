import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_HUGETLB, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { expectDeath, forkOf, inChild, load, MIB, PAGE, type Run, store, usertest, waitFor } from './xv6-machine.ts';

/**
 * Lab pgtbl (`superpg_fork`) and lab cow of 2025 (`supercheck`). The lab's sbrk makes superpages of every aligned 2 MiB
 * by itself; here a program asks for them with MAP_HUGETLB.
 */
const SUPERPAGE = 2 * MIB;
const BYTES = 16 * MIB;

function mapSuperpages({ machine, process }: Run): number {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
  const start = machine.mmap(process, { length: BYTES, prot: PROT_READ | PROT_WRITE, flags });
  expect(start % SUPERPAGE).toBe(0);
  for (let at = start; at < start + BYTES; at += PAGE) store({ machine, process }, at, at / PAGE, 4);
  return start;
}

const unlikeOf = (run: Run, start: number): number[] => {
  const unlike: number[] = [];
  for (let at = start; at < start + BYTES; at += PAGE) if (load(run, at, 4) !== at / PAGE) unlike.push(at);
  return unlike;
};

/** supercheck: every 4 KiB of each 2 MiB is reached through one leaf at level 1. Returns the leaves' letters. */
function supercheck({ machine, process }: Run, start: number): string[] {
  const leaves = new Map<number, string>();
  for (let at = start; at < start + BYTES; at += PAGE) {
    const { walk, pageBytes, physical } = machine.explain(process, at, 'load');
    const leaf = walk.at(-1)!;
    expect([leaf.level, pageBytes, physical! % SUPERPAGE]).toEqual([1, SUPERPAGE, (at - start) % SUPERPAGE]);
    leaves.set(leaf.pteAddress, leaf.letters);
  }
  return [...leaves.values()];
}

describe('superpg_fork: 16 MiB are eight leaves at level 1', () => {
  test('with V, R and W; the child has the same; given back, a touch kills', () => {
    usertest({}, (run) => {
      const { machine, process } = run;
      const start = mapSuperpages(run);
      const letters = supercheck(run, start);
      expect(letters).toHaveLength(8);
      for (const leaf of letters) expect(leaf.slice(0, 3)).toBe('VRW');
      const { code } = inChild(machine, process, (child) => {
        const own = { machine, process: child };
        expect(unlikeOf(own, start)).toEqual([]);
        expect(supercheck(own, start)).toHaveLength(8);
      });
      expect(code).toBe(0);
      expect(machine.munmap(process, start, BYTES)).toBe(0);
      for (let at = start; at < start + BYTES; at += SUPERPAGE) {
        expectDeath(machine, process, (child) => machine.load(child, at, 1));
      }
    });
  });
});

test('copy on write of a superpage: one fault copies all of its 512 pages, and only that one', () => {
  usertest({}, (run) => {
    const { machine, process } = run;
    const start = mapSuperpages(run);
    const child = { machine, process: forkOf(machine, process) };
    const { freeFrames } = machine.view().memory;
    expect(machine.store(child.process, start + SUPERPAGE + 5 * PAGE, 0, 4)).toMatchObject({ ok: true, minor: 1 });
    expect(freeFrames - machine.view().memory.freeFrames).toBe(512);
    expect(unlikeOf(child, start)).toEqual([start + SUPERPAGE + 5 * PAGE]);
    expect(unlikeOf(run, start)).toEqual([]);
    expect(supercheck(child, start)).toHaveLength(8);
    machine.exit(child.process);
    waitFor(machine, process, child.process);
  });
});
