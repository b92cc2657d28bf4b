import { InputError } from '../mmu/input-error.ts';
import { LOAD } from '../mmu/units.ts';
import type { ByteSink, TraceFormat, TraceWriter } from './formats/format.ts';
import { cannotHold } from './formats/mistakes.ts';
import { TRACE_FORMATS } from './formats/registry.ts';
import { MemoryScratch, type ScratchBytes } from './formats/scratch.ts';
import { pageShift, pagesBehind } from './page-span.ts';
import { type BatchSink, ReferenceBatch, type TraceKind, type TraceUnit } from './reference.ts';

/**
 * References of one trace written as another format.
 *
 * ```
 *   addresses → pages:  each page touched is a reference of its own (crossing a boundary makes two)
 *   pages → addresses:  the first byte of the page
 * ```
 */
export class Conversion implements BatchSink {
  /** References written so far, in the unit of the target. */
  written = 0;
  /** Was there anything but a load, which the target has no word for? */
  losesKinds = false;
  private readonly writer: TraceWriter;
  private readonly target: TraceFormat;
  private readonly from: TraceUnit;
  private readonly shift: number;
  /** References in the other unit on their way to the writer. */
  private readonly changed: ReferenceBatch;

  /**
   * @param pageBytes a power of two
   * @param scratch where what cannot be written yet is put; default: memory
   * @throws InputError MEM-TRC-036 for a format that is only read, 038 for an impossible page size
   */
  constructor(
    source: TraceFormat,
    from: TraceUnit,
    target: TraceFormat,
    pageBytes: number,
    out: ByteSink,
    scratch: () => ScratchBytes = () => new MemoryScratch(),
  ) {
    if (target.writer === null) {
      const writable = TRACE_FORMATS.filter(({ writer }) => writer !== null).map(({ name }) => name);
      throw new InputError({
        code: 'MEM-TRC-036',
        message: `${target.name} can be read, not written`,
        hint: `formats that can be written: ${writable.join(', ')}`,
      });
    }
    this.target = target;
    this.from = from;
    this.shift = pageShift(pageBytes);
    this.writer = target.writer(out, { kinds: source.carries.kinds !== 'none', scratch });
    this.changed = new ReferenceBatch({ take: (batch, count) => this.write(batch, count) });
  }

  take(batch: ReferenceBatch, count: number): void {
    if (this.from === this.target.unit) this.write(batch, count);
    else if (this.from === 'address') this.toPages(batch, count);
    else this.toAddresses(batch, count);
  }

  private write(batch: ReferenceBatch, count: number): void {
    this.writer.write(batch, count);
    this.written += count;
    if (this.target.carries.kinds !== 'none') return;
    for (let at = 0; at < count && !this.losesKinds; at++) this.losesKinds = batch.kinds[at] !== LOAD;
  }

  /** @returns what belongs in front of everything written, empty where nothing does */
  end(): Uint8Array {
    this.changed.flush();
    return this.writer.end();
  }

  private toPages({ kinds, highs, lows, sizes, processes, places }: ReferenceBatch, count: number): void {
    const { shift, changed } = this;
    for (let at = 0; at < count; at++) {
      let high = highs[at]! >>> shift;
      let low = shift === 0 ? lows[at]! : ((lows[at]! >>> shift) | (highs[at]! << (32 - shift))) >>> 0;
      const more = pagesBehind(lows[at]!, sizes[at]!, shift);
      for (let page = 0; page <= more; page++) {
        changed.access(kinds[at] as TraceKind, high, low, 1, places[at]!, processes[at]!);
        low = (low + 1) >>> 0;
        if (low === 0) high++;
      }
    }
  }

  private toAddresses({ kinds, highs, lows, processes, places }: ReferenceBatch, count: number): void {
    const { shift, changed } = this;
    const highEnd = 2 ** (32 - shift);
    for (let at = 0; at < count; at++) {
      if (highs[at]! >= highEnd) throw cannotHold(this.target.name, 'an address above 64 bits', places[at]!);
      const high = shift === 0 ? highs[at]! : ((highs[at]! << shift) | (lows[at]! >>> (32 - shift))) >>> 0;
      changed.access(kinds[at] as TraceKind, high, (lows[at]! << shift) >>> 0, 1, places[at]!, processes[at]!);
    }
  }
}
