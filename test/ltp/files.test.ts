/**
 * The calls on memory where it is that of files: msync, mincore, mremap, madvise, mlock, remap_file_pages; each test is
 * named after the LTP case whose assertion it repeats (testcases/kernel/syscalls).
 */
import { describe, expect, it } from 'vitest';
import {
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { answer, at, MIB, PAGE, Run, TO } from './arena.ts';

/** Pages of the file that the disk has not seen yet. */
const dirtyPages = ({ kernel }: Machine, name: string): number => {
  const inode = kernel.files.get(name)!;
  return [...inode.pages.values()].filter((pfn) => kernel.frames.has(pfn, 1)).length;
};

describe('msync', () => {
  it.each([
    ['msync01', MS_SYNC, 0],
    ['msync01', MS_ASYNC, 4],
    ['msync02', MS_INVALIDATE, 4],
    ['msync02', MS_SYNC | MS_INVALIDATE, 0],
  ])('%s: flags %i of a shared mapping leave so many dirty pages: %i', (_, flags, left) => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 4, run.open('f', 4 * PAGE));
    run.fill(0, 4, 60);
    expect(machine.calls.msync(process, at(0), 4 * PAGE, flags)).toBe(0);
    expect(dirtyPages(machine, 'f')).toBe(left);
    expect([0, 1, 2, 3].map((page) => (machine.files.read('f', page * PAGE, 1) as Uint8Array)[0])).toEqual([
      60, 61, 62, 63,
    ]);
    run.check();
  });

  it('msync04: dirty until msync, of the pages asked alone; the next store is noticed again', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 3, run.open('f', 3 * PAGE));
    expect(dirtyPages(machine, 'f')).toBe(0);
    run.fill(0, 3, 60);
    expect(dirtyPages(machine, 'f')).toBe(3);
    expect(machine.calls.msync(process, at(1), PAGE, MS_SYNC)).toBe(0);
    expect(dirtyPages(machine, 'f')).toBe(2);
    machine.store(process, at(1), 9);
    expect(dirtyPages(machine, 'f')).toBe(3);
  });

  it('a private mapping has nothing to write', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 2, run.open('f', 2 * PAGE), MAP_PRIVATE);
    run.fill(0, 2, 60);
    const { writes } = machine.kernel.files.get('f')!.store!;
    expect(machine.calls.msync(process, at(0), 2 * PAGE, MS_SYNC)).toBe(0);
    expect(machine.kernel.files.get('f')!.store!.writes).toBe(writes);
  });
});

describe('mincore', () => {
  it('mincore02: pages of a locked file mapping are all there', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = run.open('f', 8 * PAGE);
    machine.files.dropCache('f');
    run.mapFile(0, 8, fd);
    run.map(20, 1);
    const mincore = () => {
      expect(machine.calls.mincore(process, at(0), 8 * PAGE, at(20))).toBe(0);
      return [...machine.load(process, at(20), 8).bytes!];
    };
    expect(mincore()).toEqual(Array(8).fill(0));
    expect(machine.calls.mlock(process, at(0), 8 * PAGE)).toBe(0);
    expect(mincore()).toEqual(Array(8).fill(1));
  });

  it('mincore04: what a child read of a file is there for the parent', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = run.open('f', PAGE);
    machine.files.dropCache('f');
    run.mapFile(0, 1, fd);
    run.map(20, 1);
    machine.load(machine.fork(process) as Process, at(0), 1);
    expect(machine.calls.mincore(process, at(0), PAGE, at(20))).toBe(0);
    expect(run.read(20, 1)).toEqual([1]);
  });
});

describe('mremap', () => {
  it('mremap01: a shared file mapping grows over what the file has more, and can be synced', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 2, run.open('f', 4 * PAGE));
    expect(run.mremap(0, 2, 4, MREMAP_MAYMOVE)).toBe(at(0));
    expect(run.read(0, 4)).toEqual([1, 2, 3, 4]);
    run.fill(3, 1, 70);
    expect(machine.calls.msync(process, at(0), 4 * PAGE, MS_SYNC)).toBe(0);
    machine.files.dropCache('f');
    expect((machine.files.read('f', 3 * PAGE, 1) as Uint8Array)[0]).toBe(70);
    run.check();
  });

  it('mremap06: moved between its neighbours, each page is still its page of the file', () => {
    const run = new Run();
    const fd = run.open('f', 6 * PAGE);
    run.mapFile(0, 3, fd, MAP_SHARED, PROT_READ | PROT_WRITE);
    run.mapFile(10, 3, fd, MAP_SHARED, PROT_READ | PROT_WRITE, 3);
    expect(run.mremap(10, 3, 3, TO, 3)).toBe(at(3));
    expect(run.areas().map(([start, end]) => [start, end])).toEqual([[0, 6]]);
    expect(run.read(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    run.check();
  });

  it('vma03: growing must not wrap the page offset', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = run.open('f', PAGE);
    const offset = 2 ** 63 - 4 * PAGE;
    const mapped = machine.mmap(process, {
      length: PAGE,
      prot: PROT_READ,
      flags: MAP_SHARED,
      fd,
      offset: BigInt(offset),
    });
    // So near to the end of what a file may have that it cannot be mapped at all, or not grow.
    if (mapped >= 0) {
      const grown = { address: mapped, oldLength: PAGE, newLength: 2 ** 47 - PAGE, flags: MREMAP_MAYMOVE };
      expect(answer(machine.calls.mremap(process, grown))).toMatch(/EINVAL|ENOMEM|EFAULT/);
    }
    const last = { length: PAGE, prot: PROT_READ, flags: MAP_SHARED, fd, offset: 2n ** 63n - 4096n };
    expect(answer(machine.mmap(process, last))).toBe('EOVERFLOW');
    run.check();
  });
});

