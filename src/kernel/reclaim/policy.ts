import type { Random } from '../../mmu/random.ts';
import type { VmStat } from '../pressure/vmstat.ts';
import type { ReplacementOptions } from './options.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * Page replacement: which resident page makes room for the next one.
 *
 * A policy sees *slots*: places that hold one page each, numbered 0 … slots - 1. For the kernel a slot is a physical
 * frame; for the replay of a reference string it is a frame of the exercise. The same code serves both.
 *
 * How a caller uses one, in full:
 *
 * ```
 * reference(page):
 *   if page is resident in slot:
 *     set slot's reference bit                      the hardware's part
 *     if policy.needsTouch: policy.touch(slot)      exact recency, for policies that hardware could not offer
 *     return hit
 *   if no slot is free:
 *     loop: slot = policy.victim(page)
 *           if slot < 0: nothing can be evicted, out of memory
 *           if slot's page may leave: break         (not pinned, not under write-back, swap has room)
 *           policy.skip(slot)                       asks again, at most 2 × resident times
 *     policy.remove(slot); the page goes
 *   slot = a free slot
 *   policy.admit(slot, page)
 *   set slot's reference bit to options.referenceOnLoad
 *   return miss
 * ```
 *
 * States of a slot: empty → (admit) → resident → (remove) → empty. `touch`, `skip` and `remove` of an empty slot and
 * `admit` into a resident one are bugs of the caller and throw InvariantError.
 *
 * `victim()` chooses and may advance the algorithm (clock's hand moves and clears bits), but the page stays until
 * `remove`. A page freed by its owner is removed the same way without having been chosen.
 */
export interface ReplacementPolicy {
  /** The name in the registry: `clock`. */
  readonly name: PolicyName;
  /**
   * Exact recency: the caller must call `touch` on every reference to a resident page. Where this is false `touch`
   * need not be called, and the policy learns of references from `PolicyContext.references` or not at all.
   */
  readonly needsTouch: boolean;
  /** Slots that hold a page now. */
  readonly resident: number;
  /** A page has entered an empty slot. `page` is its number, for policies that remember pages after they left. */
  admit(slot: number, page: number): void;
  /** A reference to the page in this slot. The reference that admitted it is not reported again. */
  touch(slot: number): void;
  /**
   * The slot whose page should leave next, or -1 when no slot is resident, or only such as are locked.
   * `incoming`: the number of the page that room is made for, where the caller knows it. Policies that remember pages
   * decide by it whether that page comes back; told nothing, they find out when it is admitted.
   */
  victim(incoming?: number): number;
  /**
   * The chosen page cannot leave: it goes to the end of the line, and `victim` may be asked again. A caller that asks
   * and skips 2 × resident times has been shown every resident slot (the first round may go into clearing clock's
   * reference bits), so then nothing can leave.
   */
  skip(slot: number): void;
  /** The page left this slot: evicted or freed. */
  remove(slot: number): void;
  /** Is a page in this slot, as far as the policy knows? */
  holds(slot: number): boolean;
  /**
   * Pages that leave though nobody needs room, for policies that choose how much memory there is to be: asked after
   * each `touch` and `admit` until it says -1; each one told is removed before the next is asked for.
   */
  surplus?(): number;
  /** Time has passed: asked for every `tickEvery` references, by policies that look at reference bits in intervals. */
  tick?(): void;
  /** Where the hand points, for the policies that have one; -1 otherwise. */
  hand(): number;
  /** Every resident slot, in the order they would leave as far as is known now. For explanations: changes nothing. */
  order(): number[];
  /** What the policy keeps in mind of a resident page, in a word or two: `01101110`, `LIR`. For explanations: changes nothing. */
  note?(slot: number): string;
  /** Rules broken, by name; [] when healthy. */
  checkInvariants(): string[];
}

/** The reference bits of the hardware, as a policy may read them. */
export interface ReferenceBits {
  /** Was the page in this slot referenced since the last call for it? Clears what it finds. */
  testAndClear(slot: number): boolean;
  /** The same question without clearing, for `order()`. */
  peek(slot: number): boolean;
}

/** The dirty bits of the hardware, as a policy may read them. */
export interface DirtyBits {
  /** Would the page in this slot have to be written before it leaves? */
  isDirty(slot: number): boolean;
  /**
   * Write the page ahead, while it stays: it is clean until something is written to it again. False: that cannot be, as there
   * is nowhere to write it. Missing: nobody writes ahead.
   */
  clean?(slot: number): boolean;
}

/** The pages still to come: what only a recording can know. */
export interface FutureReferences {
  /** How many references the recording has. */
  readonly length: number;
  /**
   * Position in the recording of the next reference to the page in this slot, after the present one;
   * `length` when there is none.
   */
  nextUse(slot: number): number;
  /** The slot that holds the page referenced at this position. Asked only for pages that are resident. */
  slotAt(position: number): number;
}

/** What a policy is built from. */
export interface PolicyContext {
  /** How many slots there are: 1 … 2^24. Storage is proportional to it and only touched as slots are used. */
  readonly slots: number;
  /**
   * Pages resident at once at most, where that is less than there are slots: what parts of the memory and the memory for
   * ghosts are measured by. Default: the slots.
   */
  readonly capacity?: number;
  readonly references: ReferenceBits;
  /** Read by the policies that prefer clean pages; without it every page is clean. */
  readonly dirty?: DirtyBits;
  /** Drawn from by `random` alone, one draw per victim. */
  readonly random: Random;
  readonly options?: ReplacementOptions;
  /** Only in a machine: what its kernel knows of pages, and where it counts. `linux` makes use of them. */
  readonly pages?: PageFacts;
  readonly stat?: VmStat;
  /** Only in a replay. `opt` refuses to work without it. */
  readonly future?: FutureReferences;
}

export const POLICY_NAMES = [
  'fifo',
  'lru',
  'mru',
  'lifo',
  'random',
  'opt',
  'clock',
  'gclock',
  'second-chance',
  'enhanced-second-chance',
  'nru',
  'nfu',
  'aging',
  'lfu',
  'working-set',
  'wsclock',
  'pff',
  '2q',
  'arc',
  'car',
  'lirs',
  'sieve',
  's3-fifo',
  'linux',
  'mglru',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];
