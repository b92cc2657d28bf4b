/** Swapping, by the rows of linux-vm.md sections 1 and 6; a limit of one or two resident pages does the evicting. */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { SwapDevice } from '../../src/kernel/swap/swap-device.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

function boot(residentPages: number, options: { swapPages?: number } = {}) {
  const swap = (options.swapPages ?? 64) * PAGE;
  const machine = new Machine({ memory: 1 << 20, swap, residentPages, replacement: 'fifo' });
  const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
  const map = (pages: number, flags = PRIVATE) => machine.mmap(process, { length: pages * PAGE, prot: RW, flags });
  return { machine, process, map };
}

/** Fault kinds by the difference of the counters. */
function store(machine: Machine, process: Process, address: number, value: number) {
  const result = machine.store(process, address, value, 1);
  expect(result.ok).toBe(true);
  expect(machine.checkInvariants()).toEqual([]);
  return result;
}

function load(machine: Machine, process: Process, address: number) {
  const result = machine.load(process, address, 1);
  expect(result.ok).toBe(true);
  expect(machine.checkInvariants()).toEqual([]);
  return { value: result.bytes![0], minor: result.minor, major: result.major };
}

describe('swap', () => {
  it('a page comes back from its slot with one major fault, and unchanged leaves again without being written', () => {
    const { machine, process, map } = boot(1);
    const a = map(2);
    store(machine, process, a, 11);
    store(machine, process, a + PAGE, 22);
    expect(machine.counters()).toMatchObject({ swapWrites: 1, dirtyEvictions: 1 });
    expect(load(machine, process, a)).toEqual({ value: 11, minor: 0, major: 1 });
    expect(machine.counters()).toMatchObject({ swapWrites: 2, swapReads: 1 });
    expect(load(machine, process, a + PAGE)).toEqual({ value: 22, minor: 0, major: 1 });
    expect(machine.counters()).toMatchObject({ swapWrites: 2, swapReads: 2, cleanEvictions: 1 });
  });

  it('a page written after it came back is written again', () => {
    const { machine, process, map } = boot(1);
    const a = map(2);
    store(machine, process, a, 1);
    store(machine, process, a + PAGE, 2);
    load(machine, process, a);
    // The page is exclusive, so it came back writable: no further fault.
    expect(store(machine, process, a, 3)).toMatchObject({ minor: 0, major: 0 });
    const { swapWrites } = machine.counters();
    load(machine, process, a + PAGE);
    expect(machine.counters().swapWrites).toBe(swapWrites + 1);
    expect(load(machine, process, a).value).toBe(3);
  });

  it('a write to a swapped page of one owner is one major fault and leaves it writable', () => {
    const { machine, process, map } = boot(1);
    const a = map(2);
    store(machine, process, a, 1);
    store(machine, process, a + PAGE, 2);
    expect(store(machine, process, a, 5)).toMatchObject({ minor: 0, major: 1 });
    expect(store(machine, process, a, 6)).toMatchObject({ minor: 0, major: 0 });
  });

  it('the second process to fault a shared swapped page finds it in the swap cache', () => {
    const { machine, process, map } = boot(2);
    const a = map(4);
    store(machine, process, a, 7);
    const child = machine.fork(process, 'child');
    if (typeof child === 'number') throw new Error('fork failed');
    for (const page of [1, 2]) store(machine, process, a + page * PAGE, page);
    expect(machine.view().processes[child.pid]!.swappedPages).toBe(1);
    expect(load(machine, process, a)).toEqual({ value: 7, minor: 0, major: 1 });
    expect(load(machine, child, a)).toEqual({ value: 7, minor: 1, major: 0 });
    expect(machine.counters().swapCacheFaults).toBe(1);
    // Still shared: a write copies.
    expect(store(machine, child, a, 8)).toMatchObject({ minor: 1 });
    expect(load(machine, process, a).value).toBe(7);
  });

  it('fork shares swap entries; each side reads its own bytes back', () => {
    // Two frames: one to read the page back into, one for the copy of it.
    const { machine, process, map } = boot(2);
    const a = map(3);
    for (const page of [0, 1, 2]) store(machine, process, a + page * PAGE, page + 1);
    const child = machine.fork(process, 'child');
    if (typeof child === 'number') throw new Error('fork failed');
    store(machine, child, a, 9);
    expect(load(machine, process, a).value).toBe(1);
    expect(load(machine, child, a).value).toBe(9);
  });

  it('shared memory goes to swap and comes back for everyone, by a major fault', () => {
    const { machine, process, map } = boot(1);
    const a = map(2, MAP_SHARED | MAP_ANONYMOUS);
    store(machine, process, a, 4);
    const child = machine.fork(process, 'child');
    if (typeof child === 'number') throw new Error('fork failed');
    store(machine, process, a + PAGE, 5);
    expect(load(machine, child, a)).toEqual({ value: 4, minor: 0, major: 1 });
    expect(load(machine, process, a).value).toBe(4);
  });

  it('the zero page is never swapped', () => {
    const { machine, process, map } = boot(2);
    const a = map(8);
    for (let page = 0; page < 8; page++) load(machine, process, a + page * PAGE);
    expect(machine.counters()).toMatchObject({ zeroPageFaults: 8, evictions: 0, swapWrites: 0 });
  });

  it('pages of the program image are dropped, not swapped, and read again from the file', () => {
    const machine = new Machine({ memory: 1 << 20, swap: 64 * PAGE, residentPages: 1, replacement: 'fifo' });
    const text = Uint8Array.from({ length: 2 * PAGE }, (_, i) => (i >> 12) + 1);
    const process = machine.spawn({ image: { text } });
    const base = process.space!.areas.first!.start;
    expect(load(machine, process, base)).toEqual({ value: 1, minor: 0, major: 1 });
    expect(load(machine, process, base + PAGE)).toEqual({ value: 2, minor: 0, major: 1 });
    expect(load(machine, process, base)).toEqual({ value: 1, minor: 0, major: 1 });
    expect(machine.counters()).toMatchObject({ swapWrites: 0, cleanEvictions: 2 });
  });

  it('munmap, mprotect and exit: slots are freed, nothing is read', () => {
    const { machine, process, map } = boot(1);
    const a = map(4);
    for (let page = 0; page < 4; page++) store(machine, process, a + page * PAGE, page + 1);
    expect(machine.kernel.swap.free).toBe(61);
    machine.mprotect(process, a, 4 * PAGE, PROT_READ);
    expect(machine.counters().swapReads).toBe(0);
    machine.munmap(process, a, PAGE);
    expect(machine.kernel.swap.free).toBe(62);
    expect(load(machine, process, a + PAGE).value).toBe(2);
    expect(machine.store(process, a + PAGE, 1, 1).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    expect(machine.kernel.swap.free).toBe(64);
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
  });

  it('past half full, a page that comes back gives its slot up', () => {
    const { machine, process, map } = boot(1, { swapPages: 4 });
    const a = map(4);
    for (let page = 0; page < 4; page++) store(machine, process, a + page * PAGE, page);
    expect(machine.kernel.swap.free).toBe(1);
    load(machine, process, a);
    // Page 3 took the last slot; page 0 let go of its own.
    expect(machine.kernel.swap.free).toBe(1);
  });

  it('a full device takes back the slots of resident pages before anyone is killed', () => {
    const { machine, process, map } = boot(2, { swapPages: 3 });
    // A page comes in only after another went out, so one slot more than there are swapped pages is needed.
    const a = map(4);
    for (let round = 0; round < 4; round++) {
      for (let page = 0; page < 4; page++) store(machine, process, a + page * PAGE, round * 4 + page);
      for (let page = 0; page < 4; page++) expect(load(machine, process, a + page * PAGE).value).toBe(round * 4 + page);
    }
    expect(machine.counters().oomKills).toBe(0);
  });

  it('one page more than frames and swap hold kills the process, and everything comes back', () => {
    const { machine, process, map } = boot(2, { swapPages: 3 });
    const a = map(6);
    for (let page = 0; page < 5; page++) store(machine, process, a + page * PAGE, page);
    expect(machine.store(process, a + 5 * PAGE, 1, 1).signal).toMatchObject({ signal: 'SIGKILL' });
    expect(machine.counters().oomKills).toBe(1);
    expect(machine.checkInvariants()).toEqual([]);
    expect(machine.kernel.swap.free).toBe(3);
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
  });

  it('locked pages stay', () => {
    const { machine, process, map } = boot(3);
    const locked = map(2, PRIVATE | MAP_LOCKED);
    const a = map(4);
    for (let page = 0; page < 4; page++) store(machine, process, a + page * PAGE, page);
    expect(load(machine, process, locked)).toEqual({ value: 0, minor: 0, major: 0 });
    expect(load(machine, process, locked + PAGE)).toEqual({ value: 0, minor: 0, major: 0 });
    expect(machine.counters().evictions).toBe(3);
  });
});

describe('who is killed', () => {
  it('the largest, not the one that asks; its frames serve the others', () => {
    const machine = new Machine({ memory: 64 * PAGE, overcommit: 1 });
    const hog = machine.spawn({ name: 'hog', image: { stack: PAGE } });
    const small = machine.spawn({ name: 'small', image: { stack: PAGE } });
    const big = machine.mmap(hog, { length: 40 * PAGE, prot: RW, flags: PRIVATE });
    for (let page = 0; page < 40; page++) store(machine, hog, big + page * PAGE, 1);
    const some = machine.mmap(small, { length: 20 * PAGE, prot: RW, flags: PRIVATE });
    for (let page = 0; page < 20; page++) store(machine, small, some + page * PAGE, 2);
    expect(hog.signal).toBe('SIGKILL');
    expect(small.state).toBe('running');
    expect(load(machine, small, some).value).toBe(2);
  });

  it('oom_score_adj decides between equals, and -1000 is never chosen', () => {
    const machine = new Machine({ memory: 64 * PAGE, overcommit: 1 });
    const guarded = machine.spawn({ name: 'guarded', image: { stack: PAGE } });
    guarded.oomScoreAdj = -1000;
    const big = machine.mmap(guarded, { length: 40 * PAGE, prot: RW, flags: PRIVATE });
    for (let page = 0; page < 40; page++) store(machine, guarded, big + page * PAGE, 1);
    const other = machine.spawn({ name: 'other', image: { stack: PAGE } });
    const some = machine.mmap(other, { length: 40 * PAGE, prot: RW, flags: PRIVATE });
    let page = 0;
    while (other.state === 'running' && page < 40) machine.store(other, some + page++ * PAGE, 1, 1);
    expect(other.signal).toBe('SIGKILL');
    expect(guarded.state).toBe('running');
    expect(machine.checkInvariants()).toEqual([]);
  });
});

describe('idle slots', () => {
  it('the lowest is found, without looking again where there was none, and one that becomes idle below it', () => {
    const swap = new SwapDevice(8 * PAGE, PAGE, 'disk');
    for (let slot = 0; slot < 8; slot++) {
      swap.allocate();
      swap.counts[slot] = slot === 6 ? 2 : 1;
    }
    expect(swap.findIdle()).toBe(-1);
    for (const slot of [6, 5, 2]) swap.cached[slot] = slot + 1;
    expect(swap.unname(6)).toBe(1);
    expect(swap.findIdle()).toBe(-1);
    expect([swap.unname(6), swap.findIdle()]).toEqual([0, 6]);
    expect([swap.unname(2), swap.findIdle()]).toEqual([0, 2]);
    // Named again: the search goes on behind it.
    swap.counts[2] = 1;
    expect([swap.unname(5), swap.findIdle()]).toEqual([0, 5]);
    expect([swap.unname(2), swap.findIdle()]).toEqual([0, 2]);
  });
});
