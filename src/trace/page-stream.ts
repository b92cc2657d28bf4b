import { InputError } from '../mmu/input-error.ts';
import { AddressPages } from './address-pages.ts';
import { BATCH_REFERENCES, type BatchSink, type ReferenceBatch, type TraceUnit } from './reference.ts';

/** Who receives a trace as pages: only the first `count` elements count, and they are gone after the call. */
export interface PageSink {
  /** @param ids dense: 0, 1, 2, … in the order of first appearance @param kinds as in a batch */
  pages(ids: Int32Array, kinds: Uint8Array, count: number): void;
}

/** Pages per reference at most, so that one reference cannot keep the machine busy for ever (4 GiB of one-byte pages). */
const SPAN_MAX = 1 << 20;

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
    const { kinds, highs, lows, sizes, processes } = batch;
    const { shift, numbering } = this;
    if (this.unit === 'page') {
      for (let at = 0; at < count; at++) this.put(numbering.idOf(processes[at]!, highs[at]!, lows[at]!), kinds[at]!);
      return;
    }
    const pageBytes = 2 ** shift;
    for (let at = 0; at < count; at++) {
      const high = highs[at]!;
      const low = lows[at]!;
      // A shift by 32 is a shift by 0 in JavaScript.
      const pageLow = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
      this.put(numbering.idOf(processes[at]!, high >>> shift, pageLow), kinds[at]!);
      const last = (low & (pageBytes - 1)) + sizes[at]! - 1;
      if (last >= pageBytes) this.cross(batch, at, Math.floor(last / pageBytes));
    }
  }

  /** Hand on what has gathered; at the end of the trace, and wherever the sink has to be up to date. */
  flush(): void {
    const count = this.used;
    if (count === 0) return;
    this.used = 0;
    this.sink.pages(this.ids, this.kinds, count);
  }

  private put(id: number, kind: number): void {
    const at = this.used;
    this.ids[at] = id;
    this.kinds[at] = kind;
    this.used = at + 1;
    this.pageReferences++;
    if (at + 1 === BATCH_REFERENCES) this.flush();
  }

  /** The pages behind the first one. */
  private cross({ kinds, highs, lows, processes }: ReferenceBatch, at: number, more: number): void {
    const { shift } = this;
    this.crossings++;
    if (more > SPAN_MAX) {
      throw new InputError({
        code: 'MEM-TRC-038',
        message: `a reference touches ${more + 1} pages of ${2 ** shift} bytes`,
        hint: 'choose larger pages',
      });
    }
    let high = highs[at]! >>> shift;
    let low = shift === 0 ? lows[at]! : ((lows[at]! >>> shift) | (highs[at]! << (32 - shift))) >>> 0;
    for (let page = 0; page < more; page++) {
      low = (low + 1) >>> 0;
      if (low === 0) high++;
      this.put(this.numbering.idOf(processes[at]!, high, low), kinds[at]!);
    }
  }
}

/** The logarithm of a page size. @throws InputError MEM-TRC-038 */
export function pageShift(pageBytes: number): number {
  const shift = Math.log2(pageBytes);
  if (Number.isInteger(shift) && shift >= 0 && shift <= 30) return shift;
  throw new InputError({
    code: 'MEM-TRC-038',
    message: `${pageBytes} bytes are no page`,
    hint: 'page sizes are powers of two from 1 byte to 1 GiB',
  });
}
