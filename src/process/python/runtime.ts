/**
 * One Python interpreter's memory manager, put together: domains over records in memory, pymalloc, debug hooks, tracemalloc,
 * threads and the GIL.
 *
 *     Program ──▶ PythonRuntime ──▶ Domains ──▶ record ──▶ tracemalloc ──▶ debug hooks ──▶ pymalloc ──▶ raw domain ──▶ libc
 *                      └── Threads       InstalledAllocators: who stands in the records
 *
 * All state is in the bss that `state` points to (runtime-state.ts) and in blocks of the C library; the object can be made anew
 * over the same addresses, as a fork does.
 */
import { type Allocator, NULL, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import {
  type AllocatorRecord,
  type ArenaRecord,
  arenaRecordOf,
  type Domain,
  HOST_FIRST,
  IMPLEMENTER,
  IMPLEMENTER_BYTES,
  RAW,
  readArenaRecord,
  readRecord,
  recordOf,
  writeArenaRecord,
  writeRecord,
} from './allocator-record.ts';
import { ArenaMmap } from './arena-mmap.ts';
import { BaseAllocator } from './base-allocator.ts';
import { chooseAllocators, type PythonOptions, type StartRefusal, wantsMallocStats } from './configuration.ts';
import { DebugHooks } from './debug-hooks.ts';
import type { DebugHost } from './debug-host.ts';
import { Domains } from './domains.ts';
import { fatalText } from './fatal-error.ts';
import type { Frame } from './frame.ts';
import { ARENA_CTX_WORDS_AT, CTX_DOMAIN_AT, CTX_WORDS_AT } from './host-calls.ts';
import type { HostFunctions } from './host-functions.ts';
import { InstalledAllocators } from './installed.ts';
import { freeListText } from './malloc-stats.ts';
import type { PythonProfile } from './profiles.ts';
import type { PymallocHost } from './pymalloc/host.ts';
import { Pymalloc } from './pymalloc/pymalloc.ts';
import * as at from './runtime-state.ts';
import { Threads } from './threads.ts';
import type { TraceHost } from './tracemalloc/trace-host.ts';
import { Tracemalloc } from './tracemalloc/tracemalloc.ts';
import { isSince } from './version-order.ts';

export type { PythonOptions } from './configuration.ts';

const WORD = 8;

export class PythonRuntime implements PymallocHost, DebugHost, TraceHost {
  static readonly shared: readonly string[] = ['hosts', 'options', 'profile'];

  readonly memory: ProgramMemory;
  readonly profile: PythonProfile;
  readonly pymalloc: Pymalloc;
  readonly debugHooks: DebugHooks;
  readonly tracemalloc: Tracemalloc;
  readonly threads: Threads;
  /** Address of libpython's text: what `recordOf` needs to make records. */
  readonly text: number;
  /** The running Python code, most recent call first: set by whoever calls into the program. */
  callFrames: readonly Frame[] = [];
  private readonly options: PythonOptions;
  private readonly libc: Allocator;
  private readonly state: number;
  private readonly hosts: HostFunctions;
  private readonly domains: Domains;
  private readonly installed: InstalledAllocators;

  static stateBytes(profile: PythonProfile): number {
    return at.runtimeStateBytes(profile);
  }

  /** `text`: TEXT_FUNCTIONS functions; `state`: stateBytes(profile) bytes, zeroed before the first `initialize`. */
  constructor(
    memory: ProgramMemory,
    libc: Allocator,
    text: number,
    state: number,
    options: PythonOptions,
    hosts: HostFunctions,
  ) {
    const { profile } = options;
    this.memory = memory;
    this.profile = profile;
    this.options = options;
    this.libc = libc;
    this.text = text;
    this.state = state;
    this.hosts = hosts;
    this.pymalloc = new Pymalloc(memory, state + at.PYMALLOC_AT, profile, this);
    this.debugHooks = new DebugHooks(memory, state + at.HOOKS_AT, profile, this);
    this.tracemalloc = new Tracemalloc(memory, state + at.TRACE_AT, profile, libc, this);
    this.threads = new Threads(memory, libc, state + at.THREADS_AT, profile, this);
    const own = {
      libc: new BaseAllocator(libc),
      pymalloc: this.pymalloc,
      debugRaw: this.debugHooks,
      debug: this.debugHooks.withGil,
      traceRaw: this.tracemalloc,
      trace: this.tracemalloc,
      arenaMmap: new ArenaMmap(memory),
    };
    this.domains = new Domains(memory, text, state, this.threads.lacksGilAt, own, hosts);
    this.installed = new InstalledAllocators(memory, text, state, profile, this.debugHooks);
  }

  /**
   * Start: read the configuration, install the allocators, make the main thread, which holds the GIL. Once per program.
   * A refusal has written nothing: its text is the caller's to print and its exit code the caller's to use.
   */
  initialize(): { readonly ok: true } | StartRefusal {
    const answer = chooseAllocators(this.options);
    if (!answer.ok) return answer;
    this.debugHooks.initialize();
    this.pymalloc.initialize();
    this.installed.setArenas(arenaRecordOf(this.text, IMPLEMENTER.arenaMmap, 0));
    this.installed.install(answer.allocators);
    this.memory.store32(this.state + at.STATS_AT, wantsMallocStats(this.options) ? 1 : 0);
    this.runtimeState = 'preinitialized';
    if (!this.threads.initialize()) {
      const stderr = this.fatalText('pycore_create_interpreter', "can't make first thread");
      return { ok: false, stderr, exitCode: 1 };
    }
    this.runtimeState = 'initialized';
    return { ok: true };
  }

  /** Py_Finalize's part: PYTHONMALLOCSTATS prints once more. 3.12 does not (seen in 3.12.1). */
  finalize(): void {
    this.runtimeState = 'finalizing';
    const { profile } = this;
    if (isSince(profile, '3.12') && !isSince(profile, '3.13')) return;
    if (this.printsStats() && this.hasStatistics()) this.memory.error(this.statistics());
  }

  get runtimeState(): at.RuntimeState {
    return at.RUNTIME_STATES[this.memory.load32(this.state + at.STATUS_AT)] ?? 'unknown';
  }

  set runtimeState(value: at.RuntimeState) {
    this.memory.store32(this.state + at.STATUS_AT, at.RUNTIME_STATES.indexOf(value));
  }

  // ── PyMem_RawMalloc … PyObject_Free. ──

  malloc(domain: Domain, size: Size): number {
    return this.domains.malloc(domain, size);
  }

  calloc(domain: Domain, count: Size, size: Size): number {
    return this.domains.calloc(domain, count, size);
  }

  realloc(domain: Domain, address: number, size: Size): number {
    return this.domains.realloc(domain, address, size);
  }

  free(domain: Domain, address: number): void {
    this.domains.free(domain, address);
  }

  /** Calls of mem and obj that a thread made without the GIL. */
  get gilMisuse(): number {
    return this.memory.load32(this.state + at.MISUSE_AT);
  }

  // ── Customization. ──

  recordAddress(domain: Domain): number {
    return this.domains.recordAddress(domain);
  }

  /** PyMem_GetAllocator: NULLs for a domain that does not exist. */
  getAllocator(domain: number): AllocatorRecord {
    return this.installed.get(domain);
  }

  /** PyMem_SetAllocator: ignored for a domain that does not exist; never refused (see checkReplacement). */
  setAllocator(domain: number, record: AllocatorRecord): void {
    this.installed.set(domain, record);
  }

  /** Documented rules that `setAllocator` would break now, one sentence each; [] for none. */
  checkReplacement(domain: number, record: AllocatorRecord): string[] {
    return this.installed.checkReplacement(domain, record, this.runtimeState, this.domains);
  }

  setupDebugHooks(): void {
    this.installed.setupDebugHooks();
  }

  getArenaAllocator(): ArenaRecord {
    return this.installed.getArenas();
  }

  /** Arenas that live go back through the new record. */
  setArenaAllocator(record: ArenaRecord): void {
    this.installed.setArenas(record);
  }

  /** `pymalloc_debug` …; null when the records are no set that has a name. A spectator brings a reader without effects. */
  allocatorName(reader: MemoryReader = this.memory): string | null {
    return this.installed.name(reader);
  }

  /**
   * Put a host allocator in front of a domain's; `words` are its own words' first values.
   * @returns address of its ctx; 0: no memory for it; null: there is no host allocator of that name
   */
  installHostAllocator(domain: Domain, name: string, words: readonly number[] = []): number | null {
    const entry = this.hosts.find(name);
    if (entry === null || entry.kind !== 'allocator') return null;
    const ctx = this.makeContext(CTX_WORDS_AT, entry.words, words);
    if (ctx === NULL) return NULL;
    writeRecord(this.memory, ctx, this.getAllocator(domain));
    this.memory.store64(ctx + CTX_DOMAIN_AT, domain);
    this.setAllocator(domain, recordOf(this.text, entry.implementer, ctx));
    return ctx;
  }

  /** Put back what the domain's host allocator wraps. False: the domain's record is not that of one. */
  removeHostAllocator(domain: Domain): boolean {
    const { ctx, malloc } = this.getAllocator(domain);
    const implementer = (malloc - this.text) / IMPLEMENTER_BYTES;
    if (implementer < HOST_FIRST || this.hosts.allocator(implementer, this.domains) === null) return false;
    this.setAllocator(domain, readRecord(this.memory, ctx));
    this.libc.free(ctx);
    return true;
  }

  /** As `installHostAllocator`, for the arena allocator. */
  installHostArenas(name: string, words: readonly number[] = []): number | null {
    const entry = this.hosts.find(name);
    if (entry === null || entry.kind !== 'arena') return null;
    const ctx = this.makeContext(ARENA_CTX_WORDS_AT, entry.words, words);
    if (ctx === NULL) return NULL;
    writeArenaRecord(this.memory, ctx, this.getArenaAllocator());
    this.setArenaAllocator(arenaRecordOf(this.text, entry.implementer, ctx));
    return ctx;
  }

  removeHostArenas(): boolean {
    const { ctx, alloc } = this.getArenaAllocator();
    const implementer = (alloc - this.text) / IMPLEMENTER_BYTES;
    if (implementer < HOST_FIRST || this.hosts.arena(implementer, this.domains) === null) return false;
    this.setArenaAllocator(readArenaRecord(this.memory, ctx));
    this.libc.free(ctx);
    return true;
  }

  // ── Statistics. ──

  /** sys._debugmallocstats(), to standard error. */
  debugMallocStats(): void {
    const { memory, profile } = this;
    if (!isSince(profile, '3.3')) return;
    if (this.hasStatistics()) memory.error(`${this.statistics()}\n`);
    memory.error(freeListText(profile));
  }

  /** 3.6 prints before an arena whoever stands in front of pymalloc. */
  beforeNewArena(): void {
    if (!this.printsStats()) return;
    if (this.hasStatistics() || !isSince(this.profile, '3.7.3')) this.memory.error(this.statistics());
  }

  // ── What pymalloc, the hooks, tracemalloc and host allocators ask. ──

  rawMalloc(size: Size): number {
    return this.domains.rawMalloc(size);
  }

  rawCalloc(count: Size, size: Size): number {
    return this.domains.rawCalloc(count, size);
  }

  rawRealloc(address: number, size: Size): number {
    return this.domains.rawRealloc(address, size);
  }

  rawFree(address: number): void {
    this.domains.rawFree(address);
  }

  allocateArena(size: number): number {
    return this.domains.allocateArena(size);
  }

  freeArena(address: number, size: number): void {
    this.domains.freeArena(address, size);
  }

  callMalloc(record: number, size: Size): number {
    return this.domains.callMalloc(record, size);
  }

  callCalloc(record: number, count: Size, size: Size): number {
    return this.domains.callCalloc(record, count, size);
  }

  callRealloc(record: number, address: number, size: Size): number {
    return this.domains.callRealloc(record, address, size);
  }

  callFree(record: number, address: number): void {
    this.domains.callFree(record, address);
  }

  installTrace(domain: Domain, ctx: number): void {
    const implementer = domain === RAW ? IMPLEMENTER.traceRaw : IMPLEMENTER.trace;
    this.setAllocator(domain, recordOf(this.text, implementer, ctx));
  }

  holdsGil(): boolean {
    return this.threads.holdsGil();
  }

  /** pthread_self() of the thread that runs. */
  currentThread(): number {
    return this.threads.ident();
  }

  frames(): readonly Frame[] {
    return this.callFrames;
  }

  allocationTraceback(address: number): readonly Frame[] | null {
    return this.tracemalloc.allocationTraceback(address);
  }

  /** Py_FatalError: the report to standard error, then SIGABRT. */
  fatalError(func: string, message: string): never {
    this.memory.error(this.fatalText(func, message));
    return this.memory.abort(`Py_FatalError: ${message}`);
  }

  private fatalText(func: string, message: string): string {
    const { memory, profile, threads } = this;
    const traces = threads
      .list(memory)
      .filter(({ hasState }) => hasState)
      .map(({ ident, isRunning }) => ({ ident, isCurrent: isRunning, frames: isRunning ? this.callFrames : [] }));
    return fatalText(profile, {
      func,
      message,
      state: this.runtimeState,
      finalizer: threads.holder(),
      threads: traces,
      extensionModules: this.options.extensionModules ?? [],
    });
  }

  private printsStats(): boolean {
    return this.memory.load32(this.state + at.STATS_AT) !== 0;
  }

  /** Does pymalloc print? Up to 3.5 it did whenever it was there. */
  private hasStatistics(): boolean {
    if (!isSince(this.profile, '3.6.0')) return this.options.withPymalloc ?? true;
    return this.installed.usesPymalloc();
  }

  private statistics(): string {
    const isCounted = this.profile.hasSerial && this.installed.hasHooks();
    return this.pymalloc.statistics(this.memory, isCounted ? this.debugHooks.serialNumber(this.memory) : null);
  }

  /** A zeroed ctx with its own words filled in; 0: no memory. */
  private makeContext(head: number, count: number, words: readonly number[]): number {
    const ctx = this.libc.calloc(1, head + count * WORD);
    if (ctx === NULL) return NULL;
    for (const [index, word] of words.slice(0, count).entries()) this.memory.store64(ctx + head + index * WORD, word);
    return ctx;
  }
}
