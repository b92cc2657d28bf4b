import type { ReplacementOptions } from '../../kernel/reclaim/options.ts';
import type { PolicyName } from '../../kernel/reclaim/policy.ts';
import { InputError } from '../../mmu/input-error.ts';
import { invariant } from '../../mmu/invariant.ts';
import { PageRecording } from '../page-recording.ts';
import type { PageSink } from '../page-stream.ts';
import { type MissCurve, missCurve, sampledCurve } from './curve.ts';
import { RecordingReplay } from './replayed-curve.ts';
import { Shards, type ShardsConfig } from './shards.ts';
import { StackDistances } from './stack-distance.ts';

export interface CurveConfig {
  /** Each once; `lru` comes from one pass, the others from replays. */
  readonly policies: readonly PolicyName[];
  readonly options: ReplacementOptions;
  readonly seed: number;
  /** Sample instead, for `lru` alone; null: exact. */
  readonly shards: ShardsConfig | null;
}

/** What SHARDS looked at. */
export interface Sampling {
  /** Part of the pages, at the end. */
  readonly rate: number;
  readonly references: number;
  readonly pages: number;
  readonly pagesMax: number | null;
}

/** Plain data. */
export interface CurveReport {
  /** Page references, and different pages among them. */
  readonly references: number;
  readonly pages: number;
  readonly sampling: Sampling | null;
  readonly curves: readonly MissCurve[];
}

/** One step towards the curves, named for whoever waits. */
export interface CurveRun {
  readonly title: string;
  /** Do about so many references; true when there are no more. */
  step(references: number): boolean;
}

/**
 * The curves of several policies over one trace: first all its references, then the sizes.
 *
 *     … page stream → gatherer.pages(ids, kinds, n)
 *     for (const run of gatherer.runs(sizes)) while (!run.step(65536)) …
 *     gatherer.report()
 */
export class CurveGatherer implements PageSink {
  private readonly config: CurveConfig;
  private readonly exact: StackDistances | null;
  private readonly sample: Shards | null;
  private readonly kept: PageRecording | null;
  private frames: readonly number[] = [];
  private sized: readonly SizedRun[] = [];
  /** Page references so far. */
  references = 0;
  private distinct = 0;

  /** @throws InputError MEM-TRC-045 a rate that cannot be */
  constructor(config: CurveConfig) {
    this.config = config;
    const { policies, shards } = config;
    this.sample = shards === null ? null : new Shards(shards);
    this.exact = shards === null && policies.includes('lru') ? new StackDistances() : null;
    this.kept = policies.every((policy) => policy === 'lru') ? null : new PageRecording();
  }

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    this.references += count;
    for (let at = 0; at < count; at++) if (ids[at]! >= this.distinct) this.distinct = ids[at]! + 1;
    this.sample?.feed(ids, count);
    this.exact?.feed(ids, count);
    this.kept?.add(ids, kinds, count);
  }

  /** Different pages of the references so far. */
  get distinctPages(): number {
    return this.distinct;
  }

  /** The fewest frames that can be told from fewer: 1 but for a sample, which knows depths in steps of 1 / rate. */
  get finest(): number {
    return this.sample === null ? 1 : 1 / this.sample.rate;
  }

  /** What is still to do for points at these sizes, ascending. @throws InputError when they are done, as Replay */
  runs(frames: readonly number[]): readonly CurveRun[] {
    const { config, kept } = this;
    this.frames = frames;
    this.sized =
      kept === null
        ? []
        : config.policies
            .filter((policy) => policy !== 'lru')
            .flatMap((policy) => frames.map((count) => new SizedRun(policy, count, kept, config)));
    return this.sized;
  }

  /** After all of the runs. @throws InputError MEM-TRC-045 the sample has none of the references */
  report(): CurveReport {
    const { config, sample, references } = this;
    if (sample !== null && sample.sampledReferences === 0 && references > 0) {
      throw new InputError({
        code: 'MEM-TRC-045',
        message: `none of the ${this.distinct} pages is in the sample, so it tells nothing`,
        hint: 'look at a larger part of them, or at all: leave --shards out',
      });
    }
    return {
      references,
      pages: this.distinct,
      sampling:
        sample === null
          ? null
          : {
              rate: sample.rate,
              references: sample.sampledReferences,
              pages: sample.sampledPages,
              pagesMax: config.shards?.pagesMax ?? null,
            },
      curves: config.policies.map((policy) => this.curveOf(policy)),
    };
  }

  private curveOf(policy: PolicyName): MissCurve {
    const { frames, references, exact, sample } = this;
    if (policy !== 'lru') {
      const misses = this.sized.filter((run) => run.policy === policy).map((run) => run.misses);
      return missCurve(policy, 'replayed', references, frames, misses);
    }
    if (sample !== null) {
      const of = { references, pages: this.distinct, finest: this.finest };
      return sampledCurve(of, frames, sample.missesAt(frames));
    }
    invariant(exact !== null, 'the curve of lru is exact where it is not sampled');
    return missCurve(policy, 'one pass', references, frames, exact.missesAt(frames));
  }
}

/** A policy with a number of frames over all of the references. */
class SizedRun implements CurveRun {
  readonly title: string;
  readonly policy: PolicyName;
  misses = 0;
  private readonly frames: number;
  private readonly kept: PageRecording;
  private readonly config: CurveConfig;
  /** There only while it runs: it may be large. */
  private replay: RecordingReplay | null = null;

  constructor(policy: PolicyName, frames: number, kept: PageRecording, config: CurveConfig) {
    this.title = `${policy}, ${frames} frames`;
    this.policy = policy;
    this.frames = frames;
    this.kept = kept;
    this.config = config;
  }

  step(references: number): boolean {
    const { policy, frames, kept, config } = this;
    this.replay ??= new RecordingReplay(kept, policy, frames, config.options, config.seed);
    if (!this.replay.step(references)) return false;
    this.misses = this.replay.misses();
    this.replay = null;
    return true;
  }
}
