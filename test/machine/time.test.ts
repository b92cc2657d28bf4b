/** Snapshots, rewind and the record on a real machine: the same script gives the same bytes, however often. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { during } from '../../src/machine/during.ts';
import { Machine, type MachineSnapshot } from '../../src/machine/machine.ts';
import { parseRecord, RecordBuilder, RecordPlayer, stringifyRecord } from '../../src/machine/record.ts';
import { Rewinder } from '../../src/machine/rewind.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const STEPS = 120;

/** A busy script: its step `n` depends only on `n` and on what the machine answers. */
function act(machine: Machine, step: number): void {
  const alive = [...machine.kernel.processes.values()].filter((process) => process.state === 'running');
  const process = alive[step % alive.length]!;
  const area = machine.view().processes[process.pid]!.areas.find(({ name }) => name === 'anon');
  const random = new Random(step + 1);
  if (area === undefined) {
    machine.mmap(process, { length: 12 * PAGE, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  } else if (step % 17 === 16 && alive.length < 4) {
    machine.fork(process, `p${step}`);
  } else if (step % 29 === 28 && process.pid !== 1) {
    machine.exit(process);
  } else if (step % 5 === 0) {
    machine.load(process, area.start + random.below(area.end - area.start - 8), 8);
  } else {
    machine.store(process, area.start + random.below(area.end - area.start - 8), step, 8);
  }
  machine.tick();
}

const CONFIGS: readonly Partial<MachineConfig>[] = [
  { paging: 'sv39', memory: 40 * PAGE, swap: 128 * PAGE, replacement: 'clock' },
  { paging: 'x86_64', memory: 48 * PAGE, swap: 128 * PAGE, replacement: 'lru', tlb: { entries: 8, ways: 2 } },
  { paging: 'sv32', memory: 40 * PAGE, swap: 128 * PAGE, replacement: 'random', cpus: 2, seed: 7 },
  { paging: 'i386', memory: 40 * PAGE, swap: 128 * PAGE, replacement: 'fifo', tlb: null, aslr: true },
];

function boot(config: Partial<MachineConfig>): Machine {
  const machine = new Machine(config);
  machine.spawn({ name: 'init' });
  return machine;
}

/** The view after each step of an undisturbed run. */
function viewsOf(config: Partial<MachineConfig>) {
  const machine = boot(config);
  const views = [machine.view()];
  for (let step = 0; step < STEPS; step += 1) {
    act(machine, step);
    views.push(machine.view());
  }
  expect(machine.counters().evictions).toBeGreaterThan(0);
  return views;
}

describe.for(CONFIGS)('on $paging with $replacement', (config) => {
  it('a snapshot goes on as the machine it was taken of did', () => {
    const views = viewsOf(config);
    const machine = boot(config);
    for (let step = 0; step < 60; step += 1) act(machine, step);
    const snapshot = machine.snapshot();
    for (let round = 0; round < 2; round += 1) {
      for (let step = 60; step < STEPS; step += 1) act(machine, step);
      expect(machine.view()).toEqual(views[STEPS]);
      machine.restore(snapshot);
      expect(machine.view()).toEqual(views[60]);
      expect(machine.checkInvariants()).toEqual([]);
    }
  });

  it('rewinds to any step', () => {
    const views = viewsOf(config);
    const machine = boot(config);
    const rewinder = new Rewinder<MachineSnapshot>(machine, (step) => act(machine, step), { every: 16, countMax: 5 });
    for (const position of [STEPS, 3, 77, 76, 78, 0, 119, 50]) {
      rewinder.goTo(position);
      expect(machine.view()).toEqual(views[position]);
      expect(machine.clock).toBe(position);
    }
  });

  it('is replayed from its record without a machine', () => {
    const views = viewsOf(config);
    const machine = boot(config);
    const builder = new RecordBuilder(machine.view());
    for (let step = 0; step < STEPS; step += 1) {
      const { events } = during(machine, () => act(machine, step));
      builder.add(events, machine.view());
    }
    const text = stringifyRecord(builder.finish());
    const player = new RecordPlayer(parseRecord(text));
    for (const position of [STEPS, 0, 64, 63, 65]) expect(player.goTo(position)).toEqual(views[position]);
    // A view of each step would cost this much; the record holds what changed, and the events too.
    expect(text.length).toBeLessThan(JSON.stringify(views).length / 2);
  });
});

describe('listeners and snapshots', () => {
  it('are not part of the state: they stay through a restore', () => {
    const machine = boot(CONFIGS[0]!);
    const snapshot = machine.snapshot();
    let heard = 0;
    machine.on(() => {
      heard += 1;
    });
    machine.restore(snapshot);
    act(machine, 0);
    expect(heard).toBeGreaterThan(0);
  });
});
