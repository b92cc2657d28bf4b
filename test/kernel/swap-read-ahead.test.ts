/** Read-ahead of swap and the two kinds of swap device (mm/swap_state.c; linux-vm.md sections 1 and 6). */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { vmEvents } from '../../src/kernel/pressure/vmstat.ts';
import { SwapReadAhead } from '../../src/kernel/swap/read-ahead.ts';
import type { SwapKind } from '../../src/kernel/swap/swap-device.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;

/** `pages` pages of one process, in a group of its own so that they can be reclaimed alone. */
function boot(swapKind: SwapKind, pages: number, flags = MAP_PRIVATE) {
  const machine = new Machine({ memory: 1 << 20, swap: 64 * PAGE, swapKind, paging: 'x86_64' });
  const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
  machine.groups.create('g');
  machine.groups.move(process, 'g');
  const prot = PROT_READ | PROT_WRITE;
  const start = machine.mmap(process, { length: pages * PAGE, prot, flags: flags | MAP_ANONYMOUS });
  const vector = machine.mmap(process, { length: PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  /** Read one page: `M` for a major fault, `m` for a minor one, `.` for none, and what was there. */
  const touch = (page: number) => {
    const { ok, minor, major, bytes } = machine.load(process, start + page * PAGE, 1);
    expect(ok).toBe(true);
    expect(machine.checkInvariants()).toEqual([]);
    return `${major > 0 ? 'M' : minor > 0 ? 'm' : '.'}${bytes![0]}`;
  };
  const fill = (value = (page: number) => page + 1) => {
    for (let page = 0; page < pages; page++) machine.store(process, start + page * PAGE, value(page), 1);
  };
  const pageOut = () => expect(machine.calls.madvise(process, start, pages * PAGE, 'PAGEOUT')).toBe(0);
  const inCore = () => {
    expect(machine.calls.mincore(process, start, pages * PAGE, vector)).toBe(0);
    return Array.from(machine.load(process, vector, pages).bytes!).join('');
  };
  const reclaim = () => expect(machine.groups.reclaim('g')).toBeGreaterThanOrEqual(0);
  return { machine, process, start, touch, fill, pageOut, inCore, reclaim };
}

describe.each([
  ['private', MAP_PRIVATE],
  ['shared', MAP_SHARED],
] as const)('%s memory', (_, flags) => {
  it('on a disk, what MADV_PAGEOUT writes stays in the swap cache: the next touch is minor', () => {
    const { machine, touch, fill, pageOut, inCore, reclaim } = boot('disk', 4, flags);
    fill();
    pageOut();
    expect(machine.checkInvariants()).toEqual([]);
    expect(inCore()).toBe('1111');
    expect([touch(0), touch(1)]).toEqual(['m1', 'm2']);
    expect(machine.counters()).toMatchObject({ swapWrites: 4, swapReads: 0 });
    reclaim();
    expect(inCore()).toBe('0000');
    expect(touch(3)).toBe('M4');
  });

  it('with zswap it is gone at once: the next touch is major', () => {
    const { touch, fill, pageOut, inCore } = boot('zswap', 4, flags);
    fill();
    pageOut();
    expect(inCore()).toBe('0000');
    expect([touch(0), touch(1)]).toEqual(['M1', 'M2']);
  });

  it('a page of zeros is only noted, on a disk too', () => {
    const { machine, touch, fill, pageOut, inCore } = boot('disk', 2, flags);
    fill(() => 0);
    pageOut();
    expect(inCore()).toBe('00');
    expect(touch(0)).toBe('M0');
    expect(vmEvents(machine.kernel)).toMatchObject({ swpout_zero: 2, swpin_zero: 1, pswpout: 0, pswpin: 0 });
  });

  it('page-cluster 3 reads the aligned window of 8 slots: one major fault, the neighbours minor', () => {
    const { machine, touch, fill, pageOut, inCore, reclaim } = boot('disk', 12, flags);
    machine.kernel.sysctl['page-cluster'] = 3;
    fill();
    pageOut();
    reclaim();
    expect(inCore()).toBe('000000000000');
    expect(touch(2)).toBe('M3');
    expect(inCore()).toBe('111111110000');
    expect(Array.from({ length: 8 }, (_, page) => touch(page))).toEqual([
      'm1',
      'm2',
      '.3',
      'm4',
      'm5',
      'm6',
      'm7',
      'm8',
    ]);
    expect(vmEvents(machine.kernel)).toMatchObject({ swap_ra: 7, swap_ra_hit: 7 });
    // Seven hits: the next window would have 16 slots, were it not for page-cluster.
    expect(touch(9)).toBe('M10');
    expect(inCore()).toBe('111111111111');
  });

  it('what was read ahead and given up by its owner is freed', () => {
    const { machine, process, start, touch, fill, pageOut, reclaim } = boot('disk', 8, flags);
    machine.kernel.sysctl['page-cluster'] = 3;
    fill();
    pageOut();
    reclaim();
    touch(0);
    expect(machine.munmap(process, start, 8 * PAGE)).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
    expect(machine.kernel.swap.free).toBe(64);
    expect(machine.kernel.swapCacheFrames).toBe(0);
  });
});

it('a page paged out twice unchanged is written once, and leaves at once the second time', () => {
  const { machine, touch, fill, pageOut, inCore } = boot('disk', 1);
  fill();
  pageOut();
  expect(touch(0)).toBe('m1');
  pageOut();
  expect(inCore()).toBe('0');
  expect(touch(0)).toBe('M1');
  expect(machine.counters()).toMatchObject({ swapWrites: 1, swapReads: 1 });
});

it('a snapshot between paging out and coming back is exact', () => {
  const { machine, process, start, fill, pageOut } = boot('disk', 8);
  machine.kernel.sysctl['page-cluster'] = 2;
  fill();
  pageOut();
  const snapshot = machine.snapshot();
  const run = () => {
    const actor = machine.process(process.pid)!;
    machine.groups.reclaim('g');
    const results = [5, 1, 4, 0].map((page) => machine.load(actor, start + page * PAGE, 1));
    return { results, counters: machine.counters(), vmstat: { ...machine.kernel.vmstat } };
  };
  const first = run();
  machine.restore(snapshot);
  expect(run()).toEqual(first);
});

describe('how far read-ahead reads (__swapin_nr_pages)', () => {
  it('starts with trust, shrinks by halves without hits, and stays with neighbours', () => {
    const state = new SwapReadAhead();
    expect(state.windowFor(100, 8)).toBe(8);
    expect([200, 300, 400, 500].map((slot) => state.windowFor(slot, 8))).toEqual([4, 2, 1, 1]);
    expect(state.windowFor(501, 8)).toBe(2);
    state.hits = 1;
    expect(state.windowFor(900, 8)).toBe(4);
    state.hits = 3;
    expect(state.windowFor(901, 8)).toBe(8);
    state.hits = 7;
    expect(state.windowFor(902, 8)).toBe(8);
    expect(state.windowFor(902, 1)).toBe(1);
  });
});
