import type { Random } from '../../../mmu/random.ts';
import type { ReplacementOptions } from '../options.ts';

/**
 * A replacement policy as one loop over a whole batch of references: what a replay of millions uses in place of a call
 * for each reference.
 *
 * Pages are dense numbers 0, 1, 2, … (PageNumbering), so whatever a page needs stands in typed arrays at its number:
 * a byte of state, and links that lie beside each other, `[next, previous]`, so that a page costs one line of the
 * cache. A loop decides exactly as the policy of the same name does; a property test holds the two together (misses,
 * their positions, and who leaves).
 *
 * Its state lives in fields between batches and in local variables within one.
 */
export interface ReplayLoop {
  /**
   * Reference ids[from], …, ids[to - 1] in turn.
   * @param ids page numbers below what `grow` was told last
   * @param missBits where misses are marked, or null: bit 31 - (at & 31) of word at >>> 5 is set for a miss at
   *   position `at`; no bit is cleared
   * @param evicted where victims are told, or null: for each miss at position `at`, the page that left for it or -1.
   *   Positions of hits are not written.
   * @returns misses
   */
  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number;
  /** From now on pages 0 … pages - 1 may be referenced. Never shrinks. */
  grow(pages: number): void;
}

/**
 * A loop that keeps its own books of what is written: its policy looks at dirty bits, or writes pages ahead, or has pages
 * leave where no other comes in.
 */
export interface BookkeepingLoop extends ReplayLoop {
  /** Of the references of the next run, at the same positions: odd for writing (STORE, MODIFY). Null: only reads. */
  kinds: Uint8Array | null;
  /** Pages written: as they left dirty, or ahead of that. */
  readonly writeBacks: number;
  /** Pages resident, summed up over the references: what divided by them is the mean allocation. */
  readonly residentSum: number;
}

export const keepsBooks = (loop: ReplayLoop | null): loop is BookkeepingLoop => loop !== null && 'writeBacks' in loop;

/** What a loop is built from. */
export interface LoopContext {
  /** Frames: 1 … 2^24. */
  readonly frames: number;
  readonly options: ReplacementOptions;
  /** Drawn from by `random` alone, one draw a victim. */
  readonly random: Random;
  /** `opt` alone: every reference there will be, from position 0. `run` must then be called over it in order. */
  readonly recording?: Int32Array;
}

/** The bit of position 0 in a word of misses. */
export const FIRST_BIT = 0x8000_0000;
