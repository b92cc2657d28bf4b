/**
 * A small Python runtime for tracemalloc's tests: three records in a program's memory over a simple allocator, and a mem and
 * obj allocator that sends what is above 512 bytes on to the raw domain, as pymalloc does.
 */
import { expect } from 'vitest';
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { type Allocator, NULL, productOf, type Size } from '../../../src/process/allocator.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import {
  type AllocatorFunctions,
  type Domain,
  IMPLEMENTER,
  IMPLEMENTER_BYTES,
  MEM,
  OBJ,
  RAW,
  RECORD_BYTES,
  readRecord,
  recordOf,
  TEXT_FUNCTIONS,
  writeRecord,
} from '../../../src/process/python/allocator-record.ts';
import type { Frame } from '../../../src/process/python/frame.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';
import type { Snapshot } from '../../../src/process/python/tracemalloc/snapshot.ts';
import type { TraceHost } from '../../../src/process/python/tracemalloc/trace-host.ts';
import { TRACE_STATE_BYTES, Tracemalloc } from '../../../src/process/python/tracemalloc/tracemalloc.ts';

const HEAP_BYTES = 2 ** 25;
const SMALL_MAX = 512;

/** Next-free-address allocation with exact-size reuse; it knows its live blocks and can be told to refuse. */
export class BumpAllocator implements Allocator {
  readonly live = new Map<number, number>();
  /** Sizes to refuse. */
  refuses: (size: number) => boolean = () => false;
  private readonly memory: ProgramMemory;
  private readonly freed = new Map<number, number[]>();
  private top: number;

  constructor(memory: ProgramMemory) {
    this.memory = memory;
    this.top = memory.mmap(HEAP_BYTES);
  }

  malloc(size: Size): number {
    if (typeof size === 'bigint' || size > HEAP_BYTES || this.refuses(size)) return NULL;
    const bytes = Math.max(16, Math.ceil(size / 16) * 16);
    const reused = this.freed.get(bytes)?.pop();
    const address = reused ?? this.top;
    if (reused === undefined) this.top += bytes;
    this.live.set(address, bytes);
    this.memory.fill(address, 0xaa, bytes);
    return address;
  }

  calloc(count: Size, size: Size): number {
    const bytes = productOf(count, size);
    const address = this.malloc(bytes);
    if (address !== NULL) this.memory.fill(address, 0, Number(bytes));
    return address;
  }

  realloc(address: number, size: Size): number {
    if (address === NULL) return this.malloc(size);
    const bytes = this.live.get(address)!;
    if (size <= bytes && size > bytes / 2) return address;
    const moved = this.malloc(size);
    if (moved === NULL) return NULL;
    this.memory.copy(moved, address, Math.min(bytes, Number(size)));
    this.free(address);
    return moved;
  }

  free(address: number): void {
    if (address === NULL) return;
    const bytes = this.live.get(address);
    if (bytes === undefined) throw new Error(`free of 0x${address.toString(16)}, which is not live`);
    this.live.delete(address);
    const same = this.freed.get(bytes);
    if (same === undefined) this.freed.set(bytes, [address]);
    else same.push(address);
  }

  usableSize(address: number): number {
    return this.live.get(address) ?? 0;
  }
}

export class FatalError extends Error {}

export class TracedProgram implements TraceHost {
  readonly memory: ProgramMemory;
  readonly libc: BumpAllocator;
  readonly tracer: Tracemalloc;
  readonly state: number;
  readonly peek: () => PeekMemory;
  running: readonly Frame[] = [];
  /** Calls that reached the functions below tracemalloc, as `IMPLEMENTER function size`. */
  readonly calls: string[] = [];
  private readonly text: number;
  private readonly records: number;
  private readonly implementers = new Map<number, AllocatorFunctions>();

  constructor(profile = '3.11') {
    const machine = new Machine({ paging: 'sv39', memory: 64 * 2 ** 20, swap: 0 });
    const process = machine.spawn();
    this.memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
    activate(machine.kernel, process);
    const bytes = TRACE_STATE_BYTES + 3 * RECORD_BYTES;
    const library = loadLibrary(machine.kernel, process.space!, 'libpython.so', TEXT_FUNCTIONS, bytes)!;
    this.text = library.text;
    this.state = library.bss;
    this.records = library.bss + TRACE_STATE_BYTES;
    this.libc = new BumpAllocator(this.memory);
    this.tracer = new Tracemalloc(this.memory, this.state, pythonProfile(profile)!, this.libc, this);
    this.peek = () => new PeekMemory(machine.kernel, process);
    const { libc, tracer } = this;
    this.implementers.set(IMPLEMENTER.libc, {
      malloc: (_ctx, size) => this.note(`libc malloc ${size}`, libc.malloc(size)),
      calloc: (_ctx, count, size) => this.note(`libc calloc ${count} ${size}`, libc.calloc(count, size)),
      realloc: (_ctx, address, size) => this.note(`libc realloc ${size}`, libc.realloc(address, size)),
      free: (_ctx, address) => libc.free(address),
    });
    this.implementers.set(IMPLEMENTER.pymalloc, this.pymalloc());
    this.implementers.set(IMPLEMENTER.traceRaw, tracer);
    this.implementers.set(IMPLEMENTER.trace, tracer);
    this.setImplementer(RAW, IMPLEMENTER.libc);
    this.setImplementer(MEM, IMPLEMENTER.pymalloc);
    this.setImplementer(OBJ, IMPLEMENTER.pymalloc);
  }

