/**
 * The scenarios that teach, each held to what it says: it runs clean with every invariant checked after every step,
 * loads under the published JSON Schema, comes to the same end whether or not anybody looks at the machine on the way,
 * and fails as soon as any one of its expectations is changed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { parseScenario } from '../../src/scenario/load.ts';
import type { ScenarioResult } from '../../src/scenario/result.ts';
import { ScenarioEngine } from '../../src/scenario/run/engine.ts';
import { type RunOptions, runScenarioText } from '../../src/scenario/run.ts';
import { schemaProblems } from './json-schema.ts';
import { mutations } from './mutations.ts';

const FOLDER = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const SCENARIOS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, text: readFileSync(`${FOLDER}${name}`, 'utf8') }));
const SCHEMA = JSON.parse(readFileSync(new URL('../../schema/scenario.v1.json', import.meta.url), 'utf8')) as object;

/** What does not hold, as `step 3 fault: expected X, actual Y`. */
function complaints({ steps, final, invariants }: ScenarioResult): string[] {
  const ofSteps = steps.flatMap((step) => step.expectations.map((each) => ({ where: `step ${step.index + 1}`, each })));
  const all = [...ofSteps, ...final.map((each) => ({ where: 'at the end', each }))];
  const broken = all.filter(({ each }) => !each.held);
  return [
    ...broken.map(({ where, each }) => `${where} ${each.what}: expected ${each.expected}, actual ${each.actual}`),
    ...invariants,
  ];
}

it.for([
  ['a misspelt key', { version: 1, name: 'x', steps: [{ do: 'load', at: 'buf', expekt: {} }] }],
  ['an unknown step', { version: 1, name: 'x', steps: [{ do: 'lode', at: 'buf' }] }],
  ['a wrong type', { version: 1, name: 'x', machine: { cpus: 'two' }, steps: [{ do: 'load', at: 'buf' }] }],
  ['a missing key', { version: 1, steps: [{ do: 'load', at: 'buf' }] }],
  [
    'a misspelt counter',
    { version: 1, name: 'x', steps: [{ do: 'load', at: 'buf', expect: { counters: { wlaks: 1 } } }] },
  ],
  [
    'a count below zero, in a definition behind a definition',
    { version: 1, name: 'x', steps: [{ do: 'load', at: 'buf', expect: { fault: { kind: 'reuse', count: -1 } } }] },
  ],
  [
    'an unknown process state',
    { version: 1, name: 'x', steps: [{ do: 'check' }], expect: { processes: { runs: [] } } },
  ],
  [
    'a mistake inside of a loop',
    { version: 1, name: 'x', steps: [{ do: 'repeat', times: 2, steps: [{ do: 'load' }] }] },
  ],
] as const)('the published schema refuses %s', ([, file]) => {
  expect(schemaProblems(file, SCHEMA)).not.toEqual([]);
});

it('the published schema is small enough for an editor, and says nothing beside a reference', () => {
  const text = JSON.stringify(SCHEMA, null, 2);
  expect(text.length).toBeLessThan(240_000);
  // Draft-07 passes over whatever stands beside `$ref`.
  const beside = (part: unknown): unknown[] => {
    if (typeof part !== 'object' || part === null) return [];
    const own = '$ref' in part && Object.keys(part).length > 1 ? [part] : [];
    return [...own, ...Object.values(part).flatMap(beside)];
  };
  expect(beside(SCHEMA)).toEqual([]);
});

it('there are at least eighteen', () => {
  expect(SCENARIOS.length).toBeGreaterThanOrEqual(18);
});

describe.for(SCENARIOS)('$name', ({ name, text }) => {
  const run = (options: RunOptions = {}) => runScenarioText(text, { file: name, ...options });

  it('holds, with every invariant true after every step, and leaks nothing', () => {
    const result = run({ invariants: 'every-step' });
    expect(complaints(result)).toEqual([]);
    expect(result).toMatchObject({ passed: true, status: 'held' });
    const bare = /kernel: none/.test(text);
    const leaked = result.final.find(({ what }) => what === 'frames.leaked');
    expect(leaked?.expected ?? (bare ? 'no frames of a kernel' : undefined)).toBe(bare ? 'no frames of a kernel' : '0');
  });

  it('ends in the same state whether or not it is looked at', () => {
    const quiet = new ScenarioEngine(parsed(name, text), { events: false });
    const watched = new ScenarioEngine(parsed(name, text), { events: true });
    while (quiet.step() !== null) {
      watched.step();
      look(watched);
    }
    expect(watched.atEnd()).toBe(true);
    // The view has every frame by its contents; who leaves next is the one thing it does not show.
    expect(watched.machine.view()).toEqual(quiet.machine.view());
    expect(watched.machine.kernel.policy.order()).toEqual(quiet.machine.kernel.policy.order());
  });

  it('is a valid file to an editor that has the published schema', () => {
    expect(schemaProblems(parseDocument(text).toJS(), SCHEMA)).toEqual([]);
  });

  it('fails when any of its expectations is changed', () => {
    const changed = mutations(text);
    expect(changed.length).toBeGreaterThan(3);
    const unnoticed = changed.filter((mutation) => {
      const { scenario, errors } = parseScenario(mutation.text, name);
      if (scenario === null) throw new Error(`${mutation.what}: ${errors.map((error) => error.message).join(', ')}`);
      return runScenarioText(mutation.text, { events: false, views: false }).status !== 'failed';
    });
    expect(unnoticed.map(({ what }) => what)).toEqual([]);
  });

  it('tells a reader what to watch, why, and what to try next', () => {
    const { description, steps } = parseDocument(text).toJS() as { description?: string; steps: { note?: string }[] };
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.v1\.json\n/);
    expect(text).toMatch(/^# Watch: /m);
    expect(text).toMatch(/^# Try next: /m);
    expect(description).toMatch(/\.$/);
    expect(steps.some(({ note }) => note !== undefined) || /^# Numbers: /m.test(text)).toBe(true);
  });
});

function parsed(name: string, text: string) {
  const { scenario } = parseScenario(text, name);
  if (scenario === null) throw new Error(`${name} does not load`);
  return scenario;
}

/** All that a curious person could do between two steps. */
function look({ machine, names }: ScenarioEngine): void {
  machine.view();
  machine.counters();
  machine.checkInvariants();
  for (const process of machine.kernel.processes.values()) {
    if (process.state !== 'running') continue;
    for (const address of [...names.symbols.values(), 0]) {
      for (const access of ['load', 'store', 'fetch'] as const) machine.explain(process, address, access);
    }
  }
  if (machine.config.kernel !== 'none') return;
  for (const address of [0, 0x40, 0x611c, 0x27c]) machine.translate(0, address, 'load', { peek: true });
}
