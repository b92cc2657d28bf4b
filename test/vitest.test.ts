/** The matchers on recorded data: what they accept, what they refuse, and what they say. */
import { describe, expect, it } from 'vitest';
import type { SignalInfo } from '../src/machine/events.ts';
import { leaksOf } from '../src/machine/leaks.ts';
import type { FrameView, MachineView, ProcessView } from '../src/machine/view.ts';
import type { Translation } from '../src/mmu/translation.ts';
import type { ScenarioResult, StepResult } from '../src/scenario/result.ts';
import '../src/vitest.ts';
import { emptyView } from './machine/machine-views.ts';

const range = { line: 9, column: 5, endLine: 9, endColumn: 20 };
const segfault: SignalInfo = {
  signal: 'SIGSEGV',
  code: 'SEGV_MAPERR',
  address: 0x10,
  errorCode: null,
  reason: 'no area holds this address',
};
const access = { ok: true, bytes: Uint8Array.of(0x2a, 0), signal: null, minor: 1, major: 0 };
const killed = { ok: false, bytes: null, signal: segfault, minor: 0, major: 0 };
const step: StepResult = {
  index: 3,
  range,
  do: 'store',
  text: 'store child buf+0x10 = 7',
  process: 'child',
  pid: 2,
  note: null,
  loop: {},
  outcome: { kind: 'value', bytes: '07000000', number: '7' },
  faults: [{ kind: 'copy-on-write', major: false, address: 0x3000 }],
  events: [],
  cost: { copyOnWriteFaults: 1, minorFaults: 1 },
  expectations: [],
};
const observed = {
  result: access,
  events: [],
  faults: [{ kind: 'swap-in', major: true, address: 0x3000, why: 'the page was in slot 4' }],
  signals: [],
  cost: { swapReads: 1 },
};
const translation: Translation = {
  address: 0x10,
  access: 'store',
  user: true,
  vpn: 0,
  offset: 16,
  tlb: null,
  walk: [],
  physical: null,
  pageBytes: null,
  fault: {
    rule: 'write',
    address: 0x10,
    access: 'store',
    user: true,
    level: 0,
    levelName: 'PTE',
    pteAddress: 0,
    pteValue: '0x0',
    errorCode: 7,
    cause: null,
    sentence: 'the page is read-only',
  },
};

const frame = (pfn: number, use: FrameView['use'], mappings: FrameView['mappings'] = []): FrameView => ({
  pfn,
  use,
  references: mappings.length,
  mappings,
  dirty: false,
  accessed: false,
  contentHash: '0x0',
});
const page = { pteAddress: 0, value: '0x0', letters: 'VRW-U-AD', pageBytes: 4096, what: 'anonymous' };
const shell: ProcessView = {
  pid: 1,
  name: 'shell',
  parent: null,
  state: 'running',
  exitCode: null,
  signal: null,
  cpu: 0,
  asid: 1,
  root: 0x1000,
  brk: { start: 0, end: 0 },
  areas: [
    {
      start: 0x4000,
      end: 0x8000,
      perms: 'rw-p',
      name: 'anon',
      flags: 'rd wr',
      offset: 0,
      residentPages: 1,
      swappedPages: 1,
    },
  ],
  pages: {
    '0x4000': { ...page, address: 0x4000, state: 'present', target: 5 },
    '0x5000': { ...page, address: 0x5000, state: 'swapped', target: 0 },
  },
  minorFaults: 1,
  majorFaults: 0,
  residentPages: 1,
  swappedPages: 1,
  tableFrames: 1,
  heap: null,
};
const view: MachineView = {
  ...emptyView,
  memory: { frames: 8, freeFrames: 5, pageBytes: 4096, swapSlots: 4, freeSwapSlots: 3 },
  processes: { 1: shell },
  frames: { 0: frame(0, 'zero'), 3: frame(3, 'table'), 5: frame(5, 'anon', [{ pid: 1, address: 0x4000 }]) },
  swap: { 0: { slot: 0, references: 1, cachedPfn: null } },
  counters: { ...emptyView.counters, loads: 3 },
};
const machine = { view: () => view, checkInvariants: (): string[] => [] };
const scenario: ScenarioResult = {
  file: 'scenarios/x.yaml',
  name: 'x',
  description: null,
  seed: 1,
  passed: true,
  status: 'held',
  steps: [step],
  stepsRun: 1,
  expectations: { held: 0, failed: 0 },
  final: [],
  counters: view.counters,
  invariants: [],
  firstView: emptyView,
  lastView: view,
  symbols: {},
};

