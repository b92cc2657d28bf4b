/** Which frames must stay in memory because somebody locked them. */
import type { Kernel } from '../kernel.ts';
import { VM_LOCKED } from '../linux-abi.ts';

/** Is the frame mapped in a locked area (Linux PG_mlocked, and with that PG_unevictable)? */
export function isLockedInMemory(kernel: Kernel, pfn: number): boolean {
  const { reverseMap, spaces, pageBytes } = kernel;
  for (let at = reverseMap.first(pfn); at >= 0; at = reverseMap.next(pfn, at)) {
    const space = spaces[reverseMap.spaceAt(pfn, at)]!;
    if (space.lockedPages === 0) continue;
    if (space.areas.at(reverseMap.pageAt(pfn, at) * pageBytes)?.has(VM_LOCKED)) return true;
  }
  return false;
}
