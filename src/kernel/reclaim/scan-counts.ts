/**
 * How much of each list is looked at [mm/vmscan.c:get_scan_count, calculate_pressure_balance, prepare_scan_control,
 * inactive_is_low].
 *
 *     priority   12  11  …  1   0          each pass looks at size >> priority of every list, until enough is free
 *
 *     which kinds:    no swap, or a group with swappiness 0       files only
 *                     priority 0                                  both, equally
 *                     hardly any files (global reclaim)           anonymous only
 *                     files enough on the inactive list           files only
 *                     else    anon : file = swappiness / cost of anon : (200 - swappiness) / cost of file
 */
import type { ListSizes } from './refault.ts';

/** Linux MAX_SWAPPINESS: 100 means that swapping a page costs as much as reading a file's page again. */
export const SWAPPINESS_MAX = 200;
/** The first pass looks at a 4096th. */
export const DEFAULT_PRIORITY = 12;
const GIB = 2 ** 30;

/** What decides which kinds of lists are looked at. */
export interface ScanControl {
  readonly priority: number;
  readonly swappiness: number;
  /** May anonymous pages go, and is there anywhere to go? */
  readonly canSwap: boolean;
  /** On behalf of a group's limit? */
  readonly forGroup: boolean;
  readonly fileIsTiny: boolean;
  readonly trimsCache: boolean;
  readonly anonCost: number;
  readonly fileCost: number;
}

/** Pages to look at, by kind of list: inactive anon, active anon, inactive file, active file. */
export type ScanCounts = [number, number, number, number];

/** A kind is looked at for `anon / of`, `file / of` of its size >> priority. */
export interface Shares {
  readonly anon: number;
  readonly file: number;
  readonly of: number;
}

export function scanCounts(control: ScanControl, sizes: ListSizes): ScanCounts {
  const { anon, file, of } = sharesOf(control);
  const { priority } = control;
  return [
    dueOf(sizes.inactiveAnon, priority, anon, of),
    dueOf(sizes.activeAnon, priority, anon, of),
    dueOf(sizes.inactiveFile, priority, file, of),
    dueOf(sizes.activeFile, priority, file, of),
  ];
}

/** Of a list of this size, at this priority. */
export const dueOf = (size: number, priority: number, share: number, of: number): number =>
  Math.floor((Math.floor(size / 2 ** priority) * share) / of);

const ONLY_FILE: Shares = { anon: 0, file: 1, of: 1 };
const ONLY_ANON: Shares = { anon: 1, file: 0, of: 1 };
const EQUAL: Shares = { anon: 1, file: 1, of: 1 };

export function sharesOf(control: ScanControl): Shares {
  const { swappiness, priority } = control;
  if (!control.canSwap || (control.forGroup && swappiness === 0)) return ONLY_FILE;
  if (priority === 0 && swappiness > 0) return EQUAL;
  if (control.fileIsTiny) return ONLY_ANON;
  if (control.trimsCache) return ONLY_FILE;
  const total = control.anonCost + control.fileCost;
  const anonCost = total + control.anonCost;
  const fileCost = total + control.fileCost;
  const anon = Math.floor((swappiness * (anonCost + fileCost + 1)) / (anonCost + 1));
  const file = Math.floor(((SWAPPINESS_MAX - swappiness) * (anonCost + fileCost + 1)) / (fileCost + 1));
  return { anon, file, of: anon + file };
}

/** Are there too few inactive pages for the active ones? Below 1 GiB of both the active ones may be as many. */
export function isInactiveLow(inactive: number, active: number, pageBytes: number): boolean {
  const gib = Math.floor(((inactive + active) * pageBytes) / GIB);
  const ratio = gib > 0 ? Math.floor(Math.sqrt(10 * gib)) : 1;
  return inactive * ratio < active;
}
