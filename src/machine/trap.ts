/** Between the processors and the kernel: hands faults over, and shows listeners each renewed attempt. */
import type { PageFaultHandler } from '../kernel/fault/handler.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Cpu, Fault, TrapHandler } from '../mmu/cpu.ts';
import { ACCESS_NAMES, type AccessKind } from '../mmu/units.ts';
import type { MachineListener } from './events.ts';

export class MachineTrap implements TrapHandler {
  static readonly transient: readonly string[] = ['listener'];

  private readonly kernel: Kernel;
  private readonly handler: PageFaultHandler;
  listener: MachineListener | null = null;
  /** Faults handled so far in the access under way, and its size in bytes. */
  attempt = 0;
  size = 0;
  /** Pages of the access under way whose first translation is yet to be told, because they fault; see AccessPort. */
  untold: number[] = [];

  constructor(kernel: Kernel, handler: PageFaultHandler) {
    this.kernel = kernel;
    this.handler = handler;
  }

  pageFault(cpu: Cpu, fault: Fault): boolean {
    if (this.listener === null) return this.handler.pageFault(cpu, fault);
    // The latch is overwritten by whatever the kernel does meanwhile.
    const { address, access } = fault;
    const page = address - (address % this.kernel.pageBytes);
    if (this.untold.includes(page)) {
      this.untold = this.untold.filter((other) => other !== page);
      this.attempt = 0;
      this.tell(cpu, address, access);
    }
    const again = this.handler.pageFault(cpu, fault);
    this.attempt++;
    if (again) this.tell(cpu, address, access);
    return again;
  }

  private tell(cpu: Cpu, address: number, access: AccessKind): void {
    const pid = this.kernel.running[cpu.index]?.pid;
    if (pid === undefined) return;
    this.listener?.({
      type: 'Translate',
      pid,
      cpu: cpu.index,
      attempt: this.attempt,
      access: ACCESS_NAMES[access],
      size: this.size,
      translation: cpu.peek(address, access),
    });
  }
}
