import type { FETCH, LOAD, STORE } from '../mmu/units.ts';

/**
 * References: what every trace format is read into and written from.
 *
 * A parser calls a `TraceSink` once a reference, with plain numbers. The sink is nearly always a `ReferenceBatch`: columns
 * of typed arrays, handed on when they are full or a piece of the file has been read. So a trace of any length takes
 * the memory of one batch, and what comes behind works on arrays.
 *
 * ```
 *   bytes → parser → ReferenceBatch        → consumer.take(batch, count)
 *                    kinds     | L S I …
 *                    highs     | 0 0 31 …     upper and lower half of a 64-bit number: exact, without bigints
 *                    lows      | …
 *                    sizes     | 8 4 3 …
 *                    processes | 0 0 0 …
 *                    places    | 1 2 3 …
 * ```
 */

/** Load and store by one instruction: Lackey's `M`. */
export const MODIFY = 3;
export type TraceKind = typeof LOAD | typeof STORE | typeof FETCH | typeof MODIFY;

/** What the numbers of a trace count: bytes of memory, or pages (objects, blocks) as a whole. */
export type TraceUnit = 'address' | 'page';

/** Who receives the references one by one. Plain numbers: it is called once a reference. */
export interface TraceSink {
  /**
   * @param high upper 32 bits of the address or page number
   * @param low lower 32 bits
   * @param size bytes, from 1; the last byte is still inside the 64-bit address space
   * @param place where it is in the trace, from 1: the line of a text, the record of a binary file
   * @param process whose address it is, 0 … 2^32 - 1; 0 where the format does not say
   */
  access(kind: TraceKind, high: number, low: number, size: number, place: number, process: number): void;
}

/** Who receives them in columns. Only the first `count` elements count; they are gone after the call. */
export interface BatchSink {
  take(batch: ReferenceBatch, count: number): void;
}

/** References in a batch: enough to make the call around it free, few enough for the cache of a core. */
export const BATCH_REFERENCES = 8192;

export class ReferenceBatch implements TraceSink {
  readonly kinds: Uint8Array;
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  readonly sizes: Uint32Array;
  readonly processes: Uint32Array;
  readonly places: Float64Array;
  private readonly consumer: BatchSink;
  private count: number;

  constructor(consumer: BatchSink) {
    this.consumer = consumer;
    this.count = 0;
    this.kinds = new Uint8Array(BATCH_REFERENCES);
    this.highs = new Uint32Array(BATCH_REFERENCES);
    this.lows = new Uint32Array(BATCH_REFERENCES);
    this.sizes = new Uint32Array(BATCH_REFERENCES);
    this.processes = new Uint32Array(BATCH_REFERENCES);
    this.places = new Float64Array(BATCH_REFERENCES);
  }

  access(kind: TraceKind, high: number, low: number, size: number, place: number, process: number): void {
    const at = this.count;
    this.kinds[at] = kind;
    this.highs[at] = high;
    this.lows[at] = low;
    this.sizes[at] = size;
    this.processes[at] = process;
    this.places[at] = place;
    this.count = at + 1;
    if (at + 1 === BATCH_REFERENCES) this.flush();
  }

  /** Put the reference at one position to another one: for who takes only some of a batch. */
  move(from: number, to: number): void {
    this.kinds[to] = this.kinds[from]!;
    this.highs[to] = this.highs[from]!;
    this.lows[to] = this.lows[from]!;
    this.sizes[to] = this.sizes[from]!;
    this.processes[to] = this.processes[from]!;
    this.places[to] = this.places[from]!;
  }

  /** Hand on what has gathered. Should the consumer throw, it is not handed on again. */
  flush(): void {
    const count = this.count;
    if (count === 0) return;
    this.count = 0;
    this.consumer.take(this, count);
  }
}
