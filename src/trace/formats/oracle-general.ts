import { LOAD } from '../../mmu/units.ts';
import { AddressPages } from '../address-pages.ts';
import type { ReferenceBatch, TraceSink } from '../reference.ts';
import type { ByteSink, TraceFormat, TraceParser, TraceShape, TraceWriter } from './format.ts';
import { byteMistake, noReferences } from './mistakes.ts';
import type { ScratchBytes } from './scratch.ts';

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
 * To write `next access` one has to know the future: the writer goes through the trace twice.
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

/** Records at hand at a time. */
const PIECE_RECORDS = 1 << 11;
const NO_NEXT = 0xffff_ffff;

/**
 * Two passes, in memory by the objects: records go to the scratch as they come, without their next access; at the end they
 * are read from the last to the first, when what is next of an object has just been seen, and written.
 */
class OracleGeneralWriter implements TraceWriter {
  private readonly out: ByteSink;
  private readonly scratch: ScratchBytes;
  private readonly piece = new Uint8Array(PIECE_RECORDS * RECORD_BYTES);
  private readonly view = new DataView(this.piece.buffer);
  private used = 0;
  private count = 0;

  constructor(out: ByteSink, { scratch }: TraceShape) {
    this.out = out;
    this.scratch = scratch();
  }

  write({ highs, lows, sizes }: ReferenceBatch, count: number): void {
    const { view } = this;
    for (let at = 0; at < count; at++) {
      const place = this.used;
      view.setUint32(place, Math.min(this.count++, 0xffff_ffff), true);
      view.setUint32(place + 4, lows[at]!, true);
      view.setUint32(place + 8, highs[at]!, true);
      view.setUint32(place + 12, sizes[at]!, true);
      this.used = place + RECORD_BYTES;
      if (this.used === this.piece.length) this.flush();
    }
  }

  end(): Uint8Array {
    this.flush();
    const { scratch, piece } = this;
    const pieces = Math.ceil(scratch.length / piece.length);
    const objects = new AddressPages();
    /** By object: the number of the request after the one at hand, from 1; 0 for none. */
    let next = new Float64Array(1024);
    for (let index = pieces - 1; index >= 0; index--) {
      const bytes = this.pieceAt(index);
      let request = (index * piece.length + bytes.length) / RECORD_BYTES;
      for (let place = bytes.length - RECORD_BYTES; place >= 0; place -= RECORD_BYTES) {
        const object = objects.idOf(0, this.view.getUint32(place + 8, true), this.view.getUint32(place + 4, true));
        if (object === next.length) {
          const larger = new Float64Array(2 * object);
          larger.set(next);
          next = larger;
        }
        const after = next[object]! - 1;
        this.view.setUint32(place + 16, after < 0 ? NO_NEXT : after % 0x1_0000_0000, true);
        this.view.setUint32(place + 20, after < 0 ? NO_NEXT : Math.floor(after / 0x1_0000_0000), true);
        next[object] = request--;
      }
      scratch.write(index * piece.length, bytes);
    }
    for (let index = 0; index < pieces; index++) this.out.write(this.pieceAt(index));
    scratch.discard();
    return new Uint8Array(0);
  }

  private pieceAt(index: number): Uint8Array {
    const { scratch, piece } = this;
    const start = index * piece.length;
    const bytes = piece.subarray(0, Math.min(piece.length, scratch.length - start));
    scratch.read(start, bytes);
    return bytes;
  }

  private flush(): void {
    if (this.used > 0) this.scratch.append(this.piece.subarray(0, this.used));
    this.used = 0;
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
  writer: (out, shape) => new OracleGeneralWriter(out, shape),
};
