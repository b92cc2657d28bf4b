/**
 * The threads of a program that runs Python, and which of them holds the global interpreter lock
 * [Python/pystate.c: PyGILState_Ensure, PyGILState_Release; Python/ceval.c: PyEval_SaveThread, PyEval_RestoreThread].
 *
 * One thread runs at a time, and the caller says which (`runAs`): this machine does not schedule. A call that would wait for
 * the GIL answers `blocked` and changes nothing; whoever drives the machine lets another thread run and tries again.
 *
 *     state  +0   youngest thread (head of the list)      thread  +0   next (older)        +32  nesting, u32
 *            +8   thread that runs                                +8   previous (younger)  +36  length of the name, u32
 *            +16  thread whose state is current: GIL holder       +16  ident               +40  its stack, bytes at +48
 *            +24  threads made so far                             +24  number, from 1      +56  name, UTF-8
 *            +32  u32, 1 while the one that runs lacks the GIL
 *
 * Nesting counts PyGILState_Ensure. A thread has a Python thread state while it is above 0: from birth when Python started the
 * thread, else between the outermost Ensure and its Release. The ident is pthread_self(): where the C library keeps
 * its own record of the thread, at the top of the thread's stack.
 */
import { MAP_NORESERVE, MAP_STACK } from '../../kernel/linux-abi.ts';
import { type Allocator, NULL } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import type { PythonProfile } from './profiles.ts';
import { isSince } from './version-order.ts';

const HEAD = 0;
const RUNNING = 8;
const HOLDER = 16;
const MADE = 24;
const LACKS = 32;
export const THREADS_STATE_BYTES = 40;

const NEXT = 0;
const PREVIOUS = 8;
const IDENT = 16;
const NUMBER = 24;
const NESTING = 32;
const NAME_BYTES = 36;
const STACK = 40;
const STACK_BYTES = 48;
const NAME = 56;

/** glibc's struct pthread and the static thread-local variables around it, on x86-64. */
const PTHREAD_BYTES = 0x940;
/** glibc's ARCH_STACK_DEFAULT_SIZE, where RLIMIT_STACK is unlimited. */
const STACK_DEFAULT = 2 * 1024 * 1024;
/** A stack takes at most this part of user space, for the small ones of coursework. */
const STACK_SHARE = 64;

/** PyGILState_STATE: was the GIL the thread's already? */
export type GilState = 'locked' | 'unlocked';

export interface ThreadInfo {
  /** Of its record, which stands for its PyThreadState too. */
  readonly address: number;
  readonly ident: number;
  readonly name: string;
  readonly isRunning: boolean;
  readonly holdsGil: boolean;
  /** It has a Python thread state. */
  readonly hasState: boolean;
}

export interface ThreadHost {
  fatalError(func: string, message: string): never;
}

export class Threads {
  private readonly memory: ProgramMemory;
  private readonly libc: Allocator;
  private readonly state: number;
  private readonly profile: PythonProfile;
  private readonly host: ThreadHost;

  constructor(memory: ProgramMemory, libc: Allocator, state: number, profile: PythonProfile, host: ThreadHost) {
    this.memory = memory;
    this.libc = libc;
    this.state = state;
    this.profile = profile;
    this.host = host;
  }

  /** The main thread comes to be, with the GIL: what Py_Initialize leaves. False: no memory. */
  initialize(): boolean {
    const { stackTop } = this.memory.process.space!;
    const thread = this.add('main', stackTop - PTHREAD_BYTES, 0, 0, 1);
    if (thread === NULL) return false;
    this.memory.store64(this.state + RUNNING, thread);
    this.setHolder(thread);
    return true;
  }

