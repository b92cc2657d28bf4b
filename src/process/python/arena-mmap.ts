/** _PyObject_ArenaMmap and _PyObject_ArenaMunmap: arenas straight from the kernel [Objects/obmalloc.c]. */
import { NULL } from '../allocator.ts';
import type { ProgramMemory } from '../program-memory.ts';
import type { ArenaFunctions } from './allocator-record.ts';

export class ArenaMmap implements ArenaFunctions {
  private readonly memory: ProgramMemory;

  constructor(memory: ProgramMemory) {
    this.memory = memory;
  }

  alloc(_ctx: number, size: number): number {
    const address = this.memory.mmap(size);
    return address < 0 ? NULL : address;
  }

  free(_ctx: number, address: number, size: number): void {
    this.memory.munmap(address, size);
  }
}
