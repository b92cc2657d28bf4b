/** Batches are the same accesses: whatever they meet, the machine is afterwards what it is after them one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { Cpu } from '../../src/mmu/cpu.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../../src/mmu/units.ts';

const PAGE = 4096;
const PAGES = 12;

const TLBS: readonly (TlbConfig | null)[] = [
  null,
  { entries: 4, ways: 2, l2: { entries: 12, ways: 3 } },
  { entries: 4, ways: 1, split: true, policy: 'fifo' },
  { entries: 8, ways: 4, l2: { entries: 16, ways: 4, policy: 'plru' } },
];

interface Bench {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly base: number;
}

/** A process with a mapping of PAGES pages, the page before it unmapped and the one behind read-only; memory is short. */
function makeBench(config: Partial<MachineConfig>): Bench {
  const machine = new Machine({ memory: 16 * PAGE, swap: 64 * PAGE, ...config });
  const process = machine.spawn({ signals: 'survive' });
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const low = machine.mmap(process, { length: (PAGES + 2) * PAGE, prot: PROT_READ | PROT_WRITE | PROT_EXEC, flags });
  machine.munmap(process, low, PAGE);
  machine.mprotect(process, low + (PAGES + 1) * PAGE, PAGE, PROT_READ);
  machine.switchTo(0, process);
  return { machine, cpu: machine.cpus[0]!, base: low + PAGE };
}

/** What the processors count and know, to the last time stamp. */
function expectSameCpu(one: Bench, other: Bench): void {
  expect(other.cpu.counters).toEqual(one.cpu.counters);
  expect(other.cpu.tlbs).toEqual(one.cpu.tlbs);
  expect(other.cpu.faulted).toBe(one.cpu.faulted);
}

/** And the rest of the machines. */
function expectSame(one: Bench, other: Bench): void {
  expectSameCpu(one, other);
  expect(other.machine.counters()).toEqual(one.machine.counters());
  const hashes = ({ machine }: Bench) =>
    Array.from({ length: machine.memory.frames }, (_, pfn) => machine.memory.hashFrame(pfn));
  expect(hashes(other)).toEqual(hashes(one));
  expect(other.machine.checkInvariants()).toEqual([]);
}

const places = fc.array(
  fc.record({
    // Mostly such as hit again and again.
    page: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
      { weight: 1, arbitrary: fc.integer({ min: -1, max: PAGES }) },
    ),
    offset: fc.integer({ min: 0, max: PAGE / 4 - 1 }).map((word) => word * 4),
    odd: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 2),
    step: fc.constantFrom(4, 4, 8, PAGE + 12, 2 * PAGE - 4),
    // This one of the run is elsewhere.
    hole: fc.integer({ min: 0, max: 30 }),
    // Also such as are copied at once, over the end of a page too.
    run: fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 70 })),
    kind: fc.constantFrom<AccessKind>(LOAD, STORE, FETCH),
  }),
  { maxLength: 40 },
);
const configs = fc.record({
  tlb: fc.constantFrom(...TLBS),
  paging: fc.constantFrom('sv39' as const, 'x86_64' as const),
  replacement: fc.constantFrom('clock', 'lru', 'linux'),
});

describe('a batch is its accesses one by one', () => {
  it('of loads: values, and where an abandoned one stops it', () => {
    fc.assert(
      fc.property(configs, places, (config, list) => {
        const single = makeBench(config);
        const batched = makeBench(config);
        for (let word = 0; word < PAGES * PAGE; word += 4) {
          for (const { cpu, base } of [single, batched]) cpu.store32(base + word, word + 1);
        }
        const addresses = Float64Array.from(
          list.flatMap(({ page, offset, odd, run, step, hole }) =>
            Array.from({ length: run }, (_, i) => {
              const distance = step * i + (i === hole ? 4 : 0);
              const within = step < PAGE ? offset + distance : (offset + distance) % (3 * PAGE);
              return single.base + (page * PAGE + within) + odd;
            }),
          ),
        );
        const count = addresses.length;
        const expected = new Uint32Array(count).fill(7);
        const values = new Uint32Array(count).fill(7);
        for (let from = 0; from < count; ) {
          let stop = from;
          for (; stop < count; stop++) {
            const value = single.cpu.load32(addresses[stop]!);
            if (single.cpu.faulted) break;
            expected[stop] = value;
          }
          expect(batched.cpu.loadBatch(addresses, from, count, values)).toBe(stop);
          expectSameCpu(single, batched);
          from = stop + 1;
        }
        expect(values).toEqual(expected);
        expectSame(single, batched);
      }),
      { numRuns: 40 },
    );
  });

  it('of touches of all kinds: it stops behind each access that trapped', () => {
    fc.assert(
      fc.property(configs, places, (config, list) => {
        const single = makeBench(config);
        const batched = makeBench(config);
        const addresses = Float64Array.from(list, ({ page, offset, odd }) => single.base + page * PAGE + offset + odd);
        const kinds = Uint8Array.from(list, ({ kind }) => kind);
        const faults = ({ machine }: Bench) => {
          const { minorFaults, majorFaults, protectionFaults } = machine.counters();
          return minorFaults + majorFaults + protectionFaults;
        };
        for (let from = 0; from < list.length; ) {
          const before = faults(single);
          let stop = from;
          while (stop < list.length && faults(single) === before) {
            single.cpu.translate(addresses[stop]!, kinds[stop] as AccessKind);
            stop++;
          }
          expect(batched.cpu.touchBatch(addresses, kinds, from, list.length)).toBe(stop);
          expectSameCpu(single, batched);
          from = stop;
        }
        expectSame(single, batched);
      }),
      { numRuns: 40 },
    );
  });
});
