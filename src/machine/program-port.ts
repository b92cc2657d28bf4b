/**
 * The machine's programs: which process runs which libraries, and calls of their functions by name.
 *
 *     machine.call(process, 'PyObject_Malloc', [64])
 *        └─ ProgramPort ── Program (mapped when first needed) ── function ── allocator ── loads, stores, mmap, sbrk
 */
import { numberOf, type Argument as Wide } from '../kernel/arguments.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { terminate } from '../kernel/lifecycle.ts';
import type { Process } from '../kernel/process.ts';
import { activate } from '../kernel/schedule.ts';
import { InputError } from '../mmu/input-error.ts';
import { type AccessKind, STORE } from '../mmu/units.ts';
import { findLeaks, type LeakReport } from '../process/check/leaks.ts';
import type { Place } from '../process/check/ledger.ts';
import { type Argument, missingSince, type ProgramFunction } from '../process/functions/function.ts';
import { Program, type ProgramOptions } from '../process/program.ts';
import type { ProgramCalls } from '../process/program-memory.ts';
import { checkHost, HOST_SHAPE } from '../process/python/check-host.ts';
import type { AnyHostAllocator } from '../process/python/host-functions.ts';
import { HostRegistry } from '../process/python/host-registry.ts';
import { requireArguments, requireCallOptions, requireFunction } from './call-checks.ts';
import type { CallOptions, CallResult } from './machine-api.ts';
import { type CallableMachine, ProgramSystemCalls } from './program-calls.ts';
import type { MachineTrap } from './trap.ts';

interface CallSite extends CallOptions {
  /** The machine's. */
  readonly clock: number;
}

interface ProgramExit {
  readonly pid: number;
  readonly name: string;
  /** What its program had lost; null when no library was ever mapped. */
  readonly leaks: LeakReport | null;
}

export class ProgramPort {
  static readonly shared: readonly string[] = ['hosts'];

  /** Allocators written in TypeScript. Code is no state: a snapshot does not hold it. */
  readonly hosts = new HostRegistry();
  private readonly kernel: Kernel;
  private readonly trap: MachineTrap;
  /** What libraries ask of the machine. */
  readonly calls: ProgramCalls;
  /** By pid: programs whose libraries are mapped, and what others were spawned to have. */
  private readonly programs = new Map<number, Program>();
  private readonly planned = new Map<number, ProgramOptions>();
  /** Those of them that called exit. */
  private readonly exits = new Map<number, ProgramExit>();

  constructor(kernel: Kernel, trap: MachineTrap, machine: CallableMachine) {
    this.kernel = kernel;
    this.trap = trap;
    this.calls = new ProgramSystemCalls(machine);
  }

  /**
   * An allocator written in TypeScript, for `PyMem_SetAllocator` to name; or one for pymalloc's arenas, for
   * `PyObject_SetArenaAllocator`. @throws InputError MEM-API-019
   */
  addAllocator(allocator: AnyHostAllocator): void {
    const { host, problem } = checkHost(allocator);
    if (host === null) {
      throw new InputError({ code: 'MEM-API-019', message: `what was to be added ${problem}`, hint: HOST_SHAPE });
    }
    const added = 'alloc' in host ? this.hosts.registerArena(host) : this.hosts.register(host);
    if (added === null) throw notAdded(host.name);
  }

  /**
   * What the process will run; Python starts at once, a C library waits for its first call. A process whose Python cannot be
   * loaded at all is gone again. @throws InputError MEM-API-014, -016
   */
  plan(process: Process, options: ProgramOptions): void {
    this.sweep();
    this.planned.set(process.pid, options);
    if (options.python === undefined) return;
    try {
      this.program(process);
    } catch (refusal) {
      if (process.state === 'running') terminate(this.kernel, process, 1, null);
      throw refusal;
    }
  }

