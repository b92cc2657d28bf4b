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
import { activate } from '../../kernel/schedule.ts';
import { Machine } from '../../machine/machine.ts';
import { invariant } from '../../mmu/invariant.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../process/libc/malloc.ts';
import { loadLibrary } from '../../process/library.ts';
import { PeekMemory } from '../../process/peek-memory.ts';
import { ProgramMemory } from '../../process/program-memory.ts';
import {
  arenaRecordOf,
  HOST_FIRST,
  RAW,
  RECORD_BYTES,
  recordOf,
  TEXT_FUNCTIONS,
  writeRecord,
} from '../../process/python/allocator-record.ts';
import type { HostFunctions } from '../../process/python/host-functions.ts';
import type { PythonProfile } from '../../process/python/profiles.ts';
import { PythonRuntime } from '../../process/python/runtime.ts';
import { ArenaSlots } from './arena-slots.ts';
import { EventLog } from './event-log.ts';
import { RawBase } from './raw-base.ts';
import type { TraceHeader } from './trace-file.ts';

/**
 * sv48 has the addresses the recordings used, and room above them. Promises are never refused (overcommit 1), and memory holds
 * a few of the largest blocks that raw_limit allows, which the debug hooks fill: the recordings' raw allocator refuses by its
 * own limit, never for lack of memory.
 */
const MACHINE = { paging: 'sv48', memory: 2 ** 32, swap: 0, overcommit: 1 } as const;
const LIBC_FUNCTIONS = 16;
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
  const machine = new Machine(MACHINE);
  const process = machine.spawn({ name: trace.trace });
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine);
  const load = (name: string, functions: number, bytes: number) => {
    const library = loadLibrary(machine.kernel, process.space!, name, functions, bytes);
    invariant(library !== null, `no room for ${name}`);
    return library;
  };
  const libc = load('libc.so.6', LIBC_FUNCTIONS, LIBC_STATE_BYTES);
  const python = load(`libpython${profile.name}.so`, TEXT_FUNCTIONS, PythonRuntime.stateBytes(profile));
  const extension = load('recorder.so', 1, RECORD_BYTES);
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
  const malloc = new LibcMalloc(memory, libc.bss);
  const runtime = new PythonRuntime(memory, malloc, python.text, python.bss, { profile }, hosts);
  const started = runtime.initialize();
  invariant(started.ok, 'libpython without any setting starts');
  const saved = extension.bss;
  writeRecord(memory, saved, runtime.getAllocator(RAW));
  runtime.setAllocator(RAW, recordOf(python.text, RAW_BASE, saved));
  runtime.setArenaAllocator(arenaRecordOf(python.text, ARENA_SLOTS, 0));
  if (debugHooks) runtime.setupDebugHooks();
  log.clear();
  return { machine, memory, runtime, slots, log, debugHooks };
}

export const peekOf = ({ machine, memory }: RecordedProgram): PeekMemory =>
  new PeekMemory(machine.kernel, memory.process);
