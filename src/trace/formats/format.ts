import type { ReferenceBatch, TraceSink, TraceUnit } from '../reference.ts';
import type { ScratchBytes } from './scratch.ts';

/** A trace format: how to know it, how to read it and, where it can be, how to write it. One file each beside this one. */
export interface TraceFormat {
  /** As `--format` and `--to` take it. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  readonly unit: TraceUnit;
  /** What a reference keeps when it is written in this format and read again; its number it keeps, but for PGT1's of several processes. */
  readonly carries: {
    readonly kinds: 'all' | 'no modify' | 'none';
    readonly sizes: boolean;
    readonly processes: boolean;
  };
  /**
   * Does a trace that begins like this look like this format? Asked of one format after the other in the order of the
   * registry, the distinctive ones first. A damaged trace is recognized as long as most of its beginning is sound:
   * what is wrong with it the parser then tells.
   * @param whole there is no more than these bytes
   */
  recognizes(head: Uint8Array, whole: boolean): boolean;
  /** No text: the first bytes may be anything. */
  readonly binary?: true;
  parser(sink: TraceSink, options: ParserOptions): TraceParser;
  /** What the writer returns at its end goes in front of everything. */
  readonly headLast?: true;
  /** Null for a format that is only read. */
  readonly writer: ((out: ByteSink, source: TraceShape) => TraceWriter) | null;
}

export interface ParserOptions {
  /** Names of the columns, for CSV without a header line. */
  readonly columns?: readonly string[];
}

/** Eats a trace in pieces of any size, in constant memory. */
export interface TraceParser {
  /** @throws InputError with line and column, or the byte offset in its message, at the first mistake */
  push(chunk: Uint8Array): void;
  /** There is no more. @throws InputError for a trace that breaks off or has no reference */
  end(): void;
}

/** What is written, piece by piece. The bytes are the sink's only during the call. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
}

/** What the references to be written know of themselves. */
export interface TraceShape {
  readonly kinds: boolean;
  /** Where a writer puts what it cannot write yet. */
  readonly scratch: () => ScratchBytes;
}

/**
 * Writes references of the format's own unit.
 * @throws InputError MEM-TRC-036 for a reference that the format has no way to express
 */
export interface TraceWriter {
  write(batch: ReferenceBatch, count: number): void;
  /** The rest; and what belongs in front of everything, where that is known only now (empty where nothing does). */
  end(): Uint8Array;
}
