/** What a review found, one test a finding. */
import { describe, expect, it } from 'vitest';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';
import { InputErrors } from '../../src/mmu/input-error.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const BASE = 0x10_0000_0000;

function forked(machine: Machine, process: Process): Process {
  const child = machine.fork(process);
  if (typeof child === 'number') throw new Error(`fork answered ${child}`);
  return child;
}

describe('promises of memory', () => {
  it('shared anonymous memory is promised once, and given back with its last mapping', () => {
    const machine = new Machine({ memory: 64 * PAGE, overcommit: 2 });
    const process = machine.spawn({ image: { stack: PAGE } });
    const before = machine.kernel.committedPages;
    const flags = MAP_SHARED | MAP_ANONYMOUS;
    const a = machine.mmap(process, { length: 20 * PAGE, prot: RW, flags });
    expect(machine.kernel.committedPages - before).toBe(20);
    expect(errnoName(machine.mmap(process, { length: 20 * PAGE, prot: RW, flags }))).toBe('ENOMEM');
    const child = forked(machine, process);
    machine.munmap(process, a, 20 * PAGE);
    expect(machine.kernel.committedPages).toBeGreaterThanOrEqual(before + 20);
    machine.exit(child);
    machine.exit(process);
    expect(machine.kernel.committedPages).toBe(0);
  });

  it('MAP_FIXED over promised memory takes over its promise', () => {
    const machine = new Machine({ memory: 64 * PAGE });
    const process = machine.spawn({ image: { stack: PAGE } });
    for (const half of [0, 40]) {
      machine.mmap(process, { address: BASE + half * PAGE, length: 40 * PAGE, prot: RW, flags: ANON | MAP_FIXED });
    }
    const both = { address: BASE, length: 80 * PAGE, prot: RW, flags: ANON | MAP_FIXED };
    expect(machine.mmap(process, both)).toBe(BASE);
    expect(errnoName(machine.mmap(process, { length: 80 * PAGE, prot: RW, flags: ANON }))).toBe('ENOMEM');
  });
});

describe('areas', () => {
  it('a locked stack that grows stays locked, and counted', () => {
    const machine = new Machine();
    const process = machine.spawn({});
    const flags = ANON | MAP_FIXED | MAP_GROWSDOWN | MAP_LOCKED;
    machine.mmap(process, { address: BASE, length: PAGE, prot: RW, flags });
    expect(machine.store(process, BASE - 1, 1, 1).ok).toBe(true);
    expect(process.space!.lockedPages).toBe(2);
    expect(machine.checkInvariants()).toEqual([]);
    machine.munmap(process, BASE - PAGE, 2 * PAGE);
    expect(process.space!.lockedPages).toBe(0);
  });

  it('the heap does not merge with bss', () => {
    const machine = new Machine();
    const process = machine.spawn({});
    machine.sbrk(process, PAGE);
    machine.sbrk(process, PAGE);
    const names = machine.view().processes[process.pid]!.areas.map((area) => area.name);
    expect(names).toEqual(['text', 'rodata', 'data', 'bss', '[heap]', '[stack]']);
  });

  it('the only hole that fits is taken although it is not aligned', () => {
    const machine = new Machine({ paging: 'sv32', memory: 1 << 20, overcommit: 1 });
    const process = machine.spawn({ image: { stack: PAGE } });
    const length = 2 << 20;
    const { userEnd } = machine.format;
    machine.mmap(process, { address: PAGE, length: userEnd - 64 * PAGE, prot: PROT_READ, flags: ANON | MAP_FIXED });
    machine.munmap(process, 0x2000_1000, length);
    expect(machine.mmap(process, { length, prot: PROT_READ, flags: ANON })).toBe(0x2000_1000);
  });

  it('mprotect that would split at the limit on areas: ENOMEM, unless it only moves a boundary', () => {
    const machine = new Machine({ overcommit: 1 });
    const process = machine.spawn({ image: { stack: PAGE } });
    const areas = process.space!.areas;
    let page = 0;
    while (areas.count < 65_531) {
      const prot = page % 2 === 0 ? PROT_READ : RW;
      machine.mmap(process, { address: BASE + page * 4 * PAGE, length: 4 * PAGE, prot, flags: ANON | MAP_FIXED });
      page++;
    }
    const odd = BASE + 5 * 4 * PAGE;
    expect(errnoName(machine.mprotect(process, odd + PAGE, PAGE, PROT_READ))).toBe('ENOMEM');
    expect(areas.count).toBe(65_531);
    expect(machine.mprotect(process, odd, PAGE, PROT_READ)).toBe(0);
    expect(areas.count).toBe(65_531);
  });
});

