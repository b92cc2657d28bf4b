/**
 * Heap programs that end badly: memory runs out while an allocator works, a limit is reached, a wild pointer is freed, a
 * header is overwritten. The guest may be lost; the machine never is.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Process } from '../../src/kernel/process.ts';
import { leaksOf } from '../../src/machine/leaks.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { SpawnOptions } from '../../src/machine/machine-api.ts';
import { missingSince } from '../../src/process/functions/function.ts';
import { PROGRAM_FUNCTIONS } from '../../src/process/functions/registry.ts';
import { command } from '../process/heap-programs/commands.ts';
import { HeapHarness } from '../process/heap-programs/harness.ts';
import type { HeapCase, Reached } from '../process/heap-programs/heap-case.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const SEED = Number(process.env.HEAP_PROGRAMS_SEED ?? 20_261_123);
const TIMES = Number(process.env.HEAP_PROGRAMS_RUNS ?? 1);

const programsOf = (steps: number) => fc.array(command, { minLength: steps, maxLength: steps, size: 'max' });

function expectNothingLeft(machine: Machine): void {
  for (const process of machine.kernel.processes.values()) if (process.state === 'running') machine.exit(process);
  expect(machine.checkInvariants()).toEqual([]);
  expect(leaksOf(machine.view())).toEqual([]);
  expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
  expect(machine.kernel.swap.free).toBe(machine.kernel.swap.slots);
}

describe('memory runs out', () => {
  const CASES: readonly HeapCase[] = [
    {
      name: 'Python 3.7 and glibc, little swap',
      config: { paging: 'sv39', memory: 240 * KIB, swap: 64 * KIB },
      programs: [{ python: '3.7' }, {}],
      mayDie: true,
    },
    {
      name: 'Python 3.9 and buddy, no swap',
      config: { paging: 'x86_64', memory: 320 * KIB, swap: 0 },
      programs: [{ python: '3.9' }, { malloc: { policy: 'buddy', header: 16, grow: 4096 } }],
      mayDie: true,
    },
  ];

  it.for(CASES)(
    '$name: processes are killed inside their allocators, the others and the machine are whole',
    (heapCase) => {
      const reached: Reached = {};
      fc.assert(
        fc.property(programsOf(90), (program) => {
          const harness = new HeapHarness(heapCase, reached);
          for (const [index, step] of program.entries()) {
            harness.run(step);
            harness.checkRules();
            if (index % 10 === 0) harness.checkRegions();
          }
          expectNothingLeft(harness.machine);
          harness.reached['oom kills'] = (harness.reached['oom kills'] ?? 0) + harness.machine.counters().oomKills;
        }),
        { numRuns: 16 * TIMES, seed: SEED, endOnFailure: true },
      );
      const inside = Object.entries(reached).filter(([what]) => what.startsWith('killed in '));
      if (process.env.HEAP_PROGRAMS_TELL !== undefined) console.log(heapCase.name, reached);
      expect(reached['oom kills']).toBeGreaterThan(6);
      expect(inside.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(2);
    },
  );
});

describe('limits', () => {
  const LIMITS = ['addressSpace', 'data'] as const;
  const PROGRAMS: readonly SpawnOptions[] = [
    {},
    { python: '3.8' },
    { python: { version: '3.11', pythonMalloc: 'debug' } },
    { python: { version: '3.9', pythonMalloc: 'malloc' } },
    { malloc: { policy: 'first-fit', grow: 8192 } },
    { malloc: { policy: 'slab' } },
  ];

  it.for(LIMITS)('RLIMIT of %s: requests are refused, blocks stay as they are, memory comes again', (limit) => {
    const reached: Reached = {};
    const setups = fc.record({ program: programsOf(80), room: fc.integer({ min: 20, max: 90 }), which: fc.nat(5) });
    fc.assert(
      fc.property(setups, ({ program, room, which }) => {
        const heapCase: HeapCase = {
          name: limit,
          config: { paging: 'sv39', memory: 400 * KIB, swap: 16 * MIB, residentPages: 30 },
          programs: [PROGRAMS[which]!],
          isBounded: true,
        };
        const harness = new HeapHarness(heapCase, reached);
        const { limits, space } = harness.process(harness.pairs[0]!);
        const present = limit === 'data' ? space!.dataPages : space!.totalPages;
        limits[limit] = (present + room) * harness.machine.format.pageBytes;
        // tracemalloc aborts when a resized block cannot be traced; and a process that is spawned anew has no limit.
        for (const step of program.filter((step) => step.do !== 'trace' && step.do !== 'exit')) {
          harness.run(step);
          harness.checkRules();
        }
        harness.checkRegions();
        for (const pair of harness.pairs) {
          harness.process(pair).limits[limit] = Number.POSITIVE_INFINITY;
          harness.checkAllContents(pair);
          const again = harness.machine.call(harness.process(pair), 'malloc', [60_000]);
          expect(again.ok && again.value !== 0).toBe(true);
          expect(harness.machine.call(harness.process(pair), 'free', [again.value!]).ok).toBe(true);
        }
        harness.finish();
      }),
      { numRuns: 16 * TIMES, seed: SEED + limit.length, endOnFailure: true },
    );
    if (process.env.HEAP_PROGRAMS_TELL !== undefined) console.log(limit, reached);
    expect(reached.refusals).toBeGreaterThan(50);
  });
});

describe('faults inside free', () => {
  const WILD = [0x10, 0x6000_0000, 0x2a_0000_0000];

  it.for<[string, SpawnOptions]>([
    ['free', {}],
    ['realloc', {}],
    ['PyObject_Free', { python: '2.7' }],
    ['PyObject_Free', { python: '3.8' }],
    ['PyMem_Realloc', { python: '3.13' }],
    ['PyMem_RawFree', { python: { version: '3.11', pythonMalloc: 'debug' } }],
    ['free', { malloc: { policy: 'best-fit' } }],
  ])('%s of a wild pointer: a signal that is survived, a heap known to be trampled', ([name, options]) => {
    const machine = new Machine({ paging: 'sv39', memory: 600 * KIB, swap: 4 * MIB, residentPages: 30 });
    const process = machine.spawn({ ...options, signals: 'survive' });
    const other = machine.spawn(options);
    const allocate = options.python === undefined ? 'malloc' : 'PyObject_Malloc';
    const kept = Number(machine.call(other, allocate, [300]).value);
    const own = Number(machine.call(process, allocate, [300]).value);
    expect(machine.store(other, kept, new Uint8Array(300).fill(7)).ok).toBe(true);
    expect(machine.programs.require(process).trampled).toBe(false);
    let faults = 0;
    for (const pointer of WILD) {
      const result = machine.call(process, name, /ealloc/.test(name) ? [pointer, 50] : [pointer]);
      if (result.signal?.signal === 'SIGSEGV') faults++;
      expect(process.state).toBe('running');
      expect(machine.programs.require(process).trampled).toBe(true);
      expect(machine.checkInvariants()).toEqual([]);
    }
    expect(faults).toBeGreaterThan(0);
    expect(machine.load(process, own, 300).ok).toBe(true);
    // The neighbour does not know.
    expect(machine.load(other, kept, 300).bytes).toEqual(new Uint8Array(300).fill(7));
    expect(machine.call(other, allocate, [40]).ok).toBe(true);
    expect(machine.programs.require(other).trampled).toBe(false);
    machine.view();
    expectNothingLeft(machine);
  });
});

/** Everything a program can do wrong: any function on any pointer, and stores anywhere near its blocks. */
describe('trampling', () => {
  const wildStep = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('call' as const),
        called: fc.nat(1e6),
        pointer: fc.nat(1e6),
        size: fc.integer({ min: 0, max: 3000 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('allocate' as const),
        called: fc.nat(1e6),
        size: fc.integer({ min: 0, max: 600 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('store' as const),
        pointer: fc.nat(1e6),
        offset: fc.integer({ min: -80, max: 700 }),
        value: fc.constantFrom(0, 1, 0x31, 0x411, 0xffff_ffff, 0x4000, 0xdead_beef),
        size: fc.constantFrom(1, 4, 8),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const) }) },
  );
  const PROGRAMS: readonly SpawnOptions[] = [
    {},
    { python: '2.7' },
    { python: '3.8' },
    { python: '3.13' },
    { python: { version: '3.7', pythonMalloc: 'debug' } },
    { python: { version: '3.12', pythonMalloc: 'malloc_debug' } },
    { malloc: { policy: 'first-fit', coalescing: 'deferred' } },
    { malloc: { policy: 'next-fit', header: 16 } },
    { malloc: { policy: 'best-fit', header: 0 } },
    { malloc: { policy: 'worst-fit', header: 4 } },
    { malloc: { policy: 'buddy', header: 8, minOrder: 5 } },
    { malloc: { policy: 'segregated' } },
    { malloc: { policy: 'slab' } },
  ];
  const setups = fc.record({
    steps: fc.array(wildStep, { minLength: 60, maxLength: 60, size: 'max' }),
    signals: fc.constantFrom('kill' as const, 'survive' as const),
  });

  it.for(PROGRAMS.map((options) => ({ options })))('never harms the machine: $options', ({ options }) => {
    const version = typeof options.python === 'string' ? options.python : options.python?.version;
    const heapFunctions = PROGRAM_FUNCTIONS.filter((called) => {
      if (called.effect.kind === 'other') return false;
      if (called.of === 'glibc') return options.malloc === undefined;
      return called.of === 'libc' || (version !== undefined && missingSince(called, version) === null);
    });
    const allocating = heapFunctions.filter(({ effect }) => effect.kind === 'allocates');
    const ends: Reached = {};
    fc.assert(
      fc.property(setups, ({ steps, signals }) => {
        const machine = new Machine({
          paging: 'sv39',
          memory: 600 * KIB,
          swap: 16 * MIB,
          residentPages: 30,
          overcommit: 1,
        });
        const running: Process[] = [];
        const pointers: number[] = [0];
        for (const step of steps) {
          if (running.at(-1)?.state !== 'running') running.pop();
          const process = running.at(-1) ?? machine.spawn({ ...options, signals });
          if (running.length === 0) running.push(process);
          const pointer = 'pointer' in step ? pointers[step.pointer % pointers.length]! : 0;
          if (step.do === 'fork') {
            const child = machine.fork(process);
            if (typeof child !== 'number') running.push(child);
          } else if (step.do === 'store') {
            machine.store(process, Math.max(0, pointer + step.offset), step.value % 2 ** (8 * step.size), step.size);
          } else {
            const functions = step.do === 'call' ? heapFunctions : allocating;
            const called = functions[step.called % functions.length]!;
            const args = called.parameters.map(({ kind, name }) =>
              // As much as the machine could ever hold is another test's matter.
              kind === 'pointer' ? pointer : name === 'nmemb' || name === 'nelem' ? step.size % 7 : step.size,
            );
            const result = machine.call(process, called.name, args);
            if (result.ok && called.result === 'pointer' && result.value !== 0) pointers.push(Number(result.value));
            const end = result.ok ? 'fine' : (result.signal?.signal ?? 'nothing');
            ends[end] = (ends[end] ?? 0) + 1;
          }
          expect(machine.checkInvariants()).toEqual([]);
        }
        JSON.stringify(machine.view());
        expectNothingLeft(machine);
      }),
      { numRuns: 10 * TIMES, seed: SEED, endOnFailure: true },
    );
    if (process.env.HEAP_PROGRAMS_TELL !== undefined) console.log(JSON.stringify(options), ends);
    expect(ends.fine).toBeGreaterThan(100);
    expect((ends.SIGSEGV ?? 0) + (ends.SIGABRT ?? 0)).toBeGreaterThan(0);
  });
});
