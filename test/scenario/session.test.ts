/** Stepping through a scenario, both ways; looking changes nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/scenario/load.ts';
import { runScenario } from '../../src/scenario/run.ts';
import { ScenarioSession } from '../../src/scenario/session.ts';

const SWAPPING = `version: 1
name: a session with everything that has state
machine: { memory: 1MiB, swap: 64KiB, residentPages: 4, replacement: clock, tlb: { entries: 4, ways: 2, policy: random }, cpus: 2 }
steps:
  - { do: spawn, process: parent, signals: survive }
  - { do: mmap, as: buf, length: 6*page }
  - { do: for, var: i, below: 3, steps: [
      { do: touch, at: buf, length: 6*page, value: i },
      { do: fork, process: parent, as: "child{i}" },
      { do: store, process: "child{i}", at: buf+i, value: 100+i, size: 1 },
      { do: switch, process: "child{i}", cpu: 1 },
      { do: load, process: "child{i}", at: buf+i, size: 1, expect: { value: 100+i } },
      { do: load, process: parent, at: 0 },
      { do: exit, process: "child{i}", code: 4 },
      { do: wait, process: parent, expect: { exitCode: 4 } } ] }
  - { do: sbrk, by: page, as: top }
  - { do: store, at: top, value: 1 }
expect: { frames: { leaked: 0 }, swap: { leaked: 0 } }
`;
const scenario = loadScenario(SWAPPING);
const whole = runScenario(scenario);

it('the scenario itself holds', () => {
  expect(whole.status).toBe('held');
  expect(whole.stepsRun).toBe(scenario.totalSteps);
});

describe('a session', () => {
  it('does the steps of a run, one by one', () => {
    const session = new ScenarioSession(scenario);
    const steps = [];
    for (let step = session.next(); step !== null; step = session.next()) steps.push(step);
    expect(steps).toEqual(whole.steps);
    expect(session.position).toBe(session.total);
    expect(session.view()).toEqual(whole.lastView);
    expect(session.finalExpectations().every(({ held }) => held)).toBe(true);
  });

  it('goes anywhere, in any order, and is where a fresh session would be', () => {
    const views = new Map<number, unknown>();
    const fresh = new ScenarioSession(scenario, { every: 1000 });
    views.set(0, fresh.view());
    while (fresh.next() !== null) views.set(fresh.position, fresh.view());

    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(scenario.totalSteps + 2), { maxLength: 12 }),
        (every, positions) => {
          const session = new ScenarioSession(scenario, { every, countMax: 4 });
          for (const position of positions) {
            const step = session.goTo(position);
            const at = Math.min(position, scenario.totalSteps);
            expect(session.position).toBe(at);
            expect(step).toEqual(at === 0 ? null : whole.steps[at - 1]);
            expect(session.view()).toEqual(views.get(at));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('binds symbols as it goes, and unbinds them going back', () => {
    const session = new ScenarioSession(scenario);
    session.goTo(2);
    expect(Object.keys(session.symbols)).toEqual(['buf']);
    session.goTo(1);
    expect(session.symbols).toEqual({});
    session.goTo(Number.MAX_SAFE_INTEGER);
    expect(Object.keys(session.symbols)).toEqual(['buf', 'top']);
  });
});

it('peeks and checks change nothing', () => {
  const peeking = SWAPPING.replaceAll(
    /^( +)\{ do: (load|store|touch), (.*)$/gm,
    '$1{ do: peek, process: parent, at: buf+page, access: store },\n$1{ do: check, process: parent, at: brk-1, expect: { faults: 0 } },\n$1{ do: $2, $3',
  );
  const looked = runScenario(loadScenario(peeking));
  expect(looked.stepsRun).toBeGreaterThan(scenario.totalSteps + 10);
  expect(looked.counters).toEqual(whole.counters);
  expect({ ...looked.lastView, clock: 0 }).toEqual({ ...whole.lastView, clock: 0 });
});

it('looking by view and events changes nothing', () => {
  const blind = runScenario(scenario, { events: false, views: false });
  const watched = runScenario(scenario, {
    onStep: (_step, engine) => void engine.machine.view(),
    invariants: 'every-step',
  });
  expect(blind.counters).toEqual(whole.counters);
  expect(watched.counters).toEqual(whole.counters);
  expect(watched.invariants).toEqual([]);
});
