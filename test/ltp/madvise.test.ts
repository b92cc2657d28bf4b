/**
 * madvise, each test named after the LTP case or kernel selftest whose
 * assertion it repeats (testcases/kernel/syscalls, tools/testing/selftests/mm), and what none of them asks.
 */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_DROPPABLE, PROT_NONE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { evict } from '../../src/kernel/reclaim/reclaim.ts';
import { ADVICE, type AdviceName } from '../../src/kernel/vm/advice.ts';
import { ANON, ARENA, answer, at, HUGE, MIB, PAGE, Run, SHARED, TO } from './arena.ts';

describe('madvise', () => {
  const SUITABLE = Object.keys(ADVICE).filter(
    (name) => !['HWPOISON', 'SOFT_OFFLINE', 'COLLAPSE', 'REMOVE'].includes(name),
  ) as AdviceName[];

  it.for(SUITABLE)('madvise01: %s of private memory', (advice) => {
    const run = new Run({ swap: MIB });
    run.map(0, 4);
    run.fill(0, 4);
    expect(run.advise(0, 4, advice)).toBe(0);
    run.check();
  });

  it('madvise02: what is refused', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 4);
    run.map(4, 2, SHARED);
    expect(answer(machine.calls.madvise(process, ARENA + 1, PAGE, 'NORMAL'))).toBe('EINVAL');
    expect(run.advise(0, 1, 1212)).toBe('EINVAL');
    expect(run.advise(4, 1, 'FREE')).toBe('EINVAL');
    expect(run.advise(4, 1, 'WIPEONFORK')).toBe('EINVAL');
    expect(run.advise(5, 3, 'NORMAL')).toBe('ENOMEM');
    // The machine of the recordings is built without CONFIG_MEMORY_FAILURE.
    expect(run.advise(0, 1, 'HWPOISON')).toBe('EINVAL');
    expect(run.advise(0, 1, 'REMOVE')).toBe('EINVAL');
    machine.calls.mlock(process, at(0), PAGE);
    for (const advice of ['DONTNEED', 'FREE', 'COLD', 'PAGEOUT', 'GUARD_INSTALL'] as const) {
      expect(run.advise(0, 1, advice), advice).toBe('EINVAL');
    }
    expect(run.advise(0, 1, 'DONTNEED_LOCKED')).toBe(0);
  });

  it('madvise03: DONTNEED makes private memory zero; shared memory comes back as it was, REMOVE empties it', () => {
    const run = new Run();
    run.map(0, 2);
    run.map(2, 2, SHARED);
    run.fill(0, 4);
    expect(run.advise(0, 4, 'DONTNEED')).toBe(0);
    expect(run.read(0, 4)).toEqual([0, 0, 3, 4]);
    expect(run.advise(2, 1, 'REMOVE')).toBe(0);
    expect(run.read(0, 4)).toEqual([0, 0, 0, 4]);
    run.check();
  });

  it('DONTNEED of all that a table maps frees the table', () => {
    const run = new Run();
    run.map(0, HUGE / PAGE);
    run.fill(0, 3);
    const tables = run.process.space!.tableFrames;
    expect(run.advise(0, HUGE / PAGE, 'DONTNEED')).toBe(0);
    expect(run.process.space!.tableFrames).toBe(tables - 1);
    run.check();
  });

  it('madvise09: what MADV_FREE gave up is dropped by reclaim unless it was written again', () => {
    const run = new Run({ swap: MIB });
    const { kernel } = run.machine;
    run.map(0, 3);
    run.fill(0, 3);
    expect(run.advise(0, 3, 'FREE')).toBe(0);
    // The list of those given up is drained by the next such call.
    expect(run.advise(0, 3, 'FREE')).toBe(0);
    run.fill(1, 1, 99);
    expect(run.read(0, 3)).toEqual([1, 99, 3]);
    const frames = [0, 1, 2].map((page) => run.frameAt(page));
    expect(frames.map((frame) => evict(kernel, frame))).toEqual([true, false, true]);
    expect(kernel.swap.writes).toBe(0);
    run.check();
    expect(run.read(0, 3)).toEqual([0, 99, 0]);
    expect(evict(kernel, run.frameAt(1))).toBe(true);
    expect(kernel.swap.writes).toBe(1);
    expect(run.read(1, 1)).toEqual([99]);
    run.check();
  });

  it('MAP_DROPPABLE: reclaim drops pages written or not, a child starts without them', () => {
    const run = new Run({ swap: MIB });
    const { machine, process } = run;
    expect(run.map(0, 2, MAP_DROPPABLE | MAP_ANONYMOUS)).toBe(at(0));
    expect(run.areas()).toEqual([[0, 2, 'rd wr mr mw me nr wf dd dp']]);
    run.fill(0, 2);
    const child = machine.fork(process) as Process;
    expect(run.read(0, 2, child)).toEqual([0, 0]);
    expect(evict(machine.kernel, run.frameAt(1))).toBe(true);
    expect(run.read(0, 2)).toEqual([1, 0]);
    expect(run.advise(0, 2, 'KEEPONFORK')).toBe('EINVAL');
    expect(run.advise(0, 2, 'DODUMP')).toBe('EINVAL');
    run.check();
  });

  it('madvise10: WIPEONFORK, KEEPONFORK, DONTFORK and a length of 0', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 4);
    run.fill(0, 4);
    expect([run.advise(0, 2, 'WIPEONFORK'), run.advise(1, 1, 'KEEPONFORK'), run.advise(3, 1, 'DONTFORK')]).toEqual([
      0, 0, 0,
    ]);
    expect(run.advise(2, 0, 'WIPEONFORK')).toBe(0);
    const child = machine.fork(process) as Process;
    expect(run.read(0, 4, child)).toEqual([0, 2, 3, 'SEGV_MAPERR']);
    machine.store(child, at(0), 9);
    const grandchild = machine.fork(child) as Process;
    expect(run.read(0, 1, grandchild)).toEqual([0]);
    expect(run.read(0, 4)).toEqual([1, 2, 3, 4]);
    run.check();
  });

  it('madvise12, guard-regions: markers fault, survive DONTNEED, fork and mremap, and leave untouched pages', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 5);
    run.fill(0, 5);
    expect(run.advise(1, 3, 'GUARD_INSTALL')).toBe(0);
    const guarded = [1, 'SEGV_MAPERR', 'SEGV_MAPERR', 'SEGV_MAPERR', 5];
    expect(run.read(0, 5)).toEqual(guarded);
    expect(run.advise(1, 3, 'DONTNEED')).toBe(0);
    expect(run.read(0, 5)).toEqual(guarded);
    expect(run.advise(0, 5, 'POPULATE_READ')).toBe('EFAULT');
    expect(run.read(0, 5, machine.fork(process) as Process)).toEqual(guarded);
    expect(run.mremap(0, 5, 5, TO, 10)).toBe(at(10));
    expect(run.read(10, 5)).toEqual(guarded);
    expect(run.advise(10, 5, 'GUARD_REMOVE')).toBe(0);
    expect(run.read(10, 5)).toEqual([1, 0, 0, 0, 5]);
    expect(run.areas()).toEqual([[10, 15, 'rd wr mr mw me gu ac']]);
    run.check();
  });

  it('madv_populate: the very right is needed, holes are ENOMEM', () => {
    const run = new Run();
    run.map(0, 2);
    run.map(2, 1, ANON, PROT_READ);
    run.map(3, 1, ANON, PROT_WRITE);
    run.map(4, 1, ANON, PROT_NONE);
    expect(run.advise(0, 2, 'POPULATE_WRITE')).toBe(0);
    expect([2, 3, 4, 5].map((page) => run.advise(page, 1, 'POPULATE_WRITE'))).toEqual([
      'EINVAL',
      0,
      'EINVAL',
      'ENOMEM',
    ]);
    expect([2, 3, 4, 5].map((page) => run.advise(page, 1, 'POPULATE_READ'))).toEqual([0, 'EINVAL', 'EINVAL', 'ENOMEM']);
    const { minorFaults } = run.process;
    run.fill(0, 2);
    expect(run.process.minorFaults).toBe(minorFaults);
  });

  it('COLLAPSE puts the pages of a block together, and a later split gives them back', () => {
    const run = new Run();
    const { machine, process } = run;
    const pages = HUGE / PAGE;
    run.map(0, pages);
    run.fill(3, 3);
    expect(run.read(9, 1)).toEqual([0]);
    expect(run.advise(0, pages, 'COLLAPSE')).toBe(0);
    expect(machine.pageTable.isTable(machine.pageTable.find(process.space!.root, at(0), 1), 1)).toBe(false);
    run.check();
    expect(run.read(2, 5)).toEqual([0, 1, 2, 3, 0]);
    expect(run.advise(4, 1, 'DONTNEED')).toBe(0);
    expect(run.read(3, 3)).toEqual([1, 0, 3]);
    run.check();
    run.map(2 * pages, 4);
    expect(run.advise(2 * pages, 4, 'COLLAPSE')).toBe('EINVAL');
  });

  it.each([
    // What is on its way to a disk is still in the swap cache.
    ['disk', 0],
    ['zswap', 1],
  ] as const)(
    'madvise06, process_madvise01: PAGEOUT swaps out to %s, WILLNEED reads back ahead of the touch',
    (swapKind, major) => {
      const run = new Run({ swap: MIB, swapKind });
      const { process } = run;
      run.map(0, 2);
      run.fill(0, 2);
      expect(run.advise(0, 2, 'PAGEOUT')).toBe(0);
      expect(process.space!.swapEntries).toBe(2);
      expect(run.advise(0, 1, 'WILLNEED')).toBe(0);
      run.check();
      const { majorFaults } = process;
      expect(run.read(0, 1)).toEqual([1]);
      expect(process.majorFaults).toBe(majorFaults);
      expect(run.read(1, 1)).toEqual([2]);
      expect(process.majorFaults).toBe(majorFaults + major);
      run.check();
    },
  );
});
