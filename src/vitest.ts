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
import type { Machine } from './machine/machine.ts';
import type { Counters, MachineView } from './machine/view.ts';
import type { FaultRule } from './mmu/fault.ts';
import { findLeaks } from './process/check/leaks.ts';
import type { HeapError } from './process/check/memcheck.ts';
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
   * TypeScript variables are no memory of the program. Of a process that called exit, what it had lost then counts.
   */
  toHaveNoLeaks(process: ProcessName): void;
  /** On a machine: memcheck found something in the process, which was spawned with `memcheck: true`; these kinds, in order. */
  toHaveHeapErrors(process: ProcessName, kinds?: readonly HeapError['kind'][]): void;
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

/** As much of a `Machine` as the matchers of heaps look at. */
type WithPrograms = Pick<Machine, 'process' | 'programs'>;

const hasPrograms = (value: unknown): value is WithPrograms =>
  isMachine(value) && 'process' in value && 'programs' in value;

/** The machine that was handed over and the process asked about, also one that the machine has no longer. */
function owner(matcher: string, received: unknown, process: ProcessName): { machine: WithPrograms; found: Owner } {
  if (!hasPrograms(received)) throw cannotJudge(matcher, 'a machine');
  if (!isProcessName(process)) throw cannotJudge(matcher, 'a process of the machine: itself, its pid or its name');
  const which = typeof process === 'object' ? process.pid : process;
  const known = received.process(which) ?? received.programs.exitOf(which);
  if (known !== undefined) return { machine: received, found: known };
  if (typeof which === 'string') throw cannotJudge(matcher, `a process that there is, and there is no '${which}'`);
  return { machine: received, found: { pid: which, name: `process ${which}` } };
}

type Owner = { readonly pid: number; readonly name: string; readonly state?: string };

function isProcessName(value: unknown): value is ProcessName {
  if (typeof value === 'string' || typeof value === 'number') return true;
  return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
}

function lostBlocks(received: unknown, process: ProcessName): Verdict {
  const { machine, found } = owner('toHaveNoLeaks', received, process);
  const { pid, name, state } = found;
  if (state === 'running') {
    const program = machine.programs.loaded(found);
    return lostBlocksVerdict(name, program === undefined ? null : findLeaks(program));
  }
  const exit = machine.programs.exitOf(pid);
  if (exit === undefined) {
    throw cannotJudge('toHaveNoLeaks', `a process that runs, or called exit last: ask before ${name} ends`);
  }
  return lostBlocksVerdict(name, exit.leaks);
}

function heapErrors(received: unknown, process: ProcessName, kinds?: readonly string[]): Verdict {
  const { machine, found } = owner('toHaveHeapErrors', received, process);
  const { pid, name } = found;
  const isWatched = machine.programs.isWatched(pid);
  if (isWatched === undefined)
    throw cannotJudge('toHaveHeapErrors', `a process that there is: ask before ${name} ends`);
  if (!isWatched) throw cannotJudge('toHaveHeapErrors', `a watched process: spawn it with \`memcheck: true\``);
  return heapErrorsVerdict(name, machine.programs.loaded(found)?.checker?.errors ?? [], kinds);
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
  toHaveNoLeaks: (received: unknown, process: ProcessName) => answer(lostBlocks(received, process)),
  toHaveHeapErrors: (received: unknown, process: ProcessName, kinds?: readonly string[]) =>
    answer(heapErrors(received, process, kinds)),
  toHold: (received: unknown) => answer(holdVerdict(received)),
});
