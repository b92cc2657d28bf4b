/**
 * The slots of all TLB arrays of one processor, one array behind the other: what each entry maps, and when it was used.
 *
 *     slot      0 … 63 L1        64 … 1599 L2                       (or L1d, L1i, L2)
 *     doubles   [ keys: one for each slot | touched | frames ]
 *     words     [ spaces: one for each slot | marks ]
 *
 * An entry that moves up from the second level to the first is copied within these two arrays. They are two, and shared,
 * because to reach an array costs the miss path more than to read from it.
 *
 * What the columns hold is told in tlb.ts, to which they belong.
 */

/** Key of an empty slot: no page's. */
export const INVALID = Number.NEGATIVE_INFINITY;
/** Time of an empty slot: before all others. */
export const NEVER = -1;
/** Levels fit three bits. */
export const LEVELS = 8;
export const PER_LEVELS = 1 / LEVELS;
/** Level of an empty slot: none that there is. */
export const NO_LEVEL = 8;
/** A mark: the level above the flags. */
export const LEVEL_SHIFT = 16;

export class TlbSlots {
  readonly count: number;
  readonly doubles: Float64Array;
  readonly words: Int32Array;
  /** The second column of `doubles`, for the hit paths to stamp. */
  readonly touched: Float64Array;

  constructor(count: number) {
    this.count = count;
    this.doubles = new Float64Array(3 * count).fill(INVALID, 0, count).fill(NEVER, count, 2 * count);
    this.words = new Int32Array(2 * count).fill(NO_LEVEL << LEVEL_SHIFT, count);
    this.touched = this.doubles.subarray(count, 2 * count);
  }
}

/** The slot of `ways` ones from `start` on that holds the key for the space, or for all; -1: none. */
export function findIn(slots: TlbSlots, start: number, ways: number, key: number, space: number): number {
  const { doubles, words } = slots;
  const end = start + ways;
  for (let slot = start; slot < end; slot++) {
    // A space below 0 is everybody's.
    if (doubles[slot] === key && (words[slot] === space || words[slot]! < 0)) return slot;
  }
  return -1;
}

/** Where the least of `count` times is, the first of equals. */
export function leastOf(times: Float64Array, start: number, count: number): number {
  const end = start + count;
  let least = start;
  let time = times[start]!;
  for (let at = start + 1; at < end; at++) {
    const other = times[at]!;
    if (other >= time) continue;
    time = other;
    least = at;
  }
  return least;
}
