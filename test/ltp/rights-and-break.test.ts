/**
 * mprotect and brk, each test named after the LTP case whose assertion it repeats (testcases/kernel/syscalls/{mprotect,
 * brk,sbrk}), and what the tunables of memory promise (testcases/kernel/mem/tunable).
 */
import { describe, expect, it } from 'vitest';
import {
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { ANON, ARENA, answer, at, MIB, PAGE, Run, RW } from './arena.ts';

const READ = { canRead: true };
const ALL = PROT_READ | PROT_WRITE | PROT_EXEC;

describe('mprotect', () => {
  it('mprotect01: ENOMEM unmapped, EINVAL at an odd address or for unknown rights, EACCES for what the file forbids', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 1);
    run.mapFile(4, 1, run.open('f', PAGE, READ), MAP_SHARED, PROT_READ);
    const protect = (address: number | bigint, length: number | bigint, prot: number) =>
      answer(machine.mprotect(process, address, length, prot));
    expect(protect(0, PAGE, PROT_READ)).toBe('ENOMEM');
    expect(protect(at(9), PAGE, PROT_READ)).toBe('ENOMEM');
    expect(protect(ARENA + 1, PAGE, PROT_READ)).toBe('EINVAL');
    expect(protect(ARENA, PAGE, 0x40)).toBe('EINVAL');
    expect(protect(ARENA, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP)).toBe('EINVAL');
    expect(protect(at(4), PAGE, PROT_WRITE)).toBe('EACCES');
    expect(protect(at(4), PAGE, PROT_NONE)).toBe(0);
    expect([protect(ARENA, 0, PROT_READ), protect(ARENA, 2n ** 64n - 1n, PROT_READ)]).toEqual([0, 'ENOMEM']);
  });

  it('mprotect02: a store to what may be read only is SIGSEGV; then it may be written', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 2);
    run.fill(0, 1);
    machine.mprotect(process, at(0), 2 * PAGE, PROT_READ);
    for (const page of [0, 1]) {
      expect(machine.store(process, at(page), 9).signal).toMatchObject({ code: 'SEGV_ACCERR', address: at(page) });
    }
    expect(run.read(0, 2)).toEqual([1, 0]);
    expect(machine.mprotect(process, at(0), 2 * PAGE, RW)).toBe(0);
    run.fill(0, 2, 9);
    expect(run.read(0, 2)).toEqual([9, 10]);
    run.check();
  });

  it.each([MAP_PRIVATE, MAP_SHARED])(
    'mprotect03: a file mapping (flags %i) that loses the right to be written',
    (flags) => {
      const run = new Run();
      const { machine, process } = run;
      run.mapFile(0, 2, run.open('f', 2 * PAGE), flags);
      machine.store(process, at(0), 9);
      expect(machine.mprotect(process, at(0), PAGE, PROT_READ)).toBe(0);
      expect(machine.store(process, at(0), 8).signal).toMatchObject({ signal: 'SIGSEGV', code: 'SEGV_ACCERR' });
      expect(run.read(0, 2)).toEqual([9, 2]);
      expect(machine.mprotect(process, at(0), PAGE, RW)).toBe(0);
      expect(machine.store(process, at(0), 8).ok).toBe(true);
      expect(machine.files.read('f', 0, 1)).toEqual(Uint8Array.of(flags === MAP_SHARED ? 8 : 1));
      run.check();
    },
  );

  it('mprotect04: PROT_NONE ends all access and keeps the bytes; PROT_EXEC lets them be fetched', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 1);
    run.fill(0, 1, 5);
    machine.mprotect(process, at(0), PAGE, PROT_NONE);
    expect(run.read(0, 1)).toEqual(['SEGV_ACCERR']);
    expect(machine.fetch(process, at(0)).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    machine.mprotect(process, at(0), PAGE, PROT_READ | PROT_EXEC);
    expect(machine.fetch(process, at(0)).ok).toBe(true);
    machine.mprotect(process, at(0), PAGE, PROT_READ);
    expect(machine.fetch(process, at(0)).ok).toBe(false);
    expect(run.read(0, 1)).toEqual([5]);
    run.check();
  });

  it('mprotect05: split and merged again over several areas, a thousand times, they are what they were', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 12);
    run.fill(0, 12);
    const rights = [PROT_READ, RW, ALL, PROT_NONE, PROT_READ | PROT_EXEC];
    for (let round = 0; round < 1000; round++) {
      const first = (round * 7) % 11;
      const pages = 1 + ((round * 5) % (12 - first));
      expect(machine.mprotect(process, at(first), pages * PAGE, rights[round % rights.length]!)).toBe(0);
    }
    run.check();
    expect(machine.mprotect(process, at(0), 12 * PAGE, RW)).toBe(0);
    expect(run.areas()).toEqual([[0, 12, 'rd wr mr mw me ac']]);
    expect(run.read(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    run.check();
  });

  it('mkdirty: a dirty page does not become writable by whatever is done to it', () => {
    const run = new Run({ swap: MIB });
    const { machine, process } = run;
    run.map(0, 1);
    run.fill(0, 1);
    machine.mprotect(process, at(0), PAGE, PROT_READ);
    expect(machine.calls.poke(process, at(0), 7)).toBe(1);
    run.advise(0, 1, 'PAGEOUT');
    expect(run.read(0, 1)).toEqual([7]);
    expect(machine.store(process, at(0), 8).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    run.mapFile(4, 1, run.open('f', PAGE), MAP_SHARED);
    machine.store(process, at(4), 5);
    machine.mprotect(process, at(4), PAGE, PROT_READ);
    expect(machine.store(process, at(4), 6).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    expect(run.read(4, 1)).toEqual([5]);
    run.check();
  });
});

