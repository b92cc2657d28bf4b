/** What a machine makes of its users' mistakes with programs, and of programs that reach their heaps through system calls. */
import { expect, it } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';
import type { SpawnOptions } from '../../src/machine/machine-api.ts';
import { InputError } from '../../src/mmu/input-error.ts';

function app(options: SpawnOptions = {}) {
  const machine = new Machine({ paging: 'sv39', memory: 16 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', memcheck: true, ...options });
  const malloc = (size: number) => Number(machine.call(process, 'malloc', [size]).value);
  const errors = () => machine.programs.require(process).checker?.errors ?? [];
  return { machine, process, malloc, errors };
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'nothing was refused';
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.code;
  }
}

it('a domain that there is not is refused', () => {
  const { machine, process } = app({ python: '3.11' });
  for (const args of [
    ['foo', 'counting'],
    ['', 'malloc'],
    [1, 'malloc'],
  ]) {
    expect(codeOf(() => machine.call(process, 'PyMem_SetAllocator', args))).toBe('MEM-API-013');
  }
  expect(codeOf(() => machine.call(process, 'PyMem_GetAllocator', ['objects']))).toBe('MEM-API-013');
});

it.for<[string, SpawnOptions['python'], number]>([
  ['MEM-API-016', { version: '3.13', pythonMalloc: 'mimalloc' }, 16 << 20],
  ['MEM-API-014', '3.11', 1 << 16],
])('%s leaves no process behind', ([code, python, memory]) => {
  const machine = new Machine({ paging: 'sv39', memory, swap: 0, overcommit: 2 });
  const { free } = machine.kernel.buddy;
  expect(codeOf(() => machine.spawn({ python }))).toBe(code);
  expect([...machine.kernel.processes.values()]).toEqual([]);
  expect(machine.kernel.buddy.free).toBe(free);
  expect(machine.checkInvariants()).toEqual([]);
});

it('input read behind a block is an invalid write, and the heap that it breaks is the program’s own doing', () => {
  const { machine, process, malloc, errors } = app();
  const block = malloc(24);
  malloc(24);
  process.input.push(...Array.from({ length: 64 }, () => 0x41));
  expect(machine.read(process, 0, block, 24)).toBe(24);
  expect(errors()).toEqual([]);
  expect(machine.read(process, 0, block, 40)).toBe(40);
  expect(errors()).toMatchObject([{ kind: 'invalid-write', by: 'read', address: block + 24, size: 40 }]);
  expect(machine.programs.require(process).brokenRules()).not.toEqual([]);
  expect(machine.checkInvariants()).toEqual([]);
});

it('output written from a freed block is an invalid read', () => {
  const { machine, process, malloc, errors } = app();
  const block = malloc(24);
  machine.write(process, 1, block, 24);
  expect(errors()).toEqual([]);
  machine.call(process, 'free', [block]);
  machine.write(process, 1, block, 24);
  expect(errors()).toMatchObject([{ kind: 'invalid-read', size: 24, story: { freed: true } }]);
});

it.for(['brk', 'sbrk'] as const)('%s that takes the heap away from malloc is the program’s own doing', (call) => {
  const { machine, process, malloc } = app();
  malloc(100);
  const { space } = process;
  machine.sbrk(process, 4096);
  machine.sbrk(process, -4096);
  expect(machine.programs.require(process).trampled).toBe(false);
  if (call === 'brk') machine.brk(process, space!.brkStart);
  else machine.sbrk(process, space!.brkStart - space!.brk);
  expect(machine.programs.require(process).brokenRules()).not.toEqual([]);
  expect(machine.checkInvariants()).toEqual([]);
});

it('a system call that fails takes nothing away from malloc', () => {
  const { machine, process, malloc } = app();
  const block = malloc(100);
  expect(machine.munmap(process, block + 1, 4096)).toBeLessThan(0);
  expect(machine.mprotect(process, block + 1, 1, 1)).toBeLessThan(0);
  expect(machine.programs.require(process).trampled).toBe(false);
  expect(machine.mprotect(process, block - (block % 4096), 4096, 1)).toBe(0);
  expect(machine.programs.require(process).trampled).toBe(true);
});
