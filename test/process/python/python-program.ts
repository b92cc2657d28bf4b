/** A process with glibc's malloc and a Python runtime over it, as a program has them. */
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../../src/process/libc/malloc.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import { ProgramStopped } from '../../../src/process/program-stopped.ts';
import { TEXT_FUNCTIONS } from '../../../src/process/python/allocator-record.ts';
import { HostRegistry } from '../../../src/process/python/host-registry.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';
import { type PythonOptions, PythonRuntime } from '../../../src/process/python/runtime.ts';

export function pythonProgram(version = '3.11', options: Partial<PythonOptions> = {}) {
  const machine = new Machine({ paging: 'sv39', memory: 64 << 20, swap: 0 });
  const process = machine.spawn();
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  activate(machine.kernel, process);
  const space = process.space!;
  const profile = pythonProfile(version)!;
  const libc = new LibcMalloc(memory, loadLibrary(machine.kernel, space, 'libc.so.6', 16, LIBC_STATE_BYTES)!.bss);
  const bytes = PythonRuntime.stateBytes(profile);
  const library = loadLibrary(machine.kernel, space, 'libpython.so', TEXT_FUNCTIONS, bytes)!;
  const hosts = new HostRegistry();
  const everything = { profile, ...options };
  const python = new PythonRuntime(memory, libc, library.text, library.bss, everything, hosts);
  return {
    machine,
    process,
    memory,
    libc,
    hosts,
    python,
    text: library.text,
    state: library.bss,
    /** Another runtime over the same bytes. */
    again: () => new PythonRuntime(memory, libc, library.text, library.bss, everything, hosts),
    /** Standard error so far. */
    stderr: (): string => String.fromCharCode(...process.output),
    /** The signal that `run` ends in; null when it returns. */
    signalOf(run: () => void): string | null {
      try {
        run();
        return null;
      } catch (reason) {
        if (!(reason instanceof ProgramStopped)) throw reason;
        return process.lastSignal?.signal ?? 'none';
      }
    },
  };
}

/** The same, started. */
export function startedProgram(version = '3.11', options: Partial<PythonOptions> = {}) {
  const program = pythonProgram(version, options);
  const answer = program.python.initialize();
  if (!answer.ok) throw new Error(answer.stderr);
  return program;
}
