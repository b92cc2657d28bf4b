/**
 * The lowest raw allocator of the recordings: it notes every call, refuses what is above the limit, and has the rest served by
 * the record it was put around. A wrapper in the manner of PyMem_SetAllocator's documentation: its ctx is the address of the
 * record it saved.
 */
import { NULL, productOf, type Size } from '../../process/allocator.ts';
import type { AllocatorFunctions } from '../../process/python/allocator-record.ts';
import type { HostCaller } from '../../process/python/host-functions.ts';
import type { EventLog } from './event-log.ts';

export class RawBase implements AllocatorFunctions {
  private readonly caller: HostCaller;
  private readonly limit: number;
  private readonly log: EventLog;

  /** `limit`: bytes, of the largest request that is served. */
  constructor(caller: HostCaller, limit: number, log: EventLog) {
    this.caller = caller;
    this.limit = limit;
    this.log = log;
  }

  malloc(ctx: number, size: Size): number {
    this.log.raw(`rm:${size}`);
    return size > this.limit ? NULL : this.caller.callMalloc(ctx, size);
  }

  calloc(ctx: number, count: Size, size: Size): number {
    this.log.raw(`rc:${count},${size}`);
    return productOf(count, size) > this.limit ? NULL : this.caller.callCalloc(ctx, count, size);
  }

  realloc(ctx: number, address: number, size: Size): number {
    this.log.raw(`rr:${address === NULL ? 0 : 1},${size}`);
    return size > this.limit ? NULL : this.caller.callRealloc(ctx, address, size);
  }

  free(ctx: number, address: number): void {
    this.log.raw(`rf:${address === NULL ? 0 : 1}`);
    this.caller.callFree(ctx, address);
  }
}
