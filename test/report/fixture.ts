/** Hand-made results: a scenario that holds and one that fails, with one of everything a report can show. */
import type { FaultKind } from '../../src/kernel/events.ts';
import type { MachineEvent, SignalInfo } from '../../src/machine/events.ts';
import type { Counters, MachineView } from '../../src/machine/view.ts';
import type { FaultInfo } from '../../src/mmu/fault.ts';
import type { Translation } from '../../src/mmu/translation.ts';
import type { ExpectationResult, ScenarioResult, StepResult } from '../../src/scenario/result.ts';
import { COUNTER_NAMES } from '../../src/scenario/schema/expect.ts';

export const NO_COUNTERS = Object.fromEntries(COUNTER_NAMES.map((name) => [name, 0])) as unknown as Counters;

export const BUFFER = 0x10000000;
export const rangeAt = (line: number) => ({ line, column: 5, endLine: line, endColumn: 40 });

export function stepResult(index: number, text: string, more: Partial<StepResult> = {}): StepResult {
  return {
    index,
    range: rangeAt(5 + index),
    do: text.split(' ')[0]!,
    text,
    process: 'parent',
    pid: 1,
    note: null,
    loop: {},
    outcome: { kind: 'ok' },
    faults: [],
    events: [],
    cost: {},
    expectations: [],
    ...more,
  };
}

export function expectation(
  what: string,
  expected: string,
  actual: string,
  more: Partial<ExpectationResult> = {},
): ExpectationResult {
  return { what, expected, actual, held: expected === actual, explanation: [], range: rangeAt(9), ...more };
}

export const WRITE_FAULT: FaultInfo = {
  rule: 'write',
  address: BUFFER + 0x10,
  access: 'store',
  user: true,
  level: 0,
  levelName: 'L0',
  pteAddress: 0x5000,
  pteValue: '0x0000000000003053',
  errorCode: null,
  cause: 15,
  sentence: 'the L0 entry at 0x5000 does not permit writing',
};

export function translation(more: Partial<Translation> = {}): Translation {
  return {
    address: BUFFER + 0x10,
    access: 'store',
    user: true,
    vpn: BUFFER / 4096,
    offset: 0x10,
    tlb: { hit: null, set: 0, tag: 0x4000, way: null, asid: 2 },
    walk: [
      {
        level: 2,
        levelName: 'L2',
        index: 0,
        tableAddress: 0x3000,
        pteAddress: 0x3000,
        pteValue: '0x0000000000001001',
        letters: 'V-------',
        kind: 'table',
        pfn: 4,
      },
      {
        level: 1,
        levelName: 'L1',
        index: 128,
        tableAddress: 0x4000,
        pteAddress: 0x4400,
        pteValue: '0x0000000000001401',
        letters: 'V-------',
        kind: 'table',
        pfn: 5,
      },
      {
        level: 0,
        levelName: 'L0',
        index: 0,
        tableAddress: 0x5000,
        pteAddress: 0x5000,
        pteValue: '0x0000000000003053',
        letters: 'VR--U-A-',
        kind: 'leaf',
        pfn: 12,
      },
    ],
    physical: 0xc010,
    pageBytes: 4096,
    fault: null,
    ...more,
  };
}

/** The walk above, refused at its leaf because the page is write-protected. */
export function refusedTranslation(): Translation {
  const walk = translation().walk.map((step) => (step.level === 0 ? { ...step, kind: 'refused' as const } : step));
  return translation({ walk, physical: null, pageBytes: null, fault: WRITE_FAULT });
}

export const translateEvent = (attempt: number, made: Translation): MachineEvent => ({
  type: 'Translate',
  pid: 2,
  cpu: 0,
  attempt,
  access: made.access,
  size: 4,
  translation: made,
});

export const pageFault = (kind: FaultKind, why: string, major = false): MachineEvent => ({
  type: 'PageFault',
  pid: 2,
  cpu: 0,
  address: BUFFER + 0x10,
  access: 'store',
  hardware: WRITE_FAULT,
  kind,
  major,
  pfn: 13,
  why,
});

export const SEGFAULT: SignalInfo = {
  signal: 'SIGSEGV',
  code: 'SEGV_MAPERR',
  address: 0,
  errorCode: null,
  reason: 'no area covers address 0x0',
};

