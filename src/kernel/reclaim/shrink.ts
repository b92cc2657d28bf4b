/**
 * Reclaim of many pages at once under the `linux` policy [mm/vmscan.c:shrink_node, do_try_to_free_pages].
 *
 *     tryToFree    priority 12, 11, … 0 until enough is free; then once more, with active lists shortened by force
 *        └─ reclaimPages    one pass: the scan names pages, each is unmapped, saved and freed, or stays
 */
import { drainBatches } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import type { MemoryGroup } from '../memory-group.ts';
import { LinuxPolicy } from './linux.ts';
import { CLUSTER } from './lru-state.ts';
import { evict } from './reclaim.ts';
import type { Scan } from './scan.ts';
import { DEFAULT_PRIORITY } from './scan-counts.ts';

export interface ReclaimOptions {
  /** Who reclaims all memory, for the counters; a group's reclaim counts as neither. Default: direct. */
  readonly by?: 'kswapd' | 'direct';
  /** 0 … 200, instead of the group's or the machine's. */
  readonly swappiness?: number;
  /** May anonymous pages be swapped? Default: yes. */
  readonly maySwap?: boolean;
  /** Shorten active lists whatever their lengths. */
  readonly force?: boolean;
}

/** The lists of the machine's pages, or null under another policy, which has none. */
export function linuxPolicy({ policy }: Kernel): LinuxPolicy | null {
  return policy instanceof LinuxPolicy ? policy : null;
}

/**
 * One pass at this priority over the lists of the group, or with null of all groups: pages freed, about as many as wanted.
 * Who makes several passes ends them with `endReclaim`.
 */
export function reclaimPages(
  kernel: Kernel,
  group: MemoryGroup | null,
  wanted: number,
  priority: number,
  options: ReclaimOptions = {},
): number {
  const policy = linuxPolicy(kernel);
  return policy === null ? 0 : pass(kernel, policy, group, wanted, priority, options).reclaimed;
}

/** Reclaim is over for now. */
export function endReclaim(kernel: Kernel): void {
  linuxPolicy(kernel)?.finish();
}

/** Free at least `wanted` pages of the group, or of all with null, whatever it takes: how many. */
export function tryToFree(
  kernel: Kernel,
  group: MemoryGroup | null,
  wanted: number,
  options: ReclaimOptions = {},
): number {
  const policy = linuxPolicy(kernel);
  if (policy === null) return 0;
  const goal = Math.max(wanted, CLUSTER);
  let reclaimed = 0;
  for (const force of [options.force === true, true]) {
    let skippedActive = false;
    for (let priority = DEFAULT_PRIORITY; priority >= 0 && reclaimed < goal; priority--) {
      const scan = pass(kernel, policy, group, goal - reclaimed, priority, { ...options, force });
      reclaimed += scan.reclaimed;
      skippedActive ||= scan.skippedActive;
    }
    if (reclaimed > 0 || !skippedActive) break;
  }
  policy.finish();
  return reclaimed;
}

function pass(
  kernel: Kernel,
  policy: LinuxPolicy,
  group: MemoryGroup | null,
  wanted: number,
  priority: number,
  { by = 'direct', ...rest }: ReclaimOptions,
): Scan {
  const target = group === null || group.index === 0 ? -1 : group.index;
  drainBatches(kernel);
  const scan = policy.begin({ ...rest, group: target, priority, wanted, by: target < 0 ? by : 'group' });
  for (let pfn = scan.next(); pfn >= 0; pfn = scan.next()) {
    if (!evict(kernel, pfn)) policy.skip(pfn);
    else if (scan.chosen >= 0) scan.written();
  }
  return scan;
}
