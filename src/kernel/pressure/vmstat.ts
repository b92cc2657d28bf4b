/**
 * What /proc/vmstat counts and nothing else here does: events of reclaim, by Linux's names. Plain numbers, added to on
 * slow paths only. What follows from other counters is not kept twice: `vmEvents` puts the two together.
 *
 * Scans and steals are counted three ways: by who reclaims (kswapd; direct: the task that wants memory), and, memory groups'
 * own reclaim included, by kind (anon, file) [mm/vmscan.c:shrink_inactive_list].
 */
import type { Kernel } from '../kernel.ts';

export class VmStat {
  // Reclaim.
  allocstall_normal = 0;
  pgscan_kswapd = 0;
  pgscan_direct = 0;
  pgscan_anon = 0;
  pgscan_file = 0;
  pgsteal_kswapd = 0;
  pgsteal_direct = 0;
  pgsteal_anon = 0;
  pgsteal_file = 0;
  /** Pages of active lists looked at. */
  pgrefill = 0;
  pgactivate = 0;
  pgdeactivate = 0;
  /** Pages put at the end of their inactive list, to leave next. */
  pgrotated = 0;
  pglazyfree = 0;
  pglazyfreed = 0;
  /** Pages reclaim wrote to swap or file. */
  nr_vmscan_write = 0;
  // The background reclaimer.
  pageoutrun = 0;
  kswapd_low_wmark_hit_quickly = 0;
  kswapd_high_wmark_hit_quickly = 0;
  // Pages that came back (mm/workingset.c).
  workingset_refault_anon = 0;
  workingset_refault_file = 0;
  workingset_activate_anon = 0;
  workingset_activate_file = 0;
  workingset_restore_anon = 0;
  workingset_restore_file = 0;
  // Swap read-ahead.
  swap_ra = 0;
  swap_ra_hit = 0;
}

/**
 * The event counters of /proc/vmstat that mean something on this machine, by name. With zswap in front of the device its
 * traffic is zswpin/zswpout; pages of zeros are only noted, wherever the rest goes [mm/page_io.c].
 */
export function vmEvents(kernel: Kernel): Readonly<Record<string, number>> {
  const { counters, swap, vmstat } = kernel;
  const swapIn = swap.reads - swap.zeroReads;
  const swapOut = swap.writes - swap.zeroWrites;
  const isDisk = swap.kind === 'disk';
  return {
    ...vmstat,
    // A fault that ends in a signal counts here, too.
    pgfault: counters.minorFaults + counters.majorFaults + counters.protectionFaults,
    pgmajfault: counters.majorFaults,
    pgreuse: counters.reuseFaults,
    pswpin: isDisk ? swapIn : 0,
    pswpout: isDisk ? swapOut : 0,
    swpin_zero: swap.zeroReads,
    swpout_zero: swap.zeroWrites,
    zswpin: isDisk ? 0 : swapIn,
    zswpout: isDisk ? 0 : swapOut,
    oom_kill: counters.oomKills,
  };
}
