/** One point of a sweep's grid: one input with one choice from every axis. Plain data. */
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import type { TlbConfig } from '../mmu/tlb/config.ts';
import type { FileTrace, GeneratedTrace } from './plan.ts';

/** Part of every cell's id: raised when a figure changes its meaning, so that old rows are not taken for new ones. */
export const MEASURE_VERSION = 1;

export type CellInput =
  | {
      readonly kind: 'trace';
      readonly name: string;
      readonly file: string;
      readonly digest: string;
      readonly source: FileTrace;
    }
  | { readonly kind: 'generated'; readonly name: string; readonly source: GeneratedTrace }
  | { readonly kind: 'scenario'; readonly name: string; readonly file: string; readonly digest: string };

/**
 * Where a cell stands on each axis. Null: the axis does not apply or is not there: the default of `trace simulate`, or what
 * the scenario's own `machine:` says.
 */
export interface CellParameters {
  /** Null for a trace: only its TLB is measured. */
  readonly policy: PolicyName | null;
  readonly frames: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** `none`: a scenario's machine is to have no TLB. */
  readonly tlb: TlbConfig | 'none' | null;
  /** Bytes. */
  readonly pageSize: number | null;
  readonly seed: number | null;
  /** Only those that the policy obeys; where a scenario is to keep its own policy, all that a machine can have. */
  readonly options: ReplacementOptions;
}

export interface Cell {
  /** 0, 1, 2, …: place in the whole grid. Shard i of n (from 1) has the cells with index % n = i - 1. */
  readonly index: number;
  /** 32 hexadecimal digits: hash of input (name, contents, how it is read), parameters and MEASURE_VERSION. Unique in a plan. */
  readonly id: string;
  readonly input: CellInput;
  readonly parameters: CellParameters;
}
