/**
 * The three domains: their public functions, and calls through allocator records [Objects/obmalloc.c: PyMem_RawMalloc …].
 *
 * A domain is a record in memory; a call reads its ctx and its function pointer there, each time, and goes where the pointer
 * says. So a record that the program changes, or overwrites by mistake, takes effect with the next call:
 *
 *     PyObject_Malloc(100) ──checks──▶ record of obj: | ctx | malloc ─┐
 *                                                                     ▼  text of libpython, 64 bytes to an implementer
 *       | libc | pymalloc | hooks raw | hooks | trace raw | trace | arena mmap | – | host 8 | host 9 | …
 *
 * A pointer to another function than the field's (free where malloc should be) calls that function, with the arguments
 * where its own would be. A pointer to no function is jumped to, and faults.
 */
import { deliver } from '../../kernel/signal.ts';
import { NULL, PTRDIFF_MAX, type Size } from '../allocator.ts';
import { FUNCTION_BYTES } from '../library.ts';
import type { ProgramMemory } from '../program-memory.ts';
import { ProgramStopped } from '../program-stopped.ts';
import {
  type AllocatorFunctions,
  type ArenaFunctions,
  type Domain,
  HOST_FIRST,
  IMPLEMENTER,
  IMPLEMENTER_BYTES,
  IMPLEMENTERS_MAX,
  RAW,
  RECORD_BYTES,
} from './allocator-record.ts';
import type { FunctionFinder } from './allocator-rules.ts';
import type { HostCaller, HostFunctions } from './host-functions.ts';
import type { Pymalloc } from './pymalloc/pymalloc.ts';
import { ARENA_RECORD_AT, MISUSE_AT } from './runtime-state.ts';

/** Who answers to CPython's own implementer numbers. */
export interface Implementers {
  readonly libc: AllocatorFunctions;
  readonly pymalloc: Pymalloc;
  readonly debugRaw: AllocatorFunctions;
  readonly debug: AllocatorFunctions;
  readonly traceRaw: AllocatorFunctions;
  readonly trace: AllocatorFunctions;
  readonly arenaMmap: ArenaFunctions;
}

const PYMALLOC_AT = IMPLEMENTER.pymalloc * IMPLEMENTER_BYTES;
const TEXT_BYTES = IMPLEMENTERS_MAX * IMPLEMENTER_BYTES;
const MALLOC = 0;
const CALLOC = 1;
const REALLOC = 2;
const FREE = 3;
/**
 * Calls through records that may stand inside each other. Real chains are less than ten deep; a circle of them would fill
 * any stack. Low enough for the host's own.
 */
const DEPTH_MAX = 500;
/** What a call of mem or obj reads: the word of the GIL, the function pointer, the ctx. */
const ENTRY_LOADS = 3;

export class Domains implements HostCaller, FunctionFinder {
  static readonly shared: readonly string[] = ['hosts'];

  readonly memory: ProgramMemory;
  private readonly text: number;
  private readonly state: number;
  private readonly own: Implementers;
  private readonly hosts: HostFunctions;
  /** Address of the word that is 1 while the running thread lacks the GIL. */
  private readonly lacksGil: number;
  private depth = 0;
  /** Low words of text and state, and the high word of the segment that both lie in. */
  private readonly textLow: number;
  private readonly stateLow: number;
  private readonly high: number;
  private readonly lacksGilLow: number;
  /** The records and the word that `lacksGil` names lie in one page. */
  private readonly isOnePage: boolean;

  constructor(
    memory: ProgramMemory,
    text: number,
    state: number,
    lacksGil: number,
    own: Implementers,
    hosts: HostFunctions,
  ) {
    this.memory = memory;
    this.text = text;
    this.state = state;
    this.lacksGil = lacksGil;
    this.textLow = text | 0;
    this.stateLow = state | 0;
    this.high = memory.segment / 2 ** 32;
    this.lacksGilLow = lacksGil | 0;
    this.isOnePage = Math.floor(state / memory.pageBytes) === Math.floor((lacksGil + 3) / memory.pageBytes);
    this.own = own;
    this.hosts = hosts;
  }

  recordAddress(domain: Domain): number {
    return this.state + domain * RECORD_BYTES;
  }

  // The public functions. More than PY_SSIZE_T_MAX bytes are refused before the allocator is asked.

  malloc(domain: Domain, size: Size): number {
    if (isTooLarge(size)) return NULL;
    if (this.leadsToPymalloc(domain, MALLOC)) return this.own.pymalloc.malloc(NULL, size);
    return this.callMalloc(this.state + domain * RECORD_BYTES, size);
  }

