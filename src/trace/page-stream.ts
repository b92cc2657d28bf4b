import { AddressPages } from './address-pages.ts';
import { pageShift, pagesBehind } from './page-span.ts';
import { BATCH_REFERENCES, type BatchSink, type ReferenceBatch, type TraceUnit } from './reference.ts';

/** Who receives a trace as pages: only the first `count` elements count, and they are gone after the call. */
export interface PageSink {
  /** @param ids dense: 0, 1, 2, … in the order of first appearance @param kinds as in a batch */
  pages(ids: Int32Array, kinds: Uint8Array, count: number): void;
}

/**
 * References in batches → ids of pages in batches.
 *
 * A reference that crosses a page boundary is one reference of every page it touches, in ascending order, as FORMAT.md
 * counts them and as a machine would translate them. References of traces that count pages touch one page each. Pages
 * of different processes are different pages.
 *
 *     const stream = new PageStream(sink, { pageBytes: 4096, unit: format.unit });
 *     reader = new TraceReader(stream);           // … push …, end
 *     stream.flush();
 */
export class PageStream implements BatchSink {
  readonly numbering: AddressPages;
  /** Page references handed on or gathered; references that touched more than one page. */
  pageReferences: number;
  crossings: number;
  private readonly sink: PageSink;
  private readonly shift: number;
  private readonly unit: TraceUnit;
  private readonly ids: Int32Array;
  private readonly kinds: Uint8Array;
  private used: number;

  /**
   * @param options.pageBytes a power of two, 1 … 2^30; of no consequence where `unit` is `page`
   * @throws InputError MEM-TRC-038
   */
  constructor(sink: PageSink, options: { readonly pageBytes: number; readonly unit: TraceUnit }) {
    this.sink = sink;
    this.unit = options.unit;
    this.shift = pageShift(options.pageBytes);
    this.numbering = new AddressPages();
    this.pageReferences = 0;
    this.crossings = 0;
    this.ids = new Int32Array(BATCH_REFERENCES);
    this.kinds = new Uint8Array(BATCH_REFERENCES);
    this.used = 0;
  }

  take(batch: ReferenceBatch, count: number): void {
    if (this.unit === 'page') {
      this.gather(batch, 0, count, 0);
      return;
    }
    let from = 0;
    while (from < count) {
      const crossing = this.nextCrossing(batch, from, count);
      const to = Math.min(crossing + 1, count);
      this.gather(batch, from, to, this.shift);
      if (crossing < count) this.cross(batch, crossing);
      from = to;
    }
  }

  /** Hand on what has gathered; at the end of the trace, and wherever the sink has to be up to date. */
  flush(): void {
    const count = this.used;
    if (count === 0) return;
    this.used = 0;
    this.sink.pages(this.ids, this.kinds, count);
  }

  /** The first pages of the references at positions from … to - 1. */
  private gather(batch: ReferenceBatch, from: number, to: number, shift: number): void {
    const { kinds, highs, lows, processes } = batch;
    this.pageReferences += to - from;
    let next = from;
    while (next < to) {
      const end = Math.min(to, next + BATCH_REFERENCES - this.used);
      this.numbering.idsOf(processes, highs, lows, next, end, shift, this.ids, this.used);
      const offset = this.used - next;
      for (let at = next; at < end; at++) this.kinds[at + offset] = kinds[at]!;
      this.used += end - next;
      next = end;
      if (this.used === BATCH_REFERENCES) this.flush();
    }
  }

  /** Position of the first reference from `from` on that touches more than one page; `count` when there is none. */
  private nextCrossing({ lows, sizes }: ReferenceBatch, from: number, count: number): number {
    const pageBytes = 2 ** this.shift;
    const mask = pageBytes - 1;
    let at = from;
    while (at < count && (lows[at]! & mask) + sizes[at]! <= pageBytes) at++;
    return at;
  }

  /** The pages behind the first one. */
  private cross({ kinds, highs, lows, sizes, processes }: ReferenceBatch, at: number): void {
    const { shift } = this;
    const more = pagesBehind(lows[at]!, sizes[at]!, shift);
    this.crossings++;
    let high = highs[at]! >>> shift;
    let low = shift === 0 ? lows[at]! : ((lows[at]! >>> shift) | (highs[at]! << (32 - shift))) >>> 0;
    for (let page = 0; page < more; page++) {
      low = (low + 1) >>> 0;
      if (low === 0) high++;
      this.put(this.numbering.idOf(processes[at]!, high, low), kinds[at]!);
    }
  }

  private put(id: number, kind: number): void {
    this.ids[this.used] = id;
    this.kinds[this.used] = kind;
    this.used++;
    this.pageReferences++;
    if (this.used === BATCH_REFERENCES) this.flush();
  }
}
