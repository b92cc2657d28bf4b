/**
 * The debug hooks of the mem and obj domains: as those of raw, but only for the thread that holds the GIL
 * [Objects/obmalloc.c:_PyMem_DebugCheckGIL]. The check comes first, before NULL or a bad size are looked at. Versions before 3.6
 * do not check.
 */
import type { Size } from '../allocator.ts';
import type { AllocatorFunctions } from './allocator-record.ts';
import type { DebugHost } from './debug-host.ts';

export class DebugHooksWithGil implements AllocatorFunctions {
  private readonly raw: AllocatorFunctions;
  private readonly host: DebugHost;
  private readonly checks: boolean;

  constructor(raw: AllocatorFunctions, host: DebugHost, checks: boolean) {
    this.raw = raw;
    this.host = host;
    this.checks = checks;
  }

  malloc(ctx: number, size: Size): number {
    this.checkGil('_PyMem_DebugMalloc');
    return this.raw.malloc(ctx, size);
  }

  calloc(ctx: number, count: Size, size: Size): number {
    this.checkGil('_PyMem_DebugCalloc');
    return this.raw.calloc(ctx, count, size);
  }

  realloc(ctx: number, address: number, size: Size): number {
    this.checkGil('_PyMem_DebugRealloc');
    return this.raw.realloc(ctx, address, size);
  }

  free(ctx: number, address: number): void {
    this.checkGil('_PyMem_DebugFree');
    this.raw.free(ctx, address);
  }

  private checkGil(func: string): void {
    if (this.checks && !this.host.holdsGil()) {
      this.host.fatalError(func, 'Python memory allocator called without holding the GIL');
    }
  }
}
