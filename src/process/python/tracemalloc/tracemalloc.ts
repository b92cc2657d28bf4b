/**
 * tracemalloc: who allocated each live block [Modules/_tracemalloc.c, Python/tracemalloc.c].
 *
 * start() saves the record of each domain and puts its own in front; stop() puts the three saved ones back, whatever was
 * installed in between.
 *
 *     PyMem_RawMalloc ─▶ record of raw: trace ─▶ SAVED + 0   ─▶ what was there before (debug hooks, malloc)
 *     PyMem_Malloc    ─▶ record of mem: trace ─▶ SAVED + 40  ─▶ …
 *     PyObject_Malloc ─▶ record of obj: trace ─▶ SAVED + 80  ─▶ pymalloc ─▶ PyMem_RawMalloc ─▶ trace, inside a traced call
 *
 * The outermost call is the one recorded, with the bytes it asked for; a flag tells the inner ones that they are inner. An
 * inner realloc still forgets the block it moved, for its address may be someone else's soon.
 *
 *     untraced ── start(n) ──▶ tracing, n frames ── stop() ──▶ untraced, every table empty
 */
import { type Allocator, NULL, productOf, type Size } from '../../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';
import {
  type AllocatorFunctions,
  DOMAIN_NAMES,
  type Domain,
  RAW,
  RECORD_BYTES,
  readRecord,
  writeRecord,
} from '../allocator-record.ts';
import type { Frame } from '../frame.ts';
import type { PythonProfile } from '../profiles.ts';
import { brokenRules } from './broken-rules.ts';
import { HashTables, readTable } from './hash-table.ts';
import { type PythonError, Snapshot, type Trace, tracebackOf } from './snapshot.ts';
import * as at from './state.ts';
import type { TraceHost } from './trace-host.ts';
import { PYTHON_DOMAIN, TRACE_SIZE, TRACE_TRACEBACK, TraceTables } from './trace-tables.ts';
import type { Traceback } from './traceback.ts';
import { FRAMES_MAX, Tracebacks } from './tracebacks.ts';

export { TRACE_STATE_BYTES } from './state.ts';

/** Frames that fit a traceback whose size is an int: the limit before 3.9. */
const OLD_FRAMES_MAX = 178956969;
const INT_MAX = 2 ** 31 - 1;
const NO_MEMORY: PythonError = { error: 'MemoryError', message: '' };
/** PyTraceMalloc_Track, PyTraceMalloc_Untrack. */
const OK = 0;
const TRACK_FAILED = -1;
const NOT_TRACING = -2;

export class Tracemalloc implements AllocatorFunctions {
  static readonly shared: readonly string[] = ['profile'];

  private readonly memory: ProgramMemory;
  private readonly state: number;
  private readonly profile: PythonProfile;
  private readonly host: TraceHost;
  private readonly tables: HashTables;
  private readonly tracebacks: Tracebacks;
  private readonly traces: TraceTables;

  constructor(memory: ProgramMemory, state: number, profile: PythonProfile, libc: Allocator, host: TraceHost) {
    this.memory = memory;
    this.state = state;
    this.profile = profile;
    this.host = host;
    this.tables = new HashTables(memory, libc);
    this.tracebacks = new Tracebacks(memory, state, profile, this.tables, host);
    this.traces = new TraceTables(memory, state, this.tables, host);
  }

  // ── The record's functions. `ctx`: where the record is that this domain had before. ──

  malloc(ctx: number, size: Size): number {
    if (this.isInside()) return this.host.callMalloc(ctx, size);
    this.enter();
    const address = this.noted(ctx, this.host.callMalloc(ctx, size), size);
    this.leave();
    return address;
  }

  calloc(ctx: number, count: Size, size: Size): number {
    if (this.isInside()) return this.host.callCalloc(ctx, count, size);
    this.enter();
    const address = this.noted(ctx, this.host.callCalloc(ctx, count, size), productOf(count, size));
    this.leave();
    return address;
  }

  realloc(ctx: number, address: number, size: Size): number {
    if (this.isInside()) {
      const moved = this.host.callRealloc(ctx, address, size);
      if (moved !== NULL && address !== NULL) this.traces.remove(PYTHON_DOMAIN, address);
      return moved;
    }
    this.enter();
    let moved = this.host.callRealloc(ctx, address, size);
    if (address === NULL) moved = this.noted(ctx, moved, size);
    else if (moved !== NULL) {
      if (moved !== address) this.traces.remove(PYTHON_DOMAIN, address);
      // The old block is gone: there is no way back to tell the caller that it failed.
      if (!this.note(PYTHON_DOMAIN, moved, size)) {
        this.host.fatalError('tracemalloc_realloc', 'tracemalloc_realloc() failed to allocate a trace');
      }
    }
    this.leave();
    return moved;
  }