describe('superpages', () => {
  const huge = 2 << 20;

  function withHuge() {
    const machine = new Machine({ memory: 16 << 20 });
    const process = machine.spawn({ signals: 'survive' });
    const at = machine.mmap(process, { length: huge, prot: RW, flags: ANON | MAP_HUGETLB });
    machine.store(process, at, 1, 1);
    return { machine, process, at };
  }

  it.for<[string, (machine: Machine, process: Process, at: number) => unknown]>([
    ['fork', (machine, process) => forked(machine, process)],
    ['mprotect', (machine, process, at) => machine.mprotect(process, at, huge, PROT_READ)],
    ['munmap', (machine, process, at) => machine.munmap(process, at, huge)],
  ])('%s leaves no TLB entry that allows more', ([, action]) => {
    const { machine, process, at } = withHuge();
    action(machine, process, at);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('after fork each side writes its own', () => {
    const { machine, process, at } = withHuge();
    const child = forked(machine, process);
    machine.store(process, at, 2, 1);
    expect(machine.load(child, at, 1).bytes).toEqual(Uint8Array.of(1));
    machine.exit(child);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('mprotect of a part: EINVAL, unless nothing would change', () => {
    const { machine, process, at } = withHuge();
    expect(errnoName(machine.mprotect(process, at, PAGE, PROT_READ))).toBe('EINVAL');
    expect(machine.mprotect(process, at, PAGE, RW)).toBe(0);
  });

  it('its frames belong to it in a view', () => {
    const { machine, process } = withHuge();
    const frames = Object.values(machine.view().frames).filter((frame) => frame.use === 'anon');
    expect(frames).toHaveLength(512);
    expect(frames.every((frame) => frame.mappings[0]?.pid === process.pid)).toBe(true);
  });
});

describe('fork that fails half-way', () => {
  it('leaves the parent able to write, and nothing behind', () => {
    const machine = new Machine({ memory: 64 * PAGE, overcommit: 1 });
    const process = machine.spawn({ image: { stack: PAGE } });
    // Pages so far apart that each needs a table: the child runs out of frames for its own.
    const pages = Array.from({ length: 14 }, (_, i) => BASE + i * (4 << 20));
    for (const address of pages) {
      machine.mmap(process, { address, length: PAGE, prot: RW, flags: ANON | MAP_FIXED });
      expect(machine.store(process, address, 1, 1).ok).toBe(true);
    }
    const filler = machine.mmap(process, { length: 64 * PAGE, prot: RW, flags: ANON });
    let at = filler;
    while (machine.kernel.buddy.free > 8) {
      machine.store(process, at, 1, 1);
      at += PAGE;
    }
    const free = machine.kernel.buddy.free;
    expect(machine.fork(process)).toBe(-12);
    expect(machine.kernel.buddy.free).toBe(free);
    expect(machine.checkInvariants()).toEqual([]);
    for (const address of pages) expect(machine.store(process, address, 2, 1).ok).toBe(true);
    expect(machine.checkInvariants()).toEqual([]);
  });
});

describe('formats of coursework', () => {
  const fields = { valid: 0, read: 1, write: 2, execute: 3, user: 4, global: 5, accessed: 6 };

  it('without a dirty bit every eviction writes: what was stored survives', () => {
    const paging = {
      pageBytes: 256,
      pteBytes: 4,
      levels: [6, 6],
      fields: { ...fields, frame: { bit: 12, width: 16 } },
    } as const;
    const machine = new Machine({ paging, memory: 64 * 256, swap: 64 * 256, residentPages: 1 });
    const process = machine.spawn({ image: { stack: 256 } });
    const at = machine.mmap(process, { length: 512, prot: RW, flags: ANON });
    for (const value of [1, 2, 3]) {
      machine.store(process, at, value, 1);
      machine.load(process, at + 256, 1);
      machine.store(process, at + 256, value + 10, 1);
      expect(machine.load(process, at, 1).bytes).toEqual(Uint8Array.of(value));
    }
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('more swap than an entry can name is refused', () => {
    const paging = {
      pageBytes: 64,
      pteBytes: 2,
      levels: [5, 5],
      fields: { ...fields, dirty: 7, frame: { bit: 10, width: 6 } },
    } as const;
    expect(() => new Machine({ paging, memory: 64 * 64, swap: 64 * 256 })).toThrow(InputErrors);
    expect(() => new Machine({ paging: 'i386', swap: 8 * 2 ** 30 })).toThrow('MEM-CFG-009');
  });

  it('8 bytes at once on 4-byte pages reach the right pages', () => {
    const paging = {
      pageBytes: 4,
      pteBytes: 4,
      levels: [6, 6],
      fields: { ...fields, dirty: 7, frame: { bit: 12, width: 16 } },
    } as const;
    const machine = new Machine({ paging, memory: 4 * 2048 });
    const process = machine.spawn({ image: { stack: 4 } });
    const at = machine.mmap(process, { length: 64, prot: RW, flags: ANON });
    // Backwards, so that neighbours in virtual memory are not neighbours in physical memory.
    for (let i = 15; i >= 0; i--) machine.store(process, at + i * 4, i + 1, 4);
    expect(machine.load(process, at, 8).bytes).toEqual(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
    machine.store(process, at + 16, 0x2222_2222_1111_1111n, 8);
    expect(machine.load(process, at + 20, 4).bytes).toEqual(new Uint8Array(4).fill(0x22));
    expect(machine.load(process, at + 12, 4).bytes).toEqual(Uint8Array.of(4, 0, 0, 0));
  });

  it('a sign-extended space is used only up to its half', () => {
    const paging = {
      pageBytes: 64,
      pteBytes: 4,
      levels: [6, 6],
      canonical: 'sign-extended',
      fields: { ...fields, dirty: 7, frame: { bit: 12, width: 16 } },
    } as const;
    const machine = new Machine({ paging, memory: 64 * 256 });
    const process = machine.spawn({});
    const at = machine.mmap(process, { length: 64, prot: RW, flags: ANON });
    expect(machine.store(process, at, 1, 1).ok).toBe(true);
    expect(machine.store(process, process.space!.stackTop - 1, 1, 1).ok).toBe(true);
  });
});

describe('snapshots', () => {
  it('a process kept from before a restore is refused, the new one is found by pid', () => {
    const machine = new Machine();
    const process = machine.spawn({ name: 'p' });
    const snapshot = machine.snapshot();
    machine.restore(snapshot);
    expect(() => machine.sbrk(process, PAGE)).toThrow('not of this machine as it is now');
    expect(machine.sbrk(machine.process(process.pid)!, PAGE)).toBeGreaterThan(0);
  });

  it('memory that was only read so far can be read after a restore', () => {
    const machine = new Machine({ memory: 512 << 20 });
    const process = machine.spawn({ name: 'p' });
    // Push the frames in use past the first chunk of host memory.
    const at = machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_SHARED | MAP_ANONYMOUS });
    const blocks: number[] = [];
    for (let i = 0; i < 70; i++) blocks.push(machine.kernel.buddy.allocate(10));
    machine.load(process, at, 1);
    for (const pfn of blocks) if (pfn >= 0) machine.kernel.buddy.release(pfn, 10);
    machine.restore(machine.snapshot());
    expect(machine.load(machine.process('p')!, at, 4).bytes).toEqual(new Uint8Array(4));
  });
});
