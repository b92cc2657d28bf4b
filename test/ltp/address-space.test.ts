/**
 * mincore, msync, mseal and remap_file_pages, each test named after the LTP case or kernel selftest whose
 * assertion it repeats (testcases/kernel/syscalls, tools/testing/selftests/mm), and what none of them asks.
 */
import { describe, expect, it } from 'vitest';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC, PROT_READ } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { ARENA, answer, at, PAGE, Run, SHARED, TO } from './arena.ts';

describe('mincore', () => {
  it('mincore01, mincore03: errors, and untouched memory against touched', () => {
    const run = new Run();
    const { machine, process } = run;
    const mincore = (start: number, length: number | bigint, vector = at(20)) =>
      answer(machine.calls.mincore(process, start, length, vector));
    run.map(0, 4);
    run.map(20, 1);
    run.fill(1, 2);
    expect(mincore(ARENA + 1, PAGE)).toBe('EINVAL');
    expect(mincore(ARENA, PAGE, 0)).toBe('EFAULT');
    expect(mincore(ARENA, PAGE, Number.MAX_SAFE_INTEGER)).toBe('EFAULT');
    expect(mincore(at(3), 2 * PAGE)).toBe('ENOMEM');
    expect(mincore(ARENA, 2n ** 63n)).toBe('ENOMEM');
    expect(mincore(ARENA, 4 * PAGE)).toBe(0);
    expect([...machine.load(process, at(20), 4).bytes!]).toEqual([0, 1, 1, 0]);
  });

  it('mincore04: what a child touched of shared memory is there for the parent', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 2, SHARED);
    run.map(20, 1);
    machine.store(machine.fork(process) as Process, at(1), 1);
    expect(machine.calls.mincore(process, at(0), 2 * PAGE, at(20))).toBe(0);
    expect([...machine.load(process, at(20), 2).bytes!]).toEqual([0, 1]);
  });
});

describe('msync', () => {
  it('msync03: errors, in their order', () => {
    const run = new Run();
    const { machine, process } = run;
    const msync = (start: number, length: number, flags: number) =>
      answer(machine.calls.msync(process, start, length, flags));
    run.map(0, 2, SHARED);
    machine.calls.mlock(process, at(1), PAGE);
    expect(msync(ARENA + 1, PAGE, MS_SYNC)).toBe('EINVAL');
    expect(msync(ARENA, PAGE, 8)).toBe('EINVAL');
    expect(msync(ARENA, PAGE, MS_SYNC | MS_ASYNC)).toBe('EINVAL');
    expect(msync(ARENA, 2 * PAGE, MS_INVALIDATE)).toBe('EBUSY');
    expect(msync(at(1), 2 * PAGE, MS_SYNC)).toBe('ENOMEM');
    expect(msync(ARENA, 2 * PAGE, MS_SYNC)).toBe(0);
  });
});

describe('mseal', () => {
  it('mseal01, mseal_test: place, rights and read-only contents stay; neighbours do as they like', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 6);
    run.fill(0, 6);
    machine.mprotect(process, at(3), PAGE, PROT_READ);
    expect(machine.calls.mseal(process, at(2), 2 * PAGE)).toBe(0);
    expect(run.areas().map(([start, end, flags]) => [start, end, flags.includes('sl')])).toEqual([
      [0, 2, false],
      [2, 3, true],
      [3, 4, true],
      [4, 6, false],
    ]);
    for (const page of [2, 3]) {
      expect(answer(machine.munmap(process, at(page), PAGE))).toBe('EPERM');
      expect(answer(machine.mprotect(process, at(page), PAGE, PROT_READ))).toBe('EPERM');
      expect(run.mremap(page, 1, 1, TO, 10)).toBe('EPERM');
      expect(run.mremap(0, 1, 1, TO, page)).toBe('EPERM');
      expect(answer(run.map(page, 1))).toBe('EPERM');
    }
    expect(run.advise(2, 1, 'DONTNEED')).toBe(0);
    expect(run.advise(3, 1, 'DONTNEED')).toBe('EPERM');
    expect(run.advise(3, 1, 'RANDOM')).toBe(0);
    expect(run.read(2, 2)).toEqual([0, 4]);
    expect(machine.munmap(process, at(5), PAGE)).toBe(0);
    machine.exit(process);
    run.check();
  });

  it('mseal02: flags, alignment, wrap, holes', () => {
    const run = new Run();
    const { machine, process } = run;
    const mseal = (start: number, length: number | bigint, flags = 0) =>
      answer(machine.calls.mseal(process, start, length, flags));
    run.map(0, 2);
    run.map(3, 1);
    expect(mseal(ARENA, PAGE, 1)).toBe('EINVAL');
    expect(mseal(ARENA + 1, PAGE)).toBe('EINVAL');
    expect(mseal(ARENA, 2n ** 64n - 1n)).toBe('EINVAL');
    expect(mseal(ARENA, 0)).toBe(0);
    expect(mseal(ARENA, 4 * PAGE)).toBe('ENOMEM');
    expect(mseal(at(2), PAGE)).toBe('ENOMEM');
    expect(run.areas().some(([, , flags]) => flags.includes('sl'))).toBe(false);
  });
});

describe('remap_file_pages', () => {
  it('remap_file_pages01: pages of an object in another order', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 4, SHARED);
    run.fill(0, 4);
    for (let page = 0; page < 4; page++) {
      expect(machine.calls.remapFilePages(process, at(page), PAGE, 0, 3 - page)).toBe(0);
    }
    expect(run.read(0, 4)).toEqual([4, 3, 2, 1]);
    expect(run.areas()).toHaveLength(4);
    expect(machine.calls.remapFilePages(process, at(0), 4 * PAGE, 0, 0)).toBe(0);
    expect(run.areas()).toHaveLength(1);
    expect(run.read(0, 4)).toEqual([1, 2, 3, 4]);
    run.check();
  });

  it('remap_file_pages02: private memory, no memory, no length, a protection', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 1);
    run.map(1, 1, SHARED);
    const remap = (page: number, length: number, prot = 0) =>
      answer(machine.calls.remapFilePages(process, at(page), length, prot, 0));
    expect([remap(0, PAGE), remap(9, PAGE), remap(1, 0), remap(1, PAGE, PROT_READ)]).toEqual(Array(4).fill('EINVAL'));
    expect(remap(1, PAGE)).toBe(0);
  });
});