  free(ctx: number, address: number): void {
    if (address === NULL) return;
    this.host.callFree(ctx, address);
    this.traces.remove(PYTHON_DOMAIN, address);
  }

  // ── The module's functions. ──

  /** `limit`: frames to store of each traceback. Nothing changes when it traces already. */
  start(limit: number): PythonError | null {
    const { memory, state, host } = this;
    if (!(Math.abs(limit + 0.5) < INT_MAX + 1)) {
      return { error: 'OverflowError', message: 'Python int too large to convert to C int' };
    }
    const most = this.profile.countsAllFrames ? FRAMES_MAX : OLD_FRAMES_MAX;
    if (limit < 1 || limit > most) {
      return { error: 'ValueError', message: `the number of frames must be in range [1; ${most}]` };
    }
    if (!this.initialize()) return NO_MEMORY;
    if (this.isTracing) return null;
    memory.store64(state + at.LIMIT, limit);
    // From the record that raw had when tracing was last switched on: as in CPython, the new one is saved after this.
    const buffer = host.callMalloc(state + at.SAVED, this.tracebacks.bytes(limit));
    if (buffer === NULL) return NO_MEMORY;
    memory.store64(state + at.BUFFER, buffer);
    for (const domain of DOMAINS) {
      this.save(domain);
      host.installTrace(domain, this.saved(domain));
    }
    memory.store64(state + at.TRACING, 1);
    return null;
  }

  stop(): void {
    const { memory, state, host } = this;
    if (!this.isTracing) return;
    memory.store64(state + at.TRACING, 0);
    for (const domain of DOMAINS) {
      writeRecord(memory, host.recordAddress(domain), readRecord(memory, this.saved(domain)));
    }
    this.empty();
    host.callFree(state + at.SAVED, memory.load64(state + at.BUFFER));
    memory.store64(state + at.BUFFER, NULL);
  }

  get isTracing(): boolean {
    return this.memory.load64(this.state + at.TRACING) !== 0;
  }

  /** Frames stored at most; stays after stop(). */
  getTracebackLimit(): number {
    return this.memory.load64(this.state + at.LIMIT) || 1;
  }

  /** Bytes of traced blocks now and at most; zeros when not tracing. */
  getTracedMemory(): { readonly current: number; readonly peak: number } {
    if (!this.isTracing) return { current: 0, peak: 0 };
    return { current: this.memory.load64(this.state + at.TRACED), peak: this.memory.load64(this.state + at.PEAK) };
  }

  /** The peak is the present size from now on (3.9). */
  resetPeak(): void {
    if (this.isTracing) this.memory.store64(this.state + at.PEAK, this.memory.load64(this.state + at.TRACED));
  }

  /** Forget every trace, and go on tracing. */
  clearTraces(): void {
    if (this.isTracing) this.empty();
  }

  /** 0; -1 no memory; -2 not tracing. A known address gets the new size and traceback. */
  track(domain: number, address: number, size: Size): number {
    if (!this.isTracing) return NOT_TRACING;
    return this.note(domain, address, size) ? OK : TRACK_FAILED;
  }

  /** 0, whether it was known or not; -2 not tracing. */
  untrack(domain: number, address: number): number {
    if (!this.isTracing) return NOT_TRACING;
    this.traces.remove(domain, address);
    return OK;
  }

  /** An object begins a new life in a block that it had (free lists): the block's traceback is where that happens. */
  newReference(address: number): void {
    const trace = this.isTracing ? this.traces.find(PYTHON_DOMAIN, address) : NULL;
    const traceback = trace === NULL ? NULL : this.tracebacks.current();
    if (traceback !== NULL) this.memory.store64(trace + TRACE_TRACEBACK, traceback);
  }

  /** Where the block of an object was allocated: null when it is not traced. */
  getObjectTraceback(address: number): Traceback | null {
    const found = this.tracebackAt(address);
    if (found === NULL) return null;
    const { memory, tracebacks, profile } = this;
    const frames = tracebacks.read(memory, found);
    return tracebackOf(frames, profile.tracebackOldestFirst, tracebacks.total(memory, found));
  }

  /** The same for the debug hooks' report: null when not tracing, [] when the block is not known; most recent call first. */
  allocationTraceback(address: number): readonly Frame[] | null {
    if (!this.isTracing) return null;
    const found = this.tracebackAt(address);
    if (found === NULL) return [];
    return this.tracebacks.read(this.memory, found).map(({ file, line }) => ({ file, line, name: '' }));
  }

