/** Which blocks are lost, and how: by the pointers that are left in the program's memory. */
import { expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../../src/kernel/linux-abi.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { findLeaks } from '../../../src/process/check/leaks.ts';

function program(python?: string) {
  const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', python });
  /** Memory of the program that is no heap's. */
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const bss = machine.mmap(process, { length: 4096, prot: PROT_READ | PROT_WRITE, flags });
  const malloc = (size: number) => Number(machine.call(process, 'malloc', [size]).value);
  const point = (at: number, to: number) => machine.store(process, at, to, 8);
  const report = () => findLeaks(machine.programs.require(process));
  return { machine, process, bss, malloc, point, report };
}

it('each kind of loss, and what follows from a pointer chain', () => {
  const { bss, malloc, point, report } = program();
  const [reachable, behind, lost, withIt, middle] = [malloc(10), malloc(20), malloc(30), malloc(40), malloc(50)];
  point(bss, reachable!);
  malloc(8);
  const second = malloc(16);
  point(bss + 16, second);
  point(second, behind!);
  point(lost!, withIt!);
  point(bss + 8, middle! + 3);
  const { totals, inUse, allocations, frees, bytesAllocated } = report();
  expect(totals).toEqual({
    reachable: { bytes: 10 + 16 + 20, blocks: 3 },
    definitely: { bytes: 30 + 8, blocks: 2 },
    indirectly: { bytes: 40, blocks: 1 },
    possibly: { bytes: 50, blocks: 1 },
  });
  expect({ inUse, allocations, frees, bytesAllocated }).toEqual({
    inUse: { bytes: 174, blocks: 7 },
    allocations: 7,
    frees: 0,
    bytesAllocated: 174,
  });
});

it('a pointer at an address that is no multiple of eight is not seen', () => {
  const { bss, malloc, point, report } = program();
  point(bss + 4, malloc(10));
  expect(report().totals.definitely.blocks).toBe(1);
});

it('a ring that nobody points to is lost: one of it definitely, the others with it', () => {
  const { malloc, point, report } = program();
  const [a, b, c] = [malloc(24), malloc(24), malloc(24)];
  point(a!, b!);
  point(b!, c!);
  point(c!, a!);
  expect(report().totals).toMatchObject({ definitely: { blocks: 1 }, indirectly: { blocks: 2 } });
});

it('what the allocators know of a block does not keep it', () => {
  const { machine, process, report } = program('3.11');
  for (const name of ['PyMem_RawMalloc', 'PyMem_Malloc', 'PyObject_Malloc']) machine.call(process, name, [64]);
  expect(report().totals.definitely).toEqual({ bytes: 192, blocks: 3 });
});

it('records are grouped by place and kind, smallest first', () => {
  const { machine, malloc, report } = program();
  malloc(100);
  malloc(100);
  machine.tick();
  malloc(7);
  expect(report().records.map(({ kind, bytes, blocks }) => [kind, bytes, blocks.length])).toEqual([
    ['definitely', 7, 1],
    ['definitely', 200, 2],
  ]);
});

it('looking changes nothing', () => {
  const { machine, process, bss, malloc, point, report } = program();
  point(bss, malloc(10));
  const before = machine.view();
  report();
  expect(machine.view()).toEqual(before);
  machine.exit(process);
});

it('a terabyte that nobody touched is not read, and a pointer at its end is found', { timeout: 5000 }, () => {
  const { machine, process, malloc, point, report } = program();
  const length = 2 ** 40;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const vast = machine.mmap(process, { length, prot: PROT_READ | PROT_WRITE, flags });
  point(vast + length - 8, malloc(10));
  malloc(20);
  expect(report().totals).toMatchObject({ reachable: { bytes: 10 }, definitely: { bytes: 20 } });
});

it('a pointer in a page that is swapped out keeps its block', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 4 << 20 });
  const process = machine.spawn({ name: 'app' });
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const held = machine.mmap(process, { length: 4096, prot: PROT_READ | PROT_WRITE, flags });
  machine.store(process, held, Number(machine.call(process, 'malloc', [10]).value), 8);
  const length = 2 << 20;
  const pressure = machine.mmap(process, { length, prot: PROT_READ | PROT_WRITE, flags });
  for (let at = pressure; at < pressure + length; at += 4096) machine.store(process, at, 1, 8);
  expect(machine.counters().majorFaults).toBe(0);
  expect(findLeaks(machine.programs.require(process)).totals).toMatchObject({ reachable: { bytes: 10 } });
  machine.load(process, held, 8);
  expect(machine.counters().majorFaults).toBe(1);
});

it('the stack of a thread is memory of the program', () => {
  const { machine, process, point, report } = program('3.11');
  const ident = Number(machine.call(process, 'pthread_create', ['worker']).value);
  point(ident - 64, Number(machine.call(process, 'PyMem_RawMalloc', [10]).value));
  expect(report().totals).toMatchObject({ reachable: { bytes: 10 }, definitely: { bytes: 0 } });
  expect(machine.programs.require(process).trampled).toBe(false);
});
