/** The machine's counters: those of all CPUs added up, the kernel's and the swap device's. */
import type { Kernel } from '../kernel/kernel.ts';
import type { Counters } from './view.ts';

/**
 * One literal with every field spelled out: it is taken around each step, and an object built by spreading costs ten
 * times as much.
 */
export function collectCounters(kernel: Kernel): Counters {
  const { counters: own, swap } = kernel;
  let accesses = 0;
  let loads = 0;
  let stores = 0;
  let fetches = 0;
  let tlbHits = 0;
  let tlbMisses = 0;
  let l1TlbMisses = 0;
  let l2TlbHits = 0;
  let tlbInvalidations = 0;
  let tlbFlushes = 0;
  let walks = 0;
  let pteReads = 0;
  for (const cpu of kernel.cpus) {
    const { counters } = cpu;
    accesses += counters.accesses;
    loads += counters.loads;
    stores += counters.stores;
    fetches += counters.fetches;
    tlbHits += counters.tlbHits;
    tlbMisses += counters.tlbMisses;
    l1TlbMisses += counters.l1TlbMisses;
    l2TlbHits += counters.l2TlbHits;
    tlbInvalidations += counters.invalidations;
    tlbFlushes += counters.flushes;
    walks += counters.walks;
    pteReads += counters.pteReads;
  }
  return {
    accesses,
    loads,
    stores,
    fetches,
    tlbHits,
    tlbMisses,
    l1TlbMisses,
    l2TlbHits,
    tlbInvalidations,
    tlbFlushes,
    tlbShootdowns: own.tlbShootdowns,
    walks,
    pteReads,
    minorFaults: own.minorFaults,
    majorFaults: own.majorFaults,
    protectionFaults: own.protectionFaults,
    demandZeroFaults: own.demandZeroFaults,
    zeroPageFaults: own.zeroPageFaults,
    copyOnWriteFaults: own.copyOnWriteFaults,
    reuseFaults: own.reuseFaults,
    fileFaults: own.fileFaults,
    sharedFaults: own.sharedFaults,
    swapInFaults: own.swapInFaults,
    swapCacheFaults: own.swapCacheFaults,
    stackGrowths: own.stackGrowths,
    hugeFaults: own.hugeFaults,
    spuriousFaults: own.spuriousFaults,
    evictions: own.evictions,
    cleanEvictions: own.cleanEvictions,
    dirtyEvictions: own.dirtyEvictions,
    swapReads: swap.reads,
    swapWrites: swap.writes,
    syscalls: own.syscalls,
    signals: own.signals,
    forks: own.forks,
    exits: own.exits,
    oomKills: own.oomKills,
    contextSwitches: own.contextSwitches,
  };
}