  /** Bytes of the tables: of filenames, tracebacks and each domain's traces. Not what their keys and values lead to. */
  getTracemallocMemory(): number {
    const { memory, state, tables } = this;
    if (!this.isReady()) return 0;
    let bytes = tables.size(memory.load64(state + at.TRACEBACKS)) + tables.size(memory.load64(state + at.FILENAMES));
    for (const { table } of this.traces.all()) bytes += tables.size(table);
    return bytes;
  }

  /** Every trace, by domain and bucket; RuntimeError when not tracing. */
  takeSnapshot(): Snapshot | PythonError {
    if (!this.isTracing) {
      const message = 'the tracemalloc module must be tracing memory allocations to take a snapshot';
      return { error: 'RuntimeError', message };
    }
    const { memory, tracebacks } = this;
    // Traces of one traceback share its frames, as they do in Python.
    const known = new Map<number, Pick<Trace, 'frames' | 'totalFrames'>>();
    const traces: Trace[] = [];
    for (const { domain, table } of this.traces.all()) {
      for (const { value } of readTable(memory, table).entries) {
        const traceback = memory.load64(value + TRACE_TRACEBACK);
        let where = known.get(traceback);
        if (where === undefined) {
          const totalFrames = tracebacks.total(memory, traceback);
          where = { frames: tracebacks.read(memory, traceback), totalFrames };
          known.set(traceback, where);
        }
        traces.push({ domain, size: memory.load64(value + TRACE_SIZE), ...where });
      }
    }
    return new Snapshot(traces, this.getTracebackLimit(), this.profile.tracebackOldestFirst);
  }

  /** Rules of the tables that do not hold; [] when healthy, or not in use. */
  brokenRules(reader: MemoryReader): string[] {
    return brokenRules(reader, this.state, this.tracebacks);
  }

  /** Make the tables, as importing the module does; false: no memory. They stay, empty, after stop(). */
  private initialize(): boolean {
    const { memory, state, tables } = this;
    if (this.isReady()) return true;
    this.save(RAW);
    for (const word of TABLES) {
      // What an earlier attempt made is used, not made again.
      if (memory.load64(state + word) !== NULL) continue;
      const table = tables.create();
      if (table === NULL) return false;
      memory.store64(state + word, table);
    }
    this.tracebacks.initialize();
    memory.store64(state + at.READY, 1);
    return true;
  }

  private isReady(): boolean {
    return this.memory.load64(this.state + at.READY) !== 0;
  }

  private empty(): void {
    const { memory, state, tables, host } = this;
    const free = (block: number): void => host.callFree(state + at.SAVED, block);
    this.enter();
    this.traces.clear();
    tables.clear(memory.load64(state + at.TRACEBACKS), free);
    tables.clear(memory.load64(state + at.FILENAMES), free);
    this.leave();
  }

  private save(domain: Domain): void {
    writeRecord(this.memory, this.saved(domain), readRecord(this.memory, this.host.recordAddress(domain)));
  }

  private saved(domain: Domain): number {
    return this.state + at.SAVED + domain * RECORD_BYTES;
  }

  /** A new block, traced, or given back when that fails. */
  private noted(ctx: number, address: number, size: Size): number {
    if (address === NULL || this.note(PYTHON_DOMAIN, address, size)) return address;
    this.host.callFree(ctx, address);
    return NULL;
  }

  private note(domain: number, address: number, size: Size): boolean {
    // No block has 2^53 bytes; a host's allocator that says so cannot be traced.
    if (typeof size === 'bigint') return false;
    const traceback = this.tracebacks.current();
    return traceback !== NULL && this.traces.add(domain, address, size, traceback);
  }

  private tracebackAt(address: number): number {
    const trace = this.isTracing ? this.traces.find(PYTHON_DOMAIN, address) : NULL;
    return trace === NULL ? NULL : this.memory.load64(trace + TRACE_TRACEBACK);
  }

  private isInside(): boolean {
    return this.memory.load64(this.state + at.REENTRANT) !== 0;
  }

  private enter(): void {
    this.memory.store64(this.state + at.REENTRANT, 1);
  }

  private leave(): void {
    this.memory.store64(this.state + at.REENTRANT, 0);
  }
}

const DOMAINS = DOMAIN_NAMES.map((_name, domain) => domain as Domain);
const TABLES = [at.FILENAMES, at.TRACEBACKS, at.TRACES, at.DOMAINS];
