/**
 * The machine: hardware and kernel put together from a configuration, and the library's front door.
 *
 *     const machine = new Machine({ paging: 'sv39', memory: 1 << 20, swap: 1 << 20 });
 *     const shell = machine.spawn({ name: 'shell' });
 *     const buffer = machine.mmap(shell, { length: 8192, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
 *     machine.store(shell, buffer, 42, 1);
 *
 * A guest's mistake is data (an errno, a signal in the AccessResult), the caller's a thrown InputError, ours an
 * InvariantError. Same configuration and same calls give the same machine, byte for byte.
 */
import type { Argument } from '../kernel/arguments.ts';
import type { SignalName } from '../kernel/events.ts';
import { PageFaultHandler } from '../kernel/fault/handler.ts';
import { checkKernelInvariants } from '../kernel/invariants.ts';
import { Kernel } from '../kernel/kernel.ts';
import { fork, terminate, wait } from '../kernel/lifecycle.ts';
import { ERRNO, MAP_FIXED } from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import { activate, migrate } from '../kernel/schedule.ts';
import { deliver } from '../kernel/signal.ts';
import { readCall, writeCall } from '../kernel/user-copy.ts';
import { brk, sbrk } from '../kernel/vm/brk.ts';
import { mmap } from '../kernel/vm/mmap.ts';
import { mprotect } from '../kernel/vm/mprotect.ts';
import { munmap } from '../kernel/vm/unmap.ts';
import { Cpu } from '../mmu/cpu.ts';
import { InputError } from '../mmu/input-error.ts';
import type { PageTableFormat } from '../mmu/page-table/formats.ts';
import { PageTable } from '../mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../mmu/physical-memory.ts';
import type { Translation } from '../mmu/translation.ts';
import { type AccessName, LOAD, STORE } from '../mmu/units.ts';
import type { Argument as CallArgument } from '../process/functions/function.ts';
import type { Frame } from '../process/python/frame.ts';
import { AccessPort } from './access-port.ts';
import { accessKindOf, littleEndian, requireRunning } from './check-access.ts';
import { cloneState, restoreState } from './clone-state.ts';
import { collectCounters } from './collect-counters.ts';
import { type MachineConfig, resolveConfig } from './config.ts';
import type { MachineEvent, MachineListener } from './events.ts';
import type {
  AccessResult,
  Address,
  CallOptions,
  CallResult,
  MmapOptions,
  SpawnOptions,
  SyscallResult,
  WaitResult,
} from './machine-api.ts';
import { MachineFiles } from './machine-files.ts';
import { MachineGroups } from './machine-groups.ts';
import { MachineSysctl } from './machine-sysctl.ts';
import { MachineProc } from './proc/proc.ts';
import { ProgramPort } from './program-port.ts';
import { noSuchCpu, programOptions, spawnProcess } from './spawn.ts';
import { SystemCalls } from './system-calls.ts';
import { takeView } from './take-view.ts';
import { referenceListener } from './touch-tracked.ts';
import { MachineTrap } from './trap.ts';
import type { Counters, MachineView } from './view.ts';
import { processorAddress } from './wild-address.ts';

export type * from './machine-api.ts';

type NamedArguments = Readonly<Record<string, string | number | bigint>>;

/** A machine's exact state, for `restore`. Opaque. */
export interface MachineSnapshot {
  readonly state: Machine;
}

export class Machine {
  static readonly transient: readonly string[] = ['listeners'];
  static readonly shared: readonly string[] = ['config', 'format'];

  readonly config: MachineConfig;
  readonly format: PageTableFormat;
  readonly memory: PhysicalMemory;
  readonly pageTable: PageTable;
  readonly cpus: readonly Cpu[];
  readonly kernel: Kernel;
  /** Steps taken: the machine's only clock. */
  clock = 0;
  /** Where the one who drives the machine stands, innermost first: set by a scenario's runner before each step. */
  frames: readonly Frame[] = [];
  private readonly trap: MachineTrap;
  private readonly port: AccessPort;
  /** The system calls that are not methods here. */
  readonly calls: SystemCalls;
  readonly files: MachineFiles;
  readonly groups: MachineGroups;
  readonly sysctl: MachineSysctl;
  /** What /proc would tell. */
  readonly proc: MachineProc;
  /** What runs in the processes: their libraries, heaps and hooks. */
  readonly programs: ProgramPort;
  private listeners: MachineListener[] = [];