export const fault = (kind: FaultKind, major = false) => ({ kind, major, address: BUFFER + 0x10 });

/** Step 4: the child's write to a page it shares. */
export const COW_STEP = stepResult(3, 'store child buf+0x10 = 7', {
  process: 'child',
  pid: 2,
  faults: [fault('copy-on-write')],
  cost: { stores: 1, tlbMisses: 2, walks: 2, pteReads: 6, minorFaults: 1, copyOnWriteFaults: 1 },
  expectations: [expectation('fault', 'copy-on-write', 'copy-on-write')],
  events: [
    translateEvent(0, refusedTranslation()),
    pageFault('copy-on-write', 'frame 12 is shared by 2 mappings, so the writer gets a copy'),
    { type: 'CowCopy', pid: 2, address: BUFFER, from: 12, to: 13 },
    translateEvent(1, translation({ physical: 0xd010 })),
    {
      type: 'Access',
      pid: 2,
      cpu: 0,
      access: 'store',
      address: BUFFER + 0x10,
      size: 4,
      bytes: '07 00 00 00',
      physical: 0xd010,
    },
  ],
});

const STEPS: readonly StepResult[] = [
  stepResult(0, 'spawn parent', { outcome: { kind: 'process', pid: 1, name: 'parent' } }),
  stepResult(1, 'mmap parent 8KiB rw as buf', { outcome: { kind: 'address', address: BUFFER }, cost: { syscalls: 1 } }),
  stepResult(2, 'fork parent as child', {
    note: 'from here on both share every frame',
    outcome: { kind: 'process', pid: 2, name: 'child' },
    events: [{ type: 'Fork', parent: 1, child: 2, copiedPages: 1, tablePages: 3 }],
    cost: { forks: 1 },
  }),
  COW_STEP,
  stepResult(4, 'load parent buf+0x10', {
    outcome: { kind: 'value', bytes: '2a 00 00 00', number: '42' },
    expectations: [expectation('value', '42', '42')],
    cost: { loads: 1, tlbHits: 1 },
  }),
  stepResult(5, 'store child 0 = 1', {
    process: 'child',
    pid: 2,
    outcome: { kind: 'signal', info: SEGFAULT },
    events: [{ type: 'Signal', pid: 2, info: SEGFAULT, killed: true }],
    expectations: [expectation('signal', 'SIGSEGV', 'SIGSEGV'), expectation('code', 'SEGV_MAPERR', 'SEGV_MAPERR')],
    cost: { stores: 1, tlbMisses: 1, signals: 1, protectionFaults: 1 },
  }),
];

export const HELD: ScenarioResult = {
  file: 'scenarios/cow.yaml',
  name: 'copy on write gives each process its own page',
  description: null,
  seed: 7,
  passed: true,
  status: 'held',
  steps: STEPS,
  final: [expectation('counters.copyOnWriteFaults', '1', '1', { range: rangeAt(14) })],
  counters: {
    ...NO_COUNTERS,
    accesses: 3,
    loads: 1,
    stores: 2,
    tlbHits: 1,
    tlbMisses: 3,
    walks: 3,
    pteReads: 9,
    minorFaults: 1,
    copyOnWriteFaults: 1,
    protectionFaults: 1,
    syscalls: 2,
    forks: 1,
    signals: 1,
  },
  invariants: [],
  firstView: null,
  lastView: null,
  symbols: { buf: BUFFER },
};

export const FAILED: ScenarioResult = {
  ...HELD,
  file: 'scenarios/wrong.yaml',
  name: 'what <they> "believe" & # why',
  passed: false,
  status: 'failed',
  steps: [
    ...STEPS.slice(0, 4),
    stepResult(4, 'load parent buf+0x10', {
      outcome: { kind: 'value', bytes: '2a 00 00 00', number: '42' },
      expectations: [
        expectation('value', '7', '42', {
          explanation: ['child wrote 7 to a copy of its own (frame 13) at step 4', 'parent still maps frame 12'],
        }),
      ],
    }),
  ],
  final: [expectation('frames.leaked', '0', '2', { range: rangeAt(15) })],
};

