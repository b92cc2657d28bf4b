/**
 * The timer as replacement policies hear it: those that look at reference bits in intervals look now, and those that choose
 * how much memory there is to be (`surplus`: working-set, pff) have what they no longer want evicted now.
 *
 * In a replay such pages leave with the very reference after which they are not wanted. A machine has no trap for
 * references: its policies are told of them, but pages can leave only where the kernel is at work anyway.
 */
import type { Kernel } from '../kernel.ts';
import type { ReplacementPolicy } from './policy.ts';
import { evict, FOR_POLICY, mayReclaim } from './reclaim.ts';

/** Does the timer mean anything to the policy? */
export const hearsTicks = (policy: ReplacementPolicy): boolean =>
  policy.tick !== undefined || policy.surplus !== undefined;

export function tickPolicy(kernel: Kernel): void {
  kernel.policy.tick?.();
  if (kernel.policy.surplus !== undefined) giveBack(kernel);
}

/** Each resident page is asked about at most once: one that cannot leave goes to the end of the line. */
function giveBack(kernel: Kernel): void {
  const { policy } = kernel;
  if (!mayReclaim(kernel)) return;
  for (let tries = policy.resident; tries > 0; tries--) {
    const pfn = policy.surplus!();
    if (pfn < 0) return;
    if (!evict(kernel, pfn, FOR_POLICY)) policy.skip(pfn);
  }
}