  /** @throws InputErrors when the configuration is impossible */
  constructor(partial: Partial<MachineConfig> = {}) {
    const { config, format } = resolveConfig(partial);
    this.config = config;
    this.format = format;
    const { memory, tlb, seed, hardwareAccessedDirty } = config;
    this.memory = new PhysicalMemory(memory, format.pageBytes);
    this.pageTable = new PageTable(this.memory, format);
    this.cpus = Array.from(
      { length: config.cpus },
      (_, index) => new Cpu({ index, memory: this.memory, format, tlb, seed, hardwareAccessedDirty }),
    );
    this.kernel = new Kernel(this.memory, format, this.pageTable, this.cpus, config);
    this.trap = new MachineTrap(this.kernel, new PageFaultHandler(this.kernel));
    this.files = new MachineFiles(this.kernel);
    this.proc = new MachineProc(this.kernel);
    this.groups = new MachineGroups(this.kernel);
    this.sysctl = new MachineSysctl(this.kernel, config.sysctl);
    this.port = new AccessPort(this.kernel, this.trap);
    this.programs = new ProgramPort(this.kernel, this.trap, this);
    this.calls = new SystemCalls(this.kernel, this.trap, this.programs);
    if (config.kernel === 'none') return;
    const listener = referenceListener(this.kernel);
    for (const cpu of this.cpus) {
      cpu.trap = this.trap;
      cpu.reference = listener;
    }
  }

  /** Hear every event from now on; call the result to stop. Without listeners no event objects are made. */
  on(listener: MachineListener): () => void {
    this.listeners.push(listener);
    this.connect();
    return () => {
      this.listeners = this.listeners.filter((other) => other !== listener);
      this.connect();
    };
  }

  tick(): void {
    this.clock++;
    this.kernel.tick(this.clock);
  }

  /** As dmesg prints it, oldest line first; the time: a second a step, a microsecond an access or system call. */
  get kernelLog(): string[] {
    return this.kernel.log.lines();
  }

  // Processes

  /**
   * A new process. @throws InputError MEM-API-002, -014 when there is no room for it, MEM-API-003 on bare hardware, MEM-API-016,
   * -020 for a Python that there is not, or not on this machine.
   */
  spawn(options: SpawnOptions = {}): Process {
    const program = programOptions(options, this.format.pageBytes);
    const process = spawnProcess(this.kernel, this.config, options);
    this.programs.plan(process, program);
    return process;
  }

  /** By pid, or by name: the youngest of that name. Zombies are found until they are waited for. */
  process(nameOrPid: string | number): Process | undefined {
    if (typeof nameOrPid === 'number') return this.kernel.processes.get(nameOrPid);
    return [...this.kernel.processes.values()].reverse().find((process) => process.name === nameOrPid);
  }

  /** The child, or -EAGAIN, -ENOMEM. */
  fork(process: Process, name?: string): Process | number {
    this.enter(process);
    const child = fork(this.kernel, process, name ?? `${process.name}.${this.kernel.nextPid}`);
    if (typeof child !== 'number') this.programs.forked(process, child);
    this.noteSyscall(process, 'fork', {}, typeof child === 'number' ? child : child.pid);
    return child;
  }

  exit(process: Process, code = 0): void {
    this.enter(process);
    this.noteSyscall(process, 'exit', { code }, 0);
    this.programs.exiting(process);
    terminate(this.kernel, process, code, null);
  }

  /** Reap a zombie child, or -ECHILD, -EAGAIN (none has ended yet: this machine does not block). */
  wait(process: Process, pid?: number): WaitResult | number {
    this.enter(process);
    const result = wait(this.kernel, process, pid);
    this.noteSyscall(process, 'wait', { pid: pid ?? -1 }, typeof result === 'number' ? result : result.pid);
    return result;
  }

  kill(process: Process, signal: SignalName): void {
    requireRunning(this.kernel, process);
    const reason = `${signal} sent by kill`;
    deliver(this.kernel, process, { signal, code: null, address: 0, errorCode: null, reason });
  }