/** What the failing matcher says. */
function complaint(check: () => void): string {
  try {
    check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the matcher should have failed');
}

describe('toFault', () => {
  it('finds faults by whatever name the thing judged knows them', () => {
    expect(access).toFault();
    expect(access).toFault('minor');
    expect(access).not.toFault('major');
    expect(killed).toFault();
    expect({ ...access, minor: 0 }).not.toFault();
    expect(step).toFault('copy-on-write');
    expect(step).not.toFault('swap-in');
    expect({ ...step, faults: [], outcome: { kind: 'refused', rule: 'user', sentence: '' } }).toFault('user');
    expect(observed).toFault('swap-in');
    expect(observed).toFault('major');
    expect(observed).not.toFault('minor');
    expect(translation).toFault('write');
    expect(translation).not.toFault('not-present');
    expect({ ...translation, fault: null }).not.toFault();
  });

  it('explains', () => {
    expect(complaint(() => expect(observed).toFault('demand-zero'))).toBe(
      "expected a 'demand-zero' fault, but:\n  swap-in at 0x3000: the page was in slot 4",
    );
    expect(complaint(() => expect(killed).not.toFault())).toBe(
      'expected no fault, but:\n  SIGSEGV (SEGV_MAPERR) at 0x10: no area holds this address',
    );
    expect(complaint(() => expect({ ...translation, fault: null }).toFault('write'))).toBe(
      "expected a 'write' fault, but:\n  there was no fault at all",
    );
  });

  it('says when it cannot know, under not as well', () => {
    expect(complaint(() => expect(access).not.toFault('reuse'))).toMatch(/judge during\(machine/);
    expect(complaint(() => expect(42).not.toFault())).toMatch(/^toFault judges an access's result/);
  });
});

describe('toSegfault', () => {
  it('looks at signal and code', () => {
    expect(killed).toSegfault();
    expect(killed).toSegfault('SEGV_MAPERR');
    expect(killed).not.toSegfault('SEGV_ACCERR');
    expect(access).not.toSegfault();
    expect({ ...observed, result: killed }).toSegfault();
    expect({ ...observed, signals: [{ ...segfault, signal: 'SIGKILL', code: null }] }).not.toSegfault();
    expect({ ...step, outcome: { kind: 'signal', info: segfault } }).toSegfault();
    expect(step).not.toSegfault();
  });

  it('explains', () => {
    expect(complaint(() => expect(killed).toSegfault('SEGV_ACCERR'))).toBe(
      'expected SIGSEGV (SEGV_ACCERR), but:\n  SIGSEGV (SEGV_MAPERR) at 0x10: no area holds this address',
    );
    expect(complaint(() => expect(access).toSegfault())).toBe('expected SIGSEGV, but:\n  no signal was sent');
  });
});

describe('toHaveValue', () => {
  it.for([
    [Uint8Array.of(0xff), 255],
    [Uint8Array.of(0xff), -1],
    [Uint8Array.of(0x01, 0x80), 0x8001n],
    [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80), 2n ** 63n],
    [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)],
  ] as const)('%o reads as %s', ([bytes, value]) => {
    expect({ ...access, bytes }).toHaveValue(value);
  });

  it.for([
    [Uint8Array.of(0xff), 0xffff],
    [Uint8Array.of(0xff), -257],
    [Uint8Array.of(1), 1.5],
    [Uint8Array.of(1, 2), Uint8Array.of(1)],
  ] as const)('%o does not read as %s', ([bytes, value]) => {
    expect({ ...access, bytes }).not.toHaveValue(value);
  });

  it('explains', () => {
    expect(step).toHaveValue(7);
    expect(complaint(() => expect(access).toHaveValue(7))).toBe(
      'expected to read 7 (0x7); read 42 (0x2a; bytes 2a 00)',
    );
    expect(complaint(() => expect(killed).toHaveValue(7))).toMatch(/but the access ended in SIGSEGV/);
    expect(complaint(() => expect({ ...access, bytes: null }).toHaveValue(7))).toMatch(/a store has no value/);
  });
});

describe('toCost and toHaveCounters', () => {
  it('refuse a counter that does not exist, with the nearest spelling, under `.not` too', () => {
    const misspelt = { minorFalts: 7 } as object;
    expect(complaint(() => expect(view).toHaveCounters(misspelt))).toMatch(/'minorFalts': did you mean `minorFaults`/);
    expect(complaint(() => expect(step).not.toCost(misspelt))).toMatch(/^toCost: no counter is called 'minorFalts'/);
  });
  it('compare the counters named, and a counter that did not move is 0', () => {
    expect(access).toCost({ minorFaults: 1, majorFaults: 0 });
    expect(step).toCost({ copyOnWriteFaults: 1, swapReads: 0 });
    expect(observed).not.toCost({ swapReads: 2 });
    expect(machine).toHaveCounters({ loads: 3, stores: 0 });
    expect(view).toHaveCounters({ loads: 3 });
    expect(scenario).not.toHaveCounters({ loads: 4 });
  });

  it('explain', () => {
    expect(complaint(() => expect(step).toCost({ minorFaults: 2, swapReads: 1 }))).toBe(
      'the cost differs:\n  minorFaults: expected 2, was 1\n  swapReads: expected 1, was 0',
    );
    expect(complaint(() => expect(access).toCost({ swapReads: 0 }))).toMatch(/does not tell swapReads/);
  });
});

describe('toHaveResident and toBeResident', () => {
  it('look for a frame under the page', () => {
    expect(machine).toHaveResident(1, 0x4fff);
    expect(machine).toHaveResident('shell', 0x4000);
    expect({ machine, process: { pid: 1 }, address: 0x4010 }).toBeResident();
    expect(scenario).toHaveResident(1, 0x4000);
    expect(view).not.toHaveResident(1, 0x5000);
    expect(view).not.toHaveResident(9, 0x4000);
  });

  it.for([
    [0x5000, /but it is in swap slot 0$/],
    [0x6000, /no access has touched it since it was mapped \(anon, rw-p\)/],
    [0x9000, /no area is there/],
  ] as const)('explain where %i is', ([address, why]) => {
    expect(complaint(() => expect(machine).toHaveResident(1, address))).toMatch(why);
  });

  it('explain in the negative, and refuse half a question', () => {
    expect(complaint(() => expect(machine).not.toHaveResident('shell', 0x4000))).toMatch(/in frame 5 \(anonymous/);
    expect(complaint(() => expect({ machine }).not.toBeResident())).toMatch(/^toBeResident judges/);
  });
});

describe('toHaveLeakedNothing', () => {
  it('is content while everything has an owner', () => {
    expect(machine).toHaveLeakedNothing();
    expect(scenario).toHaveLeakedNothing({ since: view });
  });

  it.for<[string, Partial<MachineView>, RegExp]>([
    [
      'a frame neither free nor in use',
      { memory: { ...view.memory, freeFrames: 4 } },
      /4 frames are free and 3 in use, of 8/,
    ],
    ['a slot neither free nor in use', { swap: {} }, /3 swap slots are free and 0 in use, of 4/],
    ['a frame of the dead', { processes: { 1: { ...shell, state: 'zombie' } } }, /frame 5 \(anon, 1 reference\)/],
    ['a table of nobody', { processes: { 1: { ...shell, tableFrames: 0 } } }, /1 page-table frame in use.* have 0/],
    ['a slot of nobody', { processes: { 1: { ...shell, pages: {} } } }, /swap slot 0 \(1 reference\) is named by no/],
  ])('finds %s', ([, change, why]) => {
    const leaky = { ...view, ...change };
    expect(leaky).not.toHaveLeakedNothing();
    expect(complaint(() => expect(leaky).toHaveLeakedNothing())).toMatch(why);
  });

  it('lets shared memory outlive its mappings while somebody can still reach it', () => {
    const held: MachineView = { ...view, frames: { ...view.frames, 5: frame(5, 'shared') } };
    const sharing: ProcessView = { ...shell, areas: [{ ...shell.areas[0]!, perms: 'rw-s' }] };
    expect(leaksOf(held)).toHaveLength(1);
    expect(leaksOf({ ...held, processes: { 1: sharing } })).toEqual([]);
  });

  it('compares with an earlier view when given one', () => {
    const since: MachineView = { ...view, memory: { ...view.memory, freeFrames: 7, freeSwapSlots: 4 } };
    expect(complaint(() => expect(view).toHaveLeakedNothing({ since }))).toBe(
      'memory leaked:\n  2 frames fewer free than before\n  1 swap slot fewer free than before',
    );
  });

  it('needs a view', () => {
    expect(complaint(() => expect({ ...scenario, lastView: null }).toHaveLeakedNothing())).toMatch(/last view/);
  });
});

describe('toHold and toHaveHealthyInvariants', () => {
  const failed: ScenarioResult = {
    ...scenario,
    status: 'failed',
    expectations: { held: 1, failed: 3 },
    steps: [
      {
        ...step,
        expectations: [
          { what: 'value', expected: '7', actual: '42', held: false, explanation: ['nobody stored 7'], range },
          { what: 'fault', expected: 'none', actual: 'none', held: true, explanation: [], range },
        ],
      },
    ],
  };

  it('judge a run', () => {
    expect(scenario).toHold();
    expect(failed).not.toHold();
    expect(scenario).toHaveHealthyInvariants();
    expect(machine).toHaveHealthyInvariants();
  });

  it('explain', () => {
    expect(complaint(() => expect(failed).toHold())).toMatchInlineSnapshot(`
      "'x' did not hold:
        scenarios/x.yaml:9:5  store child buf+0x10 = 7
          value: expected 7, was 42
          nobody stored 7
        and 2 more, in steps that were not kept"
    `);
    const limited: ScenarioResult = { ...scenario, status: 'step-limit' };
    expect(complaint(() => expect(limited).toHold())).toMatch(/stopped at the limit after 1 steps/);
    const broken = { ...machine, checkInvariants: () => ['frames: 3 is on two lists'] };
    expect(complaint(() => expect(broken).toHaveHealthyInvariants())).toMatch(/bug of mmulator:\n {2}frames: 3/);
  });
});
