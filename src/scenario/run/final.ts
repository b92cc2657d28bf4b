/** The scenario's own `expect:`, checked when all steps are done. */
import type { CounterName, MachineView } from '../../machine/view.ts';
import type { ExpectationResult } from '../result.ts';
import { amountHolds, amountText } from './amounts.ts';
import { mapsVerdicts, residentVerdicts, type Verdict } from './areas.ts';
import type { ScenarioEngine } from './engine.ts';
import { outputText } from './expectations.ts';
import { symbolicAddress } from './explanations.ts';
import { dmesgVerdict } from './proc-expectations.ts';
import { CannotRun, type StepContext } from './state.ts';

type Named = { readonly key: string; readonly verdict: Verdict; readonly why?: readonly string[] };

export function checkFinal(engine: ScenarioEngine): ExpectationResult[] {
  const { expect, expectRanges, machineRange } = engine.scenario;
  if (Object.keys(expect).length === 0) return [];
  const view = engine.machine.view();
  const named = [
    ...counters(engine, view),
    ...memory(engine, view),
    ...processes(engine, view),
    ...kernelLog(engine),
    ...perProcess(engine, view),
    ...leaks(engine),
  ];
  return named.map(({ key, verdict, why }) => {
    const { what, expected, actual, held } = verdict;
    const range = expectRanges[key] ?? expectRanges[key.split('.')[0] ?? ''] ?? machineRange;
    return { what: `${key}${what}`, expected, actual, held, explanation: held ? [] : (why ?? []), range };
  });
}

const exactly = (expected: string, actual: string, held = expected === actual): Verdict => ({
  what: '',
  expected,
  actual,
  held,
});

function counters(engine: ScenarioEngine, view: MachineView): Named[] {
  return Object.entries(engine.scenario.expect.counters ?? {}).flatMap(([name, amount]) => {
    if (amount === undefined) return [];
    const actual = view.counters[name as CounterName];
    return [
      { key: `counters.${name}`, verdict: exactly(amountText(amount), String(actual), amountHolds(amount, actual)) },
    ];
  });
}

function memory(engine: ScenarioEngine, { memory: now }: MachineView): Named[] {
  const { frames = {}, swap = {} } = engine.scenario.expect;
  const rows = [
    ['frames.free', frames.free, now.freeFrames],
    ['frames.used', frames.used, now.frames - now.freeFrames],
    ['swap.free', swap.free, now.freeSwapSlots],
    ['swap.used', swap.used, now.swapSlots - now.freeSwapSlots],
  ] as const;
  return rows.flatMap(([key, amount, actual]) =>
    amount === undefined
      ? []
      : [{ key, verdict: exactly(amountText(amount), String(actual), amountHolds(amount, actual)) }],
  );
}

function processes(engine: ScenarioEngine, view: MachineView): Named[] {
  const expected = engine.scenario.expect.processes;
  if (expected === undefined) return [];
  const wanted = Array.isArray(expected) ? { running: expected } : expected;
  return (['running', 'zombie'] as const).flatMap((state) => {
    const names = wanted[state];
    if (names === undefined) return [];
    const found = Object.values(view.processes).filter((process) => process.state === state);
    const text = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.toSorted().join(', '));
    const why = Object.values(view.processes)
      .filter((process) => process.state === 'zombie')
      .map(
        (process) =>
          `${process.name} ${process.signal === null ? `exited with code ${process.exitCode}` : `was killed by ${process.signal}`}`,
      );
    const key = Array.isArray(expected) ? 'processes' : `processes.${state}`;
    return [{ key, verdict: exactly(text(names), text(found.map((process) => process.name))), why }];
  });
}

function kernelLog(engine: ScenarioEngine): Named[] {
  const { dmesg } = engine.scenario.expect;
  return dmesg === undefined ? [] : [{ key: 'dmesg', verdict: dmesgVerdict(dmesg, engine.context(), 0) }];
}

function perProcess(engine: ScenarioEngine, view: MachineView): Named[] {
  const { output, maps = {}, resident = {} } = engine.scenario.expect;
  const outputs = typeof output === 'string' ? [[null, output] as const] : Object.entries(output ?? {});
  const address = (value: number) => symbolicAddress(value, engine.names.symbols);
  return [
    ...outputs.flatMap(([name, text]) =>
      ofProcess(engine, `output${name === null ? '' : `.${name}`}`, name, (context) => {
        return [exactly(JSON.stringify(text), JSON.stringify(outputText(context.process?.output ?? [])))];
      }),
    ),
    ...Object.entries(maps).flatMap(([name, lines]) =>
      ofProcess(engine, `maps.${name}`, name, (context) => {
        return mapsVerdicts(lines, view.processes[String(context.process?.pid)]!, context, address);
      }),
    ),
    ...Object.entries(resident).flatMap(([name, pages]) =>
      ofProcess(engine, `resident.${name}`, name, (context) => {
        return residentVerdicts(pages, view.processes[String(context.process?.pid)]!, view.memory.pageBytes, context);
      }),
    ),
  ];
}

function ofProcess(
  engine: ScenarioEngine,
  key: string,
  name: string | null,
  verdicts: (context: StepContext) => Verdict[],
): Named[] {
  const context = engine.context();
  try {
    context.actFor(
      name === null ? context.runningProcess(undefined) : (context.anyProcess(name) ?? context.runningProcess(name)),
    );
    return verdicts(context).map((verdict) => ({ key, verdict }));
  } catch (reason) {
    if (!(reason instanceof CannotRun)) throw reason;
    return [{ key, verdict: exactly('a process', reason.message, false) }];
  }
}

/**
 * The rule of a test harness: when every process has exited and was waited for, what is free is what was free at boot.
 * Done on a snapshot, which is put back.
 */
function leaks(engine: ScenarioEngine): Named[] {
  const { frames, swap } = engine.scenario.expect;
  if (frames?.leaked === undefined && swap?.leaked === undefined) return [];
  const { machine, boot } = engine;
  const before = machine.snapshot();
  for (const process of engine.context().runningProcesses()) {
    // An earlier exit may have taken this one with it.
    if (process.state === 'running') machine.exit(process, 0);
  }
  // The page cache is nobody's leak: it goes with the files. A segment of shared memory that nobody removed is one.
  for (const [name, inode] of [...machine.kernel.files]) if (inode.isRegular) machine.files.unlink(name);
  const after = machine.view();
  machine.restore(before);
  const left = Object.values(after.frames).filter((frame) => frame.use !== 'kernel' && frame.use !== 'zero');
  const why = left
    .slice(0, 8)
    .map((frame) => `frame ${frame.pfn} (${frame.use}) still has ${frame.references} references`);
  const rows = [
    ['frames.leaked', frames?.leaked, boot.freeFrames - after.memory.freeFrames],
    ['swap.leaked', swap?.leaked, boot.freeSwapSlots - after.memory.freeSwapSlots],
  ] as const;
  return rows.flatMap(([key, amount, actual]) =>
    amount === undefined
      ? []
      : [{ key, verdict: exactly(amountText(amount), String(actual), amountHolds(amount, actual)), why }],
  );
}
