/** The system calls of a program's libraries, answered by the machine: the oldest are its own, the others in `machine.calls`. */
import type { Process } from '../kernel/process.ts';
import type { AdviceName } from '../kernel/vm/advice.ts';
import type { ProgramCalls, ProgramMmapOptions, ProgramMremapOptions } from '../process/program-memory.ts';

/** As much of a `Machine` as programs call. */
export interface CallableMachine extends Pick<ProgramCalls, 'mmap' | 'munmap' | 'sbrk'> {
  readonly calls: Pick<ProgramCalls, 'mremap' | 'madvise'>;
}

export class ProgramSystemCalls implements ProgramCalls {
  private readonly machine: CallableMachine;

  constructor(machine: CallableMachine) {
    this.machine = machine;
  }

  mmap(process: Process, options: ProgramMmapOptions): number {
    return this.machine.mmap(process, options);
  }

  munmap(process: Process, address: number, length: number): number {
    return this.machine.munmap(process, address, length);
  }

  mremap(process: Process, options: ProgramMremapOptions): number {
    return this.machine.calls.mremap(process, options);
  }

  madvise(process: Process, address: number, length: number, advice: AdviceName): number {
    return this.machine.calls.madvise(process, address, length, advice);
  }

  sbrk(process: Process, delta: number): number {
    return this.machine.sbrk(process, delta);
  }
}
