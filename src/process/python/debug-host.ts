/** What the debug hooks ask of the interpreter around them. */
import type { Size } from '../allocator.ts';
import type { Frame } from './frame.ts';

export interface DebugHost {
  /** The four functions of the allocator record at that address. 0: refused. */
  callMalloc(record: number, size: Size): number;
  callCalloc(record: number, count: Size, size: Size): number;
  callRealloc(record: number, address: number, size: Size): number;
  callFree(record: number, address: number): void;
  /** Does the running thread hold the GIL (PyGILState_Check)? */
  holdsGil(): boolean;
  /**
   * Where tracemalloc says the block was allocated, most recent call first: null when it is off, [] when it does not know
   * the block.
   */
  allocationTraceback(address: number): readonly Frame[] | null;
  /** Py_FatalError: the report on standard error, then abort(). `func` is shown by the versions that name the function. */
  fatalError(func: string, message: string): never;
}