describe('brk', () => {
  it('brk01: many small steps up and down are granted to the byte', () => {
    const run = new Run();
    const { machine, process } = run;
    const start = machine.brk(process, 0);
    let now = start;
    for (let round = 0; round < 33; round++) {
      now += [7, PAGE, 2 * PAGE + 13, -5, -PAGE][round % 5]!;
      expect(machine.brk(process, now)).toBe(now);
    }
    expect(machine.brk(process, start)).toBe(start);
    expect(machine.brk(process, start - 1)).toBe(start);
    expect(process.space!.areas.at(start)).toBeNull();
    run.check();
  });

  it('brk02: two pages more, their rights changed, and back across both areas', () => {
    const run = new Run();
    const { machine, process } = run;
    const start = machine.brk(process, 0);
    const aligned = Math.ceil(start / PAGE) * PAGE;
    machine.brk(process, aligned + PAGE);
    expect(machine.brk(process, aligned + 3 * PAGE)).toBe(aligned + 3 * PAGE);
    expect(machine.mprotect(process, aligned + PAGE, PAGE, PROT_READ | PROT_EXEC)).toBe(0);
    expect(machine.brk(process, aligned + 5 * PAGE)).toBe(aligned + 5 * PAGE);
    expect(machine.store(process, aligned + 4 * PAGE, 1).ok).toBe(true);
    expect(machine.brk(process, start)).toBe(start);
    expect(process.space!.areas.find(aligned)?.start ?? Number.POSITIVE_INFINITY).toBeGreaterThan(aligned + 5 * PAGE);
    run.check();
  });

  it('sbrk01, sbrk02, sbrk03: up and down by bytes, ENOMEM for too much, no wrap below 0', () => {
    const run = new Run();
    const { machine, process } = run;
    const start = machine.sbrk(process, 0);
    expect([machine.sbrk(process, 8192), machine.sbrk(process, -8192), machine.sbrk(process, 0)]).toEqual([
      start,
      start + 8192,
      start,
    ]);
    expect(answer(machine.sbrk(process, 2 ** 46))).toBe('ENOMEM');
    expect(answer(machine.sbrk(process, -(start + PAGE)))).toBe('ENOMEM');
    expect(machine.sbrk(process, 0)).toBe(start);
  });

  it('brk into a mapping is refused, and into the page before it as well', () => {
    const run = new Run();
    const { machine, process } = run;
    const start = machine.brk(process, 0);
    const wall = Math.ceil(start / PAGE) * PAGE + 4 * PAGE;
    machine.mmap(process, { address: wall, length: PAGE, prot: RW, flags: ANON | 0x10 });
    expect(machine.brk(process, wall)).toBe(start);
    expect(machine.brk(process, wall - PAGE + 1)).toBe(start);
    expect(machine.brk(process, wall - PAGE)).toBe(wall - PAGE);
  });
});
