/**
 * The kernel's log: what `dmesg` shows [kernel/printk/printk.c]. A ring: the newest entries push the oldest out.
 *
 *     [    7.000012] stub invoked oom-killer: gfp_mask=…
 *     [    7.000012] Mem-Info:
 *     [    7.000012] active_anon:470546 inactive_anon:…       one entry may have several lines: those that follow
 *                     active_file:1255 inactive_file:…        are indented by the width of the time
 *
 * The machine has no clock, so time is what was done: a step begins with its own second, and each access and system call
 * takes a microsecond. It never goes back. Text is made only when there is something to say.
 */
import type { Cpu } from '../mmu/cpu.ts';
import type { KernelCounters } from './counters.ts';

/** Entries kept; a report of the OOM killer has a few dozen. */
const CAPACITY = 1024;
const SECONDS_WIDTH = 5;
const MICROSECONDS = 1_000_000;

interface LogEntry {
  /** Microseconds. */
  readonly time: number;
  readonly text: string;
}

export class KernelLog {
  /** Entries ever written: the next one's number. */
  written = 0;
  private readonly entries: LogEntry[] = [];
  /** When the step began, and what had been done until then. */
  private stepTime = 0;
  private stepWork = 0;
  private readonly cpus: readonly Cpu[];
  private readonly counters: KernelCounters;

  constructor(cpus: readonly Cpu[], counters: KernelCounters) {
    this.cpus = cpus;
    this.counters = counters;
  }

  /** Called by whoever drives the machine, before each step; they are counted from 1. */
  beginStep(step: number): void {
    this.stepTime = Math.max(step * MICROSECONDS, this.now());
    this.stepWork = this.work();
  }

  append(text: string): void {
    this.entries[this.written++ % CAPACITY] = { time: this.now(), text };
  }

  /** Texts of the entries from that number on, without their times, oldest first; of those that the ring still has. */
  since(number: number): string[] {
    return this.entriesFrom(number).map(({ text }) => text);
  }

  /** Oldest first, one string a line, as dmesg prints them. */
  lines(): string[] {
    return this.entriesFrom(0).flatMap(({ time, text }) => {
      const seconds = String(Math.floor(time / MICROSECONDS)).padStart(SECONDS_WIDTH);
      const stamp = `[${seconds}.${String(time % MICROSECONDS).padStart(6, '0')}] `;
      return text.split('\n').map((line, index) => (index === 0 ? stamp : ' '.repeat(stamp.length)) + line);
    });
  }

  private entriesFrom(number: number): LogEntry[] {
    const first = Math.max(number, this.written - CAPACITY);
    return Array.from({ length: this.written - first }, (_, index) => this.entries[(first + index) % CAPACITY]!);
  }

  private now(): number {
    return this.stepTime + this.work() - this.stepWork;
  }

  private work(): number {
    return this.cpus.reduce((sum, cpu) => sum + cpu.counters.accesses, this.counters.syscalls);
  }
}
