import { type BookkeepingLoop, FIRST_BIT } from '../kernel/reclaim/loops/loop.ts';
import { type ReplacementOptions, TICK_EVERY } from '../kernel/reclaim/options.ts';
import type {
  DirtyBits,
  FutureReferences,
  PolicyName,
  ReferenceBits,
  ReplacementPolicy,
} from '../kernel/reclaim/policy.ts';
import { createPolicy, POLICIES } from '../kernel/reclaim/registry.ts';
import { grownInts } from '../mmu/grown-arrays.ts';
import { invariant } from '../mmu/invariant.ts';
import type { Random } from '../mmu/random.ts';

export interface PolicyLoopContext {
  readonly policy: PolicyName;
  readonly frames: number;
  readonly options: ReplacementOptions;
  readonly random: Random;
  /** Number of a page, for policies that remember pages that left. */
  readonly pageOf: (id: number) => number;
  /** Every reference there will be, for policies that need the future. */
  readonly recording?: Int32Array;
}

/**
 * Any policy of the kernel as a loop over references, called exactly as the kernel calls it: demand paging, one page a
 * reference. What has no loop of its own is replayed by this one, and whoever wants to know more than misses asks it.
 *
 * ```
 *   page ──frameOf──► frame ──idIn──► page         free: frames that hold no page, the next one to fill on top
 * ```
 *
 * - I1: frameOf[idIn[frame]] = frame + 1 for every frame that holds a page; 0 for pages that none holds
 */
export class PolicyLoop implements BookkeepingLoop {
  readonly policy: ReplacementPolicy;
  /** Page in each frame, -1 for none. */
  readonly idIn: Int32Array;
  readonly referenceBits: Uint8Array;
  kinds: Uint8Array | null = null;
  /** Where evicted pages are told, in their order; null: nowhere. */
  evictions: number[] | null = null;
  /** Of those the ones that were dirty, so written as they left; null: not told. */
  dirtyEvictions: number[] | null = null;
  writeBacks = 0;
  /** Frames that hold a page now. */
  resident = 0;
  peakResident = 0;
  residentSum = 0;
  private frameOf: Int32Array;
  private readonly free: Int32Array;
  private freeCount: number;
  private readonly dirtyBits: Uint8Array;
  private readonly pageOf: (id: number) => number;
  private readonly onLoad: number;
  private readonly tickEvery: number;
  private untilTick: number;
  private readonly future: RecordedFuture | null;

  constructor(context: PolicyLoopContext) {
    const { frames, options, recording } = context;
    this.idIn = new Int32Array(frames).fill(-1);
    this.referenceBits = new Uint8Array(frames);
    this.dirtyBits = new Uint8Array(frames);
    this.frameOf = new Int32Array(0);
    this.free = Int32Array.from({ length: frames }, (_, index) => frames - 1 - index);
    this.freeCount = frames;
    this.pageOf = context.pageOf;
    this.onLoad = options.referenceOnLoad === false ? 0 : 1;
    this.tickEvery = options.tickEvery ?? TICK_EVERY;
    this.untilTick = this.tickEvery;
    this.future =
      POLICIES[context.policy].needsFuture && recording !== undefined ? new RecordedFuture(recording, this) : null;
    this.policy = createPolicy(context.policy, {
      slots: frames,
      references: new FrameBits(this.referenceBits),
      dirty: new FrameDirt(this.dirtyBits, this),
      random: context.random,
      options,
      ...(this.future === null ? {} : { future: this.future }),
    });
  }

  grow(pages: number): void {
    this.frameOf = grownInts(this.frameOf, pages, 0);
  }

  /** The frame that holds a page, -1 for none. */
  frameHolding(id: number): number {
    return this.frameOf[id]! - 1;
  }

  /** Put a page into the next free frame without a reference to it. */
  load(id: number): void {
    invariant(this.freeCount > 0, 'a page is loaded into a free frame');
    const frame = this.free[--this.freeCount]!;
    this.idIn[frame] = id;
    this.frameOf[id] = frame + 1;
    this.resident++;
    this.peakResident = Math.max(this.peakResident, this.resident);
    this.policy.admit(frame, this.pageOf(id));
  }

