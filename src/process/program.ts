/**
 * A program: the code that runs in a process, with its C library, its Python if it has one, and the tools that watch it.
 *
 *     process ── memory ── libc (glibc's malloc, or a textbook's) ── python (domains, pymalloc, hooks, tracemalloc)
 *                             └──────── ledger, checker: beside the program, never read by it
 *
 * Libraries are mapped when the program first needs them; all they know is in the process's memory. So a fork copies them by
 * copying the address space, and the child's Program is a new set of the same addresses.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { terminate } from '../kernel/lifecycle.ts';
import type { Process } from '../kernel/process.ts';
import { InputError } from '../mmu/input-error.ts';
import { type Allocator, NULL, type WalkableHeap } from './allocator.ts';
import { BlockLedger, type Place } from './check/ledger.ts';
import { Memcheck } from './check/memcheck.ts';
import type { Argument, Family, ProgramFunction, Value } from './functions/function.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from './libc/malloc.ts';
import { type Library, loadLibrary } from './library.ts';
import { NotedCalls } from './noted-calls.ts';
import { PeekMemory } from './peek-memory.ts';
import { type ProgramCalls, ProgramMemory } from './program-memory.ts';
import { ProgramStopped } from './program-stopped.ts';
import { TEXT_FUNCTIONS } from './python/allocator-record.ts';
import type { Frame } from './python/frame.ts';
import { HostFailure } from './python/host-failure.ts';
import type { HostFunctions } from './python/host-functions.ts';
import { type PythonOptions, PythonRuntime } from './python/runtime.ts';
import type { Snapshot } from './python/tracemalloc/snapshot.ts';
import {
  makeTextbookAllocator,
  TEXTBOOK_STATE_BYTES,
  type TextbookAllocator,
  type TextbookOptions,
} from './textbook/allocator.ts';

export interface ProgramOptions {
  /** The C library's allocator: glibc's (the default), or one of a textbook. */
  readonly malloc?: 'glibc' | TextbookOptions | undefined;
  readonly python?: PythonOptions | undefined;
  /** Watch every access as Valgrind's memcheck does. */
  readonly memcheck?: boolean | undefined;
}

/** How a call went. */
export interface CallOutcome {
  readonly value: Value;
  /** A signal ended it: a fault, or abort(). */
  readonly stopped: boolean;
  /** What a reader of the documentation would remark on: rules that the call broke without anybody noticing. */
  readonly remarks: readonly string[];
}

/** Who calls. */
export interface Caller {
  /** The machine's clock. */
  readonly step: number;
  /** Innermost first. */
  readonly frames: readonly Frame[];
  /** The thread that runs from now on; undefined: the one that ran last. */
  readonly thread: string | undefined;
}

const LIBC_FUNCTIONS = 16;

export class Program {
  static readonly shared: readonly string[] = ['options', 'hosts'];

  readonly memory: ProgramMemory;
  readonly libc: Allocator & WalkableHeap;
  /** The C library's allocator as what it is: one of the two is null. */
  readonly glibc: LibcMalloc | null;
  readonly textbook: TextbookAllocator | null;
  readonly libcAt: Library;
  readonly python: PythonRuntime | null;
  readonly pythonAt: Library | null;
  readonly ledger: BlockLedger;
  readonly checker: Memcheck | null;
  private readonly remarks: string[] = [];
  /** tracemalloc's snapshots: objects of the Python program, by the names it gave them. */
  readonly snapshots = new Map<string, Snapshot>();
  /** Memory that the program's allocators got from the kernel. */
  readonly calls: NotedCalls;
  /** Where the program stands: set for each call. */
  place: Place = { step: 0, frame: null };
  /**
   * The program wrote where it holds no block, freed what is none, or took memory away from under its allocators: rules that do
   * not hold from now on are its own fault.
   */
  trampled = false;
  /** Its own code is running: what happens now is not the caller's doing. */
  inside = false;
  private readonly options: ProgramOptions;
  private readonly hosts: HostFunctions;

