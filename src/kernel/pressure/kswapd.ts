/**
 * The background reclaimer [mm/vmscan.c:wakeup_kswapd, balance_pgdat, kswapd_try_to_sleep].
 *
 *     asleep ──an allocation finds free <= low──► woken ──next time the kernel has nothing better to do──► runs
 *       ▲                                                                                                   │
 *       └──────────────── free > high, or sixteen tries freed nothing ──────────────────────────────────────┘
 *
 * It has no CPU of its own here. It runs at the end of the access or system call that woke it, before the next page fault
 * at the latest; until then allocations go on, down to `min`, where they reclaim themselves (allocate.ts).
 *
 * A try goes through the priorities 12 … 1; the first one often frees nothing, as every page was used since it came in and
 * gets its second chance. Sixteen tries in a row that freed nothing make it give up: nobody wakes it until somebody's own
 * reclaim frees a page.
 */
import type { Kernel } from '../kernel.ts';
import { byNobody } from '../memory-group.ts';
import { endReclaim, reclaimPages } from '../reclaim/shrink.ts';
import { SWAP_CLUSTER_MAX } from './watermarks.ts';

/** Linux MAX_RECLAIM_RETRIES. */
export const RECLAIM_RETRIES = 16;
/** Linux DEF_PRIORITY: the first pass looks at a 4096th of each list. */
const FIRST_PRIORITY = 12;
const LAST_PRIORITY = 1;

export class Kswapd {
  woken = false;
  /** Tries in a row that freed nothing. */
  failures = 0;
  /** System calls and faults there had been when it went to sleep. */
  private sleptAt = Number.NEGATIVE_INFINITY;

  get isHopeless(): boolean {
    return this.failures >= RECLAIM_RETRIES;
  }

  fellAsleep(kernel: Kernel): void {
    this.woken = false;
    this.sleptAt = entriesOf(kernel);
  }

  /** Was there at most one more reason to enter the kernel since? Linux asks whether a tenth of a second has passed. */
  hasJustSlept(kernel: Kernel): boolean {
    return entriesOf(kernel) - this.sleptAt <= 1;
  }
}

function entriesOf({ counters }: Kernel): number {
  return counters.syscalls + counters.minorFaults + counters.majorFaults;
}

/** Fewer pages are free than the low watermark wants. */
export function wakeKswapd(kernel: Kernel): void {
  const { kswapd, zone, buddy } = kernel;
  if (kswapd === null || kswapd.woken || kswapd.isHopeless) return;
  if (zone.allows('high', buddy.free)) return;
  kswapd.woken = true;
  if (kswapd.hasJustSlept(kernel)) kernel.vmstat.kswapd_low_wmark_hit_quickly++;
  if (kernel.sink === null) return;
  const { low, high } = zone.watermarks;
  kernel.emit({ type: 'KswapdWoke', free: buddy.free, low, high });
}

/** If somebody woke it: free pages until more than the high watermark are, or nothing more can be had. */
export function runKswapd(kernel: Kernel): void {
  const { kswapd, vmstat, buddy } = kernel;
  if (kswapd === null || !kswapd.woken) return;
  const before = { free: buddy.free, scanned: vmstat.pgscan_kswapd };
  const reclaimed = byNobody(kernel, () => reclaimUntilBalanced(kernel, kswapd));
  kswapd.fellAsleep(kernel);
  if (kernel.sink === null) return;
  const scanned = vmstat.pgscan_kswapd - before.scanned;
  const { high } = kernel.zone.watermarks;
  kernel.emit({ type: 'KswapdSlept', from: before.free, free: buddy.free, high, scanned, reclaimed });
}

/** Pages freed. */
function reclaimUntilBalanced(kernel: Kernel, kswapd: Kswapd): number {
  const { vmstat, zone, buddy } = kernel;
  let reclaimed = 0;
  for (;;) {
    vmstat.pageoutrun++;
    reclaimed += balance(kernel, kswapd);
    endReclaim(kernel);
    if (kswapd.isHopeless || zone.allows('high', buddy.free)) return reclaimed;
    vmstat.kswapd_high_wmark_hit_quickly++;
  }
}

/** One try: pages freed. */
function balance(kernel: Kernel, kswapd: Kswapd): number {
  const { zone, buddy, vmstat } = kernel;
  const wanted = Math.max(zone.watermarks.high, SWAP_CLUSTER_MAX);
  let total = 0;
  for (let priority = FIRST_PRIORITY; priority >= LAST_PRIORITY; ) {
    if (zone.allows('high', buddy.free)) return total;
    const scannedBefore = vmstat.pgscan_kswapd;
    const reclaimed = reclaimPages(kernel, null, wanted, priority, { by: 'kswapd' });
    total += reclaimed;
    // A pass that looked at enough and freed some is repeated as it is.
    const lookedAtEnough = vmstat.pgscan_kswapd - scannedBefore >= wanted;
    if (!lookedAtEnough || reclaimed === 0) priority--;
  }
  kswapd.failures = total === 0 ? kswapd.failures + 1 : 0;
  return total;
}
