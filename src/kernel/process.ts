/** A process (Linux `task_struct`): who runs in an address space, and how it ended. */
import type { SignalInfo, SignalName } from './events.ts';
import type { OpenFile } from './fs/inode.ts';
import { ResourceLimits } from './limits.ts';
import type { AddressSpace } from './vm/address-space.ts';

/** Everybody here is the same ordinary user. */
export const USER_ID = 1000;

/** Linux cuts a process's name (TASK_COMM_LEN). */
const NAME_BYTES_MAX = 15;

/** The process's name as the kernel shows it. */
export function commandOf({ name }: Process): string {
  return new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, NAME_BYTES_MAX));
}

export class Process {
  readonly pid: number;
  readonly name: string;
  parent: Process | null;
  readonly children: Process[] = [];
  /** Null once the process is a zombie. */
  space: AddressSpace | null;
  state: 'running' | 'zombie' = 'running';
  exitCode: number | null = null;
  /** The signal that killed it. */
  signal: SignalName | null = null;
  /** The signal that the last access or kill brought, deadly or survived; null when the last access went well. */
  lastSignal: SignalInfo | null = null;
  /** `survive`: as with a handler that jumps away; the access is abandoned and the process goes on. */
  readonly signals: 'kill' | 'survive';
  cpu: number;
  readonly limits = new ResourceLimits();
  minorFaults = 0;
  majorFaults = 0;
  /** -1000 … 1000, Linux oom_score_adj; -1000 is never chosen. */
  oomScoreAdj = 0;
  /** How low it may set that itself (Linux oom_score_adj_min). */
  oomScoreAdjMin = 0;
  /** Index of the memory group it is in (memory-group.ts). */
  group = 0;
  /** Open files by descriptor; 0, 1 and 2 are the console's. */
  readonly files = new Map<number, OpenFile>();
  /** Bytes written to descriptors 1 and 2, and bytes waiting on descriptor 0. */
  readonly output: number[] = [];
  readonly input: number[] = [];

  constructor(
    pid: number,
    name: string,
    parent: Process | null,
    space: AddressSpace,
    cpu: number,
    signals: 'kill' | 'survive',
  ) {
    this.pid = pid;
    this.name = name;
    this.parent = parent;
    this.space = space;
    this.cpu = cpu;
    this.signals = signals;
  }
}
