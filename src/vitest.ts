/**
 * Matchers for vitest that know memory: `import 'mmulator/vitest'` adds them to `expect`, typed.
 *
 * ```ts
 * import { during, Machine, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from 'mmulator';
 * import 'mmulator/vitest';
 * import { expect, test } from 'vitest';
 *
 * test('a child gets a page of its own when it writes', () => {
 *   const machine = new Machine({ paging: 'sv39', memory: 64 * 4096 });
 *   const parent = machine.spawn({ name: 'parent' });
 *   const buffer = machine.mmap(parent, { length: 4096, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
 *   expect(machine.store(parent, buffer, 42, 1)).toCost({ minorFaults: 1 });
 *   expect(machine).toHaveResident(parent, buffer);
 *
 *   const child = machine.fork(parent, 'child');
 *   if (typeof child === 'number') throw new Error(`fork answered ${child}`);
 *   expect(during(machine, () => machine.store(child, buffer, 7, 1))).toFault('copy-on-write');
 *   expect(machine.load(parent, buffer, 1)).toHaveValue(42);
 *   expect(machine.store(child, 0, 1, 1)).toSegfault('SEGV_MAPERR');
 *   expect(machine).toHaveLeakedNothing();
 * });
 * ```
 *
 * What may be handed to `expect`: an `AccessResult` of `load`, `store`, `fetch` and `rmw`; what `during(machine, action)`
 * saw; a `Translation`; a `StepResult` or `ScenarioResult`; a `Machine`; a `MachineView`. A matcher that gets something it
 * cannot judge says so, under `.not` too. Failure messages explain from what was recorded, not only that it differs.
 */
import { expect } from 'vitest';
import type { FaultKind, SignalCode } from './kernel/events.ts';
import type { Process } from './kernel/process.ts';
import type { Counters, MachineView } from './machine/view.ts';
import type { FaultRule } from './mmu/fault.ts';
import { findLeaks, type LeakReport } from './process/check/leaks.ts';
import type { HeapError } from './process/check/memcheck.ts';
import type { Program } from './process/program.ts';
import {
  costVerdict,
  countersVerdict,
  faultVerdict,
  segfaultVerdict,
  valueVerdict,
} from './report/verdicts/accesses.ts';
import { heapErrorsVerdict, lostBlocksVerdict } from './report/verdicts/heaps.ts';
import { holdVerdict, invariantsVerdict, leakVerdict, residentVerdict } from './report/verdicts/machines.ts';
import { cannotJudge, isScenario, type ProcessName, type Verdict } from './report/verdicts/verdict.ts';

/** The matchers that `mmulator/vitest` adds. */
export interface MemoryMatchers {
  /**
   * The access faulted. With a kind: a fault of that kind (`copy-on-write`, …; what `during` saw, or a step), a hardware rule
   * (`write`, …; a translation), or `minor` / `major` (also an access's result).
   */
  toFault(kind?: FaultKind | FaultRule | 'minor' | 'major'): void;
  /** It ended in SIGSEGV, with this code if one is given. */
  toSegfault(code?: Extract<SignalCode, `SEGV_${string}`>): void;
  /** It read this: a number (little-endian, two's complement where negative) or the bytes themselves. */
  toHaveValue(value: number | bigint | Uint8Array): void;
  /** It cost exactly this much of the counters named. An access's result knows `minorFaults` and `majorFaults`. */
  toCost(cost: Partial<Counters>): void;
  /** These counters of the machine, view or scenario have these values. */
  toHaveCounters(counters: Partial<Counters>): void;
  /** On `{ machine, process, address }`: the page at the address has a frame now. */
  toBeResident(): void;
  /** On a machine or view: the process's page at the address has a frame now. */
  toHaveResident(process: ProcessName, address: number): void;
  /**
   * Every frame, page-table page and swap slot in use belongs to somebody. With `since`, a view taken before: and as many
   * are free as were then.
   */
  toHaveLeakedNothing(options?: { readonly since?: MachineView }): void;
  /** On a machine or scenario result: no invariant is broken. One that is, is a bug of mmulator. */
  toHaveHealthyInvariants(): void;
  /**
   * On a machine: the program of the process has lost no block. One to which a pointer is left in its memory is not lost;
   * TypeScript variables are no memory of the program.
   */
  toHaveNoLeaks(process: Process): void;
  /** On a machine: memcheck found something in the process, which was spawned with `memcheck: true`; these kinds, in order. */
  toHaveHeapErrors(process: Process, kinds?: readonly HeapError['kind'][]): void;
  /** On a scenario result: every expectation held, to the end. */
  toHold(): void;
}

