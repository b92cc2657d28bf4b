import { activate } from '../../src/kernel/schedule.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { HeapBlock } from '../../src/process/allocator.ts';
import { loadLibrary } from '../../src/process/library.ts';
import { PeekMemory } from '../../src/process/peek-memory.ts';
import { ProgramMemory } from '../../src/process/program-memory.ts';
import {
  makeTextbookAllocator,
  TEXTBOOK_STATE_BYTES,
  type TextbookAllocator,
  type TextbookOptions,
} from '../../src/process/textbook/allocator.ts';

/** A program with a textbook allocator for its malloc, on a machine of its own. */
export interface HeapRun {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly heap: TextbookAllocator;
  /** Where the allocator's variables are. */
  readonly state: number;
  readonly peek: PeekMemory;
}

export function heapRun(options: TextbookOptions, config: Partial<MachineConfig> = {}): HeapRun {
  const machine = new Machine({ paging: 'sv39', memory: 16 << 20, swap: 0, ...config });
  const process = machine.spawn();
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  const library = loadLibrary(machine.kernel, process.space!, 'libmalloc.so', 4, TEXTBOOK_STATE_BYTES);
  if (library === null) throw new Error('the machine is too small for the library');
  const heap = makeTextbookAllocator(memory, library.bss, options);
  return { machine, memory, heap, state: library.bss, peek: new PeekMemory(machine.kernel, process) };
}

/** A peek that sees what has changed since the last one. */
export function look({ machine, memory }: HeapRun): PeekMemory {
  return new PeekMemory(machine.kernel, memory.process);
}

/** The blocks of the heap itself, tables of bookkeeping left out. */
export function heapBlocks(run: HeapRun): readonly HeapBlock[] {
  return run.heap
    .regions(look(run))
    .filter(({ name }) => !name.endsWith('table'))
    .flatMap(({ blocks }) => blocks);
}

/** [address, bytes] of each free block, by address; headers included. */
export function freeBlocks(run: HeapRun): [start: number, bytes: number][] {
  return heapBlocks(run)
    .filter(({ state }) => state === 'free')
    .map(({ start, bytes }) => [start, bytes]);
}
