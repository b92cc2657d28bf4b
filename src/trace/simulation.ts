import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../kernel/reclaim/registry.ts';
import { InputError } from '../mmu/input-error.ts';
import { LOAD } from '../mmu/units.ts';
import { type Allocation, byProcess, type ProcessReferences, sharedFrames } from './allocation.ts';
import { checkInitialPages, numberInitial } from './initial-pages.ts';
import { KindFilter } from './kind-filter.ts';
import { PageRecording } from './page-recording.ts';
import { type PageSink, PageStream } from './page-stream.ts';
import type { BatchSink, ReferenceBatch, TraceKind, TraceUnit } from './reference.ts';
import { Replay, ratio, type StreamConfig, type StreamResult } from './replay.ts';

export interface SimulationConfig {
  /** Names of policies. */
  readonly policies: readonly string[];
  readonly frames: readonly number[];
  readonly options: ReplacementOptions;
  /** For `random`. */
  readonly seed: number;
  readonly allocation: Allocation;
  /** Count them, where the policy tells its victims. */
  readonly writeBacks: boolean;
  readonly pageBytes: number;
  /** Only references of these kinds; null: all. */
  readonly kinds: readonly TraceKind[] | null;
  /** Numbers of pages (of process 0) that are in memory at the start, the one loaded first in front. Default none. */
  readonly initial?: readonly number[];
}

/** What one policy did with one number of frames. */
export interface SimulationRow {
  readonly policy: PolicyName;
  readonly frames: number;
  readonly references: number;
  readonly hits: number;
  readonly faults: number;
  /** Faults on pages never resident before. */
  readonly coldFaults: number;
  /** hits / references. */
  readonly hitRatio: number;
  /** Dirty pages that were evicted; null: unknown, as where a trace holds nothing but loads: the kind of what has none. */
  readonly writeBacks: number | null;
  /** Frames in use on average, for policies that decide it; null: all. */
  readonly meanResident: number | null;
  /** With frames of their own: each process. */
  readonly processes: readonly ProcessRow[] | null;
}

export interface ProcessRow {
  readonly process: number;
  readonly frames: number;
  readonly references: number;
  readonly faults: number;
  readonly writeBacks: number | null;
}

/** One policy with one number of frames. */
export interface SimulationRun {
  readonly policy: PolicyName;
  readonly frames: number;
  readonly options: ReplacementOptions;
  readonly seed: number;
}

/** Every policy with every number of frames. @throws InputError MEM-POL-001 */
export function runsOf({ policies, frames, options, seed }: SimulationConfig): SimulationRun[] {
  return policies.flatMap((name) => {
    const policy = parsePolicyName(name);
    return frames.map((count) => ({ policy, frames: count, options, seed }));
  });
}

/** What `Replay` makes of a run. */
export function replayConfigOf({ policy, frames, options, seed }: SimulationRun, writeBacks: boolean): StreamConfig {
  // libCacheSim's LIRS does not tell its victims.
  const tells = policy !== 'lirs' || options.lirsVariant !== 'libcachesim';
  return { policy, frames, options, seed, writeBacks: writeBacks && tells };
}

/** Replays at once: each has buffers of its own. */
const RUNS_MAX = 512;

/**
 * One trace against many policies and numbers of frames, in one pass over it.
 *
 * ```
 *                                 ┌─► Replay lru 64      ┐
 *   references ─► kinds ─► pages ─┼─► Replay lru 128     ├─► rows, in the order of policies, then of frames
 *                                 └─► recording ─► opt … ┘
 * ```
 *
 * Policies that need the future, and processes with frames of their own, wait for the end of the trace: its references are
 * then kept, once for all of them, and replayed one run after the other by `rest`.
 *
 *     const simulation = new Simulation(config, unit);   // a BatchSink for a TraceReader
 *     for (const run of simulation.rest()) …             // after its end: says which run is next
 *     simulation.rows();
 */
export class Simulation implements BatchSink, PageSink {
  private readonly config: SimulationConfig;
  private readonly stream: PageStream;
  private readonly filter: KindFilter;
  private readonly runs: readonly SimulationRun[];
  private readonly replays: Replay[];
  private readonly recording: PageRecording | null;
  private readonly done: Map<SimulationRun, SimulationRow>;
  /** Ids below this: pages in memory at the start; and those of them that were referenced. */
  private readonly initial: number;
  private readonly met: Set<number>;
  /** Something else than loads came by: the trace tells kinds, so no store means that nothing is dirty. */
  private tellsKinds: boolean;

