/** A processor's counters, as a picture taken at one moment. `cpu.ts` says how they hang together. */
export interface CpuCounters {
  /** Pages reached for: loads + stores + fetches. */
  readonly accesses: number;
  readonly loads: number;
  readonly stores: number;
  readonly fetches: number;
  readonly tlbHits: number;
  /** Missed in every TLB. */
  readonly tlbMisses: number;
  readonly l1TlbMisses: number;
  readonly l2TlbHits: number;
  /** Page-table walks, retries after faults and walks that only set D included. */
  readonly walks: number;
  readonly pteReads: number;
  /** Walks to set D for a store that hit a TLB entry still clean. */
  readonly dirtyWalks: number;
  /** Accesses to addresses that are non-canonical or out of range: refused without a lookup. */
  readonly refusedAddresses: number;
  /** Calls to invalidate a page; calls to invalidate an address space or everything. */
  readonly invalidations: number;
  readonly flushes: number;
}

/** The running counts behind the picture; accesses themselves are counted on the hit path (`translation-unit.ts`). */
export class CpuTally {
  /** Ticks of the clock that were no accesses: retries and presets. */
  uncountedTicks = 0;
  tlbMisses = 0;
  l2TlbHits = 0;
  walks = 0;
  pteReads = 0;
  dirtyWalks = 0;
  refusedAddresses = 0;
  invalidations = 0;
  flushes = 0;

  picture(clock: number, stores: number, fetches: number, hasTlb: boolean): CpuCounters {
    const accesses = clock - this.uncountedTicks;
    return {
      accesses,
      loads: accesses - stores - fetches,
      stores,
      fetches,
      tlbHits: hasTlb ? accesses - this.refusedAddresses - this.tlbMisses : 0,
      tlbMisses: this.tlbMisses,
      l1TlbMisses: this.tlbMisses + this.l2TlbHits,
      l2TlbHits: this.l2TlbHits,
      walks: this.walks,
      pteReads: this.pteReads,
      dirtyWalks: this.dirtyWalks,
      refusedAddresses: this.refusedAddresses,
      invalidations: this.invalidations,
      flushes: this.flushes,
    };
  }
}
