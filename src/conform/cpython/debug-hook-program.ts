/**
 * The program that the debug-hook cases were recorded from: libpython that nobody initialised, over two allocators of the
 * recorder's that never use memory twice, and the hooks installed over those when the case wants them.
 *
 *     PyMem_Malloc … ── [debug hooks] ── pymalloc ──▶ arenas   0x200000000000, one behind the other
 *                                          └────────▶ raw ── [debug hooks] ── bump allocator   0x300000000000
 */
import { activate } from '../../kernel/schedule.ts';
import { Machine } from '../../machine/machine.ts';
import { invariant } from '../../mmu/invariant.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../process/libc/malloc.ts';
import { loadLibrary } from '../../process/library.ts';
import { ProgramMemory } from '../../process/program-memory.ts';
import { arenaRecordOf, HOST_FIRST, RAW, recordOf, TEXT_FUNCTIONS } from '../../process/python/allocator-record.ts';
import type { HostFunctions } from '../../process/python/host-functions.ts';
import type { PythonProfile } from '../../process/python/profiles.ts';
import { PythonRuntime } from '../../process/python/runtime.ts';
import { ArenaSlots } from './arena-slots.ts';
import { BUMP_STATE_BYTES, BumpAllocator } from './bump-allocator.ts';
import { EventLog } from './event-log.ts';

/** sv48 has the addresses of the recordings, and an address above them faults as it did there. */
const MACHINE = { paging: 'sv48', memory: 2 ** 24, swap: 0, overcommit: 1 } as const;
const LIBC_FUNCTIONS = 16;
const BUMP = HOST_FIRST;
const ARENAS = HOST_FIRST + 1;
const ARENA_RULE = { base: 0x200000000000, offset: 0, reuse: 'mono', maxArenas: -1 } as const;

export interface DebugHookProgram {
  readonly memory: ProgramMemory;
  readonly runtime: PythonRuntime;
}

export function startDebugHookProgram(profile: PythonProfile, debugHooks: boolean): DebugHookProgram {
  const machine = new Machine(MACHINE);
  const process = machine.spawn();
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine);
  const load = (name: string, functions: number, bytes: number) => {
    const library = loadLibrary(machine.kernel, process.space!, name, functions, bytes);
    invariant(library !== null, `no room for ${name}`);
    return library;
  };
  const libc = load('libc.so.6', LIBC_FUNCTIONS, LIBC_STATE_BYTES);
  const python = load(`libpython${profile.name}.so`, TEXT_FUNCTIONS, PythonRuntime.stateBytes(profile));
  const recorder = load('recorder.so', 1, BUMP_STATE_BYTES);
  const bump = new BumpAllocator(memory);
  const arenas = new ArenaSlots(memory, ARENA_RULE, profile.arenaBytes, new EventLog());
  const hosts: HostFunctions = {
    allocator: (implementer) => (implementer === BUMP ? bump : null),
    arena: (implementer) => (implementer === ARENAS ? arenas : null),
    find: () => null,
  };
  const malloc = new LibcMalloc(memory, libc.bss);
  const runtime = new PythonRuntime(memory, malloc, python.text, python.bss, { profile }, hosts);
  const started = runtime.initialize();
  invariant(started.ok, 'libpython without any setting starts');
  runtime.runtimeState = 'unknown';
  runtime.setAllocator(RAW, recordOf(python.text, BUMP, recorder.bss));
  runtime.setArenaAllocator(arenaRecordOf(python.text, ARENAS, 0));
  if (debugHooks) runtime.setupDebugHooks();
  return { memory, runtime };
}
