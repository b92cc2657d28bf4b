/**
 * The system calls of the machine's processes beyond the oldest ones, which `Machine` has itself:
 * `machine.calls.pread(process, fd, address, 4096, 0)`.
 *
 * Each is the kernel's function of that name between `enter` (the process runs now, the call is counted) and `note`
 * (those who listen hear of it). 0 or more is the result, below 0 is -errno; addresses, lengths and offsets may be
 * bigints, 64 bits wide.
 */
import type { Argument } from '../kernel/arguments.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { errnoName } from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import { activate } from '../kernel/schedule.ts';
import { requireAddress, requireRunning } from './check-access.ts';
import type { MachineTrap } from './trap.ts';

export class SystemCalls {
  private readonly kernel: Kernel;
  private readonly trap: MachineTrap;

  constructor(kernel: Kernel, trap: MachineTrap) {
    this.kernel = kernel;
    this.trap = trap;
  }

  /** Begin a system call of the process. */
  enter(process: Process, ...args: Argument[]): void {
    requireRunning(this.kernel, process);
    args.forEach(requireAddress);
    activate(this.kernel, process);
    this.kernel.counters.syscalls++;
  }

  /** Tell who listens what the call gave, and give it. */
  note(process: Process, name: string, args: Readonly<Record<string, Argument>>, result: number): number {
    const { listener } = this.trap;
    if (listener === null) return result;
    const shown = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, show(value)]));
    const said = result < 0 ? errnoName(result) : result;
    listener({ type: 'Syscall', pid: process.pid, name, args: shown, result: said });
    return result;
  }
}

/** An argument for an event: exact even beyond 2^53. */
const show = (argument: Argument): string | number => (typeof argument === 'bigint' ? argument.toString() : argument);
