import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../kernel/reclaim/registry.ts';
import { InputError } from '../mmu/input-error.ts';
import { Random } from '../mmu/random.ts';
import { checkInitialPages, numberInitial } from './initial-pages.ts';
import { KindFilter } from './kind-filter.ts';
import { PageRecording } from './page-recording.ts';
import { type PageSink, PageStream } from './page-stream.ts';
import { PolicyLoop } from './policy-loop.ts';
import type { BatchSink, ReferenceBatch, TraceKind, TraceUnit } from './reference.ts';
import { checkFrames } from './replay.ts';
import { type FrameBefore, reasonOf } from './story-reason.ts';

/** A page as a trace knows it. */
export interface PageName {
  /** 64 bits. */
  readonly page: bigint;
  readonly process: number;
}

export interface EvictedPage extends PageName {
  /** Positions, from 1. Null: not before this reference (loaded: before the first), or never again. */
  readonly loadedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly nextUsedAt: number | null;
  /** It had been written to since it was last written out, and so is written back now. */
  readonly dirty: boolean;
}

export interface HeldPage extends PageName {
  readonly frame: number;
  /** Its reference bit; null for a policy that does not look at it. */
  readonly referenced: boolean | null;
  /** What the policy keeps in mind of it, such as its counter; empty for nothing. */
  readonly note: string;
}

/** What one policy made of one reference. Plain data. */
export interface ReferenceStory extends PageName {
  readonly policy: PolicyName;
  readonly frames: number;
  /** Which reference, from 1; how many the trace has. */
  readonly position: number;
  readonly kind: TraceKind;
  readonly hit: boolean;
  readonly frame: number;
  /** The page was in memory before the first reference. */
  readonly fromStart: boolean;
  /** The reference before this one to the same page; null for the first. */
  readonly lastUsedAt: number | null;
  /** Of a hit: where the page was loaded; null where that was before the first reference. */
  readonly loadedAt: number | null;
  /** Of a miss on a page that was there before: where it had to leave; null where it left by itself, or was never there. */
  readonly leftAt: number | null;
  /** Whose place the page took; null: a frame was free. */
  readonly victim: EvictedPage | null;
  /** Why it was this one. */
  readonly reason: string | null;
  /** Pages that left though nobody needed room. */
  readonly surplus: readonly PageName[];
  /** Faults of the references up to this one, itself included. */
  readonly faultsSoFar: number;
  /** Afterwards, in the order in which they would leave as far as is known. */
  readonly contents: readonly HeldPage[];
  /** The frame the hand points at afterwards; -1 for a policy without. */
  readonly hand: number;
}

export interface StoryConfig {
  readonly policies: readonly string[];
  readonly frames: readonly number[];
  readonly options: ReplacementOptions;
  readonly seed: number;
  readonly pageBytes: number;
  readonly kinds: readonly TraceKind[] | null;
  /** Whose story, from 1: counted in page references. */
  readonly position: number;
  /** As of a simulation. */
  readonly initial?: readonly number[];
}

/**
 * The story of one reference of a trace under each policy and number of frames. References up to it are kept; all of them
 * for policies that need the future.
 */
export class StoryTeller implements BatchSink, PageSink {
  private readonly config: StoryConfig;
  private readonly filter: KindFilter;
  private readonly stream: PageStream;
  private readonly recording: PageRecording;
  private readonly policies: readonly PolicyName[];
  private readonly wanted: number;
  /** Ids below this: pages in memory at the start. */
  private readonly initial: number;

  /** @throws InputError MEM-POL-001, MEM-TRC-021, MEM-TRC-022, MEM-TRC-038 */
  constructor(config: StoryConfig, unit: TraceUnit) {
    this.config = config;
    this.filter = new KindFilter(config.kinds);
    this.stream = new PageStream(this, { pageBytes: config.pageBytes, unit });
    this.recording = new PageRecording();
    this.policies = config.policies.map(parsePolicyName);
    this.initial = numberInitial(this.stream, config.initial ?? []);
    for (const frames of config.frames) {
      checkFrames(frames);
      checkInitialPages(config.initial ?? [], frames);
    }
    this.wanted = this.policies.some((name) => POLICIES[name].needsFuture) ? Number.POSITIVE_INFINITY : config.position;
  }