  private constructor(from: ProgramParts) {
    this.calls = from.calls;
    this.memory = new ProgramMemory(from.kernel, from.process, from.calls, (from.pythonAt ?? from.libcAt).bss);
    this.options = from.options;
    this.hosts = from.hosts;
    this.libcAt = from.libcAt;
    this.pythonAt = from.pythonAt;
    this.ledger = from.ledger;
    const { malloc = 'glibc', python, memcheck } = from.options;
    this.glibc = malloc === 'glibc' ? new LibcMalloc(this.memory, from.libcAt.bss) : null;
    this.textbook = malloc === 'glibc' ? null : makeTextbookAllocator(this.memory, from.libcAt.bss, malloc);
    this.libc = malloc === 'glibc' ? (this.glibc as LibcMalloc) : (this.textbook as TextbookAllocator);
    this.python =
      python === undefined || from.pythonAt === null
        ? null
        : new PythonRuntime(this.memory, this.libc, from.pythonAt.text, from.pythonAt.bss, python, from.hosts);
    this.checker = memcheck === true ? new Memcheck(this) : null;
  }

  /**
   * Map the libraries and start Python. Null when Python refused to start: the process has ended then, with its message
   * on the console, as the interpreter does for an unknown PYTHONMALLOC.
   * @throws InputError MEM-API-014 when the libraries find no room
   */
  static load(kernel: Kernel, process: Process, calls: ProgramCalls, options: ProgramOptions, hosts: HostFunctions) {
    const space = process.space!;
    const bssBytes =
      options.malloc === undefined || options.malloc === 'glibc' ? LIBC_STATE_BYTES : TEXTBOOK_STATE_BYTES;
    const libcAt = loadLibrary(kernel, space, 'libc.so.6', LIBC_FUNCTIONS, bssBytes);
    const { python } = options;
    const pythonAt =
      python === undefined
        ? null
        : loadLibrary(
            kernel,
            space,
            `libpython${python.profile.name}.so`,
            TEXT_FUNCTIONS,
            PythonRuntime.stateBytes(python.profile),
          );
    if (libcAt === null || (python !== undefined && pythonAt === null)) {
      throw new InputError({
        code: 'MEM-API-014',
        message: `the libraries of ${process.name} do not fit into its address space or the memory that may be promised`,
        hint: 'give the machine more memory, or a paging format with more user space',
      });
    }
    const parts = { kernel, process, calls: new NotedCalls(calls), options, hosts, libcAt, pythonAt };
    const program = new Program({ ...parts, ledger: new BlockLedger() });
    return program.startPython() ? program : null;
  }

  /** The child's program after a fork: other memory, same addresses. */
  forkedInto(child: Process): Program {
    const { options, hosts, libcAt, pythonAt } = this;
    const { kernel } = this.memory;
    const copy = new Program({
      kernel,
      process: child,
      calls: this.calls.copy(),
      options,
      hosts,
      libcAt,
      pythonAt,
      ledger: this.ledger.copy(),
    });
    copy.trampled = this.trampled;
    for (const [name, snapshot] of this.snapshots) copy.snapshots.set(name, snapshot);
    return copy;
  }

  /** Innermost first. */
  get frames(): readonly Frame[] {
    return this.python?.callFrames ?? [];
  }

  /** `glibc`, or the policy of a textbook. */
  get mallocName(): string {
    const { malloc = 'glibc' } = this.options;
    return malloc === 'glibc' ? malloc : malloc.policy;
  }

  peek(): PeekMemory {
    return new PeekMemory(this.memory.kernel, this.memory.process);
  }

  /** Call one of its functions. */
  call(called: ProgramFunction, args: readonly Argument[], { step, frames, thread }: Caller): CallOutcome {
    this.place = { step, frame: frames[0] ?? null };
    this.remarks.length = 0;
    const { python } = this;
    if (python !== null) python.callFrames = frames;
    return this.run(() => {
      if (python !== null && thread !== undefined) python.threads.runAs(thread);
      const misuse = python?.gilMisuse ?? 0;
      const isRefused = this.isRefused(called, args);
      // A refused realloc answers NULL, as Valgrind's does.
      const value = isRefused ? (called.result === 'pointer' ? NULL : null) : called.run(this, args);
      if (!isRefused) this.noteEffect(called, args, value);
      if (python !== null && python.gilMisuse !== misuse) {
        this.remark(`${called.name} was called without holding the GIL: only debug hooks notice`);
      }
      return value;
    });
  }