  /**
   * @param runs instead of every policy with every number of frames
   * @throws InputError MEM-POL-… a policy or its options; MEM-TRC-021 frames; MEM-TRC-022 initial pages; MEM-TRC-038 page
   *   size; MEM-TRC-053 too many runs
   */
  constructor(config: SimulationConfig, unit: TraceUnit, runs: readonly SimulationRun[] = runsOf(config)) {
    this.config = config;
    this.filter = new KindFilter(config.kinds);
    this.stream = new PageStream(this, { pageBytes: config.pageBytes, unit });
    this.runs = runs;
    if (this.runs.length > RUNS_MAX) {
      throw new InputError({
        code: 'MEM-TRC-053',
        message: `${this.runs.length} runs are too many at once`,
        hint: `${RUNS_MAX} at most: fewer policies or numbers of frames; all sizes in one pass: mmulator mrc`,
      });
    }
    this.initial = numberInitial(this.stream, config.initial ?? []);
    this.met = new Set();
    for (const { frames } of runs) checkInitialPages(config.initial ?? [], frames);
    // Also those that run later: a mistake is told before the trace is read.
    const replays = this.runs.map((run) => this.replayOf(run));
    const waits = this.runs.map(({ policy }) => config.allocation !== 'global' || POLICIES[policy].needsFuture);
    this.replays = replays.filter((_, index) => !waits[index]);
    this.recording = waits.includes(true) ? new PageRecording() : null;
    this.done = new Map();
    this.tellsKinds = false;
  }

  take(batch: ReferenceBatch, count: number): void {
    const kept = this.filter.keep(batch, count);
    if (kept > 0) this.stream.take(batch, kept);
  }

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    for (let at = 0; at < count && !this.tellsKinds; at++) this.tellsKinds = kinds[at] !== LOAD;
    if (this.initial > 0) for (let at = 0; at < count; at++) if (ids[at]! < this.initial) this.met.add(ids[at]!);
    for (const replay of this.replays) replay.feed(ids, kinds, count);
    this.recording?.add(ids, kinds, count);
  }

  /** At the end of the trace: what could not run along with it. Before each run it says which. */
  *rest(): Generator<string, void, undefined> {
    this.stream.flush();
    const waiting = this.runs.filter((run) => this.waits(run));
    const running = this.runs.filter((run) => !this.waits(run));
    for (const [index, run] of running.entries()) this.done.set(run, rowOf(run, this.replays[index]!.end()));
    const { recording } = this;
    if (recording === null) return;
    const { allocation } = this.config;
    const { numbering } = this.stream;
    const parts = allocation === 'global' ? null : byProcess(recording, (id) => numbering.processOf(id));
    for (const run of waiting) {
      yield `${run.policy}, ${run.frames} frames`;
      this.done.set(run, parts === null ? this.replayed(run, recording) : this.divided(run, parts));
    }
  }

  /** How many runs `rest` has. */
  get waiting(): number {
    return this.runs.filter((run) => this.waits(run)).length;
  }

  /** After `rest`. */
  rows(): SimulationRow[] {
    const rows = this.runs.flatMap((run) => this.done.get(run) ?? []);
    return this.tellsKinds ? rows : rows.map((row) => ({ ...row, ...withoutWriteBacks(row) }));
  }

  get pageReferences(): number {
    return this.stream.pageReferences;
  }

  /** In the references. */
  get distinctPages(): number {
    return this.stream.numbering.count - this.initial + this.met.size;
  }

  private waits({ policy }: SimulationRun): boolean {
    return this.config.allocation !== 'global' || POLICIES[policy].needsFuture;
  }

  private replayOf(run: SimulationRun): Replay {
    return new Replay({ ...replayConfigOf(run, this.config.writeBacks), initial: this.initial });
  }

  private result(run: SimulationRun, recording: PageRecording): StreamResult {
    const replay = this.replayOf(run);
    replay.feed(recording.ids, recording.kinds, recording.length);
    return replay.end();
  }

  private replayed(run: SimulationRun, recording: PageRecording): SimulationRow {
    return rowOf(run, this.result(run, recording));
  }

  private divided(run: SimulationRun, parts: readonly ProcessReferences[]): SimulationRow {
    const weights = parts.map(({ pages }) => (this.config.allocation === 'equal' ? 1 : pages));
    const shares = sharedFrames(run.frames, weights);
    const results = parts.map(({ recording }, index) => this.result({ ...run, frames: shares[index]! }, recording));
    const sum = (of: (result: StreamResult) => number): number => results.reduce((total, one) => total + of(one), 0);
    const [hits, references] = [sum((one) => one.hits), sum((one) => one.references)];
    return {
      policy: run.policy,
      frames: run.frames,
      references,
      hits,
      faults: sum((one) => one.faults),
      coldFaults: sum((one) => one.coldMisses),
      hitRatio: ratio(hits, references),
      writeBacks: results.some((one) => one.writeBacks === null) ? null : sum((one) => one.writeBacks ?? 0),
      meanResident: null,
      processes: results.map((one, index) => ({
        process: parts[index]!.process,
        frames: shares[index]!,
        references: one.references,
        faults: one.faults,
        writeBacks: one.writeBacks,
      })),
    };
  }
}

const withoutWriteBacks = ({ processes }: SimulationRow): Pick<SimulationRow, 'writeBacks' | 'processes'> => ({
  writeBacks: null,
  processes: processes?.map((one) => ({ ...one, writeBacks: null })) ?? null,
});

function rowOf(run: SimulationRun, result: StreamResult): SimulationRow {
  const { references, hits, faults, coldMisses, hitRate, writeBacks, meanResident } = result;
  return {
    policy: run.policy,
    frames: run.frames,
    references,
    hits,
    faults,
    coldFaults: coldMisses,
    hitRatio: hitRate,
    writeBacks,
    meanResident,
    processes: null,
  };
}
