/** The ops of a trace done by a program, and each told as a recording's line tells it. */
import { NULL, productOf, type Size } from '../../process/allocator.ts';
import type { RecordedProgram } from './recorded-program.ts';
import type { TraceOp } from './trace-file.ts';

/** Bytes the debug hooks keep in front of what the program gets. */
const HOOKS_HEADER_BYTES = 16;

export class TraceReplay {
  /** The op last done, as a recording's line has it. */
  line = '';
  /** The same without calls of the lowest raw allocator. */
  placement = '';
  private readonly program: RecordedProgram;
  private readonly headerBytes: number;
  /** The program's own variables: its blocks by their names in the trace. */
  private readonly blocks = new Map<number, number>();

  constructor(program: RecordedProgram) {
    this.program = program;
    this.headerBytes = program.debugHooks ? HOOKS_HEADER_BYTES : 0;
  }

  /** @throws ProgramStopped when a signal ended the program */
  perform(op: TraceOp): void {
    const { log } = this.program;
    log.clear();
    const result = op.name === 'free' ? this.free(op) : this.allocate(op);
    this.line = result + log.all;
    this.placement = result + log.placement;
  }

  private allocate({ name, domain, id, size, count }: TraceOp): string {
    const { runtime } = this.program;
    const { blocks } = this;
    if (name === 'realloc') {
      const address = runtime.realloc(domain, blocks.get(id) ?? NULL, size);
      // Refused, the old block stays.
      if (address !== NULL) blocks.set(id, address);
      return this.placeOf(address, size);
    }
    const address = name === 'calloc' ? runtime.calloc(domain, count, size) : runtime.malloc(domain, size);
    if (address === NULL) blocks.delete(id);
    else blocks.set(id, address);
    return this.placeOf(address, name === 'calloc' ? productOf(count, size) : size);
  }

  private free({ domain, id }: TraceOp): string {
    const { runtime } = this.program;
    const address = this.blocks.get(id) ?? NULL;
    this.blocks.delete(id);
    const result = address === NULL ? 'F0' : this.isInPool(address) ? 'FP' : 'FR';
    runtime.free(domain, address);
    return result;
  }

  private isInPool(address: number): boolean {
    return this.program.runtime.pymalloc.isInside(address - this.headerBytes);
  }

  /** `P:ordinal.pool.offset.class`, `R:bytes`, `N`. */
  private placeOf(address: number, requested: Size): string {
    if (address === NULL) return 'N';
    const { runtime, slots } = this.program;
    const block = address - this.headerBytes;
    // Asked first: what would be a raw block's pool header may be no memory at all.
    const place = this.isInPool(address) ? runtime.pymalloc.locate(block) : null;
    if (place === null) return `R:${requested}`;
    return `P:${slots.ordinalAt(block)}.${place.pool}.${place.offset}.${place.sizeClass}`;
  }
}