  take(batch: ReferenceBatch, count: number): void {
    const kept = this.filter.keep(batch, count);
    if (kept > 0) this.stream.take(batch, kept);
  }

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    const room = Math.min(count, this.wanted - this.recording.length);
    if (room > 0) this.recording.add(ids, kinds, room);
  }

  /** At the end of the trace. @throws InputError MEM-TRC-054 the trace has no such reference */
  stories(): ReferenceStory[] {
    this.stream.flush();
    const { position, frames } = this.config;
    if (position > this.stream.pageReferences) {
      throw new InputError({
        code: 'MEM-TRC-054',
        message: `there is no reference ${position}: the trace has ${this.stream.pageReferences}`,
        hint: 'they are counted from 1, one for each page touched, after --kinds has chosen',
      });
    }
    return this.policies.flatMap((policy) => frames.map((count) => this.story(policy, count)));
  }

  private story(policy: PolicyName, frames: number): ReferenceStory {
    const { recording } = this;
    const { position, options, seed } = this.config;
    const at = position - 1;
    const ids = recording.ids.subarray(0, recording.length);
    const loop = new PolicyLoop({
      policy,
      frames,
      options,
      random: new Random(seed),
      pageOf: (id) => id,
      recording: ids,
    });
    loop.loadFirst(this.initial);
    loop.grow(recording.pages);
    loop.kinds = recording.kinds;
    const missBits = new Uint32Array((ids.length >>> 5) + 1);
    const evicted = new Int32Array(ids.length).fill(-1);
    const faultsBefore = loop.run(ids, 0, at, missBits, evicted);
    const before = framesOf(loop);
    loop.evictions = [];
    loop.dirtyEvictions = [];
    const faults = loop.run(ids, at, position, missBits, evicted);

    const id = ids[at]!;
    const past = new Past(ids, at, missBits, evicted);
    const gone = evicted[at]!;
    const lastUsedAt = past.lastUse(id);
    // As the loop has it: also initial pages can be dirty, and those written ahead are not.
    const dirty = loop.dirtyEvictions.includes(gone);
    const frame = loop.frameHolding(id);
    return {
      ...this.nameOf(id),
      policy,
      frames,
      position,
      kind: recording.kinds[at]! as TraceKind,
      hit: faults === 0,
      frame,
      fromStart: id < this.initial,
      lastUsedAt,
      loadedAt: faults === 0 ? past.load(id) : null,
      leftAt: faults === 0 ? null : past.departure(id),
      victim:
        gone < 0
          ? null
          : {
              ...this.nameOf(gone),
              loadedAt: past.load(gone),
              lastUsedAt: past.lastUse(gone),
              nextUsedAt: nextUse(ids, position, gone),
              dirty,
            },
      // Whoever comes takes the frame of whoever left.
      reason: gone < 0 ? null : reasonOf(policy, frame, before, { dirty, options }),
      surplus: loop.evictions.filter((page) => page !== gone).map((page) => this.nameOf(page)),
      faultsSoFar: faultsBefore + faults,
      contents: this.contents(loop, POLICIES[policy].readsReferenceBits === true),
      hand: loop.policy.hand(),
    };
  }

  private contents(loop: PolicyLoop, readsBits: boolean): HeldPage[] {
    return framesOf(loop).map(({ frame, referenced, note }) => ({
      ...this.nameOf(loop.idIn[frame]!),
      frame,
      referenced: readsBits ? referenced : null,
      note,
    }));
  }

  private nameOf(id: number): PageName {
    const { numbering } = this.stream;
    return {
      page: (BigInt(numbering.highOf(id)) << 32n) | BigInt(numbering.lowOf(id)),
      process: numbering.processOf(id),
    };
  }
}

/** In the order in which their pages would leave as far as is known. */
const framesOf = ({ policy, referenceBits }: PolicyLoop): FrameBefore[] =>
  policy.order().map((frame) => ({
    frame,
    referenced: referenceBits[frame] === 1,
    note: policy.note?.(frame) ?? '',
  }));

/** What happened to pages before a reference; every position it tells counts from 1. */
class Past {
  private readonly ids: Int32Array;
  private readonly end: number;
  private readonly missBits: Uint32Array;
  private readonly evicted: Int32Array;

  constructor(ids: Int32Array, end: number, missBits: Uint32Array, evicted: Int32Array) {
    this.ids = ids;
    this.end = end;
    this.missBits = missBits;
    this.evicted = evicted;
  }

  lastUse(id: number): number | null {
    return this.latest((at) => this.ids[at] === id);
  }

  load(id: number): number | null {
    return this.latest((at) => this.ids[at] === id && this.missed(at));
  }

  /** Where it was the victim of another. */
  departure(id: number): number | null {
    return this.latest((at) => this.evicted[at] === id);
  }

  private missed(at: number): boolean {
    return ((this.missBits[at >>> 5]! >>> (31 - (at & 31))) & 1) === 1;
  }

  private latest(matches: (at: number) => boolean): number | null {
    for (let at = this.end - 1; at >= 0; at--) if (matches(at)) return at + 1;
    return null;
  }
}

/** From position `from` (from 0) on; null: never, or nobody kept what comes. */
function nextUse(ids: Int32Array, from: number, id: number): number | null {
  const at = ids.indexOf(id, from);
  return at < 0 ? null : at + 1;
}
