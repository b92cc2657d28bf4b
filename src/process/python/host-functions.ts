/**
 * Allocators written in TypeScript, as functions of a running program.
 *
 * Each is registered under a number (an implementer, allocator-record.ts) and so has addresses in libpython's text: a record
 * of the program can point to it, a debugger's eye can tell it, a fork inherits it. The code lives out here; all that it
 * remembers lives in the program's memory, in the block that its record's ctx points to:
 *
 *     allocator's ctx   | the record that it wraps, 40 bytes | domain | its own words … |
 *     arena's ctx       | the record that it wraps, 24 bytes |          its own words … |
 *
 * A wrapper forwards to `call.lower`, which goes through that saved record, as C code would.
 */
import type { Size } from '../allocator.ts';
import type { ProgramMemory } from '../program-memory.ts';
import type { AllocatorFunctions, ArenaFunctions, Domain } from './allocator-record.ts';

/** The allocator that was there before, as a wrapper calls it. */
export interface LowerAllocator {
  malloc(size: Size): number;
  calloc(count: Size, size: Size): number;
  realloc(address: number, size: Size): number;
  free(address: number): void;
}

export interface LowerArenas {
  alloc(size: number): number;
  free(address: number, size: number): void;
}

/** One call of a host allocator. */
export interface HostCall {
  /** Address of its ctx. */
  readonly ctx: number;
  readonly domain: Domain;
  readonly memory: ProgramMemory;
  readonly lower: LowerAllocator;
  /** Its own 64-bit words in ctx, from 0. Exact below 2^53. */
  word(index: number): number;
  setWord(index: number, value: number): void;
}

export interface HostArenaCall {
  readonly ctx: number;
  readonly memory: ProgramMemory;
  readonly lower: LowerArenas;
  word(index: number): number;
  setWord(index: number, value: number): void;
}

/** An allocator in TypeScript. It keeps nothing in itself: programs, forks and snapshots share it. */
export interface HostAllocator {
  readonly name: string;
  /** One sentence for lists of them. */
  readonly about: string;
  /** How many words of its own its ctx holds. */
  readonly words: number;
  malloc(call: HostCall, size: Size): number;
  calloc(call: HostCall, count: Size, size: Size): number;
  realloc(call: HostCall, address: number, size: Size): number;
  free(call: HostCall, address: number): void;
}

export interface HostArenaAllocator {
  readonly name: string;
  readonly about: string;
  readonly words: number;
  alloc(call: HostArenaCall, size: number): number;
  free(call: HostArenaCall, address: number, size: number): void;
}

/** Of either kind; the arenas' has `alloc`. */
export type AnyHostAllocator = HostAllocator | HostArenaAllocator;

/** The program on whose behalf a host function runs. */
export interface HostCaller {
  readonly memory: ProgramMemory;
  callMalloc(record: number, size: Size): number;
  callCalloc(record: number, count: Size, size: Size): number;
  callRealloc(record: number, address: number, size: Size): number;
  callFree(record: number, address: number): void;
  callArenaAlloc(record: number, size: number): number;
  callArenaFree(record: number, address: number, size: number): void;
}

/** What installing by name must know. */
export interface HostEntry {
  readonly implementer: number;
  readonly kind: 'allocator' | 'arena';
  readonly words: number;
}

/** Functions written in TypeScript, by implementer number (>= HOST_FIRST); the registry lives outside machine state. */
export interface HostFunctions {
  allocator(implementer: number, caller: HostCaller): AllocatorFunctions | null;
  arena(implementer: number, caller: HostCaller): ArenaFunctions | null;
  find(name: string): HostEntry | null;
}
