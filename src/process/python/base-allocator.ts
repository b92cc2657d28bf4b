/**
 * _PyMem_RawMalloc and its family: the C library's functions, asked in a way that never gets NULL for 0 bytes
 * [Objects/obmalloc.c]. What the raw domain calls unless someone says otherwise, and below everything else.
 */
import type { Allocator, Size } from '../allocator.ts';
import type { AllocatorFunctions } from './allocator-record.ts';

export class BaseAllocator implements AllocatorFunctions {
  private readonly libc: Allocator;

  constructor(libc: Allocator) {
    this.libc = libc;
  }

  malloc(_ctx: number, size: Size): number {
    return this.libc.malloc(size === 0 ? 1 : size);
  }

  calloc(_ctx: number, count: Size, size: Size): number {
    return count === 0 || size === 0 ? this.libc.calloc(1, 1) : this.libc.calloc(count, size);
  }

  /** 0 bytes do not free: the C library's realloc(p, 0) would. */
  realloc(_ctx: number, address: number, size: Size): number {
    return this.libc.realloc(address, size === 0 ? 1 : size);
  }

  free(_ctx: number, address: number): void {
    this.libc.free(address);
  }
}
