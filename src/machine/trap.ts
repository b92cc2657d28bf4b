/** Between the processors and the kernel: hands faults over, and shows listeners each renewed attempt. */
import type { PageFaultHandler } from '../kernel/fault/handler.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Cpu, Fault, TrapHandler } from '../mmu/cpu.ts';
import { ACCESS_NAMES } from '../mmu/units.ts';
import type { MachineListener } from './events.ts';

export class MachineTrap implements TrapHandler {
  static readonly transient: readonly string[] = ['listener'];

  private readonly kernel: Kernel;
  private readonly handler: PageFaultHandler;
  listener: MachineListener | null = null;
  /** Faults handled so far in the access under way, and its size in bytes. */
  attempt = 0;
  size = 0;

  constructor(kernel: Kernel, handler: PageFaultHandler) {
    this.kernel = kernel;
    this.handler = handler;
  }

  pageFault(cpu: Cpu, fault: Fault): boolean {
    if (this.listener === null) return this.handler.pageFault(cpu, fault);
    // The latch is overwritten by whatever the kernel does meanwhile.
    const { address, access } = fault;
    const again = this.handler.pageFault(cpu, fault);
    this.attempt++;
    const pid = this.kernel.running[cpu.index]?.pid;
    if (again && pid !== undefined) {
      this.listener({
        type: 'Translate',
        pid,
        cpu: cpu.index,
        attempt: this.attempt,
        access: ACCESS_NAMES[access],
        size: this.size,
        translation: cpu.peek(address, access),
      });
    }
    return again;
  }
}
