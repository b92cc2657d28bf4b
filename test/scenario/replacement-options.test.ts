/** `machine: { replacementOptions: … }`: a scenario faults as the replay of its stores under the same options. */
import { describe, expect, it } from 'vitest';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { runScenarioText } from '../../src/scenario/run.ts';
import { scenarioJsonSchema } from '../../src/scenario/schema.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { Xorshift128 } from '../../src/trace/xorshift.ts';
import { cli } from '../cli/fake-io.ts';

/** First a tie: all are used as often, and 0, loaded first, was used last. */
const REFERENCES = [
  ...Array.from('0123321040', Number),
  ...((random) => Array.from({ length: 60 }, () => Math.floor(random.fraction() ** 2 * 8)))(new Xorshift128(1)),
];
const FRAMES = 4;

const scenarioOf = (machine: string): string =>
  [
    'version: 1',
    'name: stores',
    `machine: { memory: 256KiB, swap: 256KiB, residentPages: ${FRAMES}, ${machine} }`,
    'steps:',
    '  - { do: mmap, length: 32KiB, as: pages }',
    ...REFERENCES.map((page) => `  - { do: store, at: pages+${page}*page, value: 1 }`),
  ].join('\n');

function majorFaults(replacement: string, options: ReplacementOptions): number {
  const machine = `replacement: ${replacement}, replacementOptions: ${JSON.stringify(options)}`;
  const { status, counters } = runScenarioText(scenarioOf(machine));
  expect(status).toBe('held');
  return counters.majorFaults;
}

describe.for<[policy: string, options: ReplacementOptions]>([
  ['clock', { referenceOnLoad: false }],
  ['gclock', { counterBits: 1 }],
  ['aging', { counterBits: 1 }],
  ['lfu', { lfuTies: 'first-loaded' }],
])('a scenario under %s with %o', ([policy, options]) => {
  // The map step is a tick before the first reference, when no page is there to hear of it.
  const replayed = (own: ReplacementOptions): number =>
    simulateReferences(REFERENCES, {
      policy,
      frames: FRAMES,
      options: policy === 'aging' ? { ...own, tickEvery: 1 } : own,
    }).capacityMisses;

  it('faults as the replay does, and otherwise than without', () => {
    expect(majorFaults(policy, options)).toBe(replayed(options));
    expect(majorFaults(policy, {})).toBe(replayed({}));
    expect(replayed(options)).not.toBe(replayed({}));
  });
});

describe('check', () => {
  const check = async (machine: string): Promise<readonly string[]> => {
    const { code, err, out } = await cli(['check', 's.yaml'], { files: { 's.yaml': scenarioOf(machine) } });
    const told = `${err}${out}`.matchAll(/error\[(\S+)\]: (.*)\n\s*--> s\.yaml:3:(\d+)\n[^=]*= help: (.*)/g);
    const mistakes = Array.from(told, ([, error, message, column, hint]) => {
      const from = scenarioOf(machine)
        .split('\n')[2]!
        .slice(Number(column) - 1);
      return `${error} ${message} at ${/^[\w-]+/.exec(from)?.[0]} (${hint})`;
    });
    expect(code).toBe(mistakes.length === 0 ? 0 : 2);
    return mistakes;
  };

  it('takes what the policy obeys', async () => {
    expect(await check('replacement: wsclock, replacementOptions: { window: 4, writesAhead: 0 }')).toEqual([]);
    expect(await check('replacementOptions: { handStart: 12 }')).toEqual([]);
    expect(await check('replacementOptions: {}')).toEqual([]);
  });

  it('tells every option that is unknown, cannot be so, or is not obeyed, where it stands', async () => {
    expect(await check('replacementOptions: { handStat: 3, handStart: -1, window: 4, referenceOnLoad: 1 }')).toEqual([
      'MEM-POL-003 no replacement policy has an option `handStat` at handStat (did you mean `handStart`?)',
      'MEM-POL-003 the option `handStart` cannot be -1 at -1 (a whole number from 0 to 16777215)',
      'MEM-POL-003 `clock` has no option `window` at window (it is one of working-set, wsclock)',
      'MEM-POL-003 the option `referenceOnLoad` cannot be 1 at 1 (true or false)',
    ]);
  });

  it('tells those of replays alone', async () => {
    expect(await check('replacement: aging, replacementOptions: { tickEvery: 50 }')).toEqual([
      'MEM-POL-003 a machine has no option `tickEvery` at tickEvery (leave it out: a scenario ticks at every step, `Machine` when `tick` is called)',
    ]);
    expect(await check('replacement: lirs, replacementOptions: { lirsVariant: libcachesim }')).toEqual([
      'MEM-POL-003 a machine has no option `lirsVariant` at lirsVariant (leave it out: a machine has the paper’s LIRS, as libCacheSim’s evicts on hits)',
    ]);
  });

  it('asks no policy that there is not whether it obeys', async () => {
    expect((await check('replacement: clok, replacementOptions: { window: 0 }')).slice(1)).toEqual([
      'MEM-POL-003 the option `window` cannot be 0 at 0 (a whole number from 1 to 2147483647)',
    ]);
  });

  it('takes nothing but a mapping', async () => {
    expect(await check('replacementOptions: [window]')).toEqual([
      'MEM-SCN-009 `replacementOptions`: expected a mapping, found a list at undefined (such as `{ referenceOnLoad: false }`)',
    ]);
  });
});

it('an editor is offered those of a machine', () => {
  const { properties } = scenarioJsonSchema() as { properties: { machine: { properties: Record<string, object> } } };
  const options = properties.machine.properties.replacementOptions as { properties: Record<string, object> };
  expect(options).toMatchObject({ additionalProperties: false, properties: { lfuTies: { type: 'string' } } });
  expect(Object.keys(options.properties)).not.toContain('tickEvery');
  expect(options).not.toHaveProperty('$schema');
});
