import { keepsBooks, type ReplayLoop } from '../kernel/reclaim/loops/loop.ts';
import { createLoop } from '../kernel/reclaim/loops/registry.ts';
import { checkHandStart, checkReplacementOptions } from '../kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../kernel/reclaim/registry.ts';
import { grownBytes, grownInts } from '../mmu/grown-arrays.ts';
import { InputError } from '../mmu/input-error.ts';
import { invariant } from '../mmu/invariant.ts';
import { Random } from '../mmu/random.ts';
import { MissFingerprint } from './miss-bits.ts';
import { PolicyLoop } from './policy-loop.ts';

/** What both ways to replay take: a stream of references (Replay) and a list of them (simulateReferences). */
export interface ReplaySettings {
  /** Name of a replacement policy; `opt` is welcome here. */
  readonly policy: string;
  /** Frames, 1 … 2^24. */
  readonly frames: number;
  /** For `random`. Default 0. */
  readonly seed?: number;
  readonly options?: ReplacementOptions;
}

export interface StreamConfig extends ReplaySettings {
  /**
   * So many pages, those of the ids 0, 1, 2, …, are in memory before the first reference: loaded in this order, with clear
   * reference bits. The policy is then called as the kernel does. Default 0.
   */
  readonly initial?: number;
  /** Count the pages that must be written when they leave; needs the kinds of references. Default false. */
  readonly writeBacks?: boolean;
  /** Take the fingerprint of the hits and misses. Default false. */
  readonly fingerprint?: boolean;
  /** Call the policy as the kernel does even where there is a loop: to compare the two. Default false. */
  readonly withoutLoop?: boolean;
}

/** What both of them count. */
export interface ReplayFigures {
  readonly references: number;
  readonly hits: number;
  readonly faults: number;
  /** Pages different from each other in the references. */
  readonly distinctPages: number;
  /** Those of them that were not in memory at the start: so many faults no policy avoids. */
  readonly coldMisses: number;
  /** Faults on a page that was resident once and had to leave. */
  readonly capacityMisses: number;
  /** hits / references; 0 without references. */
  readonly hitRate: number;
}

export interface StreamResult extends ReplayFigures {
  readonly policy: PolicyName;
  readonly frames: number;
  /** Pages written to since they were loaded that left again; null when nobody asked. */
  readonly writeBacks: number | null;
  /** FNV-1a of the bitmap of misses, eight hexadecimal digits; null when nobody asked. */
  readonly missBitsFnv32: string | null;
  /** Pages resident, averaged over the references: less than the frames where the policy says so. Null: all frames. */
  readonly meanResident: number | null;
}

/** References a piece is run over: a multiple of 32, so that words of the bitmap end where pieces do. */
const PIECE = 1 << 16;

/**
 * A policy against a stream of references, in constant memory: demand paging, one page a reference.
 *
 * ```
 *   feed(ids, kinds, n) ─► piece of 2^16 ─► loop of the policy (loops/) or the policy itself (PolicyLoop)
 *                                             ├─► misses, fingerprint
 *                                             └─► victims ─► write-backs
 * ```
 *
 * `opt` needs to know what is to come: its references are kept, 4 bytes each (5 with kinds), and run at the end.
 *
 *     const replay = new Replay({ policy: 'lru', frames: 1024 });
 *     replay.feed(ids, null, n);                                  // any number of times
 *     const { faults } = replay.end();
 */
export class Replay {
  private readonly config: StreamConfig;
  private readonly policy: PolicyName;
  private loop: ReplayLoop | null;
  private readonly fingerprint: MissFingerprint | null;
  private readonly countsWrites: boolean;
  private ids: Int32Array;
  private kinds: Uint8Array | null;
  private used: number;
  private missBits: Uint32Array | null;
  private evicted: Int32Array | null;
  /** Of each page, behind a byte that is always 0: 1 when it was written to since it was loaded. */
  private dirty: Uint8Array;
  private writeBacks: number;
  private references: number;
  private faults: number;
  /** Initial ones included. */
  private pages: number;
  /** Of the initial pages: 1 when it has been referenced. */
  private readonly met: Uint8Array;