  setImplementer(domain: Domain, implementer: number, ctx = 0): void {
    writeRecord(this.memory, this.recordAddress(domain), recordOf(this.text, implementer, ctx));
  }

  implementerOf(domain: Domain): number {
    return this.implementerAt(this.recordAddress(domain));
  }

  /** A new tracemalloc over the same addresses, as a forked child makes. */
  again(profile = '3.11'): Tracemalloc {
    return new Tracemalloc(this.memory, this.state, pythonProfile(profile)!, this.libc, this);
  }

  brokenRules(): string[] {
    return this.tracer.brokenRules(this.peek());
  }

  malloc(domain: Domain, size: Size): number {
    return this.callMalloc(this.recordAddress(domain), size);
  }

  calloc(domain: Domain, count: Size, size: Size): number {
    return this.callCalloc(this.recordAddress(domain), count, size);
  }

  realloc(domain: Domain, address: number, size: Size): number {
    return this.callRealloc(this.recordAddress(domain), address, size);
  }

  free(domain: Domain, address: number): void {
    this.callFree(this.recordAddress(domain), address);
  }

  recordAddress(domain: Domain): number {
    return this.records + domain * RECORD_BYTES;
  }

  callMalloc(record: number, size: Size): number {
    return this.functionsAt(record).malloc(this.memory.load64(record), size);
  }

  callCalloc(record: number, count: Size, size: Size): number {
    return this.functionsAt(record).calloc(this.memory.load64(record), count, size);
  }

  callRealloc(record: number, address: number, size: Size): number {
    return this.functionsAt(record).realloc(this.memory.load64(record), address, size);
  }

  callFree(record: number, address: number): void {
    this.functionsAt(record).free(this.memory.load64(record), address);
  }

  frames(): readonly Frame[] {
    return this.running;
  }

  installTrace(domain: Domain, ctx: number): void {
    this.setImplementer(domain, domain === RAW ? IMPLEMENTER.traceRaw : IMPLEMENTER.trace, ctx);
  }

  fatalError(func: string, message: string): never {
    throw new FatalError(`${func}: ${message}`);
  }

  private implementerAt(record: number): number {
    return (readRecord(this.memory, record).malloc - this.text) / IMPLEMENTER_BYTES;
  }

  private functionsAt(record: number): AllocatorFunctions {
    return this.implementers.get(this.implementerAt(record))!;
  }

  private note(call: string, result: number): number {
    this.calls.push(call);
    return result;
  }

  /** Small blocks from an own region, never reused, two words before each hold its size; the rest through the raw domain. */
  private pymalloc(): AllocatorFunctions {
    const { memory } = this;
    const start = memory.mmap(2 ** 22);
    let top = start;
    const isOwn = (address: number): boolean => start <= address && address < top;
    const malloc = (_ctx: number, size: Size): number => {
      if (typeof size === 'bigint' || size === 0 || size > SMALL_MAX) return this.malloc(RAW, size);
      const address = top + 16;
      top = address + Math.ceil(size / 16) * 16;
      memory.store64(address - 8, size);
      return address;
    };
    return {
      malloc,
      calloc: (ctx, count, size) => {
        const bytes = productOf(count, size);
        if (bytes === 0 || bytes > SMALL_MAX) return this.calloc(RAW, count, size);
        const address = malloc(ctx, bytes);
        memory.fill(address, 0, Number(bytes));
        return address;
      },
      realloc: (ctx, address, size) => {
        if (address === NULL) return malloc(ctx, size);
        if (!isOwn(address)) return this.realloc(RAW, address, size);
        const bytes = memory.load64(address - 8);
        if (size <= bytes && size > (bytes * 3) / 4) return address;
        const moved = malloc(ctx, size);
        if (moved !== NULL) memory.copy(moved, address, Math.min(bytes, Number(size)));
        return moved;
      },
      free: (_ctx, address) => {
        if (address !== NULL && !isOwn(address)) this.free(RAW, address);
      },
    };
  }
}

export function frame(file: string, line: number): Frame {
  return { file, line, name: 'f' };
}

export function started(limit = 1, profile = '3.11'): TracedProgram {
  const program = new TracedProgram(profile);
  expect(program.tracer.start(limit)).toBeNull();
  return program;
}

export function snapshotOf(tracer: Tracemalloc): Snapshot {
  const snapshot = tracer.takeSnapshot();
  if ('error' in snapshot) throw new Error(snapshot.message);
  return snapshot;
}

export function traced(program: TracedProgram): number {
  expect(program.brokenRules()).toEqual([]);
  return program.tracer.getTracedMemory().current;
}
