/**
 * Typed arrays indexed by slot that are only as long as the highest slot seen: a machine of 2^24 frames that uses a
 * thousand costs (and snapshots) a thousand.
 *
 *     [ entries so far | zeros … ]      at least twice as long as before, so that growing is O(1) amortized
 */
import { invariant } from '../../mmu/invariant.ts';

/** A longer copy of the array that has `index`, which is below `most`: the longest that it may become. */
export function grownArray<A extends Int32Array | Uint16Array | Uint8Array>(array: A, index: number, most: number): A {
  invariant(Number.isInteger(index) && index >= 0 && index < most, 'the slot exists');
  const ofItsKind = array.constructor as new (length: number) => A;
  const longer = new ofItsKind(Math.min(Math.max(2 * array.length, index + 1), most));
  longer.set(array);
  return longer;
}
