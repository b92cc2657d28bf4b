/**
 * System V shared memory, each test named after the LTP case whose assertion it repeats (testcases/kernel/syscalls/ipc,
 * testcases/kernel/mem/shmt). More of it in test/kernel/shm.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { SHM_EXEC, SHM_RDONLY, SHM_REMAP, SHM_RND } from '../../src/kernel/fs/shm.ts';
import { PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { ARENA, answer, at, PAGE, Run, RW } from './arena.ts';

const shmat = ({ machine, process }: Run, id: number, address: number, flags = 0): string | number =>
  answer(machine.calls.shmat(process, id, address, flags));
const shmdt = ({ machine, process }: Run, address: number): string | number =>
  answer(machine.calls.shmdt(process, address));
const attached = ({ machine }: Run, id: number): number => machine.kernel.segments.get(id)!.areas;

function withSegment(pages: number): { run: Run; id: number } {
  const run = new Run();
  const id = run.machine.calls.shmget(run.process, pages * PAGE);
  expect(id).toBeGreaterThan(0);
  return { run, id };
}

describe('shmat', () => {
  it('shmat01: no address picks one, an aligned one is taken, SHM_RND rounds, SHM_RDONLY refuses stores', () => {
    const { run, id } = withSegment(1);
    const { machine, process } = run;
    const chosen = shmat(run, id, 0) as number;
    expect(chosen % PAGE).toBe(0);
    expect(machine.store(process, chosen, 10).ok).toBe(true);
    expect(shmat(run, id, at(0))).toBe(at(0));
    expect(shmat(run, id, at(5) + PAGE - 1, SHM_RND)).toBe(at(5));
    expect(shmat(run, id, at(8), SHM_RDONLY)).toBe(at(8));
    expect([run.read(0, 1), run.read(5, 1), run.read(8, 1)]).toEqual([[10], [10], [10]]);
    expect(machine.store(process, at(8), 1).signal).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
    run.check();
  });

  it('shmat02: EINVAL for an identifier that is none and an odd address, EACCES for a right one has not', () => {
    const { run, id } = withSegment(1);
    expect([shmat(run, -1, 0), shmat(run, id + 1, 0), shmat(run, id, ARENA + 1)]).toEqual(Array(3).fill('EINVAL'));
    // Root is refused nothing there; SHM_EXEC is what this user lacks.
    expect(shmat(run, id, 0, SHM_EXEC)).toBe('EACCES');
  });

  it('shmat03: address 0 with SHM_REMAP is EINVAL, also when rounding makes it 0', () => {
    const { run, id } = withSegment(1);
    expect([shmat(run, id, 0, SHM_REMAP), shmat(run, id, 1, SHM_RND | SHM_REMAP)]).toEqual(['EINVAL', 'EINVAL']);
    expect(shmat(run, id, 1, SHM_RND)).toBe('EPERM');
  });

  it('shmat04: an attachment cut by mprotect into three and detached leaves no attachment behind', () => {
    const { run, id } = withSegment(3);
    shmat(run, id, at(0));
    run.machine.mprotect(run.process, at(1), PAGE, PROT_READ);
    expect(attached(run, id)).toBe(3);
    expect(shmdt(run, at(0))).toBe(0);
    expect(attached(run, id)).toBe(0);
    run.check();
  });
});

describe('shmdt', () => {
  it('shmdt01: after it an access is SIGSEGV, and nobody is attached', () => {
    const { run, id } = withSegment(1);
    shmat(run, id, at(0));
    run.fill(0, 1);
    expect(attached(run, id)).toBe(1);
    expect(shmdt(run, at(0))).toBe(0);
    expect([attached(run, id), run.read(0, 1)]).toEqual([0, ['SEGV_MAPERR']]);
  });

  it('shmdt02: EINVAL where nothing is attached, where something else is mapped, at an odd address', () => {
    const { run, id } = withSegment(2);
    shmat(run, id, at(0));
    run.map(5, 1);
    expect([shmdt(run, at(9)), shmdt(run, at(5)), shmdt(run, at(0) + 1), shmdt(run, at(1))]).toEqual(
      Array(4).fill('EINVAL'),
    );
    expect(shmdt(run, at(0))).toBe(0);
  });
});

describe('shmt', () => {
  it('shmt03, shmt10: attached twice, and a thousand times over, it is the same memory', () => {
    const { run, id } = withSegment(2);
    shmat(run, id, at(0));
    shmat(run, id, at(4));
    run.fill(0, 2, 30);
    expect(run.read(4, 2)).toEqual([30, 31]);
    for (let round = 0; round < 1000; round++) {
      expect(shmat(run, id, at(8))).toBe(at(8));
      expect(shmdt(run, at(8))).toBe(0);
    }
    expect(attached(run, id)).toBe(2);
    run.check();
  });

  it('shmt04, shmt05: a child inherits the attachment; what either stores both see', () => {
    const { run, id } = withSegment(1);
    const { machine, process } = run;
    shmat(run, id, at(0));
    const child = machine.fork(process) as Process;
    machine.store(child, at(0), 5);
    expect(run.read(0, 1)).toEqual([5]);
    machine.exit(child);
    expect(attached(run, id)).toBe(1);
    run.check();
  });

  it('shmt06, shmt07: a child attaches what the parent made and removed, while the parent is attached', () => {
    const { run, id } = withSegment(1);
    const { machine, process } = run;
    shmat(run, id, at(0));
    run.fill(0, 1, 77);
    expect(machine.calls.shmrm(process, id)).toBe(0);
    const child = machine.fork(process) as Process;
    expect(machine.calls.shmat(child, id, at(3))).toBe(at(3));
    expect(run.read(3, 1, child)).toEqual([77]);
    machine.exit(child);
    shmdt(run, at(0));
    expect(shmat(run, id, at(0))).toBe('EINVAL');
    run.check();
  });

  it('shmt09: nothing is attached over the heap, and the break does not move into what is attached', () => {
    const { run, id } = withSegment(1);
    const { machine, process } = run;
    const start = Math.ceil(machine.brk(process, 0) / PAGE) * PAGE;
    expect(machine.brk(process, start + 4 * PAGE)).toBe(start + 4 * PAGE);
    expect(shmat(run, id, start + PAGE)).toBe('EINVAL');
    expect(shmat(run, id, start + 8 * PAGE)).toBe(start + 8 * PAGE);
    expect(machine.brk(process, start + 9 * PAGE)).toBe(start + 4 * PAGE);
    expect(machine.brk(process, start + 7 * PAGE)).toBe(start + 7 * PAGE);
    // mmap with a hint goes elsewhere, too.
    const hinted = { address: start + 8 * PAGE, length: PAGE, prot: PROT_READ | PROT_WRITE, flags: 0x22 };
    expect(machine.mmap(process, hinted)).not.toBe(start + 8 * PAGE);
    run.check();
  });

  it('mprotect gives a writable attachment its right back, a read-only one never had it', () => {
    const { run, id } = withSegment(1);
    const { machine, process } = run;
    shmat(run, id, at(0));
    machine.mprotect(process, at(0), PAGE, PROT_READ);
    expect(machine.mprotect(process, at(0), PAGE, RW)).toBe(0);
    run.fill(0, 1);
    shmat(run, id, at(3), SHM_RDONLY);
    expect(answer(machine.mprotect(process, at(3), PAGE, RW))).toBe('EACCES');
  });
});
