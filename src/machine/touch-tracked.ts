import type { Kernel } from '../kernel/kernel.ts';

/** Passes each reference on to a policy that needs exact recency, for frames that it knows. */
export class TouchTracked {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  touch(pfn: number): void {
    const { kernel } = this;
    // The access that faulted the page in, started again: the policy has been told of it by `admit`.
    const isAdmission = kernel.admittedFrame === pfn;
    kernel.admittedFrame = -1;
    if (!isAdmission && kernel.policy.holds(pfn)) kernel.policy.touch(pfn);
  }
}
