/**
 * Random programs on every heap, on machines whose memory holds a small part of it: blocks keep their contents, keep apart and
 * are aligned; the structures of heaps and kernel hold; what is freed goes back to the kernel; nothing leaks.
 *
 * HEAP_PROGRAMS_RUNS=20 runs twenty times as many programs, HEAP_PROGRAMS_SEED=7 others.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PYTHON_VERSIONS } from '../../src/process/python/profiles.ts';
import { CUSTOMIZING, command } from './heap-programs/commands.ts';
import { HEAP_FUNCTIONS } from './heap-programs/functions.ts';
import { HeapHarness } from './heap-programs/harness.ts';
import type { HeapCase, Reached } from './heap-programs/heap-case.ts';
import { REFUSED } from './heap-programs/stingy-arena.ts';

const TIMES = Number(process.env.HEAP_PROGRAMS_RUNS ?? 1);
const SEED = Number(process.env.HEAP_PROGRAMS_SEED ?? 20_261_121);
const KIB = 1024;
const MIB = KIB * KIB;
const REGIONS_EVERY = 10;

const SV39 = { paging: 'sv39', memory: 400 * KIB, swap: 16 * MIB, residentPages: 30 } as const;
const X86_64 = { paging: 'x86_64', memory: 440 * KIB, swap: 16 * MIB, residentPages: 30, replacement: 'lru' } as const;
/** Pages of 256 bytes, 28-bit addresses: a header and its block are seldom on one page. */
const SMALL_PAGES = {
  paging: {
    name: 'small',
    pageBytes: 256,
    pteBytes: 4,
    levels: [8, 6, 6],
    fields: {
      valid: 0,
      read: 1,
      write: 2,
      execute: 3,
      user: 4,
      global: 5,
      accessed: 6,
      dirty: 7,
      frame: { bit: 8, width: 18 },
    },
  },
  memory: 160 * KIB,
  swap: 8 * MIB,
  residentPages: 240,
  replacement: 'fifo',
} as const;

interface Plan extends HeapCase {
  readonly runs: number;
  readonly steps: number;
}

const pythons: Plan[] = PYTHON_VERSIONS.map((version, index) => ({
  name: `Python ${version} beside glibc`,
  config: index % 2 === 0 ? SV39 : X86_64,
  programs: [{ python: version }, {}],
  runs: 3,
  steps: 120,
}));
const configured: Plan[] = [
  ['2.7', 'unset'],
  ['3.6', 'malloc_debug'],
  ['3.7.3', 'pymalloc_debug'],
  ['3.8', 'malloc'],
  ['3.9', 'debug'],
  ['3.11', 'debug'],
  ['3.13', 'malloc_debug'],
].map(([version, value], index) => ({
  name: `Python ${version}, PYTHONMALLOC=${value}`,
  config: index % 2 === 0 ? X86_64 : SV39,
  programs: [
    value === 'unset'
      ? { python: { version: version!, debugBuild: true } }
      : { python: { version: version!, pythonMalloc: value } },
  ],
  runs: 2,
  steps: 80,
}));
const others: Plan[] = [
  { name: 'glibc alone', config: SV39, programs: [{}], runs: 5, steps: 150 },
  { name: 'glibc, eager fork', config: { ...X86_64, fork: 'eager' }, programs: [{}], runs: 3, steps: 120 },
  { name: 'pages of 256 bytes: glibc', config: SMALL_PAGES, programs: [{}], runs: 2, steps: 80 },
  {
    // Up to 3.9, free reads at the pool boundary below any address: a fault where pages are smaller than pools.
    name: 'pages of 256 bytes: Python 3.10 and 3.13',
    config: SMALL_PAGES,
    programs: [{ python: '3.10' }, { python: '3.13' }],
    runs: 2,
    steps: 60,
  },
  {
    name: 'Python 3.8 over best fit',
    config: SV39,
    programs: [{ python: '3.8', malloc: { policy: 'best-fit', header: 16, grow: 16 * KIB } }],
    textbookAlignment: 16,
    runs: 2,
    steps: 80,
  },
];
const textbooks: Plan[] = (
  [
    [{ policy: 'first-fit', alignment: 8, bytes: 400 * KIB }, 8],
    [{ policy: 'next-fit', header: 16, order: 'back', grow: 4096 }, 16],
    [{ policy: 'best-fit', header: 0, order: 'size-ascending', alignment: 4, bytes: 400 * KIB }, 4],
    [{ policy: 'worst-fit', header: 4, coalescing: 'deferred', order: 'front', grow: 8192 }, 4],
    [{ policy: 'buddy', header: 16, bytes: 512 * KIB }, 1],
    [{ policy: 'segregated', alignment: 16, coalescing: 'deferred', grow: 8192 }, 16],
    [{ policy: 'slab', bytes: 512 * KIB }, 1],
  ] as const
).map(([malloc, textbookAlignment], index) => ({
  name: malloc.policy,
  config: index % 2 === 0 ? SV39 : X86_64,
  programs: [{ malloc }],
  textbookAlignment,
  isBounded: 'bytes' in malloc,
  runs: 2,
  steps: 100,
}));

