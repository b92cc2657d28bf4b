/**
 * The system calls of a program's libraries, with a note of the memory they got: where heaps are, for the tools that watch a
 * program from outside.
 *
 *     ranges   [start, end, start, end, …]   got by an allocator and not given back since, in order of getting
 */
import { MAP_STACK } from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import type { AdviceName } from '../kernel/vm/advice.ts';
import type { ProgramCalls, ProgramMmapOptions, ProgramMremapOptions } from './program-memory.ts';

export class NotedCalls implements ProgramCalls {
  private readonly inner: ProgramCalls;
  private readonly ranges: number[] = [];

  constructor(inner: ProgramCalls) {
    this.inner = inner;
  }

  mmap(process: Process, options: ProgramMmapOptions): number {
    const address = this.inner.mmap(process, options);
    // A thread's stack is the program's own memory.
    if (address > 0 && (options.flags & MAP_STACK) === 0) this.ranges.push(address, address + options.length);
    return address;
  }

  munmap(process: Process, address: number, length: number): number {
    const result = this.inner.munmap(process, address, length);
    if (result === 0) this.forget(address, address + length);
    return result;
  }

  /** Whatever was mapped there before lies at the new place now, as long as it is now. */
  mremap(process: Process, options: ProgramMremapOptions): number {
    const { address, oldLength, newLength } = options;
    const result = this.inner.mremap(process, options);
    if (result < 0) return result;
    this.forget(address, address + oldLength);
    this.ranges.push(result, result + newLength);
    return result;
  }

  madvise(process: Process, address: number, length: number, advice: AdviceName): number {
    return this.inner.madvise(process, address, length, advice);
  }

  sbrk(process: Process, delta: number): number {
    const old = this.inner.sbrk(process, delta);
    if (old < 0 || delta === 0) return old;
    if (delta > 0) {
      const joined = this.ranges.findIndex((end, index) => index % 2 === 1 && end === old);
      if (joined >= 0) this.ranges[joined] = old + delta;
      else this.ranges.push(old, old + delta);
      return old;
    }
    for (let index = this.ranges.length - 2; index >= 0; index -= 2) {
      if (this.ranges[index + 1]! <= old + delta || this.ranges[index]! >= old) continue;
      this.ranges[index + 1] = old + delta;
      if (this.ranges[index]! >= this.ranges[index + 1]!) this.ranges.splice(index, 2);
    }
    return old;
  }

  /** What lies in [from, to) is no allocator's any more. */
  private forget(from: number, to: number): void {
    for (let index = this.ranges.length - 2; index >= 0; index -= 2) {
      const start = this.ranges[index]!;
      const end = this.ranges[index + 1]!;
      if (start >= to || end <= from) continue;
      const left = start < from ? [start, from] : [];
      if (end > to) left.push(to, end);
      this.ranges.splice(index, 2, ...left);
    }
  }

  /** Does [start, end) touch memory that an allocator got? */
  touches(start: number, end: number): boolean {
    for (let index = 0; index < this.ranges.length; index += 2) {
      if (start < this.ranges[index + 1]! && end > this.ranges[index]!) return true;
    }
    return false;
  }

  /** Is all of [start, end) memory that allocators got, in one piece or in several? */
  holds(start: number, end: number): boolean {
    for (let at = start; at < end; ) {
      const index = this.ranges.findIndex((from, half) => half % 2 === 0 && from <= at && this.ranges[half + 1]! > at);
      if (index < 0) return false;
      at = this.ranges[index + 1]!;
    }
    return true;
  }

  /** Where each range starts. */
  get starts(): number[] {
    return this.ranges.filter((_, index) => index % 2 === 0);
  }

  copy(): NotedCalls {
    const copy = new NotedCalls(this.inner);
    copy.ranges.push(...this.ranges);
    return copy;
  }
}
