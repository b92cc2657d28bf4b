/** Counting a fault that was resolved, on the machine's counters and the process's. */
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import {
  COPY_ON_WRITE,
  DEMAND_ZERO,
  FILE,
  HUGE,
  MAJOR,
  REUSE,
  SHARED,
  SPURIOUS,
  STACK_GROWTH,
  SWAP_CACHE,
  SWAP_IN,
  ZERO_PAGE,
} from './outcome.ts';

export function chargeFault(kernel: Kernel, process: Process, outcome: number): void {
  const { counters } = kernel;
  const group = kernel.groups[process.group]!;
  group.faults++;
  if (outcome >= MAJOR) {
    counters.majorFaults++;
    group.majorFaults++;
    process.majorFaults++;
  } else {
    counters.minorFaults++;
    process.minorFaults++;
  }
  switch (outcome & (MAJOR - 1)) {
    case DEMAND_ZERO:
      counters.demandZeroFaults++;
      break;
    case ZERO_PAGE:
      counters.zeroPageFaults++;
      break;
    case COPY_ON_WRITE:
      counters.copyOnWriteFaults++;
      break;
    case REUSE:
      counters.reuseFaults++;
      break;
    case FILE:
      counters.fileFaults++;
      break;
    case SHARED:
      counters.sharedFaults++;
      break;
    case SWAP_IN:
      counters.swapInFaults++;
      break;
    case SWAP_CACHE:
      counters.swapCacheFaults++;
      break;
    case STACK_GROWTH:
      counters.stackGrowths++;
      break;
    case HUGE:
      counters.hugeFaults++;
      break;
    case SPURIOUS:
      counters.spuriousFaults++;
      break;
  }
}
