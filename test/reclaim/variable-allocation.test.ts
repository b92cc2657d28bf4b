/** Policies that choose how much memory there is to be, and those that write ahead, on a whole machine. */
import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineEvent } from '../../src/machine/events.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;

interface World {
  readonly machine: Machine;
  readonly process: Process;
  readonly base: number;
}

function worldOf(replacement: string, config: { residentPages?: number; swap?: number } = {}): World {
  const machine = new Machine({ memory: 1 << 20, swap: 64 * PAGE, replacement, ...config });
  const process = machine.spawn({ name: 'p', image: {} });
  const prot = PROT_READ | PROT_WRITE;
  const base = machine.mmap(process, { length: 24 * PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  return { machine, process, base };
}

const write = ({ machine, process, base }: World, page: number): void => {
  expect(machine.store(process, base + page * PAGE, page + 1, 1).ok).toBe(true);
};
const read = ({ machine, process, base }: World, page: number): number | undefined =>
  machine.load(process, base + page * PAGE, 1).bytes?.[0];

function evictionsOf({ machine, base }: World, act: () => void): { page: number; why: string }[] {
  const evicted: { page: number; why: string }[] = [];
  const stop = machine.on((event: MachineEvent) => {
    if (event.type !== 'Eviction') return;
    for (const { address } of event.mappings) evicted.push({ page: (address - base) / PAGE, why: event.why });
  });
  act();
  stop();
  return evicted;
}

describe('working-set', () => {
  /** Pages 0 to 9 once, then 0 and 1 for longer than the window is. */
  function settled(config = {}): World {
    const world = worldOf('working-set', config);
    for (let page = 0; page < 10; page++) write(world, page);
    for (let turn = 0; turn < 1200; turn++) read(world, turn % 2);
    return world;
  }

  test('what has not been used within the window leaves at a tick, though there is room', () => {
    const world = settled();
    const evicted = evictionsOf(world, () => world.machine.tick());
    expect(evicted.map(({ page }) => page)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(evicted[0]!.why).toContain('not used within the window');
    expect(evictionsOf(world, () => world.machine.tick())).toEqual([]);
    for (let page = 0; page < 10; page++) expect(read(world, page)).toBe(page + 1);
    expect(world.machine.checkInvariants()).toEqual([]);
  });

  test('what cannot leave stays: locked pages, and all of them where there is no swap', () => {
    const world = settled();
    world.machine.calls.mlock(world.process, world.base + 4 * PAGE, PAGE);
    const evicted = evictionsOf(world, () => world.machine.tick());
    expect(evicted.map(({ page }) => page)).toEqual([2, 3, 5, 6, 7, 8, 9]);
    const alone = settled({ swap: 0 });
    expect(evictionsOf(alone, () => alone.machine.tick())).toEqual([]);
    expect([...world.machine.checkInvariants(), ...alone.machine.checkInvariants()]).toEqual([]);
  });
});

test('pff: after a fault that was long in coming what was not used since the one before leaves at a tick', () => {
  const world = worldOf('pff');
  for (let page = 0; page < 10; page++) write(world, page);
  for (let turn = 0; turn < 300; turn++) read(world, turn % 3);
  expect(evictionsOf(world, () => world.machine.tick())).toEqual([]);
  write(world, 20);
  const evicted = evictionsOf(world, () => world.machine.tick());
  // Page 9 was loaded by the fault before.
  expect(evicted.map(({ page }) => page)).toEqual([3, 4, 5, 6, 7, 8]);
  for (let page = 0; page < 10; page++) expect(read(world, page)).toBe(page + 1);
  expect(world.machine.checkInvariants()).toEqual([]);
});

describe('wsclock', () => {
  test('writes old dirty pages ahead: they leave later without being written', () => {
    const world = worldOf('wsclock', { residentPages: 8 });
    for (let page = 0; page < 8; page++) write(world, page);
    // The first round finds all used just now; from the second on they are old.
    for (let tick = 0; tick < 2; tick++) world.machine.tick();
    write(world, 8);
    for (let tick = 0; tick < 4; tick++) world.machine.tick();
    write(world, 9);
    const ahead = world.machine.counters();
    // One search has written all the old ones, and its page was dropped as clean.
    expect(ahead.swapWrites).toBeGreaterThan(ahead.evictions);
    const clean = evictionsOf(world, () => {
      for (let page = 10; page < 13; page++) write(world, page);
    });
    expect(clean.length).toBe(3);
    expect(world.machine.counters().swapWrites).toBe(ahead.swapWrites);
    for (let page = 0; page < 13; page++) expect(read(world, page)).toBe(page + 1);
    expect(world.machine.checkInvariants()).toEqual([]);
  });

  test('a page written to again after it was written ahead is not lost', () => {
    const world = worldOf('wsclock', { residentPages: 6 });
    for (let round = 0; round < 40; round++) {
      for (let page = 0; page < 9; page++) {
        if ((page + round) % 3 !== 0) write(world, page);
        const { machine, process, base } = world;
        machine.store(process, base + page * PAGE + 8, round, 1);
        machine.tick();
        expect(machine.load(process, base + ((page * 5) % 9) * PAGE + 8, 1).ok).toBe(true);
      }
      for (let page = 0; page < 9; page++) {
        expect(world.machine.load(world.process, world.base + page * PAGE + 8, 1).bytes?.[0]).toBe(round);
      }
    }
    expect(world.machine.checkInvariants()).toEqual([]);
  });
});
