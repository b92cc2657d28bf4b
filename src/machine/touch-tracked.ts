import type { Kernel } from '../kernel/kernel.ts';

/** Passes each reference on to a policy that needs exact recency, for frames that it knows. */
export class TouchTracked {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  touch(pfn: number): void {
    if (this.kernel.policy.holds(pfn)) this.kernel.policy.touch(pfn);
  }
}
