/**
 * A program with debug hooks over the bump allocator, and nothing else of Python: what the hooks do by themselves. The lower
 * record of each domain is not called through memory; the host notes what it was asked and can refuse.
 */
import { BUMP_STATE_BYTES, BumpAllocator } from '../../../src/conform/cpython/bump-allocator.ts';
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import type { Size } from '../../../src/process/allocator.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import { ProgramStopped } from '../../../src/process/program-stopped.ts';
import { DEBUG_STATE_BYTES, DebugHooks } from '../../../src/process/python/debug-hooks.ts';
import type { DebugHost } from '../../../src/process/python/debug-host.ts';
import type { Frame } from '../../../src/process/python/frame.ts';
import { type PythonProfile, pythonProfile } from '../../../src/process/python/profiles.ts';

class LoggingHost implements DebugHost {
  readonly calls: string[] = [];
  readonly fatal: string[] = [];
  refuses = false;
  gil = true;
  frames: readonly Frame[] | null = null;
  /** Called while a realloc is below the hooks. */
  duringRealloc: ((address: number) => void) | null = null;
  private readonly memory: ProgramMemory;
  private readonly lower: BumpAllocator;
  private readonly ctx: number;

  constructor(memory: ProgramMemory, ctx: number) {
    this.memory = memory;
    this.lower = new BumpAllocator(memory);
    this.ctx = ctx;
  }

  callMalloc(record: number, size: Size): number {
    this.calls.push(`malloc ${record} ${size}`);
    return this.refuses ? 0 : this.lower.malloc(this.ctx, size);
  }

  callCalloc(record: number, count: Size, size: Size): number {
    this.calls.push(`calloc ${record} ${count} ${size}`);
    return this.refuses ? 0 : this.lower.calloc(this.ctx, count, size);
  }

  callRealloc(record: number, address: number, size: Size): number {
    this.calls.push(`realloc ${record} ${size}`);
    this.duringRealloc?.(address);
    return this.refuses ? 0 : this.lower.realloc(this.ctx, address, size);
  }

  callFree(record: number, address: number): void {
    this.calls.push(`free ${record} ${address}`);
  }

  holdsGil(): boolean {
    return this.gil;
  }

  allocationTraceback(): readonly Frame[] | null {
    return this.frames;
  }

  fatalError(func: string, message: string): never {
    this.fatal.push(`${func}: ${message}`);
    return this.memory.abort(message);
  }
}

export interface DebugProgram {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly profile: PythonProfile;
  readonly hooks: DebugHooks;
  readonly host: LoggingHost;
  hex(address: number, length: number): string;
  /** Standard error so far; a byte is a character. */
  stderr(): string;
  /** The signal that `run` ends in; null when it returns. */
  signalOf(run: () => void): string | null;
}

export function debugProgram(version: string): DebugProgram {
  const profile = pythonProfile(version)!;
  const machine = new Machine({ paging: 'sv48', memory: 16 * 2 ** 20 });
  const process = machine.spawn();
  activate(machine.kernel, process);
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  const state = loadLibrary(machine.kernel, process.space!, 'libpython', 1, DEBUG_STATE_BYTES + BUMP_STATE_BYTES)!.bss;
  const host = new LoggingHost(memory, state + DEBUG_STATE_BYTES);
  const hooks = new DebugHooks(memory, state, profile, host);
  hooks.initialize();
  return {
    machine,
    memory,
    profile,
    hooks,
    host,
    hex: (address, length) => Buffer.from(memory.bytes(address, length)).toString('hex'),
    stderr: () => Buffer.from(process.output).toString('latin1'),
    signalOf: (run) => {
      try {
        run();
      } catch (error) {
        if (!(error instanceof ProgramStopped)) throw error;
        return process.lastSignal?.signal ?? 'stopped without a signal';
      }
      return null;
    },
  };
}