  /**
   * @throws InputError MEM-POL-001 unknown policy; MEM-POL-003 an option the policy cannot have; MEM-POL-004 write-backs of
   *   a policy that does not tell its victims; MEM-TRC-021 impossible number of frames
   */
  constructor(config: StreamConfig) {
    checkFrames(config.frames);
    this.config = config;
    this.policy = parsePolicyName(config.policy);
    this.countsWrites = config.writeBacks === true;
    if (this.countsWrites && this.policy === 'lirs' && config.options?.lirsVariant === 'libcachesim') {
      throw new InputError({
        code: 'MEM-POL-004',
        message:
          'libCacheSim’s variant of `lirs` does not tell which pages leave, so nobody knows what is written back',
        hint: 'use the variant of the paper',
      });
    }
    this.fingerprint = config.fingerprint === true ? new MissFingerprint() : null;
    this.ids = new Int32Array(PIECE);
    this.kinds = null;
    this.used = 0;
    this.missBits = this.fingerprint === null ? null : new Uint32Array(PIECE / 32);
    this.evicted = null;
    this.dirty = new Uint8Array(0);
    this.writeBacks = 0;
    this.references = 0;
    this.faults = 0;
    this.pages = config.initial ?? 0;
    this.met = new Uint8Array(this.pages);
    // A policy that needs the future waits for it; its options are looked at now.
    checkReplacementOptions(config.options ?? {});
    checkHandStart(this.policy, config.frames, config.options ?? {});
    this.loop = POLICIES[this.policy].needsFuture ? null : this.makeLoop(null);
  }

  /**
   * The next references.
   * @param ids pages, numbered 0, 1, 2, … in the order of their first appearance; only the first `count` are read
   * @param kinds odd for references that write (STORE, MODIFY); null when it is not known or does not matter
   */
  feed(ids: Int32Array, kinds: Uint8Array | null, count: number): void {
    let pages = this.pages;
    for (let at = 0; at < count; at = (at + 1) | 0) if (ids[at]! >= pages) pages = (ids[at]! + 1) | 0;
    this.pages = pages;
    const { met } = this;
    if (met.length > 0) for (let at = 0; at < count; at++) if (ids[at]! < met.length) met[ids[at]!] = 1;
    const keepsKinds = kinds !== null && this.wantsKinds();
    if (this.loop === null) {
      this.ids = grownInts(this.ids, this.used + count, 0);
      if (keepsKinds) this.kinds = grownBytes(this.kinds ?? new Uint8Array(0), this.ids.length);
    }
    let from = 0;
    while (from < count) {
      const taken = Math.min(count - from, this.ids.length - this.used);
      this.ids.set(ids.subarray(from, from + taken), this.used);
      if (keepsKinds) {
        this.kinds ??= new Uint8Array(this.ids.length);
        this.kinds.set(kinds.subarray(from, from + taken), this.used);
      }
      this.used += taken;
      from += taken;
      if (this.loop !== null && this.used === PIECE) this.runPiece(this.loop, this.ids, this.kinds, this.used);
    }
  }

  end(): StreamResult {
    if (this.loop === null) this.runRecording();
    else if (this.used > 0) this.runPiece(this.loop, this.ids, this.kinds, this.used);
    const { faults, references, policy, pages, loop } = this;
    const hits = references - faults;
    const coldMisses = pages - this.met.length;
    return {
      policy,
      frames: this.config.frames,
      references,
      hits,
      faults,
      distinctPages: coldMisses + this.met.reduce((sum, met) => sum + met, 0),
      coldMisses,
      capacityMisses: faults - coldMisses,
      hitRate: ratio(hits, references),
      writeBacks: this.countsWrites ? (keepsBooks(loop) ? loop.writeBacks : this.writeBacks) : null,
      missBitsFnv32: this.fingerprint?.hex ?? null,
      meanResident: keepsBooks(loop) && POLICIES[policy].isVariable ? ratio(loop.residentSum, references) : null,
    };
  }

