/** What the kernel counts, machine-wide. Plain numeric fields: incremented on fault paths. */
export class KernelCounters {
  minorFaults = 0;
  majorFaults = 0;
  /** Faults that ended in a signal or EFAULT: not among the minor or major ones. */
  protectionFaults = 0;
  demandZeroFaults = 0;
  zeroPageFaults = 0;
  copyOnWriteFaults = 0;
  reuseFaults = 0;
  fileFaults = 0;
  sharedFaults = 0;
  swapInFaults = 0;
  swapCacheFaults = 0;
  stackGrowths = 0;
  hugeFaults = 0;
  spuriousFaults = 0;
  evictions = 0;
  cleanEvictions = 0;
  dirtyEvictions = 0;
  tlbShootdowns = 0;
  syscalls = 0;
  signals = 0;
  forks = 0;
  exits = 0;
  oomKills = 0;
  contextSwitches = 0;
}
