/** What each counter counts, in a sentence. Keyed by the counters' names: one without its sentence does not compile. */
import type { CounterName } from './view.ts';

export const COUNTER_DESCRIPTIONS: Readonly<Record<CounterName, string>> = {
  accesses:
    'Pages reached for, by programs and on their behalf in system calls: loads + stores + fetches; an access across a page boundary counts twice, a retry after a fault not again.',
  loads: 'Accesses that read.',
  stores: 'Accesses that write; a read-modify-write is one store.',
  fetches: 'Accesses that fetch an instruction.',
  tlbHits: 'First lookups of an access that some TLB answered; the lookup of a retry after a fault is not counted.',
  tlbMisses: 'First lookups of an access that no TLB answered; the lookup of a retry after a fault is not counted.',
  l1TlbMisses: 'First lookups that the first-level TLB could not answer, whether or not the second level could.',
  l2TlbHits: 'First lookups that missed the first-level TLB and hit the second.',
  tlbInvalidations: 'Calls to make a CPU forget one page (a call counts whether or not a TLB held the page).',
  tlbFlushes: 'Calls to make a CPU forget a whole address space, or everything.',
  tlbShootdowns: 'Times that one CPU made another forget pages, by an inter-processor interrupt.',
  walks:
    'Page-table walks by the hardware: after TLB misses, again after each fault, and to set the dirty bit for a store that hit a clean entry.',
  pteReads: 'Page-table entries that walks read from memory.',
  minorFaults: 'Page faults that the kernel resolved without reading from a device.',
  majorFaults:
    'Page faults that the kernel resolved by reading from a device: a page from swap, or from a file on a disk.',
  protectionFaults:
    'Accesses that were refused for good, whether nothing was mapped there (SEGV_MAPERR), the right was missing (SEGV_ACCERR) or nothing was behind the mapping (SIGBUS): each ended in a signal or in EFAULT, and is no minor or major fault.',
  demandZeroFaults: 'Faults resolved by a new frame full of zeros: the first write to an anonymous page.',
  zeroPageFaults: 'Faults resolved by the shared zero page: the first read of an anonymous page.',
  copyOnWriteFaults: 'Faults resolved by copying a frame that others still use: a write to a shared private page.',
  reuseFaults: 'Faults resolved by making a frame writable in place: a write by its last user.',
  fileFaults:
    'Faults resolved by a page of a file, from the page cache or read from its disk, or of the program image.',
  sharedFaults: 'Faults resolved by a page of shared memory: without a name, of System V, or of a file in tmpfs.',
  swapInFaults: 'Faults on a page that was in swap and had to be read back; the major ones of anonymous memory.',
  swapCacheFaults: 'Faults on a page in swap whose frame was still in memory: nothing was read.',
  stackGrowths: 'Faults resolved by making the stack area grow down to the access, then mapping the page.',
  hugeFaults: 'Faults resolved by mapping a superpage.',
  spuriousFaults: 'Faults that the page table already allowed: the TLB entry was stale, so only the TLB was put right.',
  evictions: 'Pages taken out of memory to make room: cleanEvictions + dirtyEvictions.',
  cleanEvictions:
    'Evictions that wrote nothing, because swap, the file or the program image already has the same bytes, or because MADV_FREE gave the page up.',
  dirtyEvictions: 'Evictions that had to write the page to swap or to its file.',
  swapReads: 'Pages read from the swap device, those read ahead included.',
  swapWrites: 'Pages written to the swap device, whether or not they left memory then.',
  syscalls: 'System calls, refused ones included.',
  signals: 'Signals delivered, whether or not the process survived them.',
  forks: 'Processes made by fork.',
  exits: 'Processes that ended, by exit or by a signal.',
  oomKills: 'Processes killed because memory ran out.',
  contextSwitches: 'Times that a CPU began to run another process than before.',
};