  /** Policies may ask whether a page is dirty, so loops that keep books are told in any case. */
  private wantsKinds(): boolean {
    return this.countsWrites || keepsBooks(this.loop);
  }

  private makeLoop(recording: Int32Array | null): ReplayLoop {
    const { frames, seed, withoutLoop } = this.config;
    const context = {
      frames,
      options: this.config.options ?? {},
      random: new Random(seed ?? 0),
      ...(recording === null ? {} : { recording }),
    };
    const { length: initial } = this.met;
    const loop =
      (withoutLoop === true || initial > 0 ? null : createLoop(this.policy, context)) ??
      new PolicyLoop({ ...context, policy: this.policy, pageOf: (id) => id });
    if (loop instanceof PolicyLoop) loop.loadFirst(initial);
    if (this.countsWrites && !keepsBooks(loop)) this.evicted = new Int32Array(PIECE);
    return loop;
  }

  private runRecording(): void {
    const recording = this.ids.subarray(0, this.used);
    const kinds = this.kinds;
    const loop = this.makeLoop(recording);
    this.loop = loop;
    loop.grow(this.pages);
    invariant(this.references === 0, 'a recording is run once');
    const words = this.fingerprint === null ? null : new Uint32Array((recording.length >>> 5) + 1);
    const evicted = this.evicted === null ? null : new Int32Array(recording.length);
    if (keepsBooks(loop)) loop.kinds = kinds;
    if (evicted !== null) evicted.fill(-1);
    this.faults = loop.run(recording, 0, recording.length, words, evicted);
    this.references = recording.length;
    if (words !== null) this.fingerprint!.words(words, recording.length);
    if (evicted !== null) this.countWrites(recording, kinds, evicted, recording.length);
  }

  private runPiece(loop: ReplayLoop, ids: Int32Array, kinds: Uint8Array | null, count: number): void {
    const { missBits, evicted } = this;
    loop.grow(this.pages);
    if (missBits !== null) missBits.fill(0);
    if (evicted !== null) evicted.fill(-1);
    if (keepsBooks(loop)) loop.kinds = kinds;
    this.faults += loop.run(ids, 0, count, missBits, evicted);
    this.references += count;
    if (missBits !== null) this.fingerprint!.words(missBits, count);
    if (evicted !== null) this.countWrites(ids, kinds, evicted, count);
    this.used = 0;
  }

  /**
   * A page is written back when it leaves dirty; the reference that took its frame comes after it left. Without branches,
   * as nobody can foretell them: -1, no victim, is the first byte, which stays 0.
   */
  private countWrites(ids: Int32Array, kinds: Uint8Array | null, evicted: Int32Array, count: number): void {
    if (kinds === null) return;
    this.dirty = grownBytes(this.dirty, this.pages + 1);
    const { dirty } = this;
    let written = 0;
    for (let at = 0; at < count; at = (at + 1) | 0) {
      const gone = (evicted[at]! + 1) | 0;
      written = (written + dirty[gone]!) | 0;
      dirty[gone] = 0;
      const page = (ids[at]! + 1) | 0;
      dirty[page] = dirty[page]! | (kinds[at]! & 1);
    }
    this.writeBacks += written;
  }
}

export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** @throws InputError MEM-TRC-021 */
export function checkFrames(frames: number): void {
  if (Number.isInteger(frames) && frames >= 1 && frames <= 2 ** 24) return;
  throw new InputError({
    code: 'MEM-TRC-021',
    message: `${frames} is not a number of frames`,
    hint: 'give a whole number from 1 to 16777216',
  });
}