  /** The program of a running process, its libraries mapped; null when Python refused to start. */
  program(process: Process): Program | null {
    const known = this.programs.get(process.pid);
    if (known !== undefined) return known;
    activate(this.kernel, process);
    const options = this.planned.get(process.pid) ?? {};
    const program = Program.load(this.kernel, process, this.calls, options, this.hosts);
    if (program !== null) this.programs.set(process.pid, program);
    return program;
  }

  /** @throws InputError MEM-API-001 when Python refused to start */
  require(process: Process): Program {
    const program = this.program(process);
    if (program === null) throw notStarted(process);
    return program;
  }

  /** The program of a process if its libraries are mapped. */
  loaded({ pid }: { readonly pid: number }): Program | undefined {
    return this.programs.get(pid);
  }

  /** Does memcheck watch it, or will it once its libraries are mapped? Undefined: nothing is known of the process any more. */
  isWatched(pid: number): boolean | undefined {
    const options = this.planned.get(pid);
    return options === undefined ? undefined : options.memcheck === true;
  }

  /** The process calls exit: its memory goes, and with it what points to what. */
  exiting(process: Process): void {
    const { pid, name } = process;
    const program = this.programs.get(pid);
    this.exits.set(pid, { pid, name, leaks: program === undefined ? null : findLeaks(program) });
  }

  /** What is known of a process that called exit, by pid, or by name: the last of that name. Until the next one is spawned. */
  exitOf(nameOrPid: string | number): ProgramExit | undefined {
    if (typeof nameOrPid === 'number') return this.exits.get(nameOrPid);
    return [...this.exits.values()].reverse().find(({ name }) => name === nameOrPid);
  }

  forked(parent: Process, child: Process): void {
    const program = this.programs.get(parent.pid);
    const options = this.planned.get(parent.pid);
    if (options !== undefined) this.planned.set(child.pid, options);
    if (program !== undefined) this.programs.set(child.pid, program.forkedInto(child));
  }

  /** Forget programs of processes that are gone. */
  private sweep(): void {
    for (const pid of [...this.planned.keys(), ...this.programs.keys()]) {
      if (this.kernel.processes.get(pid)?.state === 'running') continue;
      this.planned.delete(pid);
      this.programs.delete(pid);
      this.exits.delete(pid);
    }
  }

  call(process: Process, name: string, args: readonly Argument[], how: CallSite): CallResult {
    requireCallOptions(how);
    const called = requireFunction(name);
    const given = requireArguments(called, args);
    const { minorFaults, majorFaults } = process;
    const written = process.output.length;
    process.lastSignal = null;
    const program = this.require(process);
    requireLibrary(program, called, process);
    if (how.thread !== undefined) requireThread(program, how.thread, process);
    activate(this.kernel, process);
    const { clock, thread, frames = [] } = how;
    const { value, stopped, remarks } = program.call(called, given, { step: clock, frames, thread });
    if (this.trap.listener !== null) {
      this.trap.untold = [];
      const named = Object.fromEntries(
        called.parameters.map((parameter, index) => [parameter.name, show(given[index]!)]),
      );
      const result = value === null || typeof value === 'string' ? value : show(value);
      this.trap.listener({
        type: 'Call',
        pid: process.pid,
        name,
        args: named,
        result,
        pointer: called.result === 'pointer',
        stopped,
      });
    }
    return {
      ok: !stopped,
      value: typeof value === 'string' ? null : value,
      text: typeof value === 'string' ? value : null,
      signal: process.lastSignal,
      remarks,
      output: String.fromCharCode(...process.output.slice(written)),
      minor: process.minorFaults - minorFaults,
      major: process.majorFaults - majorFaults,
    };
  }

  /** The program itself reads or writes [address, address + length): in a block it holds, or not. A length of 0 is no access. */
  noteAccess(process: Process, address: number | bigint, length: number, access: AccessKind, at: Place): void {
    const program = this.programs.get(process.pid);
    if (program === undefined || typeof address === 'bigint' || length <= 0) return;
    program.checker?.noteAccess(address, length, access, at);
    if (access === STORE) this.noteStore(program, address, length);
  }