const page = (address: number, target: number, more: object = {}) => ({
  address,
  pteAddress: 0x5000 + ((address / 4096) % 512) * 8,
  value: '0x0000000000003053',
  letters: 'VRW-U-AD',
  state: 'present' as const,
  target,
  pageBytes: 4096,
  what: 'anonymous',
  ...more,
});

const area = (start: number, end: number, perms: string, name: string) => ({
  start,
  end,
  perms,
  name,
  flags: 'rd wr mr mw me ac',
  offset: 0,
  residentPages: 1,
  swappedPages: 0,
});

const frame = (
  pfn: number,
  use: MachineView['frames'][string]['use'],
  mappings: { pid: number; address: number }[] = [],
) => ({
  pfn,
  use,
  references: Math.max(1, mappings.length),
  mappings,
  dirty: use === 'anon',
  accessed: use === 'anon',
  contentHash: '811c9dc5',
});

const STACK = 0x3ffffff000;

/** Two processes that share a page, have one each of their own, and one of them a page in swap. */
export const VIEW: MachineView = {
  clock: 6,
  memory: { frames: 64, freeFrames: 53, pageBytes: 4096, swapSlots: 16, freeSwapSlots: 15 },
  processes: {
    1: {
      pid: 1,
      name: 'parent',
      parent: null,
      state: 'running',
      exitCode: null,
      signal: null,
      cpu: 0,
      asid: 1,
      root: 0x2000,
      brk: { start: 0x20000000, end: 0x20000000 },
      areas: [
        area(BUFFER, BUFFER + 0x8000, 'rw-p', 'anon'),
        area(0x30000000, 0x30001000, 'rw-s', 'shared'),
        area(STACK - 0x21000, STACK, 'rw-p', '[stack]'),
      ],
      pages: {
        '0x10000000': page(BUFFER, 12),
        '0x10001000': page(BUFFER + 0x1000, 20),
        '0x10002000': page(BUFFER + 0x2000, 21),
        '0x10003000': page(BUFFER + 0x3000, 22),
        '0x10004000': page(BUFFER + 0x4000, 3, { state: 'swapped', letters: '--------' }),
        '0x3fffffe000': page(STACK - 0x1000, 30, { pteAddress: 0x6ff0 }),
      },
      minorFaults: 5,
      majorFaults: 0,
      residentPages: 5,
      swappedPages: 1,
      tableFrames: 5,
      heap: null,
    },
    2: {
      pid: 2,
      name: 'child',
      parent: 1,
      state: 'zombie',
      exitCode: null,
      signal: 'SIGSEGV',
      cpu: 0,
      asid: 2,
      root: 0,
      brk: { start: 0, end: 0 },
      areas: [],
      pages: {},
      minorFaults: 1,
      majorFaults: 1,
      residentPages: 0,
      swappedPages: 0,
      tableFrames: 0,
      heap: null,
    },
  },
  frames: {
    0: frame(0, 'kernel'),
    1: frame(1, 'zero'),
    2: frame(2, 'table'),
    3: frame(3, 'table'),
    4: frame(4, 'table'),
    12: frame(12, 'anon', [
      { pid: 1, address: BUFFER },
      { pid: 2, address: BUFFER },
    ]),
    20: frame(20, 'anon', [{ pid: 1, address: BUFFER + 0x1000 }]),
    21: frame(21, 'anon', [{ pid: 1, address: BUFFER + 0x2000 }]),
    22: frame(22, 'anon', [{ pid: 1, address: BUFFER + 0x3000 }]),
    30: frame(30, 'anon', [{ pid: 1, address: STACK - 0x1000 }]),
    31: frame(31, 'shared', [{ pid: 1, address: 0x30000000 }]),
  },
  swap: { 3: { slot: 3, references: 1, cachedPfn: null } },
  cpus: [
    {
      index: 0,
      pid: 1,
      asid: 1,
      tlb: [
        {
          tlb: 'L1',
          set: 0,
          way: 0,
          asid: 1,
          global: false,
          vpn: BUFFER / 4096,
          pfn: 12,
          pageBytes: 4096,
          letters: 'VRW-U-AD',
        },
      ],
    },
    { index: 1, pid: null, asid: 0, tlb: [] },
  ],
  counters: NO_COUNTERS,
};
