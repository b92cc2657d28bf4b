/**
 * What a sweep is to measure, read from its file: plain data, handed to workers and kept beside the results.
 *
 * ```
 *   text ─ readSweepFile (sweep-file.ts) ─► SweepPlan ─┐
 *   files of the disk, with their digests ─► SweepInputs ┴ cellsOf (grid.ts) ─► Cell[] ─ tasksOf (task.ts) ─► Task[]
 *
 *   Task ─ measureTask (measure.ts), in any worker, in any order ─► Row[]
 *   Row[] ─ sweepResults (results.ts) ─► SweepResults ─► resultsJson, resultsCsv
 *   parts ─ parseResults (results-file.ts) ─ mergeResults (merge.ts) ─► SweepResults, the same bytes as of one whole run
 * ```
 *
 * Nothing here opens a file or takes a hash: the caller (cli/) does, and hands in texts, bytes and digests.
 */
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import type { TlbConfig } from '../mmu/tlb/config.ts';
import type { CostModel } from '../trace/cost-model.ts';
import type { GeneratorName, GeneratorOptions } from '../trace/generate.ts';
import type { TraceKind, TraceUnit } from '../trace/reference.ts';

export interface SweepPlan {
  readonly title: string | null;
  readonly traces: readonly TraceSource[];
  /** Files or glob patterns, as written: relative to the sweep file. */
  readonly scenarios: readonly string[];
  readonly grid: Grid;
  /** What references cost; null: nobody asked. Not part of what is measured: times are worked out from the figures. */
  readonly cost: SweepCost | null;
}

export type TraceSource = FileTrace | GeneratedTrace;

export interface FileTrace {
  readonly kind: 'file';
  /** A file or a glob pattern, as written: relative to the sweep file. */
  readonly file: string;
  /** What rows call it instead of its file name; null where nobody said. */
  readonly name: string | null;
  /** As the options of `trace simulate`; null where nobody said. */
  readonly format: string | null;
  readonly columns: readonly string[] | null;
  readonly unit: TraceUnit | null;
  readonly process: number | null;
  readonly kinds: readonly TraceKind[] | null;
}

/** References made up by trace/generate.ts: they count pages. */
export interface GeneratedTrace {
  readonly kind: 'generated';
  readonly name: string | null;
  readonly like: GeneratorName;
  readonly options: GeneratorOptions;
}

/**
 * The axes. Null: the axis is not there; traces then take the default of `trace simulate`, scenarios keep what their own
 * `machine:` says. Every list has an entry at least, and none twice.
 */
export interface Grid {
  /** `all`: every policy that can work on the input, so not `opt` for scenarios. */
  readonly policy: 'all' | readonly PolicyName[] | null;
  /** Frames of a trace, `residentPages` of a scenario's machine. */
  readonly frames: readonly number[] | null;
  /** Bytes of memory, scenarios only. */
  readonly memory: readonly number[] | null;
  /** Null in the list: no TLB; for traces no columns of one. */
  readonly tlb: readonly (TlbConfig | null)[] | null;
  /** Bytes. */
  readonly pageSize: readonly number[] | null;
  readonly seed: readonly number[] | null;
  /** Options of replacement policies, those for all of them merged into each. One entry at least. */
  readonly options: readonly ReplacementOptions[];
}

/** As a cost model, but the share of TLB hits can be what was measured. */
export interface SweepCost extends Omit<CostModel, 'tlbHit'> {
  /** Null: as measured; 0 where the axis says that there is no TLB, 1 where nobody speaks of one. */
  readonly tlbHit: number | null;
}

/** What was found on the disk for the sources of a plan. */
export interface SweepInputs {
  /** For each of `plan.traces`: the files it names, one without a pattern; [] for generated ones. */
  readonly traces: readonly (readonly InputFile[])[];
  /** For all of `plan.scenarios` together; a file that two patterns name is there once. */
  readonly scenarios: readonly InputFile[];
}

export interface InputFile {
  /** Path relative to the sweep file, with `/`: the same on every computer. */
  readonly file: string;
  /** SHA-256 of the file's bytes as they lie on the disk (packed, if so), hexadecimal. */
  readonly digest: string;
}

/** SHA-256 of the UTF-8 of a text, hexadecimal: the caller's, as hashing needs a module of Node. */
export type Digest = (text: string) => string;