  /** It had the kernel read or write a buffer: `length` bytes were asked for, and `done` (or -errno) is what came of it. */
  noteBuffer(process: Process, call: 'read' | 'write', from: Wide, length: Wide, done: number, at: Place): void {
    const program = this.programs.get(process.pid);
    if (program === undefined || typeof from === 'bigint') return;
    program.checker?.noteBuffer(call, from, numberOf(length), at);
    if (call === 'read' && done > 0) this.noteStore(program, from, done);
  }

  private noteStore(program: Program, address: number, length: number): void {
    if (program.trampled || program.ledger.holding(address, length) !== null) return;
    if (this.isAllocators(program, address, address + length)) program.trampled = true;
  }

  /** The program itself, not one of its allocators, changes the mapping of this range. A length of 0 or less is none. */
  noteRemapping(process: Process, start: number, length: number): void {
    const program = this.programs.get(process.pid);
    if (program === undefined || program.inside || length <= 0) return;
    if (this.isAllocators(program, start, start + length)) program.trampled = true;
  }

  /** Rules that heaps break although their programs did nothing to them. */
  brokenRules(): string[] {
    const rules: string[] = [];
    for (const [pid, program] of this.programs) {
      if (program.trampled || this.kernel.processes.get(pid)?.state !== 'running') continue;
      rules.push(...program.brokenRules().map((rule) => `heap of pid ${pid}: ${rule}`));
    }
    return rules;
  }

  private isAllocators(program: Program, start: number, end: number): boolean {
    const within = (bss: number, bytes: number) => start < bss + bytes && end > bss;
    const { libcAt, pythonAt } = program;
    if (within(libcAt.bss, libcAt.bssBytes)) return true;
    if (pythonAt !== null && within(pythonAt.bss, pythonAt.bssBytes)) return true;
    return program.calls.touches(start, end);
  }
}

function requireLibrary(program: Program, called: ProgramFunction, process: Process): void {
  const has =
    called.of === 'libc' ||
    (called.of === 'python' && program.python !== null) ||
    (called.of === 'glibc' && program.glibc !== null);
  if (has) {
    requireVersion(program, called, process);
    return;
  }
  const hint = {
    python: "spawn it with a Python: `python: '3.11'`",
    glibc: 'its C library has a textbook allocator: spawn it with `malloc: glibc`, or none',
    libc: '',
  }[called.of];
  throw new InputError({ code: 'MEM-API-015', message: `${process.name} has no \`${called.name}\``, hint });
}

function requireVersion(program: Program, called: ProgramFunction, process: Process): void {
  const version = program.python?.profile.name;
  const since = version === undefined ? null : missingSince(called, version);
  if (since === null) return;
  throw new InputError({
    code: 'MEM-API-015',
    message: `\`${called.name}\` came with Python ${since}; ${process.name} has ${version}`,
    hint: `spawn it with \`python: '${since}'\` or later`,
  });
}

function requireThread(program: Program, name: string, process: Process): void {
  const threads = program.python?.threads.list(program.peek()) ?? [];
  if (program.python === null || threads.some((thread) => thread.name === name)) return;
  throw new InputError({
    code: 'MEM-API-017',
    message: `${process.name} has no thread \`${name}\``,
    hint: `its threads are ${threads.map((thread) => thread.name).join(', ')}; \`threading.Thread\` starts one`,
  });
}

function notAdded(name: string): InputError {
  const message = `the allocator \`${name}\` cannot be added`;
  return new InputError({ code: 'MEM-API-019', message, hint: 'another has this name, or there are too many of them' });
}

function notStarted(process: Process): InputError {
  const message = `the Python of ${process.name} did not start`;
  return new InputError({ code: 'MEM-API-001', message, hint: 'its console says why: process.output' });
}

/** An argument for an event: exact even beyond 2^53. */
const show = (value: Argument): string | number => (typeof value === 'bigint' ? value.toString() : value);
