import type { ReferenceBatch, TraceKind } from '../reference.ts';
import type { ByteSink, TraceWriter } from './format.ts';

/** What the text formats share in writing: one line a reference, put together as bytes in a buffer of fixed size. */

/** By kind: load, store, fetch, modify. */
export const KIND_LETTERS = 'LSIM';

const BUFFER_BYTES = 1 << 16;
/** The longest line any format writes, with room to spare. */
const LINE_BYTES = 128;
const DIGITS = '0123456789abcdef';
const NOTHING = new Uint8Array(0);

export abstract class TextWriter implements TraceWriter {
  private readonly out: ByteSink;
  private readonly buffer: Uint8Array;
  private used: number;

  constructor(out: ByteSink) {
    this.out = out;
    this.buffer = new Uint8Array(BUFFER_BYTES);
    this.used = 0;
  }

  /** One reference: at most 128 bytes, its line end included. */
  protected abstract line(kind: TraceKind, high: number, low: number, size: number, process: number): void;

  write(batch: ReferenceBatch, count: number): void {
    const { kinds, highs, lows, sizes, processes } = batch;
    for (let at = 0; at < count; at++) {
      if (this.used + LINE_BYTES > BUFFER_BYTES) this.flush();
      this.line(kinds[at] as TraceKind, highs[at]!, lows[at]!, sizes[at]!, processes[at]!);
    }
  }

  end(): Uint8Array {
    this.flush();
    return NOTHING;
  }

  protected flush(): void {
    if (this.used > 0) this.out.write(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  protected byte(code: number): void {
    this.buffer[this.used++] = code;
  }

  protected text(characters: string): void {
    for (let at = 0; at < characters.length; at++) this.byte(characters.charCodeAt(at));
  }

  /** At least so many digits, with zeros in front. */
  protected hex(high: number, low: number, digitsMin: number): void {
    const wanted = high > 0 ? 16 - Math.floor(Math.clz32(high) / 4) : 8 - Math.floor(Math.clz32(low) / 4);
    for (let digit = Math.max(wanted, digitsMin, 1) - 1; digit >= 0; digit--) {
      const word = digit >= 8 ? high : low;
      this.byte(DIGITS.charCodeAt((word >>> ((digit & 7) * 4)) & 15));
    }
  }

  /** A whole number below 2^53. */
  protected decimal(value: number): void {
    if (value >= 10) this.decimal(Math.floor(value / 10));
    this.byte(48 + (value % 10));
  }

  /** A whole number of 64 bits. */
  protected decimal64(high: number, low: number): void {
    if (high < 0x20_0000) this.decimal(high * 0x1_0000_0000 + low);
    else this.text(((BigInt(high) << 32n) | BigInt(low)).toString());
  }
}
