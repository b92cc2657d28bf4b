/** What the layers above the processor cost: `Machine.store` with its result object, and a step of a scenario. */
import { loadScenario } from '../../src/scenario/load.ts';
import { runScenario } from '../../src/scenario/run.ts';
import { type Group, stopwatch, type Timed } from '../harness.ts';
import { expect, MIB, makeWorkbench, mapPages, PAGE, touchPages, type Workbench } from '../workbench.ts';

const PAGES = 16;
const ROUNDS = 25;
const STORES = PAGES * ROUNDS;

const SCENARIO = `version: 1
name: stores
machine: { paging: sv39, memory: 16MiB }
steps:
  - { do: spawn, process: main }
  - { do: mmap, as: buf, length: ${PAGES * PAGE}, prot: rw }
  - do: repeat
    times: ${ROUNDS}
    steps:
      - do: for
        var: index
        below: ${PAGES}
        steps:
          - { do: store, at: "buf + index * ${PAGE}", value: 42 }
`;

export function scenarioGroup(): Group {
  return {
    name: 'layers above',
    timings() {
      const bench = makeWorkbench({ memory: 16 * MIB });
      const address = mapPages(bench, bench.process, PAGES);
      touchPages(bench.cpu, address, PAGES);
      return { 'Cpu.store8': cpuStores(bench, address), 'Machine.store': machineStores(bench, address), step: steps() };
    },
    comparisons: [
      {
        id: 'machine-store',
        title: 'Machine.store of a byte',
        subject: 'Machine.store',
        reference: 'Cpu.store8',
        kind: 'cost',
        aim: null,
      },
      {
        id: 'scenario-step',
        title: 'step of a scenario (a store)',
        subject: 'step',
        reference: 'Machine.store',
        kind: 'cost',
        aim: null,
      },
    ],
  };
}

function cpuStores({ cpu }: Workbench, address: number): Timed {
  return {
    operations: STORES,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < STORES; i++) cpu.store8(address + (i % PAGES) * PAGE, 42);
      }),
  };
}

function machineStores({ machine, process }: Workbench, address: number): Timed {
  return {
    operations: STORES,
    run: () =>
      stopwatch(() => {
        for (let i = 0; i < STORES; i++) machine.store(process, address + (i % PAGES) * PAGE, 42);
      }),
  };
}

function steps(): Timed {
  const scenario = loadScenario(SCENARIO, 'bench.yaml');
  return {
    operations: STORES,
    run() {
      let stores = 0;
      const nanoseconds = stopwatch(() => {
        stores = runScenario(scenario, { keep: 'none', views: false }).counters.stores;
      });
      expect(stores === STORES, 'every step of the scenario stores');
      return nanoseconds;
    },
  };
}