declare module 'vitest' {
  // The parameter is vitest's: an interface merges only with the same parameters.
  interface Matchers<T> extends MemoryMatchers {}
}

type Answer = { pass: boolean; message: () => string };

/** vitest asks for the message only when the matcher, or its negation, failed. */
const answer = ({ pass, why }: Verdict): Answer => ({ pass, message: why });

/** As much of a `Machine` as the matchers look at. */
interface Inspectable {
  view(): MachineView;
  checkInvariants(): readonly string[];
}

const isMachine = (value: unknown): value is Inspectable =>
  typeof value === 'object' && value !== null && 'view' in value && 'checkInvariants' in value;

/** A machine is judged by its view, taken now; everything else is a record already. */
const pictured = (received: unknown): unknown => (isMachine(received) ? received.view() : received);

function brokenInvariants(received: unknown): readonly string[] {
  if (isMachine(received)) return received.checkInvariants();
  if (isScenario(received)) return received.invariants;
  throw cannotJudge('toHaveHealthyInvariants', 'a machine or a scenario result');
}

function programOf(received: unknown, process: Process): Program | undefined {
  const { programs } = Object(received) as { programs?: { loaded?(process: Process): Program | undefined } };
  if (programs?.loaded === undefined) throw cannotJudge('a matcher of heaps', 'a machine');
  return process.state === 'running' ? programs.loaded(process) : undefined;
}

function lostBlocks(received: unknown, process: Process): LeakReport | null {
  const program = programOf(received, process);
  return program === undefined ? null : findLeaks(program);
}

function heapErrors(received: unknown, process: Process): readonly HeapError[] {
  const checker = programOf(received, process)?.checker;
  if (checker === null) throw cannotJudge('toHaveHeapErrors', 'a process spawned with `memcheck: true`');
  return checker?.errors ?? [];
}

function residencyAsked(received: unknown): { machine: unknown; process: ProcessName; address: number } {
  const { machine, process, address } = Object(received) as Partial<ReturnType<typeof residencyAsked>>;
  if (machine === undefined || process === undefined || address === undefined) {
    throw cannotJudge('toBeResident', '{ machine, process, address }');
  }
  return { machine, process, address };
}

expect.extend({
  toFault: (received: unknown, kind?: string) => answer(faultVerdict(received, kind)),
  toSegfault: (received: unknown, code?: string) => answer(segfaultVerdict(received, code)),
  toHaveValue: (received: unknown, value: number | bigint | Uint8Array) => answer(valueVerdict(received, value)),
  toCost: (received: unknown, cost: Partial<Counters>) => answer(costVerdict(received, cost)),
  toHaveCounters: (received: unknown, counters: Partial<Counters>) =>
    answer(countersVerdict(pictured(received), counters)),
  toBeResident: (received: unknown) => {
    const { machine, process, address } = residencyAsked(received);
    return answer(residentVerdict(pictured(machine), process, address));
  },
  toHaveResident: (received: unknown, process: ProcessName, address: number) =>
    answer(residentVerdict(pictured(received), process, address)),
  toHaveLeakedNothing: (received: unknown, options?: { readonly since?: MachineView }) =>
    answer(leakVerdict(pictured(received), options?.since)),
  toHaveHealthyInvariants: (received: unknown) => answer(invariantsVerdict(brokenInvariants(received))),
  toHaveNoLeaks: (received: unknown, process: Process) =>
    answer(lostBlocksVerdict(process.name, lostBlocks(received, process))),
  toHaveHeapErrors: (received: unknown, process: Process, kinds?: readonly string[]) =>
    answer(heapErrorsVerdict(process.name, heapErrors(received, process), kinds)),
  toHold: (received: unknown) => answer(holdVerdict(received)),
});