/** How often the programs must have come where they should. */
const LEAST: Reached = {
  faults: 10_000,
  evictions: 15_000,
  copies: 500,
  forks: 60,
  'major faults in malloc': 500,
  'major faults in realloc': 80,
  'major faults in free': 500,
  'major faults in PyObject_Free': 500,
  'pool headers fetched by free': 50,
  'arenas released': 40,
  'arenas refused': 8,
  'mapped chunks or top released': 50,
  'tops trimmed': 50,
  'mapped blocks': 30,
  'resized in place': 200,
  moved: 200,
  zeroed: 300,
  refusals: 200,
  'traced bytes compared': 100,
  'blocks found in regions': 30_000,
  tcache: 8000,
  fastbin: 1000,
  unsorted: 800,
  'small bin': 1000,
  'large bin': 500,
};

describe('random programs on every heap, short of memory', () => {
  const reached: Reached = {};
  const called = new Set<string>();
  let [faults, copies, evictions, oomKills] = [0, 0, 0, 0];

  it.for([...pythons, ...configured, ...others, ...textbooks])('$name', { timeout: 600_000 }, (plan) => {
    const steps = fc.array(command, { minLength: plan.steps, maxLength: plan.steps, size: 'max' });
    const programs = fc.tuple(fc.subarray([...CUSTOMIZING]), steps).map(([first, rest]) => [...first, ...rest]);
    fc.assert(
      fc.property(programs, fc.constantFrom('forwards' as const, 'backwards' as const), (program, order) => {
        const harness = new HeapHarness(plan, reached, called);
        for (const [index, step] of program.entries()) {
          harness.run(step);
          harness.checkRules();
          if (index % REGIONS_EVERY === 0) harness.checkRegions();
        }
        for (const pair of harness.pairs) harness.checkAllContents(pair);
        harness.finish(order);
        const counters = harness.machine.counters();
        faults += counters.swapInFaults;
        copies += counters.copyOnWriteFaults;
        evictions += counters.evictions;
        oomKills += counters.oomKills;
      }),
      { numRuns: plan.runs * TIMES, seed: SEED, endOnFailure: true },
    );
  });

  afterAll(() => {
    const figures = { ...reached, faults, copies, evictions, 'arenas refused': REFUSED.arenas };
    if (process.env.HEAP_PROGRAMS_TELL !== undefined) console.log(figures);
    expect(oomKills).toBe(0);
    // The programs must get to the places that matter, and more than once.
    for (const [what, least] of Object.entries(LEAST)) {
      expect(figures[what as keyof typeof figures] ?? 0, what).toBeGreaterThanOrEqual(least);
    }
    expect(HEAP_FUNCTIONS.filter((name) => !called.has(name))).toEqual([]);
  });
});
