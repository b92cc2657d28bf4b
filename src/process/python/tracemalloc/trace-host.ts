/** What tracemalloc asks of the runtime around it. */
import type { Size } from '../../allocator.ts';
import type { Domain } from '../allocator-record.ts';
import type { Frame } from '../frame.ts';

export interface TraceHost {
  /** Where the current record of a domain is. */
  recordAddress(domain: Domain): number;
  /** Calls through the record at `record`: straight to its functions, without the entry checks of the public functions. */
  callMalloc(record: number, size: Size): number;
  callCalloc(record: number, count: Size, size: Size): number;
  callRealloc(record: number, address: number, size: Size): number;
  callFree(record: number, address: number): void;
  /** The running Python code, innermost call first; [] when none runs. */
  frames(): readonly Frame[];
  /** Make tracemalloc's functions the domain's record, with `ctx` as their context. */
  installTrace(domain: Domain, ctx: number): void;
  fatalError(func: string, message: string): never;
}
