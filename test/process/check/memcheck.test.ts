/** What memcheck says of each kind of bad access and bad free, and of none that is good. */
import { expect, it } from 'vitest';
import { Machine } from '../../../src/machine/machine.ts';
import { heapErrorLines } from '../../../src/report/heap-report.ts';
import { makeNames } from '../../../src/report/names.ts';

function watched() {
  const machine = new Machine({ paging: 'x86_64', memory: 4 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', memcheck: true, python: '3.11' });
  const call = (name: string, ...args: number[]) => machine.call(process, name, args);
  const malloc = (size: number) => Number(call('malloc', size).value);
  const program = machine.programs.require(process);
  const errors = () => program.checker?.errors ?? [];
  return { machine, process, call, malloc, errors, program };
}

it('accesses inside a block, of all of it and of memory that no allocator has are fine', () => {
  const { machine, process, malloc, errors, program } = watched();
  const block = malloc(10);
  machine.store(process, block, 1, 8);
  machine.store(process, block + 8, 1, 2);
  machine.load(process, block + 9, 1);
  machine.load(process, program.libcAt.text, 4);
  expect(errors()).toEqual([]);
});

it.for([
  ['one byte behind', 10, 1, 'after', 0],
  ['some bytes behind', 17, 1, 'after', 7],
  ['across the end', 8, 4, 'inside', 8],
  ['across the start', -2, 4, 'before', 2],
  ['before', -4, 4, 'before', 4],
] as const)('a write %s is told by its block', ([, offset, size, relation, distance]) => {
  const { machine, process, malloc, errors } = watched();
  const block = malloc(10);
  machine.store(process, block + offset, 0x41, size);
  expect(errors()).toMatchObject([
    {
      kind: 'invalid-write',
      address: block + offset,
      size,
      by: null,
      story: { relation, distance, freed: false, block: { address: block, size: 10, by: 'malloc' } },
    },
  ]);
});

it('a read of a freed block names who gave and who freed it', () => {
  const { machine, process, malloc, call, errors } = watched();
  const block = malloc(32);
  machine.tick();
  call('free', block);
  machine.tick();
  machine.load(process, block + 5, 2);
  expect(errors()).toMatchObject([
    {
      kind: 'invalid-read',
      at: { step: 2 },
      story: {
        relation: 'inside',
        distance: 5,
        freed: true,
        block: { by: 'malloc', at: { step: 0 }, freedBy: 'free', freedAt: { step: 1 } },
      },
    },
  ]);
});

it('far from every block there is no story', () => {
  const { machine, process, malloc, errors } = watched();
  const block = malloc(16);
  machine.load(process, block + 5000, 1);
  expect(errors()).toMatchObject([{ kind: 'invalid-read', story: null }]);
});

it('frees of the middle, of nothing and a second time are reported and not done', () => {
  const { malloc, call, errors, program } = watched();
  const block = malloc(16);
  expect(call('free', block + 8).ok).toBe(true);
  expect(program.ledger.live).toHaveLength(1);
  call('free', block);
  expect(call('free', block).signal).toBeNull();
  call('free', 0);
  expect(errors().map(({ kind, by, story }) => [kind, by, story?.freed])).toEqual([
    ['invalid-free', 'free', false],
    ['invalid-free', 'free', true],
  ]);
  expect(program.brokenRules()).toEqual([]);
});

it('a block of another family is a mismatched free, and is made', () => {
  const { call, errors, program } = watched();
  const block = Number(call('PyMem_Malloc', 40).value);
  call('PyObject_Free', block);
  expect(errors()).toMatchObject([{ kind: 'mismatched-free', by: 'PyObject_Free', story: { distance: 0 } }]);
  expect(program.ledger.live).toEqual([]);
  expect(program.trampled).toBe(true);
});

it('realloc of what is no block is an invalid free, and answers NULL', () => {
  const { malloc, call, errors, program } = watched();
  const block = malloc(16);
  expect(call('realloc', block + 1, 50).value).toBe(0);
  expect(errors().map(({ kind }) => kind)).toEqual(['invalid-free']);
  expect(program.ledger.live.map(({ address }) => address)).toEqual([block]);
});

it('the stack of a thread is no heap', () => {
  const { machine, process, errors } = watched();
  const ident = Number(machine.call(process, 'pthread_create', ['worker']).value);
  machine.store(process, ident - 64, 1, 8);
  expect(errors()).toEqual([]);
});

it('what was freed before tells nothing of bytes that a live block has now, nor of those just behind it', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 4 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', memcheck: true, malloc: 'first-fit' });
  const malloc = (size: number) => Number(machine.call(process, 'malloc', [size]).value);
  const old = malloc(100);
  machine.call(process, 'free', [old]);
  const block = malloc(24);
  expect(block).toBe(old);
  machine.store(process, block + 24, 1, 1);
  machine.load(process, block + 60, 1);
  expect(machine.programs.require(process).checker?.errors).toMatchObject([
    { story: { relation: 'after', distance: 0, freed: false, block: { size: 24 } } },
    { story: { relation: 'inside', distance: 60, freed: true, block: { size: 100 } } },
  ]);
});

it('a system call’s buffer is judged before the call, all of it, by the first wrong byte', () => {
  const { machine, process, malloc, errors } = watched();
  const block = malloc(10);
  machine.tick();
  // No input waits: nothing would be written.
  expect(machine.read(process, 0, block, 10)).toBe(0);
  expect(errors()).toEqual([]);
  expect(machine.read(process, 0, block, 12)).toBe(0);
  machine.write(process, 1, block + 4, 10);
  expect(errors()).toMatchObject([
    { kind: 'invalid-write', by: 'read', address: block + 10, size: 12, story: { relation: 'after', distance: 0 } },
    { kind: 'invalid-read', by: 'write', address: block + 10, size: 10, story: { relation: 'after', distance: 0 } },
  ]);
  const names = makeNames(new Map(), {});
  expect(heapErrorLines(errors()[1]!, names)).toEqual([
    'Syscall param write(buf) points to unaddressable byte(s)',
    '   by write at step 1',
    ` Address ${names.address(block + 10)} is 0 bytes after a block of size 10 alloc'd`,
    '   by malloc',
  ]);
});

it('a buffer that begins in other memory is wrong where an allocator’s begins', () => {
  const { machine, process, malloc, errors, program } = watched();
  malloc(10);
  const [heap] = program.calls.starts;
  expect(program.calls.touches(heap! - 1, heap!)).toBe(false);
  machine.write(process, 1, heap! - 8, 16);
  expect(errors()).toMatchObject([{ address: heap, by: 'write' }]);
});

it('a length that no block has is told by the first byte behind the block', () => {
  const { machine, process, malloc, errors } = watched();
  const block = malloc(10);
  expect(machine.write(process, 1, block, -1)).toBeLessThan(0);
  expect(machine.write(process, 1, block, 2n ** 63n)).toBeLessThan(0);
  expect(errors().map(({ address }) => address - block)).toEqual([10, 10]);
});
