/** The machine's counters: those of all CPUs added up, the kernel's and the swap device's. */
import type { Kernel } from '../kernel/kernel.ts';
import type { Counters } from './view.ts';

export function collectCounters(kernel: Kernel): Counters {
  const hardware = {
    accesses: 0,
    loads: 0,
    stores: 0,
    fetches: 0,
    tlbHits: 0,
    tlbMisses: 0,
    l1TlbMisses: 0,
    l2TlbHits: 0,
    tlbInvalidations: 0,
    tlbFlushes: 0,
    walks: 0,
    pteReads: 0,
  };
  for (const cpu of kernel.cpus) {
    const { counters } = cpu;
    hardware.accesses += counters.accesses;
    hardware.loads += counters.loads;
    hardware.stores += counters.stores;
    hardware.fetches += counters.fetches;
    hardware.tlbHits += counters.tlbHits;
    hardware.tlbMisses += counters.tlbMisses;
    hardware.l1TlbMisses += counters.l1TlbMisses;
    hardware.l2TlbHits += counters.l2TlbHits;
    hardware.tlbInvalidations += counters.invalidations;
    hardware.tlbFlushes += counters.flushes;
    hardware.walks += counters.walks;
    hardware.pteReads += counters.pteReads;
  }
  return { ...hardware, ...kernel.counters, swapReads: kernel.swap.reads, swapWrites: kernel.swap.writes };
}