  /**
   * A new thread, which does not run yet and does not hold the GIL. `python`: started by the threading module, so it has a
   * thread state; `foreign`: a C thread that Python knows nothing of. 0: no memory for its stack or record.
   */
  spawn(name: string, kind: 'python' | 'foreign' = 'python'): number {
    const { memory } = this;
    const { pageBytes } = memory;
    const limit = memory.process.limits.stack;
    const wanted = Math.min(Number.isFinite(limit) ? limit : STACK_DEFAULT, memory.userEnd / STACK_SHARE);
    const bytes = Math.max(1, Math.ceil(wanted / pageBytes)) * pageBytes;
    const stack = memory.mmap(bytes, 0, MAP_NORESERVE | MAP_STACK);
    if (stack < 0) return NULL;
    const ident = stack + bytes - PTHREAD_BYTES;
    const thread = this.add(name, ident, stack, bytes, kind === 'python' ? 1 : 0);
    if (thread === NULL) {
      memory.munmap(stack, bytes);
      return NULL;
    }
    // struct pthread begins with its own address, for %fs:0.
    memory.store64(ident, ident);
    return thread;
  }

  /** The thread ends; its GIL, if it holds it, is free, and main runs where it ran. False for main and for no thread. */
  end(name: string): boolean {
    const { memory } = this;
    const thread = this.find(name);
    if (thread === NULL || memory.load64(thread + STACK) === NULL) return false;
    const next = memory.load64(thread + NEXT);
    const previous = memory.load64(thread + PREVIOUS);
    memory.store64(previous === NULL ? this.state + HEAD : previous + NEXT, next);
    memory.store64(next + PREVIOUS, previous);
    if (memory.load64(this.state + RUNNING) === thread) memory.store64(this.state + RUNNING, this.oldest());
    this.setHolder(this.holder() === thread ? NULL : this.holder());
    memory.munmap(memory.load64(thread + STACK), memory.load64(thread + STACK_BYTES));
    this.libc.free(thread);
    return true;
  }

  /** From now on this thread runs: the youngest of that name. False: there is none. */
  runAs(name: string): boolean {
    const thread = this.find(name);
    if (thread === NULL) return false;
    this.memory.store64(this.state + RUNNING, thread);
    this.noteLack();
    return true;
  }

  /** Address of the word that is 1 while the running thread lacks the GIL. */
  get lacksGilAt(): number {
    return this.state + LACKS;
  }

  /** pthread_self() of the thread that runs; 0 before `initialize`. */
  ident(): number {
    const running = this.running();
    return running === NULL ? 0 : this.memory.load64(running + IDENT);
  }

  /** PyGILState_Check: yes too before there are threads, as CPython says while it starts. */
  holdsGil(): boolean {
    return this.memory.load32(this.state + LACKS) === 0;
  }

  /** PyGILState_Ensure: what PyGILState_Release must be given. */
  ensure(): GilState | 'blocked' {
    const { memory } = this;
    const running = this.running();
    const isHolder = this.holder() === running;
    if (!isHolder && this.holder() !== NULL) return 'blocked';
    memory.store32(running + NESTING, memory.load32(running + NESTING) + 1);
    this.setHolder(running);
    return isHolder ? 'locked' : 'unlocked';
  }

  /** PyGILState_Release. The last one of a foreign thread takes its thread state away, and the GIL with it. */
  release(before: GilState): void {
    const { memory } = this;
    const running = this.running();
    const nesting = memory.load32(running + NESTING);
    if (nesting === 0) {
      this.refuse('PyGILState_Release', 'auto-releasing thread-state, but no thread-state for this thread');
    }
    if (this.holder() !== running) this.refuse('PyGILState_Release', this.notCurrent(running));
    memory.store32(running + NESTING, nesting - 1);
    if (nesting === 1 || before === 'unlocked') this.setHolder(NULL);
  }

  /**
   * PyEval_SaveThread: gives the GIL up; the thread state to restore. Until 3.11 the current thread state is one variable of
   * the process: a thread without the GIL gives up that of whoever holds it.
   */
  saveThread(): number {
    const holder = this.holder();
    const isOwn = holder === this.running();
    if (holder === NULL || (!isOwn && isSince(this.profile, '3.12'))) {
      // 3.13 does not look: it reads the thread state at NULL.
      if (isSince(this.profile, '3.13')) this.memory.load64(NULL);
      this.refuse('PyEval_SaveThread', this.noThreadState('PyEval_SaveThread'));
    }
    this.setHolder(NULL);
    return holder;
  }