  calloc(domain: Domain, count: Size, size: Size): number {
    if (overflows(count, size)) return NULL;
    this.noteGil(domain);
    return this.callCalloc(this.state + domain * RECORD_BYTES, count, size);
  }

  realloc(domain: Domain, address: number, size: Size): number {
    if (isTooLarge(size)) return NULL;
    this.noteGil(domain);
    return this.callRealloc(this.state + domain * RECORD_BYTES, address, size);
  }

  free(domain: Domain, address: number): void {
    if (this.leadsToPymalloc(domain, FREE)) this.own.pymalloc.free(NULL, address);
    else this.callFree(this.state + domain * RECORD_BYTES, address);
  }

  /** Note the GIL, and tell whether the domain's function of this kind leads to pymalloc: what all but a few calls find. */
  private leadsToPymalloc(domain: Domain, kind: number): boolean {
    const { cpu } = this.memory;
    const record = (this.stateLow + domain * RECORD_BYTES) | 0;
    const at = domain !== RAW && this.isOnePage ? cpu.holdForLoads(record) : -1;
    if (at >= 0) {
      const { nearWords } = cpu.memory;
      const pointer = at + 2 + kind * 2;
      if (
        nearWords[at + ((this.lacksGilLow - record) >> 2)] === 0 &&
        (nearWords[pointer]! | 0) === ((this.textLow + PYMALLOC_AT + kind * FUNCTION_BYTES) | 0) &&
        (nearWords[pointer + 1]! | 0) === this.high
      ) {
        cpu.stamp(cpu.heldSlot, ENTRY_LOADS);
        cpu.count(ENTRY_LOADS, 0);
        return true;
      }
    }
    this.noteGil(domain);
    return this.isPymalloc(domain, kind);
  }

  /**
   * Does the domain's function of this kind lead to pymalloc? Its ctx is read too, as the caller would, but pymalloc has no
   * use for one. The commonest record of all, so it is told by integers; any other is read again.
   */
  private isPymalloc(domain: Domain, kind: number): boolean {
    const { memory } = this;
    const { cpu } = memory;
    const record = (this.stateLow + domain * RECORD_BYTES) | 0;
    const pointer = memory.loadPairIn(record + 8 + kind * 8);
    if (pointer !== ((this.textLow + PYMALLOC_AT + kind * FUNCTION_BYTES) | 0) || cpu.high !== this.high) return false;
    memory.loadPairIn(record);
    return true;
  }

  // Calls through the record at an address.

  callMalloc(record: number, size: Size): number {
    const { memory } = this;
    const ctx = memory.load64(record);
    const at = memory.load64(record + 8) - this.text;
    if (at === PYMALLOC_AT) return this.own.pymalloc.malloc(ctx, size);
    return this.enter(at, ctx, size, 0);
  }

  callCalloc(record: number, count: Size, size: Size): number {
    const { memory } = this;
    const ctx = memory.load64(record);
    return this.enter(memory.load64(record + 16) - this.text, ctx, count, size);
  }

  callRealloc(record: number, address: number, size: Size): number {
    const { memory } = this;
    const ctx = memory.load64(record);
    const at = memory.load64(record + 24) - this.text;
    if (at === PYMALLOC_AT + REALLOC * FUNCTION_BYTES) return this.own.pymalloc.realloc(ctx, address, size);
    return this.enter(at, ctx, address, size);
  }

  callFree(record: number, address: number): void {
    const { memory } = this;
    const ctx = memory.load64(record);
    const at = memory.load64(record + 32) - this.text;
    if (at === PYMALLOC_AT + FREE * FUNCTION_BYTES) this.own.pymalloc.free(ctx, address);
    else this.enter(at, ctx, address, 0);
  }

  /** Through the arena record at an address. 0: refused. */
  callArenaAlloc(record: number, size: number): number {
    const { memory } = this;
    return this.arenas(memory.load64(record + 8)).alloc(memory.load64(record), size);
  }

  callArenaFree(record: number, address: number, size: number): void {
    const { memory } = this;
    this.arenas(memory.load64(record + 16)).free(memory.load64(record), address, size);
  }

  // What pymalloc asks of the program around it.

  rawMalloc(size: Size): number {
    return this.nest(MALLOC, 0, size);
  }

  rawCalloc(count: Size, size: Size): number {
    return this.nest(CALLOC, count, size);
  }

  rawRealloc(address: number, size: Size): number {
    return this.nest(REALLOC, address, size);
  }

