/** A machine with one program on it and the C library's malloc in that, for the tests of malloc. */
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../../src/process/libc/malloc.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import { ProgramStopped } from '../../../src/process/program-stopped.ts';

export interface MallocMachine {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly libc: LibcMalloc;
  /** main_arena. */
  readonly state: number;
  /** The break before the first malloc. */
  readonly start: number;
  /** Names of broken rules, malloc's and the machine's. */
  broken(): string[];
  /** How the program ended: the signal and what it had printed; null while it runs. */
  run(program: () => void): { signal: string | null; text: string };
}

export function mallocMachine(config: { memory?: number; swap?: number } = {}): MallocMachine {
  const machine = new Machine({ paging: 'sv39', memory: config.memory ?? 64 << 20, swap: config.swap ?? 0 });
  const process = machine.spawn();
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  const state = loadLibrary(machine.kernel, process.space!, 'libc.so.6', 16, LIBC_STATE_BYTES)!.bss;
  const libc = new LibcMalloc(memory, state);
  return {
    machine,
    memory,
    libc,
    state,
    start: memory.sbrk(0),
    broken: () => [...libc.brokenRules(new PeekMemory(machine.kernel, process)), ...machine.checkInvariants()],
    run(program) {
      try {
        program();
      } catch (error) {
        if (!(error instanceof ProgramStopped)) throw error;
      }
      return { signal: process.lastSignal?.signal ?? null, text: String.fromCharCode(...process.output) };
    },
  };
}
