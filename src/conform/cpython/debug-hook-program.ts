/**
 * The program that the debug-hook cases were recorded from: libpython that nobody initialised, over two allocators of the
 * recorder's that never use memory twice, and the hooks installed over those when the case wants them.
 *
 *     PyMem_Malloc … ── [debug hooks] ── pymalloc ──▶ arenas   0x200000000000, one behind the other
 *                                          └────────▶ raw ── [debug hooks] ── bump allocator   0x300000000000
 */
import type { ProgramMemory } from '../../process/program-memory.ts';
import { arenaRecordOf, HOST_FIRST, RAW, recordOf } from '../../process/python/allocator-record.ts';
import type { HostFunctions } from '../../process/python/host-functions.ts';
import type { PythonProfile } from '../../process/python/profiles.ts';
import type { PythonRuntime } from '../../process/python/runtime.ts';
import { ArenaSlots } from './arena-slots.ts';
import { BUMP_STATE_BYTES, BumpAllocator } from './bump-allocator.ts';
import { EventLog } from './event-log.ts';
import { startPython, startRecordedProcess } from './recorded-process.ts';

/** A case has a few blocks; a machine is made for each of many. */
const MEMORY_BYTES = 2 ** 24;
const BUMP = HOST_FIRST;
const ARENAS = HOST_FIRST + 1;
const ARENA_RULE = { base: 0x200000000000, offset: 0, reuse: 'mono', maxArenas: -1 } as const;

export interface DebugHookProgram {
  readonly memory: ProgramMemory;
  readonly runtime: PythonRuntime;
}

export function startDebugHookProgram(profile: PythonProfile, debugHooks: boolean): DebugHookProgram {
  const process = startRecordedProcess(MEMORY_BYTES, BUMP_STATE_BYTES);
  const { memory, extension } = process;
  const bump = new BumpAllocator(memory);
  const arenas = new ArenaSlots(memory, ARENA_RULE, profile.arenaBytes, new EventLog());
  const hosts: HostFunctions = {
    allocator: (implementer) => (implementer === BUMP ? bump : null),
    arena: (implementer) => (implementer === ARENAS ? arenas : null),
    find: () => null,
  };
  const { runtime, text } = startPython(process, profile, hosts);
  runtime.setAllocator(RAW, recordOf(text, BUMP, extension));
  runtime.setArenaAllocator(arenaRecordOf(text, ARENAS, 0));
  if (debugHooks) runtime.setupDebugHooks();
  return { memory, runtime };
}
