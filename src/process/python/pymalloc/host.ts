/** What pymalloc stands on: the raw domain, the arena allocator, and who prints statistics. */
import type { Size } from '../../allocator.ts';

/** What pymalloc asks of the runtime around it. */
export interface PymallocHost {
  /** PyMem_RawMalloc and family: through the raw domain's current record, entry checks included. 0: no memory. */
  rawMalloc(size: Size): number;
  rawCalloc(count: Size, size: Size): number;
  rawRealloc(address: number, size: Size): number;
  rawFree(address: number): void;
  /** `size` bytes from the current arena allocator, at any alignment of 8; 0: refused. */
  allocateArena(size: number): number;
  freeArena(address: number, size: number): void;
  /** A new arena is about to be requested: PYTHONMALLOCSTATS prints here. */
  beforeNewArena(): void;
}
