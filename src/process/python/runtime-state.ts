/**
 * Where the interpreter keeps what it knows: its variables in the bss of libpython.
 *
 *     +0     raw     three allocator records, 40 bytes each: what each domain calls
 *     +40    mem
 *     +80    obj
 *     +120   arena   the arena allocator's record, 24 bytes
 *     +144   status  u32, how far the runtime is: an index into RUNTIME_STATES
 *     +148   hooked  u32, 1 once PyMem_SetupDebugHooks was called (3.13: is_debug_enabled)
 *     +152   stats   u32, 1 when PYTHONMALLOCSTATS is in force
 *     +156   misuse  u32, mem and obj calls made by a thread without the GIL
 *     +160   threads, then the debug hooks, tracemalloc, and pymalloc last, whose arena map may be 256 KiB
 */
import { ARENA_RECORD_BYTES, DOMAIN_NAMES, RECORD_BYTES } from './allocator-record.ts';
import { DEBUG_STATE_BYTES } from './debug-hooks.ts';
import type { PythonProfile } from './profiles.ts';
import { pymallocStateBytes } from './pymalloc/layout.ts';
import { THREADS_STATE_BYTES } from './threads.ts';
import { TRACE_STATE_BYTES } from './tracemalloc/tracemalloc.ts';

export const ARENA_RECORD_AT = DOMAIN_NAMES.length * RECORD_BYTES;
export const STATUS_AT = ARENA_RECORD_AT + ARENA_RECORD_BYTES;
export const HOOKED_AT = STATUS_AT + 4;
export const STATS_AT = HOOKED_AT + 4;
export const MISUSE_AT = STATS_AT + 4;
export const THREADS_AT = MISUSE_AT + 4;

const ALIGNMENT = 16;
const aligned = (offset: number): number => Math.ceil(offset / ALIGNMENT) * ALIGNMENT;

export const HOOKS_AT = aligned(THREADS_AT + THREADS_STATE_BYTES);
export const TRACE_AT = aligned(HOOKS_AT + DEBUG_STATE_BYTES);
export const PYMALLOC_AT = aligned(TRACE_AT + TRACE_STATE_BYTES);

/** Bytes of bss that a runtime of this version needs. */
export function runtimeStateBytes(profile: PythonProfile): number {
  return PYMALLOC_AT + pymallocStateBytes(profile);
}

/** How far the runtime is, as fatal errors say it. */
export const RUNTIME_STATES = [
  'unknown',
  'preinitializing',
  'preinitialized',
  'core initialized',
  'initialized',
  'finalizing',
] as const;
export type RuntimeState = (typeof RUNTIME_STATES)[number];