  /** Something to tell about the call under way. */
  remark(sentence: string): void {
    this.remarks.push(sentence);
  }

  /** Does memcheck keep the call from being made? */
  private isRefused({ effect, name }: ProgramFunction, args: readonly Argument[]): boolean {
    if (this.checker === null || (effect.kind !== 'frees' && effect.kind !== 'reallocates')) return false;
    const pointer = Number(args[effect.pointer] ?? 0);
    return pointer !== 0 && !this.checker.mayRelease(pointer, effect.family, name);
  }

  /** Run code of the program; a signal that stops it is an outcome. */
  run(code: () => Value): CallOutcome {
    this.memory.enter();
    this.inside = true;
    try {
      return { value: code(), stopped: false, remarks: [...this.remarks] };
    } catch (reason) {
      // Foreign code that failed left the allocators below it halfway through too.
      if (reason instanceof HostFailure) this.trampled = true;
      if (!(reason instanceof ProgramStopped)) throw reason;
      // A program that survives its signal left an allocator halfway through.
      this.trampled ||= this.memory.process.state === 'running';
      return { value: null, stopped: true, remarks: [...this.remarks] };
    } finally {
      this.inside = false;
    }
  }

  /** What holds no longer in its heaps, each with the heap's name; [] when they are whole. */
  brokenRules(): string[] {
    const reader = this.peek();
    const named = (heap: string, rules: readonly string[]) => rules.map((rule) => `${heap}: ${rule}`);
    return [
      ...named('libc', this.libc.brokenRules(reader)),
      ...(this.python === null ? [] : named('pymalloc', this.python.pymalloc.brokenRules(reader))),
      ...(this.python === null ? [] : named('tracemalloc', this.python.tracemalloc.brokenRules(reader))),
    ];
  }

  /** An allocator took what is no block, or another family's: if it did not notice, its lists are wrong from now on. */
  private noteWrongFree(address: number, family: Family): void {
    if (address !== 0 && this.ledger.at(address)?.family !== family) this.trampled = true;
  }

  private startPython(): boolean {
    const { python } = this;
    if (python === null) return true;
    const { process, kernel } = this.memory;
    let started = true;
    this.run(() => {
      const answer = python.initialize();
      if (answer.ok) return null;
      if (answer.unsupported === true) {
        throw new InputError({
          code: 'MEM-API-016',
          message: `the allocator that PYTHONMALLOC asks for is not emulated: ${answer.stderr.trim()}`,
          hint: 'use `debug`, `malloc`, `malloc_debug`, `pymalloc` or `pymalloc_debug`',
        });
      }
      this.memory.error(answer.stderr);
      started = false;
      terminate(kernel, process, answer.exitCode, null);
      return null;
    });
    return started && process.state === 'running';
  }

  private noteEffect({ effect, name }: ProgramFunction, args: readonly Argument[], value: Value): void {
    const { ledger, place } = this;
    if (effect.kind === 'other') return;
    if (effect.kind !== 'allocates') this.noteWrongFree(Number(args[effect.pointer] ?? 0), effect.family);
    if (effect.kind === 'frees') {
      ledger.release(Number(args[effect.pointer] ?? 0), name, place);
      return;
    }
    const size = effect.bytes(args);
    const address = typeof value === 'number' ? value : 0;
    if (effect.kind === 'reallocates') {
      const old = Number(args[effect.pointer] ?? 0);
      if (old !== 0 && (address !== 0 || (effect.zeroFrees && size === 0))) ledger.release(old, name, place);
    }
    // A size no number holds is never granted.
    if (address !== 0) ledger.note({ address, size: Number(size), by: name, family: effect.family, at: place });
  }
}

interface ProgramParts {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly calls: NotedCalls;
  readonly options: ProgramOptions;
  readonly hosts: HostFunctions;
  readonly libcAt: Library;
  readonly pythonAt: Library | null;
  readonly ledger: BlockLedger;
}
