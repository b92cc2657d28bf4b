import { LOAD } from '../../mmu/units.ts';
import type { ReferenceBatch, TraceSink } from '../reference.ts';
import type { ByteSink, TraceFormat, TraceParser, TraceWriter } from './format.ts';
import { byteMistake, noReferences } from './mistakes.ts';

/**
 * libCacheSim's `oracleGeneral`: records of 24 bytes, little-endian, with nothing ahead of them or between them.
 *
 * ```
 *   0         4                        12            16                       24
 *   | time    | object id              | size        | next access            |
 *     u32 s     u64                      u32 bytes     i64: number of the request that asks for the object next;
 *                                                      -1 (or the largest i64): none
 * ```
 *
 * [libCacheSim/traceReader/customizedReader/oracle/oracleGeneralBin.h]. Objects are pages here. Requests of size 0 are
 * passed over, as libCacheSim does by default. Nothing tells reads from writes: all are loads.
 *
 * To write `next access` one has to know the future: the writer keeps the trace in memory, 24 bytes a reference.
 */
const RECORD_BYTES = 24;
const HINT = 'a record has 24 bytes: time, object id, size, next access';

class OracleGeneralParser implements TraceParser {
  private readonly sink: TraceSink;
  /** The beginning of a record whose end is in a later chunk. */
  private readonly carry: Uint8Array;
  private carried: number;
  private record: number;
  private used: number;
  private time: number;

  constructor(sink: TraceSink) {
    this.sink = sink;
    this.carry = new Uint8Array(RECORD_BYTES);
    this.carried = 0;
    this.record = 0;
    this.used = 0;
    this.time = 0;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    if (this.carried > 0) {
      at = Math.min(RECORD_BYTES - this.carried, chunk.length);
      this.carry.set(chunk.subarray(0, at), this.carried);
      this.carried += at;
      if (this.carried < RECORD_BYTES) return;
      this.carried = 0;
      this.take(new DataView(this.carry.buffer), 0);
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (; at + RECORD_BYTES <= chunk.length; at += RECORD_BYTES) this.take(view, at);
    this.carry.set(chunk.subarray(at));
    this.carried = chunk.length - at;
  }

  end(): void {
    if (this.carried > 0) {
      const message = `the last record has ${this.carried} bytes of 24`;
      throw byteMistake(
        'MEM-TRC-034',
        message,
        this.record * RECORD_BYTES,
        'the file was cut short or is no oracleGeneral',
      );
    }
    if (this.used === 0) throw noReferences(this.record, HINT);
  }

  private take(view: DataView, at: number): void {
    const time = view.getUint32(at, true);
    if (time < this.time) {
      const message = `record ${this.record + 1} is of time ${time}, the one before it of ${this.time}`;
      throw byteMistake(
        'MEM-TRC-032',
        message,
        this.record * RECORD_BYTES,
        'times never decrease; is this oracleGeneral?',
      );
    }
    this.time = time;
    this.record++;
    const size = view.getUint32(at + 12, true);
    if (size === 0) return;
    this.used++;
    this.sink.access(LOAD, view.getUint32(at + 8, true), view.getUint32(at + 4, true), size, this.record, 0);
  }
}

/** Records in a piece of memory of the writer. */
const PIECE_RECORDS = 1 << 16;

class OracleGeneralWriter implements TraceWriter {
  private readonly out: ByteSink;
  private readonly pieces: DataView[] = [];
  private count = 0;
  /** Number of the request that asked for the object last. */
  private readonly last = new Map<bigint, number>();

  constructor(out: ByteSink) {
    this.out = out;
  }

  write({ highs, lows, sizes }: ReferenceBatch, count: number): void {
    for (let at = 0; at < count; at++) {
      const request = this.count++;
      if (request % PIECE_RECORDS === 0) this.pieces.push(new DataView(new ArrayBuffer(PIECE_RECORDS * RECORD_BYTES)));
      const view = this.pieces[this.pieces.length - 1]!;
      const place = (request % PIECE_RECORDS) * RECORD_BYTES;
      view.setUint32(place, Math.min(request, 0xffff_ffff), true);
      view.setUint32(place + 4, lows[at]!, true);
      view.setUint32(place + 8, highs[at]!, true);
      view.setUint32(place + 12, sizes[at]!, true);
      view.setBigInt64(place + 16, -1n, true);
      const object = view.getBigUint64(place + 4, true);
      const before = this.last.get(object);
      this.last.set(object, request);
      if (before === undefined) continue;
      const earlier = this.pieces[Math.floor(before / PIECE_RECORDS)]!;
      earlier.setBigInt64((before % PIECE_RECORDS) * RECORD_BYTES + 16, BigInt(request), true);
    }
  }

  end(): Uint8Array {
    let left = this.count * RECORD_BYTES;
    for (const piece of this.pieces) {
      this.out.write(new Uint8Array(piece.buffer, 0, Math.min(left, piece.byteLength)));
      left -= piece.byteLength;
    }
    return new Uint8Array(0);
  }
}

const RECORDS_LOOKED_AT = 1000;
const NONE = [-1n, 2n ** 63n - 1n];

export const oracleGeneral: TraceFormat = {
  name: 'oracle-general',
  title: 'libCacheSim’s oracleGeneral',
  unit: 'page',
  binary: true,
  carries: { kinds: 'none', sizes: true, processes: false },
  /** Nothing marks it; but times do not decrease and each next access is in the future. */
  recognizes: (head, whole) => {
    const records = Math.min(RECORDS_LOOKED_AT, Math.floor(head.length / RECORD_BYTES));
    if (records === 0 || (whole && records < 2 && head.length % RECORD_BYTES !== 0)) return false;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    let time = 0;
    for (let record = 0; record < records; record++) {
      const next = view.getBigInt64(record * RECORD_BYTES + 16, true);
      const now = view.getUint32(record * RECORD_BYTES, true);
      if (now < time || (!NONE.includes(next) && (next <= BigInt(record) || next > 2n ** 40n))) return false;
      time = now;
    }
    return true;
  },
  parser: (sink) => new OracleGeneralParser(sink),
  writer: (out) => new OracleGeneralWriter(out),
};
