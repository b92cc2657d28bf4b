/** Two CPUs, one address space: who must forget what, and what a stale entry costs. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';

const RW = PROT_READ | PROT_WRITE;

/** A process that has used a page on CPU 0 with these rights, and runs on CPU 1 now. */
function moved(paging: 'sv39' | 'x86_64', prot: number) {
  const machine = new Machine({ paging, cpus: 2 });
  const process = machine.spawn({ name: 'p', signals: 'survive' });
  const page = machine.mmap(process, { length: 4096, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  machine.store(process, page, 1, 1);
  machine.mprotect(process, page, 4096, prot);
  machine.load(process, page, 1);
  machine.switchTo(1, process);
  const before = machine.counters();
  return { machine, process, page, shootdowns: () => machine.counters().tlbShootdowns - before.tlbShootdowns };
}

describe.for(['sv39', 'x86_64'] as const)('%s', (paging) => {
  it('a right lost: the other CPU is interrupted and no longer allows it', () => {
    const { machine, process, page, shootdowns } = moved(paging, RW);
    machine.mprotect(process, page, 4096, PROT_READ);
    expect(shootdowns()).toBe(1);
    machine.switchTo(0, process);
    expect(machine.store(process, page, 2, 1).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('unmapped: likewise', () => {
    const { machine, process, page, shootdowns } = moved(paging, RW);
    machine.munmap(process, page, 4096);
    expect(shootdowns()).toBe(1);
    machine.switchTo(0, process);
    expect(machine.load(process, page, 1).signal).toMatchObject({ code: 'SEGV_MAPERR' });
  });

  it('a right gained: nobody is interrupted; the stale entry costs one spurious fault over there', () => {
    const { machine, process, page, shootdowns } = moved(paging, PROT_READ);
    machine.mprotect(process, page, 4096, RW);
    expect(shootdowns()).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
    expect(machine.store(process, page, 2, 1)).toMatchObject({ ok: true, minor: 0 });
    machine.switchTo(0, process);
    const spurious = machine.counters().spuriousFaults;
    expect(machine.store(process, page, 3, 1)).toMatchObject({ ok: true, minor: 1 });
    expect(machine.counters().spuriousFaults).toBe(spurious + 1);
    expect(machine.store(process, page, 4, 1)).toMatchObject({ ok: true, minor: 0 });
  });

  it('the right to execute gained: likewise; never gained: refused for good', () => {
    const { machine, process, page } = moved(paging, PROT_READ);
    machine.mprotect(process, page, 4096, PROT_READ | PROT_EXEC);
    machine.switchTo(0, process);
    expect(machine.fetch(process, page)).toMatchObject({ ok: true, minor: 1 });
    machine.mprotect(process, page, 4096, PROT_READ);
    expect(machine.fetch(process, page).signal).toMatchObject({ code: 'SEGV_ACCERR' });
  });

  it('fork write-protects: the other CPU must hear of it', () => {
    const { machine, process, page, shootdowns } = moved(paging, RW);
    machine.switchTo(0, process);
    machine.store(process, page, 1, 1);
    machine.switchTo(1, process);
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('fork failed');
    expect(shootdowns()).toBe(1);
    machine.switchTo(0, process);
    expect(machine.store(process, page, 9, 1)).toMatchObject({ ok: true, minor: 1 });
    expect(machine.load(child, page, 1).bytes).toEqual(Uint8Array.of(1));
  });
});