  /** PyEval_RestoreThread: takes the GIL with the thread state that PyEval_SaveThread gave. */
  restoreThread(thread: number): 'taken' | 'blocked' {
    if (thread === NULL) this.refuse('PyEval_RestoreThread', this.noThreadState('PyEval_RestoreThread'));
    if (this.holder() !== NULL) return 'blocked';
    this.setHolder(thread);
    return 'taken';
  }

  /** The thread state that holds the GIL; 0: nobody's. */
  holder(): number {
    return this.memory.load64(this.state + HOLDER);
  }

  /** All threads, youngest first. */
  list(reader: MemoryReader): ThreadInfo[] {
    const running = reader.load64(this.state + RUNNING);
    const holder = reader.load64(this.state + HOLDER);
    const threads: ThreadInfo[] = [];
    // Bounded by how many were made, should an overflow have bent the list into a circle.
    let left = reader.load64(this.state + MADE);
    for (let at = reader.load64(this.state + HEAD); at !== NULL && left > 0; at = reader.load64(at + NEXT)) {
      left--;
      threads.push({
        address: at,
        ident: reader.load64(at + IDENT),
        name: nameOf(reader, at),
        isRunning: at === running,
        holdsGil: at === holder,
        hasState: reader.load32(at + NESTING) > 0,
      });
    }
    return threads;
  }

  private running(): number {
    return this.memory.load64(this.state + RUNNING);
  }

  private setHolder(thread: number): void {
    this.memory.store64(this.state + HOLDER, thread);
    this.noteLack();
  }

  /** One word that says what every allocation asks. */
  private noteLack(): void {
    this.memory.store32(this.state + LACKS, this.holder() === this.running() ? 0 : 1);
  }

  /** A record at the head of the list; 0: no memory. */
  private add(name: string, ident: number, stack: number, stackBytes: number, nesting: number): number {
    const { memory, state } = this;
    const letters = new TextEncoder().encode(name);
    const thread = this.libc.calloc(1, NAME + letters.length);
    if (thread === NULL) return NULL;
    const made = memory.load64(state + MADE) + 1;
    const head = memory.load64(state + HEAD);
    memory.store64(state + MADE, made);
    memory.store64(thread + NEXT, head);
    memory.store64(thread + IDENT, ident);
    memory.store64(thread + NUMBER, made);
    memory.store32(thread + NESTING, nesting);
    memory.store32(thread + NAME_BYTES, letters.length);
    memory.store64(thread + STACK, stack);
    memory.store64(thread + STACK_BYTES, stackBytes);
    memory.write(thread + NAME, letters);
    if (head !== NULL) memory.store64(head + PREVIOUS, thread);
    memory.store64(state + HEAD, thread);
    return thread;
  }

  private find(name: string): number {
    return this.list(this.memory).find((thread) => thread.name === name)?.address ?? NULL;
  }

  private oldest(): number {
    return this.list(this.memory).at(-1)?.address ?? NULL;
  }

  private notCurrent(thread: number): string {
    return this.profile.fatalNamesFunction
      ? `thread state 0x${thread.toString(16)} must be current when releasing`
      : 'This thread state must be current when releasing';
  }

  private noThreadState(func: string): string {
    if (!this.profile.fatalNamesFunction) return `${func}: NULL tstate`;
    const when = isSince(this.profile, '3.12') ? ', after Python initialization and before Python finalization' : '';
    return (
      `the function must be called with the GIL held${when}, but the GIL is released ` +
      '(the current Python thread state is NULL)'
    );
  }

  private refuse(func: string, message: string): never {
    this.host.fatalError(func, message);
  }
}

/** Names longer than this are not ours: an overflow wrote the length. */
const NAME_MAX = 4096;

function nameOf(reader: MemoryReader, thread: number): string {
  const bytes = Math.min(reader.load32(thread + NAME_BYTES), NAME_MAX);
  return new TextDecoder().decode(reader.bytes(thread + NAME, bytes));
}