describe('madvise', () => {
  it('madvise02: FREE and WIPEONFORK of files are refused, REMOVE of what may not be written; no pages for holes', () => {
    const run = new Run();
    const fd = run.open('f', 4 * PAGE);
    run.mapFile(0, 2, fd, MAP_PRIVATE);
    run.mapFile(2, 2, run.open('f', 0, { canRead: true }), MAP_SHARED, PROT_READ);
    expect([run.advise(0, 1, 'FREE'), run.advise(0, 1, 'WIPEONFORK'), run.advise(2, 1, 'WIPEONFORK')]).toEqual(
      Array(3).fill('EINVAL'),
    );
    expect([run.advise(0, 1, 'REMOVE'), run.advise(2, 1, 'REMOVE')]).toEqual(['EACCES', 'EACCES']);
    expect([run.advise(0, 4, 'WILLNEED'), run.advise(3, 4, 'WILLNEED')]).toEqual([0, 'ENOMEM']);
    run.check();
  });

  it('madvise03: DONTNEED of a private file mapping shows the file again, of a shared one what was stored', () => {
    const run = new Run();
    const fd = run.open('f', 2 * PAGE);
    run.mapFile(0, 2, fd, MAP_PRIVATE);
    run.mapFile(4, 2, fd);
    run.fill(0, 1, 70);
    run.fill(5, 1, 80);
    expect([run.advise(0, 2, 'DONTNEED'), run.advise(4, 2, 'DONTNEED')]).toEqual([0, 0]);
    expect([...run.read(0, 2), ...run.read(4, 2)]).toEqual([1, 80, 1, 80]);
    run.check();
  });

  it.each(['tmpfs', 'disk'] as const)('REMOVE of a shared mapping punches the file on %s', (type) => {
    const run = new Run();
    run.mapFile(0, 3, run.open('f', 3 * PAGE, undefined, type));
    run.mapFile(10, 3, run.open('f', 0), MAP_PRIVATE);
    run.fill(11, 1, 90);
    expect(run.advise(1, 1, 'REMOVE')).toBe(0);
    expect([...run.read(0, 3), ...run.read(10, 3)]).toEqual([1, 0, 3, 1, 90, 3]);
    expect((run.machine.files.read('f', PAGE, 2) as Uint8Array)[0]).toBe(0);
    run.check();
  });

  it('madvise05: WILLNEED on memory whose rights were taken away', () => {
    const run = new Run({ swap: MIB });
    run.map(0, 4);
    run.fill(0, 4);
    run.machine.mprotect(run.process, at(0), 4 * PAGE, 0);
    expect(run.advise(0, 4, 'WILLNEED')).toBe(0);
    run.check();
  });

  it('madvise06: WILLNEED reads a file ahead, so that touches are minor', () => {
    const run = new Run();
    const { machine, process } = run;
    const fd = run.open('f', 8 * PAGE);
    machine.files.dropCache('f');
    run.mapFile(0, 8, fd);
    expect(run.advise(0, 8, 'WILLNEED')).toBe(0);
    expect(run.read(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(process.majorFaults).toBe(0);
  });
});

describe('mlock, remap_file_pages', () => {
  it('mlock04: a private file mapping that may only be written is locked, and present', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 3, run.open('f', 3 * PAGE), MAP_PRIVATE, PROT_WRITE);
    expect(machine.calls.mlock(process, at(0), 3 * PAGE)).toBe(0);
    expect(process.space!.lockedPages).toBe(3);
    for (let page = 0; page < 3; page++) expect(run.frameAt(page)).toBeGreaterThan(0);
    run.check();
  });

  it('mlock of a file mapping that reaches behind the end: what is there is locked, and ENOMEM', () => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 3, run.open('f', PAGE));
    expect(answer(machine.calls.mlock(process, at(0), 3 * PAGE))).toBe('ENOMEM');
    expect(process.space!.lockedPages).toBe(3);
    run.check();
  });

  it.each(['tmpfs', 'disk'] as const)('remap_file_pages01: pages of a file on %s in another order', (type) => {
    const run = new Run();
    const { machine, process } = run;
    run.mapFile(0, 4, run.open('f', 4 * PAGE, undefined, type));
    for (let page = 0; page < 4; page++) {
      expect(machine.calls.remapFilePages(process, at(page), PAGE, 0, 3 - page)).toBe(0);
    }
    expect(run.read(0, 4)).toEqual([4, 3, 2, 1]);
    machine.store(process, at(0), 99);
    expect((machine.files.read('f', 3 * PAGE, 1) as Uint8Array)[0]).toBe(99);
    run.check();
  });

  it('remap_file_pages02: a private file mapping is refused', () => {
    const run = new Run();
    run.mapFile(0, 2, run.open('f', 2 * PAGE), MAP_PRIVATE);
    expect(answer(run.machine.calls.remapFilePages(run.process, at(0), PAGE, 0, 1))).toBe('EINVAL');
  });
});
