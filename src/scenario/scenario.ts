/** A scenario as the loader hands it to the runner: parsed, checked, every part with its place in the file. */
import type { SourceRange } from '../mmu/input-error.ts';
import type { FinalExpect } from './schema/expect.ts';
import type { FileSpec } from './schema/file-steps.ts';
import type { MachineSpec } from './schema/machine.ts';
import type { ActionStep } from './schema/steps.ts';

export interface ActionNode {
  readonly kind: 'action';
  readonly step: ActionStep;
  /** Path in the file: `steps, 3`. */
  readonly path: readonly PropertyKey[];
  readonly range: SourceRange;
  /** The step as one line, symbols kept. */
  readonly text: string;
  /** Where each expectation of the step stands, by its key. */
  readonly expectRanges: Readonly<Record<string, SourceRange>>;
}

export interface LoopNode {
  readonly kind: 'loop';
  /** Null for `repeat`. */
  readonly variable: string | null;
  /** Iterations, and the variable's value in each: `list[n]`, or `from + n * step`. */
  readonly times: number;
  readonly from: number;
  readonly step: number;
  readonly list: readonly number[] | null;
  readonly body: readonly ScenarioNode[];
  readonly range: SourceRange;
}

export type ScenarioNode = ActionNode | LoopNode;

export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly description: string | null;
  readonly machine: MachineSpec;
  /** By name, with where each stands in the file. */
  readonly files: readonly { readonly name: string; readonly spec: FileSpec; readonly range: SourceRange }[];
  readonly steps: readonly ScenarioNode[];
  /** Steps with every loop unrolled. */
  readonly totalSteps: number;
  /** The file has no `spawn`: a process named `main` is there from the start. */
  readonly implicitMain: boolean;
  readonly expect: FinalExpect;
  /** Where each part of the final `expect` stands: `counters.evictions`, `frames.leaked`, `processes`. */
  readonly expectRanges: Readonly<Record<string, SourceRange>>;
  /** Where `machine:` stands (or the file's first line), for what the machine itself refuses. */
  readonly machineRange: SourceRange;
}

/** Names that always have a value: where parts of the running process are, and the machine's page size. */
export const BUILT_IN_NAMES = ['text', 'rodata', 'data', 'bss', 'heap', 'brk', 'stack', 'page'] as const;
export type BuiltInName = (typeof BUILT_IN_NAMES)[number];
export const isBuiltIn = (name: string): name is BuiltInName => (BUILT_IN_NAMES as readonly string[]).includes(name);

/** Name of the process that is there when the file spawns none. */
export const IMPLICIT_PROCESS = 'main';

/** More steps than this in a file is refused at load. */
export const TOTAL_STEPS_MAX = 10_000_000;

/** A load of more bytes than this at once is a mistake of the scenario, not a memory access. */
export const LOAD_BYTES_MAX = 64 * 1024 * 1024;
/** More accesses than this in one touch step is refused: at load where it is certain, else by the run. */
export const TOUCHES_MAX = 10_000_000;
/** Bytes of an access that names no size. */
export const DEFAULT_ACCESS_BYTES = 4;

/** The value of a loop's variable in its n-th iteration. */
export function loopValue(loop: LoopNode, iteration: number): number {
  return loop.list?.[iteration] ?? loop.from + iteration * loop.step;
}
