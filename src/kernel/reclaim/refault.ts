/**
 * Was a page that comes back evicted too early? [mm/workingset.c]
 *
 * Each group has a clock, its age, that ticks for every page evicted from its inactive lists and every page activated:
 * for whatever moves a page on the inactive list one place nearer to its end. An evicted page leaves its *shadow*, the
 * clock's reading, where it had been:
 *
 *     evicted at age E ──► shadow(E) ……… comes back at age R:   refault distance = R - E
 *                                                                = how much longer the inactive list should have been
 *
 * Had the other lists been the shorter by that much, the page would still be there; so if the distance is not more than
 * they have, it competes with their pages: it is activated at once. A page that had been active before its eviction
 * (its workingset mark is in the shadow) is *restored*.
 *
 * A shadow is ((age * 2 + mark) * 256 + group) + 1, an exact double; 0 means there is none.
 */
import { invariant } from '../../mmu/invariant.ts';
import { GROUPS_MAX } from '../memory-group.ts';

/** The clock and the costs of a group's lists; the root's are those of all groups together. */
export class GroupRecord {
  /** Ticks of the clock. */
  age = 0;
  /** What reclaiming each kind has cost lately: pages that came back, were written or looked at in vain. */
  anonCost = 0;
  fileCost = 0;
  refaultsAnon = 0;
  refaultsFile = 0;
  activatedAnon = 0;
  activatedFile = 0;
  restoredAnon = 0;
  restoredFile = 0;
  /** `activatedAnon`, `activatedFile` when the group was last reclaimed from. */
  seenAnon = 0;
  seenFile = 0;
}

export interface Shadow {
  readonly age: number;
  readonly workingset: boolean;
  readonly group: number;
}

/** [mm/workingset.c:pack_shadow] */
export function packShadow({ age, workingset, group }: Shadow): number {
  return (age * 2 + (workingset ? 1 : 0)) * GROUPS_MAX + group + 1;
}

/** [mm/workingset.c:unpack_shadow] */
export function unpackShadow(shadow: number): Shadow {
  invariant(shadow > 0, 'a shadow to read is there');
  const group = (shadow - 1) % GROUPS_MAX;
  const rest = (shadow - 1 - group) / GROUPS_MAX;
  return { age: Math.floor(rest / 2), workingset: rest % 2 === 1, group };
}

/** Pages on a group's lists. */
export interface ListSizes {
  readonly inactiveAnon: number;
  readonly activeAnon: number;
  readonly inactiveFile: number;
  readonly activeFile: number;
}

/** Would the page still be in memory, had the lists it competes with been shorter? [mm/workingset.c:workingset_test_recent] */
export function isRecent(distance: number, isFile: boolean, sizes: ListSizes, canSwap: boolean): boolean {
  let others = sizes.activeFile;
  if (!isFile) others += sizes.inactiveFile;
  if (canSwap) others += sizes.activeAnon + (isFile ? sizes.inactiveAnon : 0);
  return distance <= others;
}
