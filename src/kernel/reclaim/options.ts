import { InputError } from '../../mmu/input-error.ts';

/** References from one tick of a policy to the next, unless told otherwise. */
export const TICK_EVERY = 100;
/** Defaults of `window`: references for `working-set`, ticks for `wsclock`. */
export const WORKING_SET_WINDOW = 1000;
export const WSCLOCK_WINDOW = 2;

/**
 * The conventions on which books and programs disagree. All of them in one place; a policy reads those that concern it.
 *
 * Where libCacheSim is exact with the defaults, nothing is said; otherwise the option tells how to reach it.
 */
export interface ReplacementOptions {
  /**
   * `clock`, `gclock`, `second-chance`: does the reference that loads a page set its reference bit? Default true:
   * hardware does, as the access is restarted after the fault, and so do most exercises. libCacheSim's Clock starts a
   * page with bit 0. The caller keeps the bits, so this is the caller's to obey; a kernel on real page tables has to
   * clear the bit behind that access, which costs a TLB entry (machine/touch-tracked.ts).
   */
  readonly referenceOnLoad?: boolean;
  /** The clocks: the slot (in a machine, the physical frame) where the hand stands at the first replacement. Default: the page admitted first. */
  readonly handStart?: number;
  /** `gclock`: bits of the reference counter, 1 … 30; default 2. `aging`: bits of a page's history, 1 … 30; default 8. */
  readonly counterBits?: number;
  /** `lfu`: who leaves among pages of the same count. Default `longest-at-count`. */
  readonly lfuTies?: LfuTies;
  /** `lfu`: does the count of a page outlive its eviction? Default false. */
  readonly lfuKeepsCounts?: boolean;
  /** Policies with a clock tick: references from one tick to the next, from 1 up. Default 100. Not in a machine. */
  readonly tickEvery?: number;
  /**
   * `working-set`: how many references a page stays in the working set, from 1 up; default 1000. `wsclock`: how many
   * ticks it does; default 2.
   */
  readonly window?: number;
  /** `wsclock`: pages written ahead at most while the hand looks for one to take; default: all that are due. */
  readonly writesAhead?: number;
  /** `pff`: the number of references between two faults from which on memory is given back; default 100. */
  readonly faultInterval?: number;
  /** `2q`: part of the frames for pages seen once (A1in); default 0.25. */
  readonly inPart?: number;
  /** `2q`: pages remembered after they left (A1out), as a part of the frames; default 0.5. */
  readonly outPart?: number;
  /** `s3-fifo`: part of the frames for the small queue; default 0.1. */
  readonly smallPart?: number;
  /** `s3-fifo`: pages remembered, as a part of the frames; default 0.9. */
  readonly ghostPart?: number;
  /** `lirs`: part of the frames for pages of high inter-reference recency, at least one frame; default 0.01. */
  readonly hirPart?: number;
  /** `lirs`: the most pages in the stack S, resident or not, as a multiple of the frames; default 2. */
  readonly stackPart?: number;
  /**
   * `lirs`: `paper` (default), or `libcachesim`, which when a page is hit that Q knows and S does not first makes a LIR
   * page give way. That can evict on a hit, so it exists in a replay's loop only.
   */
  readonly lirsVariant?: LirsVariant;
}

export const LFU_TIES = ['longest-at-count', 'first-loaded'] as const;
/**
 * - `longest-at-count`: the page that has had this count longest (libCacheSim), which is the one used longest ago, as every
 *   use raises the count
 * - `first-loaded`: the page loaded first (most textbooks)
 */
export type LfuTies = (typeof LFU_TIES)[number];

export const LIRS_VARIANTS = ['paper', 'libcachesim'] as const;
export type LirsVariant = (typeof LIRS_VARIANTS)[number];

export interface TwoQueueSizes {
  /** A1in gives up a page when it holds more than these. */
  readonly inMost: number;
  /** Pages remembered in A1out. */
  readonly outMost: number;
}

export function twoQueueSizes(frames: number, options: ReplacementOptions): TwoQueueSizes {
  return {
    inMost: Math.floor(frames * (options.inPart ?? 0.25)),
    outMost: Math.floor(frames * (options.outPart ?? 0.5)),
  };
}

export interface S3FifoSizes {
  /** The main queue gives up a page when it holds more than these. */
  readonly mainMost: number;
  readonly ghostMost: number;
}

export function s3FifoSizes(frames: number, options: ReplacementOptions): S3FifoSizes {
  return {
    mainMost: frames - Math.floor(frames * (options.smallPart ?? 0.1)),
    ghostMost: Math.floor(frames * (options.ghostPart ?? 0.9)),
  };
}

export interface LirsSizes {
  /** LIR pages; 0 with a single frame, which is then a queue of one. */
  readonly lirMost: number;
  /** Resident HIR pages. */
  readonly queueMost: number;
  /** Pages in S. */
  readonly stackMost: number;
}

/** @throws InputError MEM-POL-003 for libCacheSim's variant in a single frame: it would have no LIR page to demote */
export function lirsSizes(frames: number, options: ReplacementOptions): LirsSizes {
  const queueMost = Math.max(1, Math.min(frames, Math.floor(frames * (options.hirPart ?? 0.01))));
  const lirMost = frames - queueMost;
  if (options.lirsVariant === 'libcachesim' && lirMost === 0) {
    throw new InputError({
      code: 'MEM-POL-003',
      message: 'libCacheSim’s variant of `lirs` needs a frame for a LIR page',
      hint: 'give more frames or a smaller `hirPart`',
    });
  }
  return { lirMost, queueMost, stackMost: Math.floor(frames * (options.stackPart ?? 2)) };
}