  rawFree(address: number): void {
    this.nest(FREE, address, 0);
  }

  allocateArena(size: number): number {
    return this.callArenaAlloc(this.state + ARENA_RECORD_AT, size);
  }

  freeArena(address: number, size: number): void {
    this.callArenaFree(this.state + ARENA_RECORD_AT, address, size);
  }

  /** pymalloc over the raw domain may be part of a circle too. */
  private nest(kind: number, first: Size, second: Size): number {
    this.deepen();
    try {
      if (kind === MALLOC) return this.malloc(RAW, second);
      if (kind === CALLOC) return this.calloc(RAW, first, second);
      if (kind === REALLOC) return this.realloc(RAW, Number(first), second);
      this.free(RAW, Number(first));
      return NULL;
    } finally {
      this.depth--;
    }
  }

  /** Call the function `at` bytes into the text. `first` and `second`: its arguments after ctx, as the registers hold them. */
  private enter(at: number, ctx: number, first: Size, second: Size): number {
    const called = this.implementer(at);
    this.deepen();
    try {
      switch ((at % IMPLEMENTER_BYTES) / FUNCTION_BYTES) {
        case MALLOC:
          return called.malloc(ctx, first);
        case CALLOC:
          return called.calloc(ctx, first, second);
        case REALLOC:
          return called.realloc(ctx, Number(first), second);
        default:
          called.free(ctx, Number(first));
          return NULL;
      }
    } finally {
      this.depth--;
    }
  }

  /** Does a function of an allocator begin there? */
  isFunction(pointer: number): boolean {
    return this.find(pointer - this.text) !== null;
  }

  private implementer(at: number): AllocatorFunctions {
    return this.find(at) ?? this.memory.jump(this.text + at);
  }

  private find(at: number): AllocatorFunctions | null {
    const { own } = this;
    if (at >= 0 && at < TEXT_BYTES && at % FUNCTION_BYTES === 0) {
      const number = Math.floor(at / IMPLEMENTER_BYTES);
      switch (number) {
        case IMPLEMENTER.libc:
          return own.libc;
        case IMPLEMENTER.pymalloc:
          return own.pymalloc;
        case IMPLEMENTER.debugRaw:
          return own.debugRaw;
        case IMPLEMENTER.debug:
          return own.debug;
        case IMPLEMENTER.traceRaw:
          return own.traceRaw;
        case IMPLEMENTER.trace:
          return own.trace;
      }
      if (number >= HOST_FIRST) return this.hosts.allocator(number, this);
    }
    return null;
  }

  private arenas(pointer: number): ArenaFunctions {
    const at = pointer - this.text;
    if (at >= 0 && at < TEXT_BYTES && at % FUNCTION_BYTES === 0) {
      const number = Math.floor(at / IMPLEMENTER_BYTES);
      if (number === IMPLEMENTER.arenaMmap) return this.own.arenaMmap;
      const host = number < HOST_FIRST ? null : this.hosts.arena(number, this);
      if (host !== null) return host;
    }
    return this.memory.jump(pointer);
  }

  /** CPython does not notice a mem or obj call without the GIL unless the hooks are there; a checker can. */
  private noteGil(domain: Domain): void {
    if (domain === RAW || this.memory.load32(this.lacksGil) === 0) return;
    const at = this.state + MISUSE_AT;
    this.memory.store32(at, this.memory.load32(at) + 1);
  }

  private deepen(): void {
    if (this.depth >= DEPTH_MAX) this.overflowStack();
    this.depth++;
  }

  /** What endless recursion ends in: a push below the lowest address that the stack may have. */
  private overflowStack(): never {
    const { kernel, process } = this.memory;
    const limit = Math.min(process.limits.stack, kernel.options.stackMax);
    const address = Math.max(0, process.space!.stackTop - limit - FUNCTION_BYTES);
    const reason = 'the stack overflowed: allocators call each other in a circle';
    deliver(kernel, process, { signal: 'SIGSEGV', code: 'SEGV_MAPERR', address, errorCode: null, reason });
    throw new ProgramStopped();
  }
}

function isTooLarge(size: Size): boolean {
  return typeof size === 'bigint' && size > PTRDIFF_MAX;
}

/** count > PY_SSIZE_T_MAX / size. Elements of 0 bytes never overflow, however many. */
function overflows(count: Size, size: Size): boolean {
  if (size === 0) return false;
  if (typeof count === 'number' && typeof size === 'number' && count * size <= Number.MAX_SAFE_INTEGER) return false;
  return BigInt(count) > PTRDIFF_MAX / BigInt(size);
}
