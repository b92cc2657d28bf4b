/**
 * What those who recorded had: a process with the C library and libpython loaded, no interpreter initialised beyond its
 * allocators, and an extension of their own that can put other allocators in place.
 */
import { activate } from '../../kernel/schedule.ts';
import { Machine } from '../../machine/machine.ts';
import { invariant } from '../../mmu/invariant.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../process/libc/malloc.ts';
import { type Library, loadLibrary } from '../../process/library.ts';
import { ProgramMemory } from '../../process/program-memory.ts';
import { TEXT_FUNCTIONS } from '../../process/python/allocator-record.ts';
import type { HostFunctions } from '../../process/python/host-functions.ts';
import type { PythonProfile } from '../../process/python/profiles.ts';
import { PythonRuntime } from '../../process/python/runtime.ts';

/**
 * sv48 has the addresses that the recordings use, and an address above them faults as it did there. Promises are never refused
 * (overcommit 1): the recordings' allocators refuse by limits of their own.
 */
const MACHINE = { paging: 'sv48', swap: 0, overcommit: 1 } as const;
const LIBC_FUNCTIONS = 16;

/** The process before Python, with its C library and the recorder's extension. */
export interface RecordedProcess {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly libc: LibcMalloc;
  /** Where the extension's variables are, zeroed. */
  readonly extension: number;
}

/** `memoryBytes`: physical memory; `extensionBytes`: variables of the extension. */
export function startRecordedProcess(memoryBytes: number, extensionBytes: number): RecordedProcess {
  const machine = new Machine({ ...MACHINE, memory: memoryBytes });
  const process = machine.spawn({ name: 'recorded' });
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  const libc = load(memory, 'libc.so.6', LIBC_FUNCTIONS, LIBC_STATE_BYTES);
  const extension = load(memory, 'recorder.so', 1, extensionBytes);
  return { machine, memory, libc: new LibcMalloc(memory, libc.bss), extension: extension.bss };
}

/** Python in that process, `hosts` being the functions of the extension; and the address of libpython's own. */
export function startPython({ memory, libc }: RecordedProcess, profile: PythonProfile, hosts: HostFunctions) {
  const { text, bss } = load(memory, `libpython${profile.name}.so`, TEXT_FUNCTIONS, PythonRuntime.stateBytes(profile));
  const runtime = new PythonRuntime(memory, libc, text, bss, { profile }, hosts);
  const started = runtime.initialize();
  invariant(started.ok, 'libpython without any setting starts');
  // Its own start was not part of the recordings, and a fatal error says so.
  runtime.runtimeState = 'unknown';
  return { runtime, text };
}

function load({ kernel, process }: ProgramMemory, name: string, functions: number, bytes: number): Library {
  const library = loadLibrary(kernel, process.space!, name, functions, bytes);
  invariant(library !== null, `no room for ${name}`);
  return library;
}
