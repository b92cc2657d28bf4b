/**
 * `trace run` against `trace simulate`: the same policy, once in the kernel with page tables, TLB, swap and mappings around it,
 * once alone. With all pages private and anonymous and a limit on resident pages they fault alike.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { POLICY_NAMES, type PolicyName } from '../../src/kernel/reclaim/policy.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { runTrace, type TraceReport } from '../../src/trace/run.ts';
import { Simulation, type SimulationRow } from '../../src/trace/simulation.ts';

const recorded = gunzipSync(readFileSync(new URL('../fixtures/replacement/lackey-ls.txt.gz', import.meta.url)));
/** A modify is a load and a store to the machine, one reference to the replay: policies that count uses tell them apart. */
const ls = Buffer.from(recorded.toString('latin1').replaceAll(' M ', ' S '), 'latin1');
const SEED = 7;

function simulated(policy: PolicyName, frames: number, options: ReplacementOptions = {}): SimulationRow {
  const opened: Simulation[] = [];
  const reader = new TraceReader((_format, unit) => {
    opened.push(
      new Simulation(
        {
          policies: [policy],
          frames: [frames],
          options,
          seed: SEED,
          allocation: 'global',
          writeBacks: true,
          pageBytes: 4096,
          kinds: null,
        },
        unit,
      ),
    );
    return opened[0]!;
  });
  reader.push(ls);
  reader.end();
  for (const run of opened[0]!.rest()) expect(run).toBeTruthy();
  return opened[0]!.rows()[0]!;
}

const ran = (policy: PolicyName, frames: number, replacementOptions: ReplacementOptions = {}): TraceReport =>
  runTrace([ls], { residentPages: frames, replacement: policy, replacementOptions, seed: SEED });

/** Why a machine faults otherwise. */
const DIFFERENT: Readonly<Partial<Record<PolicyName, string>>> = {
  'enhanced-second-chance': 'a page that was never written to swap is dirty, also when the program only read it',
  nru: 'the same',
  wsclock: 'the same, and dirty pages are written ahead',
  'working-set': 'pages it does not want leave where the kernel is at work, not after each reference',
  pff: 'the same',
  linux: 'in a machine it knows executable mappings, dirty pages and refaults',
};

describe.for(POLICY_NAMES.filter((name) => name !== 'opt'))('%s', (policy) => {
  test.for([24, 40])('in %d pages', (frames) => {
    const { faults, evictions, swap, killed, pages } = ran(policy, frames);
    const row = simulated(policy, frames);
    expect(killed).toBeNull();
    // Linux's page that waits in a batch for its list is nobody's yet.
    expect(pages.peakResident).toBeLessThanOrEqual(policy === 'linux' ? frames + 1 : frames);
    // Linux's reads its neighbours ahead.
    if (policy === 'linux') expect(swap.reads).toBeGreaterThanOrEqual(faults.major);
    else expect(swap.reads).toBe(faults.major);
    // WSClock has dirty pages written ahead, before they are victims.
    if (policy === 'wsclock') expect(swap.writes).toBeGreaterThanOrEqual(evictions.dirty);
    else expect(swap.writes).toBe(evictions.dirty);
    expect(faults.minor).toBeGreaterThanOrEqual(row.coldFaults);
    if (DIFFERENT[policy] !== undefined) return;
    expect(faults).toEqual({ minor: row.coldFaults, major: row.faults - row.coldFaults });
    // Who has no copy in swap is written, whether or not the program wrote to it: each page once more at most.
    expect(swap.writes).toBeGreaterThanOrEqual(row.writeBacks!);
    expect(swap.writes).toBeLessThanOrEqual(row.writeBacks! + row.coldFaults);
  });
});

describe.for<[PolicyName, ReplacementOptions]>([
  ['clock', { referenceOnLoad: false }],
  ['gclock', { counterBits: 1, referenceOnLoad: false }],
  ['second-chance', { referenceOnLoad: false }],
  ['aging', { tickEvery: 1000, counterBits: 4 }],
  ['nfu', { tickEvery: 13, referenceOnLoad: false }],
  ['mglru', { referenceOnLoad: false }],
  ['lfu', { lfuTies: 'first-loaded', lfuKeepsCounts: true }],
  ['lirs', { hirPart: 0.25 }],
])('%s under %o', ([policy, options]) => {
  test('faults as in a replay under the same options, and otherwise than without', () => {
    const { coldFaults, faults } = simulated(policy, 24, options);
    expect(ran(policy, 24, options).faults).toEqual({ minor: coldFaults, major: faults - coldFaults });
    expect(simulated(policy, 24).faults).not.toBe(faults);
  });
});

test('what the policy does not obey is refused, be it the timer’s', () => {
  expect(() => ran('clock', 24, { tickEvery: 9 })).toThrow('`clock` has no option `tickEvery`');
  expect(() => ran('aging', 24, { tickEvery: 0 })).toThrow('the option `tickEvery` cannot be 0');
  expect(() => ran('lirs', 24, { lirsVariant: 'libcachesim' })).toThrow('a machine has no option `lirsVariant`');
  expect(() => ran('lru', 24, { window: 9 })).toThrow('`lru` has no option `window`');
});
