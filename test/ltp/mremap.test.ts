/**
 * mremap, each test named after the LTP case or kernel selftest whose
 * assertion it repeats (testcases/kernel/syscalls, tools/testing/selftests/mm), and what none of them asks.
 */
import { describe, expect, it } from 'vitest';
import { MAP_HUGETLB, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_READ } from '../../src/kernel/linux-abi.ts';
import { ANON, ARENA, answer, at, HUGE, PAGE, Run, SHARED, TO } from './arena.ts';

describe('mremap', () => {
  it('mremap02, mremap03: an unaligned address is EINVAL, an unmapped one EFAULT', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 2);
    const options = { oldLength: PAGE, newLength: PAGE };
    expect(answer(machine.calls.mremap(process, { address: ARENA + 1, ...options }))).toBe('EINVAL');
    expect(run.mremap(9, 1, 1)).toBe('EFAULT');
  });

  it('mremap04: growing into what is mapped is ENOMEM without MREMAP_MAYMOVE, and goes elsewhere with it', () => {
    const run = new Run();
    run.map(0, 2);
    run.map(2, 1, ANON, PROT_READ);
    run.fill(0, 2, 7);
    expect(run.mremap(0, 2, 4)).toBe('ENOMEM');
    const moved = run.mremap(0, 2, 4, MREMAP_MAYMOVE) as number;
    expect(moved).toBeGreaterThan(at(4));
    expect([...run.machine.load(run.process, moved + PAGE, 1).bytes!]).toEqual([8]);
    expect(run.areas()).toEqual([[2, 3, 'rd mr mw me']]);
    run.check();
  });

  it('mremap05: MREMAP_FIXED wants MAYMOVE, an aligned target and no overlap, and unmaps what is there', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 4);
    run.map(8, 4, SHARED);
    run.fill(0, 4);
    run.fill(8, 4, 50);
    expect(run.mremap(0, 4, 4, MREMAP_FIXED, 8)).toBe('EINVAL');
    expect(run.mremap(0, 4, 4, TO, 2)).toBe('EINVAL');
    const options = { address: ARENA, oldLength: PAGE, newLength: PAGE, flags: TO, newAddress: at(9) + 1 };
    expect(answer(machine.calls.mremap(process, options))).toBe('EINVAL');
    expect(run.mremap(0, 2, 2, TO, 9)).toBe(at(9));
    expect(run.read(8, 4)).toEqual([50, 1, 2, 53]);
    expect(run.read(0, 3)).toEqual(['SEGV_MAPERR', 'SEGV_MAPERR', 3]);
    run.check();
  });

  it('mremap07, mremap_dontunmap: the old area stays, empty', () => {
    const run = new Run();
    run.map(0, 3);
    run.fill(0, 3);
    expect(run.mremap(0, 3, 3, TO | MREMAP_DONTUNMAP, 10)).toBe(at(10));
    expect(run.read(0, 3)).toEqual([0, 0, 0]);
    expect(run.read(10, 3)).toEqual([1, 2, 3]);
    expect(run.mremap(10, 3, 2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP)).toBe('EINVAL');
    run.check();
  });

  it('mremap_test: several areas move at once, holes and all; resizing several is EFAULT', () => {
    const run = new Run();
    run.map(0, 2);
    run.map(3, 2, ANON, PROT_READ);
    run.map(5, 2, SHARED);
    run.fill(0, 2);
    run.fill(5, 2, 40);
    expect(run.mremap(0, 7, 9, TO, 20)).toBe('EFAULT');
    expect(run.mremap(0, 7, 7, TO, 20)).toBe(at(20));
    expect(run.areas().map(([start, end]) => [start, end])).toEqual([
      [20, 22],
      [23, 25],
      [25, 27],
    ]);
    expect(run.read(20, 7)).toEqual([1, 2, 'SEGV_MAPERR', 0, 0, 40, 41]);
    run.check();
  });

  it('a second mapping of shared memory: old length 0', () => {
    const run = new Run();
    run.map(0, 2, SHARED);
    run.fill(0, 2);
    expect(run.mremap(0, 0, 2, TO, 10)).toBe(at(10));
    run.fill(0, 1, 9);
    expect(run.read(10, 2)).toEqual([9, 2]);
    run.map(20, 1);
    expect(run.mremap(20, 0, 1, TO, 30)).toBe('EINVAL');
    run.check();
  });

  it('tables that are covered wholly move as they are, and no frame changes', () => {
    const run = new Run();
    const pages = HUGE / PAGE;
    run.map(0, 2 * pages);
    run.fill(3, 4);
    run.fill(pages, 2, 20);
    const frames = [run.frameAt(3), run.frameAt(pages)];
    const before = run.process.space!.tableFrames;
    expect(run.mremap(0, 2 * pages, 2 * pages, TO, 8 * pages)).toBe(at(8 * pages));
    expect(run.process.space!.tableFrames).toBe(before);
    expect([run.frameAt(8 * pages + 3), run.frameAt(9 * pages)]).toEqual(frames);
    expect(run.read(8 * pages + 3, 4)).toEqual([1, 2, 3, 4]);
    run.check();
  });

  it('superpages move, whole where both ends are aligned and split where not', () => {
    const run = new Run({ transparentSuperpages: true });
    const pages = HUGE / PAGE;
    const { machine, process } = run;
    run.map(0, pages);
    run.fill(5, 1, 77);
    const frame = machine.pageTable.frame(machine.pageTable.find(process.space!.root, at(0), 1), 1);
    expect(run.mremap(0, pages, pages, TO, 4 * pages)).toBe(at(4 * pages));
    expect(machine.pageTable.frame(machine.pageTable.find(process.space!.root, at(4 * pages), 1), 1)).toBe(frame);
    run.check();
    expect(run.mremap(4 * pages, pages, pages, TO, 8 * pages + 1)).toBe(at(8 * pages + 1));
    expect(run.read(8 * pages + 6, 1)).toEqual([77]);
    run.check();
  });

  it('hugetlb: moves by whole superpages only, and does not grow', () => {
    const run = new Run();
    const pages = HUGE / PAGE;
    run.map(0, pages, ANON | MAP_HUGETLB);
    run.fill(1, 1, 5);
    expect(run.mremap(0, pages, 2 * pages, MREMAP_MAYMOVE)).toBe('EINVAL');
    expect(run.mremap(0, pages, pages, TO, pages + 1)).toBe('EINVAL');
    expect(run.mremap(0, pages, pages, TO, 2 * pages)).toBe(at(2 * pages));
    expect(run.read(2 * pages + 1, 1)).toEqual([5]);
    run.check();
  });

  it('a move for which there are no page tables is undone', () => {
    const run = new Run({ memory: 64 * PAGE, swap: 0, overcommit: 1 });
    const pages = HUGE / PAGE;
    run.map(0, 2 * pages);
    run.fill(0, 2);
    run.fill(pages, 2, 30);
    run.map(4 * pages, pages);
    // All the memory there is; what is left does not suffice for the target's tables.
    for (let page = 4 * pages; run.machine.kernel.buddy.free > 1; page++) run.fill(page, 1);
    expect(run.mremap(0, 2 * pages, 2 * pages, TO, (1 << 30) / PAGE + 1)).toBe('ENOMEM');
    expect(run.read(0, 2)).toEqual([1, 2]);
    expect(run.read(pages, 2)).toEqual([30, 31]);
    run.check();
  });
});
