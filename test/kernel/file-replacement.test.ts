/** Pages of a file under the policies that ask who comes in (arc, car, 2q, lirs …): they fault in a machine as in a replay. */
import { describe, expect, it } from 'vitest';
import { MADV_RANDOM, MAP_SHARED, Machine, PROT_READ, simulateReferences } from '../../src/index.ts';
import type { PolicyName } from '../../src/kernel/reclaim/policy.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const PAGES = 24;

function faultsOfMachine(replacement: PolicyName, frames: number, pages: readonly number[]): number {
  const machine = new Machine({ paging: 'sv39', memory: 1 << 20, replacement, residentPages: frames, tlb: null });
  machine.files.create('data', 'disk');
  // A hole: what is written from outside would pass through memory, and be remembered by the policies.
  expect(machine.files.truncate('data', PAGES * PAGE)).toBe(0);
  const process = machine.spawn();
  const fd = machine.calls.open(process, 'data', { canRead: true });
  const map = machine.mmap(process, { length: PAGES * PAGE, prot: PROT_READ, flags: MAP_SHARED, fd });
  expect(machine.calls.madvise(process, map, PAGES * PAGE, MADV_RANDOM)).toBe(0);
  let faults = 0;
  for (const page of pages) faults += machine.load(process, map + page * PAGE, 1).major;
  return faults;
}

describe.for(['lru', '2q', 'arc', 'car', 'lirs', 's3-fifo', 'sieve'] as const)('%s', (policy) => {
  it.for([4, 7, 12])('in %d frames', (frames) => {
    const random = new Random(frames);
    const pages = Array.from({ length: 600 }, () => Math.floor(random.below(PAGES) * (random.below(3) / 2)));
    expect(faultsOfMachine(policy, frames, pages)).toBe(simulateReferences(pages, { policy, frames }).faults);
  });
});
