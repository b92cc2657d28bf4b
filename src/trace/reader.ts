import { InputError } from '../mmu/input-error.ts';
import type { TraceFormat, TraceParser } from './formats/format.ts';
import { MARK_BYTES, withoutMark } from './formats/recognition.ts';
import { formatNamed, HEAD_BYTES, recognizeFormat } from './formats/registry.ts';
import { type BatchSink, ReferenceBatch, type TraceUnit } from './reference.ts';

export interface ReaderOptions {
  /** Name of a format; default: recognized by how the trace begins. */
  readonly format?: string | undefined;
  /** For CSV without a header line. */
  readonly columns?: readonly string[] | undefined;
  /** What the numbers count, where it is not what they count in this format. */
  readonly unit?: TraceUnit | undefined;
  /** Only the references of this process. */
  readonly process?: number | undefined;
}

/**
 * A trace of any format, in: pieces of its bytes; out: its references in batches. Constant memory.
 *
 * The first HEAD_BYTES are kept back to recognize the format (of a format that is told, as many as show whether the text is
 * UTF-16); then `open` says who takes the references, knowing what
 * they are. All that a piece holds has been handed on when `push` returns, also when it throws.
 *
 *     const reader = new TraceReader((format, unit) => (stream = new PageStream(sink, { pageBytes, unit })));
 *     for (const chunk of file) reader.push(chunk);
 *     reader.end();
 */
export class TraceReader {
  /** Null until it is recognized. */
  format: TraceFormat | null;
  /** References of the trace so far, those of other processes not counted. */
  references: number;
  private readonly open: (format: TraceFormat, unit: TraceUnit) => BatchSink;
  private readonly options: ReaderOptions;
  private batch: ReferenceBatch | null;
  private parser: TraceParser | null;
  private readonly head: Uint8Array;
  private headLength: number;

  /** @throws InputError MEM-TRC-030 for an unknown name */
  constructor(open: (format: TraceFormat, unit: TraceUnit) => BatchSink, options: ReaderOptions = {}) {
    this.open = open;
    this.options = options;
    this.format = options.format === undefined ? null : formatNamed(options.format);
    this.references = 0;
    this.batch = null;
    this.parser = null;
    this.head = new Uint8Array(this.format === null ? HEAD_BYTES : MARK_BYTES);
    this.headLength = 0;
  }

  /** @throws InputError MEM-TRC-…: what is wrong with the trace, or what the taker of the references refuses */
  push(chunk: Uint8Array): void {
    if (this.parser !== null) {
      this.parse(chunk);
      return;
    }
    const taken = Math.min(chunk.length, this.head.length - this.headLength);
    this.head.set(chunk.subarray(0, taken), this.headLength);
    this.headLength += taken;
    if (this.headLength < this.head.length) return;
    this.begin(false);
    this.parse(chunk.subarray(taken));
  }

  /** There is no more. @throws InputError as push; MEM-TRC-055 when none of its references is of the process asked for */
  end(): void {
    if (this.parser === null) this.begin(true);
    try {
      this.parser?.end();
    } finally {
      this.batch?.flush();
    }
    const { process } = this.options;
    if (process === undefined || this.references > 0) return;
    throw new InputError({
      code: 'MEM-TRC-055',
      message: `the trace has no references of process ${process}`,
      hint: `\`${this.format?.name}\` ${this.format?.carries.processes === true ? 'says whose references they are: `trace convert --to csv` shows it' : 'does not say whose references they are'}`,
    });
  }

  private begin(whole: boolean): void {
    const all = this.head.subarray(0, this.headLength);
    const head = this.format?.binary === true ? all : withoutMark(all);
    this.format ??= recognizeFormat(head, whole);
    const { format, options } = this;
    const unit = options.unit ?? format.unit;
    const mayOverflow = unit === 'address' && format.unit === 'page';
    const taker = this.open(format, unit);
    const counting: BatchSink = {
      take: (batch, count) => {
        if (mayOverflow) checkEnds(batch, count);
        const kept = options.process === undefined ? count : keepProcess(batch, count, options.process);
        this.references += kept;
        if (kept > 0) taker.take(batch, kept);
      },
    };
    this.batch = new ReferenceBatch(counting);
    this.parser = format.parser(this.batch, options.columns === undefined ? {} : { columns: options.columns });
    if (head.length > 0) this.parse(head);
  }

  private parse(chunk: Uint8Array): void {
    try {
      this.parser?.push(chunk);
    } finally {
      this.batch?.flush();
    }
  }
}

/** Move the references of one process to the front. @returns how many there are */
function keepProcess(batch: ReferenceBatch, count: number, process: number): number {
  const { processes } = batch;
  let kept = 0;
  for (let at = 0; at < count; at++) {
    if (processes[at] === process) batch.move(at, kept++);
  }
  return kept;
}

/** Parsers know where an access ends only if their format means addresses. @throws InputError MEM-TRC-005 */
function checkEnds({ highs, lows, sizes, places }: ReferenceBatch, count: number): void {
  for (let at = 0; at < count; at++) {
    if (highs[at] !== 0xffff_ffff || lows[at]! + sizes[at]! <= 0x1_0000_0000) continue;
    throw new InputError({
      code: 'MEM-TRC-005',
      message: `the access ends beyond 64 bits: line or record ${places[at]}`,
      hint: 'are the numbers addresses? --unit says so',
    });
  }
}
