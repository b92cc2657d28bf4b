import type { Kernel } from '../kernel/kernel.ts';
import { PteReferenceBits } from '../kernel/reclaim/reference-bits.ts';
import type { FrameReference } from '../mmu/translation-unit.ts';

/** Who has to hear of each reference for the machine's policy to work as its options say; null: nobody. */
export function referenceListener(kernel: Kernel): FrameReference | null {
  if (kernel.policy.needsTouch) return new TouchTracked(kernel);
  return kernel.options.replacementOptions.referenceOnLoad === false ? new LoadsUnreferenced(kernel) : null;
}

/** Passes each reference on to a policy that needs exact recency, for frames that it knows. */
class TouchTracked implements FrameReference {
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

/**
 * `referenceOnLoad: false`: the access that faulted a page in leaves its accessed bit clear. Hardware sets the bit as it starts
 * that access again, so it is cleared behind it, and with it goes the TLB entry: the next access walks and sets it.
 */
class LoadsUnreferenced implements FrameReference {
  private readonly kernel: Kernel;
  private readonly bits: PteReferenceBits;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.bits = new PteReferenceBits(kernel);
  }

  touch(pfn: number): void {
    const { kernel } = this;
    const isAdmission = kernel.admittedFrame === pfn;
    kernel.admittedFrame = -1;
    if (isAdmission && kernel.policy.holds(pfn)) this.bits.testAndClear(pfn);
  }
}
