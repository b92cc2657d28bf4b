/**
 * A process with pymalloc and nothing else of Python: the raw domain takes a mapping for every block, so that a test sees
 * what is asked for and what is still held; arenas are mappings too.
 */
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import type { Size } from '../../../src/process/allocator.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import { type PythonProfile, pythonProfile } from '../../../src/process/python/profiles.ts';
import type { PymallocHost } from '../../../src/process/python/pymalloc/host.ts';
import { pymallocStateBytes } from '../../../src/process/python/pymalloc/layout.ts';
import { Pymalloc } from '../../../src/process/python/pymalloc/pymalloc.ts';

const PAGE = 4096;
const SIZE_WORD = 16;

export class MappingHost implements PymallocHost {
  /** Calls in order: `rm 600`, `rc 1,2048`, `rr 0x… 768`, `rf 0x…`, `arena`, `no arena`, `-arena`. */
  readonly calls: string[] = [];
  /** Raw blocks and arenas held now. */
  readonly raw = new Set<number>();
  readonly arenas = new Set<number>();
  arenasMax = Number.POSITIVE_INFINITY;
  /** Bytes an arena begins after a page boundary. */
  arenaOffset = 0;
  refuseRaw = false;
  private readonly memory: ProgramMemory;

  constructor(memory: ProgramMemory) {
    this.memory = memory;
  }

  rawMalloc(size: Size): number {
    this.calls.push(`rm ${size}`);
    return this.map(size);
  }

  rawCalloc(count: Size, size: Size): number {
    this.calls.push(`rc ${count},${size}`);
    return this.map(Number(count) * Number(size));
  }

  rawRealloc(address: number, size: Size): number {
    this.calls.push(`rr ${address === 0 ? 0 : 1},${size}`);
    const block = this.map(size);
    if (block === 0 || address === 0) return block;
    const before = this.memory.load64(address - SIZE_WORD);
    this.memory.copy(block, address, Math.min(before, Number(size)));
    this.unmap(address);
    return block;
  }

  rawFree(address: number): void {
    this.calls.push('rf');
    this.unmap(address);
  }

  allocateArena(size: number): number {
    if (this.arenas.size >= this.arenasMax) {
      this.calls.push('no arena');
      return 0;
    }
    this.calls.push('arena');
    const at = this.memory.mmap(size + PAGE);
    if (at < 0) return 0;
    this.arenas.add(at + this.arenaOffset);
    return at + this.arenaOffset;
  }

  freeArena(address: number, size: number): void {
    this.calls.push('-arena');
    if (!this.arenas.delete(address)) throw new Error('no such arena');
    this.memory.munmap(address - this.arenaOffset, size + PAGE);
  }

  beforeNewArena(): void {
    this.calls.push('before arena');
  }

  private map(size: Size): number {
    if (this.refuseRaw || size >= 2 ** 40) return 0;
    const at = this.memory.mmap(Number(size) + SIZE_WORD);
    if (at < 0) return 0;
    this.memory.store64(at, Number(size));
    this.raw.add(at + SIZE_WORD);
    return at + SIZE_WORD;
  }

  private unmap(address: number): void {
    if (!this.raw.delete(address)) throw new Error('no such raw block');
    this.memory.munmap(address - SIZE_WORD, this.memory.load64(address - SIZE_WORD) + SIZE_WORD);
  }
}

export interface PymallocProgram {
  readonly machine: Machine;
  readonly memory: ProgramMemory;
  readonly profile: PythonProfile;
  readonly state: number;
  readonly host: MappingHost;
  readonly pymalloc: Pymalloc;
  readonly peek: () => PeekMemory;
}

/** With 48-bit addresses, as the 3.10 profile's arena map looks at no more. */
export function pymallocProgram(version: string, memoryBytes = 32 << 20): PymallocProgram {
  const profile = pythonProfile(version)!;
  const machine = new Machine({ paging: 'x86_64', memory: memoryBytes, swap: 0, overcommit: 1 });
  const process = machine.spawn();
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  activate(machine.kernel, process);
  const { bss } = loadLibrary(machine.kernel, process.space!, 'libpython.so', 16, pymallocStateBytes(profile))!;
  const host = new MappingHost(memory);
  const pymalloc = new Pymalloc(memory, bss, profile, host);
  pymalloc.initialize();
  const peek = () => new PeekMemory(machine.kernel, process);
  return { machine, memory, profile, state: bss, host, pymalloc, peek };
}
