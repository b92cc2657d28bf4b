/** Every replacement policy in a machine that is short of memory: nothing is lost, and everything stays in order. */
import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { Machine } from '../../src/machine/machine.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const PAGES = 40;

const names = Object.entries(POLICIES).flatMap(([name, { needsFuture }]) => (needsFuture ? [] : [name]));

describe.for(names)('a machine with %s', (replacement) => {
  test.for([
    ['a limit on resident pages', { memory: 1 << 20, residentPages: 9 }],
    ['little memory', { memory: 30 * PAGE }],
  ] as const)('and %s keeps what was written', ([, limits]) => {
    const machine = new Machine({ ...limits, swap: 64 * PAGE, replacement });
    const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    const area = machine.mmap(process, { length: PAGES * PAGE, prot: PROT_READ | PROT_WRITE, flags });
    const random = new Random(5);
    const written = new Uint8Array(PAGES);
    for (let step = 1; step <= 600; step++) {
      // Mostly a few pages, now and then any: something for every policy to learn.
      const page = random.below(10) < 7 ? random.below(6) : random.below(PAGES);
      if (random.below(3) === 0) {
        expect(machine.store(process, area + page * PAGE, step % 251, 1).ok).toBe(true);
        written[page] = step % 251;
      } else {
        expect(machine.load(process, area + page * PAGE, 1).bytes?.[0]).toBe(written[page]);
      }
      machine.tick();
      if (step % 20 === 0)
        expect([...machine.checkInvariants(), ...machine.kernel.policy.checkInvariants()]).toEqual([]);
    }
    expect(machine.counters().dirtyEvictions).toBeGreaterThan(0);
    expect(machine.counters().majorFaults).toBeGreaterThan(0);
    expect(machine.munmap(process, area, PAGES * PAGE)).toBe(0);
    expect([...machine.checkInvariants(), ...machine.kernel.policy.checkInvariants()]).toEqual([]);
  });
});