  /** The pages 0 … pages - 1 are in memory from the start. */
  loadFirst(pages: number): void {
    this.grow(pages);
    for (let id = 0; id < pages; id++) this.load(id);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { policy, idIn, frameOf, referenceBits, dirtyBits, future } = this;
    const { needsTouch } = policy;
    const kinds = this.kinds;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      let frame = frameOf[id]! - 1;
      if (frame >= 0) {
        referenceBits[frame] = 1;
        if (future !== null) future.position[frame] = at;
        if (needsTouch) policy.touch(frame);
      } else {
        misses++;
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        let gone = -1;
        if (this.freeCount === 0) {
          frame = policy.victim(this.pageOf(id));
          invariant(frame >= 0, 'a full memory has a victim');
          gone = idIn[frame]!;
          this.evict(frame);
        }
        if (evicted !== null) evicted[at] = gone;
        frame = this.free[--this.freeCount]!;
        idIn[frame] = id;
        frameOf[id] = frame + 1;
        referenceBits[frame] = this.onLoad;
        if (++this.resident > this.peakResident) this.peakResident = this.resident;
        if (future !== null) future.position[frame] = at;
        policy.admit(frame, this.pageOf(id));
      }
      if (kinds !== null && (kinds[at]! & 1) === 1) dirtyBits[frame] = 1;
      if (policy.surplus !== undefined) this.giveBack();
      if (--this.untilTick === 0) {
        this.untilTick = this.tickEvery;
        policy.tick?.();
      }
      this.residentSum += this.resident;
    }
    return misses;
  }

  private giveBack(): void {
    for (let frame = this.policy.surplus!(); frame >= 0; frame = this.policy.surplus!()) this.evict(frame);
  }

  private evict(frame: number): void {
    const id = this.idIn[frame]!;
    this.policy.remove(frame);
    this.frameOf[id] = 0;
    this.idIn[frame] = -1;
    this.referenceBits[frame] = 0;
    if (this.dirtyBits[frame] === 1) {
      this.writeBacks++;
      this.dirtyEvictions?.push(id);
    }
    this.dirtyBits[frame] = 0;
    this.free[this.freeCount++] = frame;
    this.resident--;
    this.evictions?.push(id);
  }
}

/** The reference bits of the frames, one byte each. */
class FrameBits implements ReferenceBits {
  private readonly bits: Uint8Array;

  constructor(bits: Uint8Array) {
    this.bits = bits;
  }

  testAndClear(slot: number): boolean {
    const set = this.bits[slot] === 1;
    this.bits[slot] = 0;
    return set;
  }

  peek(slot: number): boolean {
    return this.bits[slot] === 1;
  }
}

class FrameDirt implements DirtyBits {
  private readonly bits: Uint8Array;
  private readonly loop: PolicyLoop;

  constructor(bits: Uint8Array, loop: PolicyLoop) {
    this.bits = bits;
    this.loop = loop;
  }

  isDirty(slot: number): boolean {
    return this.bits[slot] === 1;
  }

  clean(slot: number): boolean {
    if (this.bits[slot] === 0) return false;
    this.bits[slot] = 0;
    this.loop.writeBacks++;
    return true;
  }
}

/** What `opt` knows: the whole recording, and where the replay stands in it. */
class RecordedFuture implements FutureReferences {
  readonly length: number;
  /** Position at which the page in each frame was last referenced; -1: loaded before the start. */
  readonly position: Int32Array;
  private readonly ids: Int32Array;
  private readonly loop: PolicyLoop;
  /** For each position, that of the next reference to the same page; `length` when there is none. */
  private readonly next: Int32Array;
  /** Of each page the first reference to it. */
  private readonly first: Int32Array;

  constructor(ids: Int32Array, loop: PolicyLoop) {
    this.length = ids.length;
    this.ids = ids;
    this.loop = loop;
    this.position = new Int32Array(loop.idIn.length).fill(-1);
    this.next = new Int32Array(ids.length);
    const upcoming = new Int32Array(ids.reduce((most, id) => Math.max(most, id + 1), 0)).fill(ids.length);
    for (let at = ids.length - 1; at >= 0; at--) {
      const id = ids[at]!;
      this.next[at] = upcoming[id]!;
      upcoming[id] = at;
    }
    this.first = upcoming;
  }

  nextUse(slot: number): number {
    const last = this.position[slot]!;
    return last < 0 ? (this.first[this.loop.idIn[slot]!] ?? this.length) : this.next[last]!;
  }

  slotAt(position: number): number {
    return this.loop.frameHolding(this.ids[position]!);
  }
}
