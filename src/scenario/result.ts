/**
 * What running a scenario yields. Reports and exports read only this: they never ask the machine anything.
 * Everything is plain data and JSON-able.
 */

import type { FaultKind } from '../kernel/events.ts';
import type { MachineEvent, SignalInfo } from '../machine/events.ts';
import type { Counters, MachineView } from '../machine/view.ts';
import type { SourceRange } from '../mmu/input-error.ts';
import type { Translation } from '../mmu/translation.ts';
import type { LeakReport } from '../process/check/leaks.ts';
import type { HeapError } from '../process/check/memcheck.ts';

export type { SourceRange };

export type StepOutcome =
  | { readonly kind: 'ok' }
  /** Bytes read, hex in memory order, and the little-endian number when it was 1, 2, 4 or 8 bytes (decimal string). */
  | { readonly kind: 'value'; readonly bytes: string; readonly number: string | null }
  | { readonly kind: 'address'; readonly address: number }
  | { readonly kind: 'count'; readonly count: number }
  /** A function of the program answered an address; 0 is NULL. */
  | { readonly kind: 'pointer'; readonly address: number }
  /** A function of the program answered a number (decimal) or a text. */
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'process'; readonly pid: number; readonly name: string }
  /** `why`: of a step that is no system call, whose event would tell it. */
  | { readonly kind: 'errno'; readonly errno: string; readonly why?: string }
  | { readonly kind: 'signal'; readonly info: SignalInfo }
  /** The step could not run: its process is already dead. */
  | { readonly kind: 'dead'; readonly why: string }
  /** translate: a physical address, or the rule that refused. */
  | { readonly kind: 'physical'; readonly address: number }
  | { readonly kind: 'refused'; readonly rule: string; readonly sentence: string };

/** What the step cost: differences of the machine's counters over the step. Zero entries are left out. */
export type StepCost = Partial<Counters>;

export interface ExpectationResult {
  /** `fault`, `value`, `counters.copyOnWriteFaults`, … */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly held: boolean;
  /** Why the actual came out so, in sentences made from the events; only when it did not hold. */
  readonly explanation: readonly string[];
  readonly range: SourceRange;
}

export interface StepResult {
  /** 0-based position in the executed sequence (loops unrolled). */
  readonly index: number;
  /** Where the step stands in the file. */
  readonly range: SourceRange;
  /** `do` name. */
  readonly do: string;
  /** The step as one line, symbols kept: `store child buf+0x10 = 7`. */
  readonly text: string;
  readonly process: string | null;
  readonly pid: number | null;
  readonly note: string | null;
  /** Loop variables in force, e.g. `{ i: 3 }`. */
  readonly loop: Readonly<Record<string, number>>;
  readonly outcome: StepOutcome;
  readonly faults: readonly { readonly kind: FaultKind; readonly major: boolean; readonly address: number }[];
  readonly events: readonly MachineEvent[];
  readonly cost: StepCost;
  /** What a call printed to the console; one character to a byte. */
  readonly printed?: string;
  /** Documented rules that a call broke without anybody noticing, one sentence each. */
  readonly remarks?: readonly string[];
  /** What memcheck found during the step. */
  readonly heapErrors?: readonly HeapError[];
  /** Of an exit of a watched program: the blocks it still held. */
  readonly leaks?: LeakReport;
  readonly expectations: readonly ExpectationResult[];
  /** What `peek` and `translate` saw: they make no event, having no process or changing nothing. */
  readonly translation?: Translation;
}

export interface ScenarioResult {
  readonly file: string;
  readonly name: string;
  readonly description: string | null;
  readonly seed: number;
  readonly passed: boolean;
  /** 'held' all expectations; 'failed' at least one; 'step-limit' stopped by --max-steps. */
  readonly status: 'held' | 'failed' | 'step-limit';
  /** The results that were kept: of a long run not all (see `RunOptions.keep`). */
  readonly steps: readonly StepResult[];
  /** Steps done; more than `steps.length` when not all results were kept. */
  readonly stepsRun?: number;
  /** Expectations that held and that failed, those of steps that were not kept included. */
  readonly expectations?: { readonly held: number; readonly failed: number };
  /** The scenario's own `expect:` at the end. */
  readonly final: readonly ExpectationResult[];
  readonly counters: Counters;
  /** Broken invariants (our bugs), by step; empty in a healthy run. */
  readonly invariants: readonly string[];
  readonly firstView: MachineView | null;
  readonly lastView: MachineView | null;
  /** Names bound by `as:` to addresses at the end, for showing addresses as symbol+offset. */
  readonly symbols: Readonly<Record<string, number>>;
}
