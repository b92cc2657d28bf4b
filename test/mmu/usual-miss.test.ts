/** The usual miss in one piece leaves everything as the exact path does, and so does what it refuses to do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { Cpu } from '../../src/mmu/cpu.ts';
import { REFUSED } from '../../src/mmu/miss-unit.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../../src/mmu/units.ts';

const PAGE = 4096;
const PAGES = 24;
const WIDTHS = [8, 16, 32, 64] as const;

const TLBS: readonly TlbConfig[] = [
  { entries: 4, ways: 2, l2: { entries: 12, ways: 3 } },
  { entries: 4, ways: 1 },
  { entries: 4, ways: 2, split: true, l2: { entries: 8, ways: 1 } },
  { entries: 2, ways: 2, asids: false, l2: { entries: 8, ways: 8 } },
  { entries: 3, ways: 1, l2: { entries: 6, ways: 2 } },
  { entries: 4, ways: 2, policy: 'fifo', l2: { entries: 8, ways: 2 } },
  { entries: 4, ways: 2, l2: { entries: 8, ways: 2, policy: 'random' } },
];

/** How many misses were done in one piece: all, retries after a fault, and faults. */
interface Usual {
  count: number;
  retried: number;
  refused: number;
}

interface Bench {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly base: number;
}

/** `exact`: a processor that leaves every miss to the exact path. `usual`: counts those that were done in one piece. */
function makeBench(config: Partial<MachineConfig>, exact: boolean, usual: Usual): Bench {
  const machine = new Machine({ memory: 128 * PAGE, swap: 64 * PAGE, ...config });
  const process = machine.spawn({ signals: 'survive' });
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const base = machine.mmap(process, { length: PAGES * PAGE, prot: PROT_READ | PROT_WRITE | PROT_EXEC, flags });
  machine.switchTo(0, process);
  const cpu = machine.cpus[0]!;
  const inner = cpu as unknown as { reachUsual(va: number, kind: number, counted: number): number };
  const whole = inner.reachUsual.bind(cpu);
  inner.reachUsual = (va, kind, counted) => {
    if (exact) return -1;
    const pa = whole(va, kind, counted);
    if (pa >= 0) usual.count++;
    if (pa === REFUSED) usual.refused++;
    if (pa >= 0 && counted === 0) usual.retried++;
    return pa;
  };
  return { machine, cpu, base };
}

function access(cpu: Cpu, va: number, kind: AccessKind, width: (typeof WIDTHS)[number]): number {
  if (kind === FETCH) return cpu.translate(va, FETCH);
  if (kind === LOAD) return cpu[`load${width}`](va);
  if (width === 64) cpu.store64(va, va >>> 0, 7);
  else cpu[`store${width}`](va, va >>> 0);
  return 0;
}

/** Flip a bit of the entry that maps the page, behind the TLBs' back. */
function flip({ machine, cpu }: Bench, va: number, bit: number): void {
  const { walk } = cpu.peek(va, LOAD, { walkAlways: true });
  const entry = walk.at(-1)!.pteAddress + 4 * (bit >> 5);
  machine.memory.store32(entry, (machine.memory.load32(entry) ^ (1 << (bit & 31))) >>> 0);
}

/** All that TLBs keep from one access to the next: not what the last one threw out. */
function tlbState({ cpu }: Bench): unknown {
  const { slots, absent, data, instructions, second } = cpu.tlbs!;
  const arrays = [data, instructions, second].map((tlb) => tlb && { ...tlb, lostLevel: 0, lostPage: 0, random: null });
  return { slots, absent, arrays };
}

/** What the processors count and know, to the last time stamp. */
function expectSame(one: Bench, other: Bench): void {
  expect(other.cpu.counters).toEqual(one.cpu.counters);
  expect(tlbState(other)).toEqual(tlbState(one));
  expect(other.cpu).toHaveProperty('soft', (one.cpu as unknown as { soft: unknown }).soft);
  expect(other.cpu.faulted).toBe(one.cpu.faulted);
  expect(other.cpu.fault).toEqual(one.cpu.fault);
}

const address = { page: fc.integer({ min: 0, max: PAGES - 1 }), offset: fc.constantFrom(0, 8, 2044, 4093, 4095) };
const steps = fc.array(
  fc.oneof(
    {
      weight: 120,
      arbitrary: fc.record({
        what: fc.constant('access' as const),
        ...address,
        kind: fc.constantFrom<AccessKind>(LOAD, LOAD, STORE, FETCH),
        width: fc.constantFrom(...WIDTHS),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant('flip' as const), ...address, bit: fc.integer({ min: 0, max: 63 }) }),
    },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('invalidate' as const), ...address }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('flush' as const, 'user' as const, 'asid' as const) }) },
  ),
  { minLength: 150, maxLength: 300, size: 'max' },
);
const configs = fc.record({
  tlb: fc.constantFrom(...TLBS),
  paging: fc.constantFrom('sv39' as const, 'sv32' as const, 'x86_64' as const),
});

describe('the usual miss in one piece', () => {
  it('leaves counters, TLBs, stamps, memory and faults as the exact path does', () => {
    const usual: Usual = { count: 0, retried: 0, refused: 0 };
    fc.assert(
      fc.property(configs, fc.boolean(), steps, (config, withKernel, list) => {
        const one = makeBench(config, true, usual);
        const other = makeBench(config, false, usual);
        for (const { cpu, base } of [one, other]) {
          if (withKernel) continue;
          for (let page = 0; page < PAGES; page++) cpu.store32(base + page * PAGE + 8 * page, page);
          cpu.trap = null;
        }
        for (const [number, step] of list.entries()) {
          const answers = [one, other].map((bench) => {
            const { cpu, base } = bench;
            const va = 'page' in step ? base + step.page * PAGE + step.offset : base;
            if (step.what === 'access') return access(cpu, va, step.kind, step.width);
            // A kernel would find its tables broken.
            if (step.what === 'flip' && !withKernel) flip(bench, va, step.bit);
            if (step.what === 'invalidate') cpu.invalidatePage(va, cpu.asid);
            if (step.what === 'flush') cpu.invalidateAll(true);
            if (step.what === 'user' && !withKernel) cpu.user = !cpu.user;
            if (step.what === 'asid' && !withKernel) cpu.setAddressSpace(cpu.root, cpu.asid ^ 1);
            return 0;
          });
          expect(answers[1]).toBe(answers[0]);
          if (number % 16 === 0) expectSame(one, other);
        }
        expectSame(one, other);
        const hashes = ({ machine }: Bench) =>
          Array.from({ length: machine.memory.frames }, (_, pfn) => machine.memory.hashFrame(pfn));
        expect(hashes(other)).toEqual(hashes(one));
      }),
      { numRuns: 40 },
    );
    expect(usual.count).toBeGreaterThan(1000);
    expect(usual.refused).toBeGreaterThan(100);
    expect(usual.retried).toBeGreaterThan(100);
  });
});
