/**
 * What the documentation of PyMem_SetAllocator asks of a replacement, as far as a look can tell
 * [Doc/c-api/memory.rst: Customize Memory Allocators]. CPython itself checks none of it: these are warnings.
 *
 * A record wraps another when its ctx leads to a copy of it: at the start of ctx (host allocators, tracemalloc) or behind one
 * word (the debug hooks' slot). That is where a wrapper has to keep what it forwards to; one that keeps it elsewhere, in a
 * static variable, cannot be told from a replacement.
 */
import type { MemoryReader } from '../program-memory.ts';
import { type AllocatorRecord, type Domain, IMPLEMENTER, RAW, readRecord, recordOf } from './allocator-record.ts';
import type { PythonProfile } from './profiles.ts';
import type { RuntimeState } from './runtime-state.ts';

export interface FunctionFinder {
  /** Does a function that can be called begin there? */
  isFunction(pointer: number): boolean;
}

/** The interpreter in which the replacement would happen. */
export interface ReplacementScene {
  readonly profile: PythonProfile;
  readonly state: RuntimeState;
  readonly text: number;
  readonly current: AllocatorRecord;
  /** The current record is the debug hooks'. */
  readonly hasHooks: boolean;
  readonly functions: FunctionFinder;
  /** For following ctx; must not fault. */
  readonly reader: MemoryReader;
}

/** One sentence per rule that would be broken; [] when none is. `domain` null: no such domain. */
export function replacementWarnings(scene: ReplacementScene, domain: Domain | null, next: AllocatorRecord): string[] {
  const { profile, state, current, hasHooks } = scene;
  if (!profile.hasDomains)
    return [`CPython ${profile.name} has no allocator domains: PyMem_SetAllocator came with 3.4`];
  if (domain === null) return ['there is no such domain: PyMem_SetAllocator ignores it'];
  const warnings: string[] = [];
  for (const name of ['malloc', 'calloc', 'realloc', 'free'] as const) {
    if (!scene.functions.isFunction(next[name])) {
      warnings.push(`${name} is 0x${next[name].toString(16)}, where no function begins: the first call will crash`);
    }
  }
  const wraps = isSame(next, current) || wrapsRecord(scene.reader, next, current);
  if (!wraps && (state === 'initialized' || state === 'finalizing')) {
    warnings.push(
      'after Py_InitializeFromConfig the allocator must wrap the existing one: blocks of the old one will be freed by the new',
    );
  }
  if (!wraps && hasHooks) {
    warnings.push(
      'the new allocator is not a hook: PyMem_SetupDebugHooks must be called to put the debug hooks on top of it',
    );
  }
  if (domain === RAW && needsGil(scene.text, next)) {
    warnings.push('the raw domain is called without the GIL: its allocator must be thread-safe, and this one is not');
  }
  return warnings;
}

export function isSame(one: AllocatorRecord, other: AllocatorRecord): boolean {
  return (
    one.ctx === other.ctx &&
    one.malloc === other.malloc &&
    one.calloc === other.calloc &&
    one.realloc === other.realloc &&
    one.free === other.free
  );
}

function wrapsRecord(reader: MemoryReader, next: AllocatorRecord, current: AllocatorRecord): boolean {
  if (next.ctx === 0) return false;
  return isSame(readRecord(reader, next.ctx), current) || isSame(readRecord(reader, next.ctx + 8), current);
}

/** pymalloc has no locks of its own, and the functions of mem and obj count on the GIL. */
function needsGil(text: number, { malloc }: AllocatorRecord): boolean {
  const { pymalloc, debug, trace } = IMPLEMENTER;
  return [pymalloc, debug, trace].some((implementer) => malloc === recordOf(text, implementer, 0).malloc);
}
