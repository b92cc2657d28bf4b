/** From a C-style call of a host allocator's function, with its ctx, to the call object that TypeScript gets. */
import type { Size } from '../allocator.ts';
import type { ProgramMemory } from '../program-memory.ts';
import {
  type AllocatorFunctions,
  ARENA_RECORD_BYTES,
  type ArenaFunctions,
  type Domain,
  MEM,
  OBJ,
  RAW,
  RECORD_BYTES,
} from './allocator-record.ts';
import type {
  HostAllocator,
  HostArenaAllocator,
  HostArenaCall,
  HostCall,
  HostCaller,
  LowerAllocator,
  LowerArenas,
} from './host-functions.ts';

const WORD = 8;
/** Of an allocator's ctx. */
export const CTX_DOMAIN_AT = RECORD_BYTES;
export const CTX_WORDS_AT = RECORD_BYTES + WORD;
/** Of an arena allocator's. */
export const ARENA_CTX_WORDS_AT = ARENA_RECORD_BYTES;

/** The domain as it stands in ctx; obj, the program's usual one, when an overflow has overwritten it. */
function domainOf(word: number): Domain {
  return word === RAW || word === MEM ? word : OBJ;
}

/** One call: made when the function is entered, gone when it returns. The wrapped record is the first thing in ctx. */
class AllocatorCall implements HostCall, LowerAllocator {
  readonly ctx: number;
  private readonly caller: HostCaller;

  constructor(ctx: number, caller: HostCaller) {
    this.ctx = ctx;
    this.caller = caller;
  }

  get memory(): ProgramMemory {
    return this.caller.memory;
  }

  get domain(): Domain {
    return domainOf(this.memory.load64(this.ctx + CTX_DOMAIN_AT));
  }

  get lower(): LowerAllocator {
    return this;
  }

  word(index: number): number {
    return this.memory.load64(this.ctx + CTX_WORDS_AT + index * WORD);
  }

  setWord(index: number, value: number): void {
    this.memory.store64(this.ctx + CTX_WORDS_AT + index * WORD, value);
  }

  malloc(size: Size): number {
    return this.caller.callMalloc(this.ctx, size);
  }

  calloc(count: Size, size: Size): number {
    return this.caller.callCalloc(this.ctx, count, size);
  }

  realloc(address: number, size: Size): number {
    return this.caller.callRealloc(this.ctx, address, size);
  }

  free(address: number): void {
    this.caller.callFree(this.ctx, address);
  }
}

class ArenaCall implements HostArenaCall, LowerArenas {
  readonly ctx: number;
  private readonly caller: HostCaller;

  constructor(ctx: number, caller: HostCaller) {
    this.ctx = ctx;
    this.caller = caller;
  }

  get memory(): ProgramMemory {
    return this.caller.memory;
  }

  get lower(): LowerArenas {
    return this;
  }

  word(index: number): number {
    return this.memory.load64(this.ctx + ARENA_CTX_WORDS_AT + index * WORD);
  }

  setWord(index: number, value: number): void {
    this.memory.store64(this.ctx + ARENA_CTX_WORDS_AT + index * WORD, value);
  }

  alloc(size: number): number {
    return this.caller.callArenaAlloc(this.ctx, size);
  }

  free(address: number, size: number): void {
    this.caller.callArenaFree(this.ctx, address, size);
  }
}

/** A host allocator as the four functions of a record, for one program. */
export class HostAllocatorFunctions implements AllocatorFunctions {
  private readonly host: HostAllocator;
  private readonly caller: HostCaller;

  constructor(host: HostAllocator, caller: HostCaller) {
    this.host = host;
    this.caller = caller;
  }

  malloc(ctx: number, size: Size): number {
    return this.host.malloc(new AllocatorCall(ctx, this.caller), size);
  }

  calloc(ctx: number, count: Size, size: Size): number {
    return this.host.calloc(new AllocatorCall(ctx, this.caller), count, size);
  }

  realloc(ctx: number, address: number, size: Size): number {
    return this.host.realloc(new AllocatorCall(ctx, this.caller), address, size);
  }

  free(ctx: number, address: number): void {
    this.host.free(new AllocatorCall(ctx, this.caller), address);
  }
}

export class HostArenaFunctions implements ArenaFunctions {
  private readonly host: HostArenaAllocator;
  private readonly caller: HostCaller;

  constructor(host: HostArenaAllocator, caller: HostCaller) {
    this.host = host;
    this.caller = caller;
  }

  alloc(ctx: number, size: number): number {
    return this.host.alloc(new ArenaCall(ctx, this.caller), size);
  }

  free(ctx: number, address: number, size: number): void {
    this.host.free(new ArenaCall(ctx, this.caller), address, size);
  }
}
