/**
 * A program's hands: the loads, stores and system calls that code running in a process makes.
 *
 * Everything an allocator knows is bytes reached through here, so it faults, swaps and overflows like any other data. Code
 * written against it reads like C with the pointers spelt out. An access that is refused (SIGSEGV) and `abort()` do not
 * return: they throw `ProgramStopped`, which unwinds the program's code to where the machine entered it, as the end of a
 * process does. Nothing above `Program` ever sees it.
 *
 *     pointers, sizes    numbers; a 64-bit word as `load64` gives it is exact below 2^53, which is all of user space
 *     whole words        `loadBig`, `storeBig` for 64 bits that must be exact whatever they are
 */
import type { Kernel } from '../kernel/kernel.ts';
import { MAP_ANONYMOUS, MAP_PRIVATE, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE } from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import { deliver } from '../kernel/signal.ts';
import type { AdviceName } from '../kernel/vm/advice.ts';
import type { Cpu } from '../mmu/cpu.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../mmu/units.ts';
import { ProgramStopped } from './program-stopped.ts';

export interface ProgramMmapOptions {
  readonly address?: number;
  /** Bytes. */
  readonly length: number;
  readonly prot: number;
  readonly flags: number;
}

export interface ProgramMremapOptions {
  readonly address: number;
  /** Bytes. */
  readonly oldLength: number;
  readonly newLength: number;
  readonly flags: number;
}

/** The system calls that programs make themselves; the machine answers them. Results are Linux's: < 0 is -errno. */
export interface ProgramCalls {
  mmap(process: Process, options: ProgramMmapOptions): number;
  munmap(process: Process, address: number, length: number): number;
  mremap(process: Process, options: ProgramMremapOptions): number;
  madvise(process: Process, address: number, length: number, advice: AdviceName): number;
  /** The old break, or -ENOMEM. */
  sbrk(process: Process, delta: number): number;
}

/** What it takes to look at a process's memory: by access (ProgramMemory) or as a spectator (PeekMemory). */
export interface MemoryReader {
  load8(address: number): number;
  load32(address: number): number;
  /** Exact below 2^53. */
  load64(address: number): number;
  loadBig(address: number): bigint;
  /** Bytes in memory order. */
  bytes(address: number, length: number): Uint8Array;
}

const WORD = 2 ** 32;
/** Shorter strings of bytes go word by word, longer ones page by page. */
const SHORT = 64;

export class ProgramMemory implements MemoryReader {
  readonly kernel: Kernel;
  readonly process: Process;
  private readonly calls: ProgramCalls;
  /** First address of the 4 GiB that hold the variables of its libraries: what `…In` accesses are relative to. */
  readonly segment: number;
  /** The processor it runs on. */
  cpu: Cpu;

  /** `near`: an address in the segment wanted; default: that of what is mapped first. */
  constructor(kernel: Kernel, process: Process, calls: ProgramCalls, near?: number) {
    this.kernel = kernel;
    this.process = process;
    this.calls = calls;
    const within = near ?? (process.space?.mmapBase ?? kernel.format.userEnd) - 1;
    this.segment = Math.floor(within / WORD) * WORD;
    this.cpu = kernel.cpus[process.cpu]!;
    this.enter();
  }

  get pageBytes(): number {
    return this.kernel.pageBytes;
  }

  /** First address past user space. */
  get userEnd(): number {
    return this.kernel.format.userEnd;
  }

  /** The program is about to run: on this CPU from now on. */
  enter(): void {
    this.cpu = this.kernel.cpus[this.process.cpu]!;
    this.cpu.segment = this.segment;
  }

  load8(address: number): number {
    const value = this.cpu.load8(address);
    if (this.cpu.faulted) this.stop();
    return value;
  }

  load16(address: number): number {
    const value = this.cpu.load16(address);
    if (this.cpu.faulted) this.stop();
    return value;
  }

  load32(address: number): number {
    const value = this.cpu.load32(address);
    if (this.cpu.faulted) this.stop();
    return value;
  }

  load64(address: number): number {
    const { cpu } = this;
    const low = cpu.load64(address);
    if (cpu.faulted) this.stop();
    return cpu.highWord * WORD + low;
  }

  loadBig(address: number): bigint {
    const low = this.cpu.load64(address);
    if (this.cpu.faulted) this.stop();
    return (BigInt(this.cpu.highWord) << 32n) | BigInt(low);
  }

  store8(address: number, value: number): void {
    this.cpu.store8(address, value);
    if (this.cpu.faulted) this.stop();
  }

  store16(address: number, value: number): void {
    this.cpu.store16(address, value);
    if (this.cpu.faulted) this.stop();
  }

  store32(address: number, value: number): void {
    this.cpu.store32(address, value);
    if (this.cpu.faulted) this.stop();
  }

  /** `value`: 0 to 2^53 - 1. */
  store64(address: number, value: number): void {
    const low = value >>> 0;
    this.cpu.store64(address, low, (value - low) / WORD);
    if (this.cpu.faulted) this.stop();
  }

  /** Modulo 2^64. */
  storeBig(address: number, value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.cpu.store64(address, Number(bits & 0xffffffffn), Number(bits >> 32n));
    if (this.cpu.faulted) this.stop();
  }

  // Inside the segment, by the low words of addresses (mmu/segment-unit.ts).

