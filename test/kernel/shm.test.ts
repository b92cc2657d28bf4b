/** System V shared memory: segments, attachments, how they end, what they cost; the recordings' family `shm` has the rest. */
import { describe, expect, it } from 'vitest';
import { SHM_EXEC, SHM_RDONLY, SHM_REMAP, SHM_RND } from '../../src/kernel/fs/shm.ts';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { setSysctl } from '../../src/kernel/sysctl.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const MIB = 1 << 20;
const ARENA = 0x1000_0000_0000;
const RW = PROT_READ | PROT_WRITE;

const answer = (result: number): string | number => (result < 0 ? errnoName(result) : result);

class Run {
  readonly machine: Machine;
  readonly process: Process;

  constructor(config: Partial<MachineConfig> = {}) {
    this.machine = new Machine({ paging: 'x86_64', memory: 4 * MIB, swap: MIB, ...config });
    this.process = this.machine.spawn({ signals: 'survive' });
  }

  get(size: number | bigint): number {
    return this.machine.calls.shmget(this.process, size);
  }

  at(id: number, page: number, flags = 0, process = this.process): string | number {
    return answer(this.machine.calls.shmat(process, id, ARENA + page * PAGE, flags));
  }

  detach(page: number, process = this.process): string | number {
    return answer(this.machine.calls.shmdt(process, ARENA + page * PAGE));
  }

  remove(id: number): string | number {
    return answer(this.machine.calls.shmrm(this.process, id));
  }

  /** Linux's shm_nattch; null: there is no such segment. */
  attached(id: number): number | null {
    return this.machine.kernel.segments.get(id)?.areas ?? null;
  }

  map(page: number, pages: number): void {
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    const address = ARENA + page * PAGE;
    expect(this.machine.mmap(this.process, { address, length: pages * PAGE, prot: RW, flags })).toBe(address);
  }

  store(page: number, value: number, process = this.process): boolean {
    return this.machine.store(process, ARENA + page * PAGE, value).ok;
  }

  load(page: number, process = this.process): number | string {
    const { bytes, signal } = this.machine.load(process, ARENA + page * PAGE, 1);
    return bytes === null ? signal!.code! : bytes[0]!;
  }

  fork(process = this.process): Process {
    const child = this.machine.fork(process);
    if (typeof child === 'number') throw new Error(`fork answered ${child}`);
    return child;
  }

  check(): void {
    expect(this.machine.checkInvariants()).toEqual([]);
  }
}

describe('segments', () => {
  it('have identifiers of their own, never used twice', () => {
    const run = new Run();
    const ids = [run.get(1), run.get(PAGE), run.get(PAGE + 1)];
    expect(new Set(ids).size).toBe(3);
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
    for (const id of ids) expect(run.remove(id)).toBe(0);
    expect(ids).not.toContain(run.get(1));
    run.check();
  });

  it.each<[number | bigint, string]>([
    [0, 'EINVAL'],
    [2n ** 63n, 'EINVAL'],
    [2n ** 64n - 1n, 'EINVAL'],
    [2n ** 40n, 'ENOMEM'],
  ])('of %s bytes are refused: %s', (size, expected) => {
    const run = new Run();
    expect(answer(run.get(size))).toBe(expected);
    run.check();
  });

  it('are 4096 at most (SHMMNI)', () => {
    const run = new Run({ overcommit: 1 });
    const ids = Array.from({ length: 4096 }, () => run.get(1));
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(0);
    expect(answer(run.get(1))).toBe('ENOSPC');
    expect(run.remove(ids[77]!)).toBe(0);
    expect(run.get(1)).toBeGreaterThan(0);
  });

  it('hold their memory while nobody is attached, and give frames, slots and promise back when removed', () => {
    const run = new Run();
    const { kernel } = run.machine;
    run.map(100, 1);
    run.store(100, 1);
    const before = [kernel.buddy.free, kernel.swap.free, kernel.committedPages];
    const id = run.get(3 * PAGE - 1);
    expect(kernel.committedPages).toBe(before[2]! + 3);
    run.at(id, 0);
    for (const page of [0, 1, 2]) run.store(page, page + 5);
    expect(run.machine.calls.madvise(run.process, ARENA, PAGE, 'PAGEOUT')).toBe(0);
    expect(run.detach(0)).toBe(0);
    expect(run.attached(id)).toBe(0);
    run.check();
    expect(run.at(id, 10)).toBe(ARENA + 10 * PAGE);
    expect([10, 11, 12].map((page) => run.load(page))).toEqual([5, 6, 7]);
    run.detach(10);
    expect(run.remove(id)).toBe(0);
    expect([kernel.buddy.free, kernel.swap.free, kernel.committedPages]).toEqual(before);
    run.check();
  });

  it('are promised whole at shmget: overcommit mode 2 refuses the one too many', () => {
    const run = new Run({ swap: 0, overcommit: 2 });
    const { kernel } = run.machine;
    const limit = Math.floor((kernel.memory.frames * kernel.sysctl.overcommit_ratio) / 100);
    const left = limit - kernel.committedPages;
    expect(answer(run.get(left * PAGE))).toBe('ENOMEM');
    setSysctl(kernel.sysctl, 'overcommit_memory', 1);
    const id = run.get(left * PAGE);
    expect(id).toBeGreaterThan(0);
    setSysctl(kernel.sysctl, 'overcommit_memory', 2);
    // Attaching, however often, promises nothing more.
    const { committedPages } = kernel;
    expect([run.at(id, 0), run.at(id, 2000)]).toEqual([ARENA, ARENA + 2000 * PAGE]);
    expect(kernel.committedPages).toBe(committedPages);
  });
});