  /** Run the process on that CPU from now on. */
  switchTo(cpu: number, process: Process): void {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= this.cpus.length) throw noSuchCpu(cpu, this.cpus.length);
    requireRunning(this.kernel, process);
    migrate(this.kernel, process, cpu);
    activate(this.kernel, process);
  }

  // System calls

  /** Address of the new mapping, or -errno. */
  mmap(process: Process, options: MmapOptions): SyscallResult {
    const { address = 0, length, prot, flags, offset = 0, fd = -1 } = options;
    this.enter(process, address, length, offset, prot, flags, fd);
    const result = mmap(this.kernel, process, { address, length, prot, flags, offset, fd });
    if ((flags & MAP_FIXED) !== 0 && result > 0) this.programs.noteRemapping(process, result, Number(length));
    return this.noteSyscall(process, 'mmap', { address, length, prot, flags, fd, offset }, result);
  }

  munmap(process: Process, address: Argument, length: Argument): SyscallResult {
    this.enter(process, address, length);
    const result = munmap(this.kernel, process.space!, address, length);
    if (result === 0) this.programs.noteRemapping(process, Number(address), Number(length));
    return this.noteSyscall(process, 'munmap', { address, length }, result);
  }

  mprotect(process: Process, address: Argument, length: Argument, prot: number): SyscallResult {
    this.enter(process, address, length, prot);
    const result = mprotect(this.kernel, process, address, length, prot);
    if (result !== -ERRNO.EINVAL) this.programs.noteRemapping(process, Number(address), Number(length));
    return this.noteSyscall(process, 'mprotect', { address, length, prot }, result);
  }

  /** The new break, or the unchanged one on failure. */
  brk(process: Process, address: Argument): number {
    this.enter(process, address);
    const old = process.space!.brk;
    const result = brk(this.kernel, process, address);
    this.programs.noteRemapping(process, result, old - result);
    return this.noteSyscall(process, 'brk', { address }, result);
  }

  /** The old break, or -ENOMEM. */
  sbrk(process: Process, delta: number): SyscallResult {
    this.enter(process, delta);
    const result = sbrk(this.kernel, process, delta);
    if (result >= 0) this.programs.noteRemapping(process, result + delta, -delta);
    return this.noteSyscall(process, 'sbrk', { delta }, result);
  }

  /** write(2) to the console (fd 1, 2): bytes written, appended to `process.output`, or -EBADF, -EFAULT; -ENOSPC after 16 MiB. */
  write(process: Process, fd: number, address: Argument, length: Argument): SyscallResult {
    this.enter(process, fd, address, length);
    const result = writeCall(this.kernel, process, fd, address, length);
    this.programs.noteBuffer(process, 'write', address, length, result, this.place());
    return this.noteSyscall(process, 'write', { fd, address, length }, result);
  }

  /** read(2) from the console (fd 0): bytes taken from `process.input`, or -EBADF, -EFAULT. */
  read(process: Process, fd: number, address: Argument, length: Argument): SyscallResult {
    this.enter(process, fd, address, length);
    const result = readCall(this.kernel, process, fd, address, length);
    this.programs.noteBuffer(process, 'read', address, length, result, this.place());
    return this.noteSyscall(process, 'read', { fd, address, length }, result);
  }

  // Memory accesses

  /** `size` bytes; 1, 2, 4 and 8 are single accesses. */
  load(process: Process, address: Address, size: number): AccessResult {
    requireRunning(this.kernel, process);
    this.programs.noteAccess(process, address, size, LOAD, this.place());
    return this.port.load(process, address, size);
  }

  /** Bytes, or a number of `size` bytes (default 1), little-endian. */
  store(process: Process, address: Address, value: Uint8Array | number | bigint, size = 1): AccessResult {
    requireRunning(this.kernel, process);
    const bytes = value instanceof Uint8Array ? value : littleEndian(value, size);
    this.programs.noteAccess(process, address, bytes.length, STORE, this.place());
    return this.port.store(process, address, bytes);
  }

  /** One instruction fetch (of one byte). */
  fetch(process: Process, address: Address): AccessResult {
    requireRunning(this.kernel, process);
    return this.port.fetch(process, address);
  }

  /** A locked read-modify-write of one byte; the result holds the old one. */
  rmw(process: Process, address: Address, update: (old: number) => number): AccessResult {
    requireRunning(this.kernel, process);
    this.programs.noteAccess(process, address, 1, STORE, this.place());
    return this.port.rmw(process, address, update);
  }

  // Programs

  /**
   * Call a function of the program by its C name: `call(process, 'malloc', [100])`. Names and parameters: `PROGRAM_FUNCTIONS`.
   * @throws InputError MEM-API-013 for an unknown function or arguments that do not fit, -015 for one the program has not
   */
  call(process: Process, name: string, args: readonly CallArgument[] = [], options: CallOptions = {}): CallResult {
    requireRunning(this.kernel, process);
    return this.programs.call(process, name, args, { clock: this.clock, frames: this.frames, ...options });
  }

  // Bare hardware

  /**
   * Translate with the CPU's own root table; a fault is the result. With `peek` nothing changes, not even the TLB.
   * @throws InputError MEM-API-005, MEM-API-006
   */
  translate(cpu: number, address: Address, access: AccessName, options: { peek?: boolean } = {}): Translation {
    const processor = this.cpus[cpu];
    if (processor === undefined) throw noSuchCpu(cpu, this.cpus.length);
    if (this.config.kernel !== 'none' && options.peek !== true) {
      const hint = 'use load, store and fetch of a process, explain, or translate with { peek: true }';
      throw new InputError({ code: 'MEM-API-012', message: 'translate without peek is for bare hardware', hint });
    }
    const va = processorAddress(address, this.format);
    const kind = accessKindOf(access);
    const translation = processor.peek(va, kind);
    // Rounded, a constant that no double holds is refused just the same.
    if (options.peek !== true) processor.translate(Number(va), kind);
    return translation;
  }

  /** Physical address of the root table, and the ASID to run under. */
  setRoot(cpu: number, rootAddress: number, asid = 0): void {
    if (this.cpus[cpu] === undefined) throw noSuchCpu(cpu, this.cpus.length);
    this.cpus[cpu].setAddressSpace(rootAddress, asid);
  }

  // Looking

  /**
   * How an access by the process would translate right now, with the walk drawn in any case; changes nothing.
   * @throws InputError MEM-API-001, MEM-API-006
   */
  explain(process: Process, address: Address, access: AccessName): Translation {
    requireRunning(this.kernel, process);
    const cpu = this.cpus[process.cpu]!;
    const space = process.space!;
    const va = processorAddress(address, this.format);
    if (this.kernel.running[process.cpu] === process) return cpu.peek(va, accessKindOf(access), { walkAlways: true });
    // Its table is not loaded; its ASID says something only while it is of the present generation.
    const asid = space.asidGeneration === this.kernel.asidGeneration ? space.asid : null;
    return cpu.peek(va, accessKindOf(access), { walkAlways: true, as: { root: space.root, asid } });
  }

  view(): MachineView {
    return takeView(this.kernel, this.programs, this.clock, this.counters());
  }

  counters(): Counters {
    return collectCounters(this.kernel);
  }

  /** Names of the rules broken between the machine's structures; [] when healthy. */
  checkInvariants(): string[] {
    return this.config.kernel === 'none' ? [] : [...checkKernelInvariants(this.kernel), ...this.programs.brokenRules()];
  }

  snapshot(): MachineSnapshot {
    return { state: cloneState<Machine>(this) };
  }

  /** Become exactly what was snapshot. Processes are new objects then: find them by pid. */
  restore(snapshot: MachineSnapshot): void {
    restoreState<Machine>(this, snapshot.state);
    this.connect();
  }

  /** Begin a system call of the process. */
  private enter(process: Process, ...args: Argument[]): void {
    this.calls.enter(process, ...args);
  }

  private noteSyscall(process: Process, name: string, args: NamedArguments, result: number): number {
    return this.calls.note(process, name, args, result);
  }

  private place() {
    return { step: this.clock, frame: this.frames[0] ?? null };
  }

  private emit(event: MachineEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Point kernel and trap at the listeners, or at nobody. */
  private connect(): void {
    const listener = this.listeners.length === 0 ? null : (event: MachineEvent) => this.emit(event);
    this.kernel.sink = listener;
    this.trap.listener = listener;
  }
}
