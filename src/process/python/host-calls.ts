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
import { hostAddress, hostIndex, hostPointer, hostReason, hostSize, hostWord } from './host-failure.ts';
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
  private readonly host: HostAllocator;
  private readonly caller: HostCaller;

  constructor(ctx: number, host: HostAllocator, caller: HostCaller) {
    this.ctx = ctx;
    this.host = host;
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
    const { name, words } = this.host;
    return this.memory.load64(this.ctx + CTX_WORDS_AT + hostIndex(name, 'word', words, index) * WORD);
  }

  setWord(index: number, value: number): void {
    const { name, words } = this.host;
    const at = this.ctx + CTX_WORDS_AT + hostIndex(name, 'setWord', words, index) * WORD;
    this.memory.store64(at, hostWord(name, value));
  }

  malloc(size: Size): number {
    return this.caller.callMalloc(this.ctx, hostSize(this.host.name, 'malloc', size));
  }

  calloc(count: Size, size: Size): number {
    const { name } = this.host;
    return this.caller.callCalloc(this.ctx, hostSize(name, 'calloc', count), hostSize(name, 'calloc', size));
  }

  realloc(address: number, size: Size): number {
    const { name } = this.host;
    return this.caller.callRealloc(this.ctx, hostPointer(name, 'realloc', address), hostSize(name, 'realloc', size));
  }

  free(address: number): void {
    this.caller.callFree(this.ctx, hostPointer(this.host.name, 'free', address));
  }
}

class ArenaCall implements HostArenaCall, LowerArenas {
  readonly ctx: number;
  private readonly host: HostArenaAllocator;
  private readonly caller: HostCaller;

  constructor(ctx: number, host: HostArenaAllocator, caller: HostCaller) {
    this.ctx = ctx;
    this.host = host;
    this.caller = caller;
  }

  get memory(): ProgramMemory {
    return this.caller.memory;
  }

  get lower(): LowerArenas {
    return this;
  }

  word(index: number): number {
    const { name, words } = this.host;
    return this.memory.load64(this.ctx + ARENA_CTX_WORDS_AT + hostIndex(name, 'word', words, index) * WORD);
  }

  setWord(index: number, value: number): void {
    const { name, words } = this.host;
    const at = this.ctx + ARENA_CTX_WORDS_AT + hostIndex(name, 'setWord', words, index) * WORD;
    this.memory.store64(at, hostWord(name, value));
  }

  alloc(size: number): number {
    return this.caller.callArenaAlloc(this.ctx, Number(hostSize(this.host.name, 'alloc', size)));
  }

  free(address: number, size: number): void {
    const { name } = this.host;
    this.caller.callArenaFree(this.ctx, hostPointer(name, 'free', address), Number(hostSize(name, 'free', size)));
  }
}

/**
 * A host allocator as the four functions of a record, for one program. Its code is not ours: what it throws, or answers and is
 * no address, is its failure (host-failure.ts).
 */
export class HostAllocatorFunctions implements AllocatorFunctions {
  private readonly host: HostAllocator;
  private readonly caller: HostCaller;

  constructor(host: HostAllocator, caller: HostCaller) {
    this.host = host;
    this.caller = caller;
  }

  malloc(ctx: number, size: Size): number {
    try {
      return hostAddress(
        this.host.name,
        'malloc',
        this.host.malloc(new AllocatorCall(ctx, this.host, this.caller), size),
      );
    } catch (reason) {
      throw hostReason(this.host.name, 'malloc', reason);
    }
  }

  calloc(ctx: number, count: Size, size: Size): number {
    try {
      return hostAddress(
        this.host.name,
        'calloc',
        this.host.calloc(new AllocatorCall(ctx, this.host, this.caller), count, size),
      );
    } catch (reason) {
      throw hostReason(this.host.name, 'calloc', reason);
    }
  }

  realloc(ctx: number, address: number, size: Size): number {
    try {
      return hostAddress(
        this.host.name,
        'realloc',
        this.host.realloc(new AllocatorCall(ctx, this.host, this.caller), address, size),
      );
    } catch (reason) {
      throw hostReason(this.host.name, 'realloc', reason);
    }
  }

  free(ctx: number, address: number): void {
    try {
      this.host.free(new AllocatorCall(ctx, this.host, this.caller), address);
    } catch (reason) {
      throw hostReason(this.host.name, 'free', reason);
    }
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
    try {
      return hostAddress(this.host.name, 'alloc', this.host.alloc(new ArenaCall(ctx, this.host, this.caller), size));
    } catch (reason) {
      throw hostReason(this.host.name, 'alloc', reason);
    }
  }

  free(ctx: number, address: number, size: number): void {
    try {
      this.host.free(new ArenaCall(ctx, this.host, this.caller), address, size);
    } catch (reason) {
      throw hostReason(this.host.name, 'free', reason);
    }
  }
}
