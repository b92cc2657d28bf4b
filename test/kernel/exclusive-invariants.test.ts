/** What is one process's alone is watched: each way to break that is found, and none where all is well. */
import { beforeEach, describe, expect, it } from 'vitest';
import { FLAG_EXCLUSIVE, FLAG_SWAP_CACHE } from '../../src/kernel/frames/frame-table.ts';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

const RW = PROT_READ | PROT_WRITE;
let machine: Machine;
let parent: Process;
let at: number;

beforeEach(() => {
  machine = new Machine({ paging: 'x86_64', memory: 4 << 20, swap: 1 << 20, replacement: 'linux' });
  parent = machine.spawn({ name: 'parent' });
  at = machine.mmap(parent, { length: 4096, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  machine.store(parent, at, 1);
});

const entryOf = (process: Process) => machine.kernel.pageTable.find(process.space!.root, at);
const frameOf = (process: Process) => machine.kernel.pageTable.frame(entryOf(process));
const pageOut = () => expect(machine.calls.madvise(parent, at, 4096, 'PAGEOUT')).toBe(0);
const broken = () => machine.checkInvariants().filter((rule) => rule.startsWith('exclusive'));
function forked(): Process {
  const child = machine.fork(parent);
  if (typeof child === 'number') throw new Error(`fork answered ${child}`);
  return child;
}

it('all is well through fork, page-out, fork and back', () => {
  const child = forked();
  expect(broken()).toEqual([]);
  machine.store(child, at, 2);
  pageOut();
  expect(broken()).toEqual([]);
  const other = forked();
  for (const [process, value] of [
    [parent, 3],
    [other, 4],
    [child, 5],
  ] as const) {
    expect(machine.store(process, at, value).ok).toBe(true);
    expect(broken()).toEqual([]);
  }
  expect([parent, other, child].map((process) => machine.load(process, at, 1).bytes?.[0])).toEqual([3, 4, 5]);
  expect(machine.checkInvariants()).toEqual([]);
});

describe('is found', () => {
  it('a shared frame that passes for one process’s', () => {
    forked();
    machine.kernel.frames.set(frameOf(parent), FLAG_EXCLUSIVE);
    expect(broken()).toEqual(['exclusive: a frame is not mapped exactly once']);
  });

  it('a frame that waits in the swap cache and passes for a mapped one', () => {
    pageOut();
    const { swap, frames, pageTable } = machine.kernel;
    const pfn = swap.cached[pageTable.frame(entryOf(parent))]! - 1;
    expect(frames.has(pfn, FLAG_SWAP_CACHE)).toBe(true);
    frames.set(pfn, FLAG_EXCLUSIVE);
    expect(broken()).toEqual([
      'exclusive: a frame is not mapped exactly once',
      'exclusive: a swap entry names the slot of a frame that is mapped',
    ]);
  });

  it('a slot of two that passes for one’s, and its frame once the other has mapped it', () => {
    pageOut();
    const child = forked();
    const { pageTable } = machine.kernel;
    pageTable.writeSwap(entryOf(parent), pageTable.frame(entryOf(parent)), true);
    expect(broken()).toEqual(['exclusive: a slot is named more than once']);
    machine.load(child, at, 1);
    expect(broken()).toEqual(['exclusive: the frame of a slot is mapped']);
  });
});
