/**
 * The program that a trace was recorded from, on an emulated machine: a process with the C library, libpython and an extension
 * that puts the recording's two allocators in place, as it would in C.
 *
 *     trace ──▶ PyObject_Malloc … ── [debug hooks] ── pymalloc ──▶ ArenaSlots (PyObject_SetArenaAllocator) ── mmap
 *                                                       └────────▶ raw ── [debug hooks] ── RawBase (PyMem_SetAllocator)
 *                                                                                              └── PyMem_RawMalloc's own ── libc
 *
 * Where a block is, is asked of the allocator's own memory; nothing is kept beside it but which arena lies in which slot.
 */
import type { Machine } from '../../machine/machine.ts';
import { PeekMemory } from '../../process/peek-memory.ts';
import type { ProgramMemory } from '../../process/program-memory.ts';
import {
  arenaRecordOf,
  HOST_FIRST,
  RAW,
  RECORD_BYTES,
  recordOf,
  writeRecord,
} from '../../process/python/allocator-record.ts';
import type { HostFunctions } from '../../process/python/host-functions.ts';
import type { PythonProfile } from '../../process/python/profiles.ts';
import type { PythonRuntime } from '../../process/python/runtime.ts';
import { ArenaSlots } from './arena-slots.ts';
import { EventLog } from './event-log.ts';
import { RawBase } from './raw-base.ts';
import { startPython, startRecordedProcess } from './recorded-process.ts';
import type { TraceHeader } from './trace-file.ts';

/** Enough for a few of the largest blocks that raw_limit allows, which the debug hooks fill. */
const MEMORY_BYTES = 2 ** 32;
/** Implementers: those who recorded, in the role of a user of the API. */
const RAW_BASE = HOST_FIRST;
const ARENA_SLOTS = HOST_FIRST + 1;

export interface RecordedProgram {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly runtime: PythonRuntime;
  readonly slots: ArenaSlots;
  readonly log: EventLog;
  /** Debug hooks are installed. */
  readonly debugHooks: boolean;
}

export function startRecordedProgram(trace: TraceHeader, profile: PythonProfile, debugHooks: boolean): RecordedProgram {
  const process = startRecordedProcess(MEMORY_BYTES, RECORD_BYTES);
  const { machine, memory, extension } = process;
  const log = new EventLog();
  const slots = new ArenaSlots(memory, trace.arena, profile.arenaBytes, log);
  let rawBase: RawBase | null = null;
  const hosts: HostFunctions = {
    allocator: (implementer, caller) => {
      if (implementer !== RAW_BASE) return null;
      rawBase ??= new RawBase(caller, trace.rawLimit, log);
      return rawBase;
    },
    arena: (implementer) => (implementer === ARENA_SLOTS ? slots : null),
    find: () => null,
  };
  const { runtime, text } = startPython(process, profile, hosts);
  writeRecord(memory, extension, runtime.getAllocator(RAW));
  runtime.setAllocator(RAW, recordOf(text, RAW_BASE, extension));
  runtime.setArenaAllocator(arenaRecordOf(text, ARENA_SLOTS, 0));
  if (debugHooks) runtime.setupDebugHooks();
  log.clear();
  return { machine, memory, runtime, slots, log, debugHooks };
}

export const peekOf = ({ machine, memory }: RecordedProgram): PeekMemory =>
  new PeekMemory(machine.kernel, memory.process);