describe('attachments', () => {
  it('are counted by area: fork, split and mremap attach; unmapping, exit and kill detach', () => {
    const run = new Run();
    const { machine, process } = run;
    const id = run.get(4 * PAGE);
    const counts: (number | null)[] = [];
    const note = () => counts.push(run.attached(id));
    note();
    run.at(id, 0);
    note();
    run.at(id, 10, SHM_RDONLY);
    note();
    const child = run.fork();
    note();
    machine.mprotect(process, ARENA + PAGE, PAGE, PROT_READ);
    note();
    machine.mprotect(process, ARENA + PAGE, PAGE, RW);
    note();
    machine.munmap(process, ARENA + 3 * PAGE, PAGE);
    note();
    machine.kill(child, 'SIGKILL');
    note();
    machine.exit(process);
    note();
    // Pieces never merge again, since each is counted (measured on 6.18).
    expect(counts).toEqual([0, 1, 2, 4, 6, 6, 6, 4, 0]);
    run.check();
  });

  it('of a removed segment keep it; it can be attached until the last is gone, also by a child', () => {
    const run = new Run();
    const { machine } = run;
    const id = run.get(PAGE);
    run.at(id, 0);
    run.store(0, 9);
    expect(run.remove(id)).toBe(0);
    expect(run.remove(id)).toBe(0);
    const child = run.fork();
    run.detach(0);
    expect(run.at(id, 5)).toBe(ARENA + 5 * PAGE);
    expect(run.load(5)).toBe(9);
    run.detach(5);
    expect(run.load(0, child)).toBe(9);
    machine.exit(child);
    expect(run.attached(id)).toBeNull();
    expect([run.at(id, 0), run.remove(id)]).toEqual(['EINVAL', 'EINVAL']);
    run.check();
  });

  it('share what is stored, between addresses and between processes that are no relatives', () => {
    const run = new Run();
    const id = run.get(2 * PAGE);
    const other = run.machine.spawn({ signals: 'survive' });
    run.at(id, 0);
    run.at(id, 20);
    run.at(id, 30, 0, other);
    run.store(1, 3);
    expect([run.load(21), run.load(31, other)]).toEqual([3, 3]);
    run.store(30, 8, other);
    expect([run.load(0), run.load(20)]).toEqual([8, 8]);
    run.check();
  });

  it('SHM_RDONLY may be read, never written, not even after mprotect', () => {
    const run = new Run();
    const id = run.get(PAGE);
    run.at(id, 0, SHM_RDONLY);
    expect(run.load(0)).toBe(0);
    expect(run.machine.store(run.process, ARENA, 1).signal).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    expect(answer(run.machine.mprotect(run.process, ARENA, PAGE, RW))).toBe('EACCES');
    expect(run.machine.mprotect(run.process, ARENA, PAGE, PROT_NONE)).toBe(0);
    run.check();
  });

  it('SHM_EXEC wants a right that mode 0600 withholds', () => {
    const run = new Run();
    const id = run.get(PAGE);
    expect(run.at(id, 0, SHM_EXEC)).toBe('EACCES');
    run.at(id, 0);
    // What mprotect may add is another matter.
    expect(run.machine.mprotect(run.process, ARENA, PAGE, PROT_READ | PROT_EXEC)).toBe(0);
  });

  it('SHM_RND rounds down; without it an odd address is refused', () => {
    const run = new Run();
    const { machine, process } = run;
    const id = run.get(PAGE);
    expect(answer(machine.calls.shmat(process, id, ARENA + 123))).toBe('EINVAL');
    expect(machine.calls.shmat(process, id, ARENA + 123, SHM_RND)).toBe(ARENA);
    // Rounded to 0 it is no free choice any more.
    expect(answer(machine.calls.shmat(process, id, 123, SHM_RND))).toBe('EPERM');
    expect(answer(machine.calls.shmat(process, id, 123, SHM_RND | SHM_REMAP))).toBe('EINVAL');
    expect(answer(machine.calls.shmat(process, id, 0, SHM_REMAP))).toBe('EINVAL');
  });

  it('SHM_REMAP replaces what is there, even the last attachment of the same removed segment', () => {
    const run = new Run();
    const id = run.get(2 * PAGE);
    run.map(0, 4);
    for (const page of [0, 1, 2, 3]) run.store(page, page + 1);
    expect(run.at(id, 1)).toBe('EINVAL');
    expect(run.at(id, 1, SHM_REMAP)).toBe(ARENA + PAGE);
    expect([0, 1, 2, 3].map((page) => run.load(page))).toEqual([1, 0, 0, 4]);
    run.store(1, 7);
    run.remove(id);
    expect(run.at(id, 1, SHM_REMAP)).toBe(ARENA + PAGE);
    expect(run.load(1)).toBe(7);
    expect(run.attached(id)).toBe(1);
    run.check();
  });

  it('at an address of the kernel’s choice lie where mmap would put them', () => {
    const run = new Run();
    const id = run.get(3 * PAGE);
    const one = run.machine.calls.shmat(run.process, id);
    const other = run.machine.calls.shmat(run.process, id);
    expect(one - other).toBe(3 * PAGE);
    // Neighbours, but two attachments: their areas stay two.
    expect(run.attached(id)).toBe(2);
  });

  it('do not grow: mremap past the segment is refused, moving keeps them', () => {
    const run = new Run();
    const { machine, process } = run;
    const id = run.get(2 * PAGE);
    run.at(id, 0);
    run.store(1, 6);
    const move = { address: ARENA, oldLength: 2 * PAGE, newLength: 2 * PAGE, newAddress: ARENA + 50 * PAGE };
    expect(machine.calls.mremap(process, { ...move, flags: MREMAP_MAYMOVE | MREMAP_FIXED })).toBe(ARENA + 50 * PAGE);
    expect([run.load(1), run.load(51)]).toEqual(['SEGV_MAPERR', 6]);
    // Where it began is no place of an attachment any more, where it is now is.
    expect([run.detach(0), run.detach(50)]).toEqual(['EINVAL', 0]);
    expect(run.attached(id)).toBe(0);
    run.check();
  });

  it('grown by mremap they are SIGBUS behind the segment', () => {
    const run = new Run();
    const id = run.get(PAGE);
    run.at(id, 0);
    const grown = { address: ARENA, oldLength: PAGE, newLength: 2 * PAGE };
    expect(run.machine.calls.mremap(run.process, grown)).toBe(ARENA);
    expect([run.load(0), run.load(1)]).toEqual([0, 'BUS_ADRERR']);
    run.check();
  });

  it('are detached by shmdt whole, holes and pieces with other rights included, but no neighbours', () => {
    const run = new Run();
    const { machine, process } = run;
    const id = run.get(5 * PAGE);
    run.at(id, 0);
    run.map(5, 1);
    machine.mprotect(process, ARENA + PAGE, PAGE, PROT_READ);
    machine.munmap(process, ARENA + 3 * PAGE, PAGE);
    run.map(3, 1);
    run.store(3, 1);
    expect(run.attached(id)).toBe(4);
    expect([run.detach(1), run.detach(0)]).toEqual(['EINVAL', 0]);
    expect(run.attached(id)).toBe(0);
    expect([0, 1, 2, 3, 4, 5].map((page) => run.load(page))).toEqual([
      'SEGV_MAPERR',
      'SEGV_MAPERR',
      'SEGV_MAPERR',
      1,
      'SEGV_MAPERR',
      0,
    ]);
    expect(run.detach(0)).toBe('EINVAL');
    expect(answer(machine.calls.shmdt(process, ARENA + 1))).toBe('EINVAL');
    run.check();
  });

  it('survive swap: what one process pushed out, another finds', () => {
    const run = new Run({ memory: 96 * PAGE, swap: 128 * PAGE });
    const other = run.machine.spawn({ signals: 'survive' });
    const id = run.get(60 * PAGE);
    run.at(id, 0);
    run.at(id, 0, 0, other);
    for (let page = 0; page < 60; page++) expect(run.store(page, page + 1)).toBe(true);
    run.map(100, 60);
    for (let page = 100; page < 160; page++) expect(run.store(page, 1)).toBe(true);
    expect(run.machine.counters().swapWrites).toBeGreaterThan(20);
    run.check();
    for (let page = 0; page < 60; page++) expect(run.load(page, other)).toBe(page + 1);
    run.check();
  });
});
