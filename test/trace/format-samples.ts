import type { ReaderOptions } from '../../src/trace/reader.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import type { BatchSink, ReferenceBatch, TraceUnit } from '../../src/trace/reference.ts';

export interface Reference {
  readonly kind: 'L' | 'S' | 'I' | 'M';
  readonly number: bigint;
  readonly size: number;
  readonly process: number;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Keeps the references it is handed, and where each was. */
export class Collector implements BatchSink {
  readonly references: Reference[] = [];
  readonly places: number[] = [];

  take(batch: ReferenceBatch, count: number): void {
    for (let at = 0; at < count; at++) {
      this.places.push(batch.places[at]!);
      this.references.push({
        kind: (['L', 'S', 'I', 'M'] as const)[batch.kinds[at]!]!,
        number: (BigInt(batch.highs[at]!) << 32n) | BigInt(batch.lows[at]!),
        size: batch.sizes[at]!,
        process: batch.processes[at]!,
      });
    }
  }
}

export interface Read {
  readonly format: string;
  readonly unit: TraceUnit;
  readonly references: readonly Reference[];
  readonly places: readonly number[];
}

/** A whole trace, pushed in the pieces given. */
export function readTrace(pieces: readonly Uint8Array[], options: ReaderOptions = {}): Read {
  const collector = new Collector();
  let unit: TraceUnit = 'address';
  const reader = new TraceReader((_format, told) => {
    unit = told;
    return collector;
  }, options);
  for (const piece of pieces) reader.push(piece);
  reader.end();
  const { references, places } = collector;
  return { format: reader.format?.name ?? '', unit, references, places };
}

/** One reference in short: `S 1ff8,16`. */
export const shortly = ({ kind, number, size }: Reference): string => `${kind} ${number.toString(16)},${size}`;

/** Bytes cut at these places (in any order, also twice). */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1]!, end));
}