  /** 32 bits, signed. */
  loadWordIn(low: number): number {
    const value = this.cpu.loadWordIn(low);
    if (this.cpu.faulted) this.stop();
    return value;
  }

  /** The low word of 64 bits, signed; the high one is `cpu.high`. */
  loadPairIn(low: number): number {
    const value = this.cpu.loadPairIn(low);
    if (this.cpu.faulted) this.stop();
    return value;
  }

  storeWordIn(low: number, value: number): void {
    this.cpu.storeWordIn(low, value);
    if (this.cpu.faulted) this.stop();
  }

  storePairIn(low: number, lowValue: number, highValue: number): void {
    this.cpu.storePairIn(low, lowValue, highValue);
    if (this.cpu.faulted) this.stop();
  }

  bytes(address: number, length: number): Uint8Array {
    const target = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const span = this.spanAt(address + done, length - done);
      const physical = this.translate(address + done, LOAD);
      target.set(this.kernel.memory.readBytes(physical, span), done);
      done += span;
    }
    return target;
  }

  write(address: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const span = this.spanAt(address + done, bytes.length - done);
      const physical = this.translate(address + done, STORE);
      this.kernel.memory.writeBytes(physical, bytes.subarray(done, done + span));
      done += span;
    }
  }

  /** memmove(3). */
  copy(to: number, from: number, length: number): void {
    if (length <= 0) return;
    // All is read first where a copy piece by piece would overwrite what it has yet to read.
    if (to > from && to < from + length) {
      this.write(to, this.bytes(from, length));
      return;
    }
    let done = 0;
    if (length <= SHORT) {
      for (; done + 8 <= length; done += 8) {
        const low = this.cpu.load64(from + done);
        if (this.cpu.faulted) this.stop();
        this.cpu.store64(to + done, low, this.cpu.highWord);
        if (this.cpu.faulted) this.stop();
      }
      for (; done < length; done++) this.store8(to + done, this.load8(from + done));
      return;
    }
    while (done < length) {
      const span = Math.min(this.spanAt(from + done, length - done), this.spanAt(to + done, length - done));
      this.write(to + done, this.bytes(from + done, span));
      done += span;
    }
  }

  /** memset(3). */
  fill(address: number, byte: number, length: number): void {
    let done = 0;
    if (length <= SHORT) {
      const word = Math.imul(byte & 0xff, 0x01010101) >>> 0;
      for (; done + 8 <= length; done += 8) {
        this.cpu.store64(address + done, word, word);
        if (this.cpu.faulted) this.stop();
      }
      for (; done < length; done++) this.store8(address + done, byte);
      return;
    }
    const { memory } = this.kernel;
    while (done < length) {
      const span = this.spanAt(address + done, length - done);
      const physical = this.translate(address + done, STORE);
      const chunk = memory.chunkOf(physical);
      const at = memory.offsetInChunk(physical);
      memory.bytesOf[chunk]!.fill(byte, at, at + span);
      done += span;
    }
  }

  /** Anonymous private memory, readable and writable: its address, or -errno. */
  mmap(length: number, address = 0, flags = 0): number {
    const options = { address, length, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS | flags };
    return this.calls.mmap(this.process, options);
  }

  munmap(address: number, length: number): number {
    return this.calls.munmap(this.process, address, length);
  }

  /** The mapping with another length, where it is or elsewhere: its address, or -errno. */
  mremap(address: number, oldLength: number, newLength: number): number {
    return this.calls.mremap(this.process, { address, oldLength, newLength, flags: MREMAP_MAYMOVE });
  }

  madvise(address: number, length: number, advice: AdviceName): number {
    return this.calls.madvise(this.process, address, length, advice);
  }

  /** The old break, or -ENOMEM. */
  sbrk(delta: number): number {
    return this.calls.sbrk(this.process, delta);
  }

  /** Text to the standard error stream: appended to `process.output`, byte by byte as Latin-1 (an emitted 0xdd stays 0xdd). */
  error(text: string): void {
    for (let index = 0; index < text.length; index++) this.process.output.push(text.charCodeAt(index) & 0xff);
  }

  /** abort(3): SIGABRT, and the program runs no further. `reason`: one sentence for the signal's record. */
  abort(reason: string): never {
    deliver(this.kernel, this.process, { signal: 'SIGABRT', code: 'SI_TKILL', address: 0, errorCode: null, reason });
    throw new ProgramStopped();
  }

  /** A jump to what is no function: the fetch faults, or finds no instruction there (SIGILL). */
  jump(address: number): never {
    this.fetch(address);
    const reason = `0x${address.toString(16)} is executable but no function begins there`;
    deliver(this.kernel, this.process, { signal: 'SIGILL', code: 'ILL_ILLOPN', address, errorCode: null, reason });
    throw new ProgramStopped();
  }

  private fetch(address: number): void {
    this.translate(address, FETCH);
  }

  private translate(address: number, kind: AccessKind): number {
    const physical = this.cpu.translate(address, kind);
    if (physical < 0) this.stop();
    return physical;
  }

  /** How many of `length` bytes from `address` on lie in its page. */
  private spanAt(address: number, length: number): number {
    return Math.min(length, this.kernel.pageBytes - (address % this.kernel.pageBytes));
  }

  /** An access was refused: the program runs no further. */
  stop(): never {
    throw new ProgramStopped();
  }
}
