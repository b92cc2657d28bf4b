import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { AddressPages } from '../address-pages.ts';
import type { ReferenceBatch, TraceKind, TraceSink } from '../reference.ts';
import type { ByteSink, TraceFormat, TraceParser, TraceShape, TraceWriter } from './format.ts';
import { byteMistake, cannotHold, noReferences } from './mistakes.ts';

/**
 * PGT1, this project's compact page trace: one to two bytes a reference.
 *
 * ```
 *   "PGT1"  u8 flags  u32le pages  u32le references
 *   flags & 2: pages times  varint zigzag(page number - the one before it)       the table: id → page number
 *   references times        varint z = zigzag(id - the one before it)            flags & 1: varint z * 4 + kind
 * ```
 *
 * Ids are given in the order of first appearance; kinds are 0 fetch, 1 load, 2 store (modify included). Varints are
 * little-endian base 128, of at most eight bytes. Without a table the ids are the page numbers. Page numbers stay below 2^52:
 * enough for every address of 64 bits in pages of 4 KiB.
 */
const MAGIC = 'PGT1';
const HEADER_BYTES = 13;
const HAS_KINDS = 1;
const HAS_TABLE = 2;
/** Page numbers end here, and what their differences become. */
const PAGE_END = 2 ** 52;
const ZIGZAG_MAX = 2 ** 53;
/** Of the digit that a varint may not have. */
const SCALE_END = 2 ** 56;
const HINT = 'write it again with `mmulator trace convert FILE --to pgt`';

const KIND_OF: readonly TraceKind[] = [FETCH, LOAD, STORE];
/** By kind: load, store, fetch, modify. */
const CODE_OF = [1, 2, 0, 2] as const;

class PgtParser implements TraceParser {
  private readonly sink: TraceSink;
  private readonly header: Uint8Array;
  private headerRead: number;
  /** Bytes of the chunks before the one at hand. */
  private offset: number;
  private flags: number;
  private pages: number;
  private references: number;
  /** Grown while it is read: a damaged header must not cost gigabytes. Null where the ids are the pages. */
  private table: Float64Array | null;
  private tableRead: number;
  private page: number;
  private id: number;
  private read: number;
  /** The varint at hand. */
  private value: number;
  private scale: number;

  constructor(sink: TraceSink) {
    this.sink = sink;
    this.header = new Uint8Array(HEADER_BYTES);
    this.headerRead = 0;
    this.offset = 0;
    this.flags = 0;
    this.pages = 0;
    this.references = 0;
    this.table = null;
    this.tableRead = 0;
    this.page = 0;
    this.id = 0;
    this.read = 0;
    this.value = 0;
    this.scale = 1;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (this.headerRead < HEADER_BYTES && at < chunk.length) this.headerByte(chunk[at]!, at++);
    for (; at < chunk.length; at++) {
      const byte = chunk[at]!;
      this.value += (byte & 127) * this.scale;
      if (byte >= 128) {
        this.scale *= 128;
        if (this.scale === SCALE_END) this.fail('MEM-TRC-032', 'a number without end', at);
        continue;
      }
      const { value } = this;
      this.value = 0;
      this.scale = 1;
      if (this.table !== null && this.tableRead < this.pages) this.tableEntry(this.table, value, at);
      else this.reference(value, at);
    }
    this.offset += chunk.length;
  }

  end(): void {
    if (this.offset === 0) throw noReferences(0, HINT);
    if (this.headerRead < HEADER_BYTES) this.fail('MEM-TRC-034', `the file ends inside its header of 13 bytes`, 0);
    if (this.table !== null && this.tableRead < this.pages) {
      this.fail('MEM-TRC-034', `the file ends after ${this.tableRead} of ${this.pages} page numbers`, 0);
    }
    if (this.read < this.references) {
      this.fail('MEM-TRC-034', `the file ends after ${this.read} of ${this.references} references`, 0);
    }
    if (this.scale > 1) this.fail('MEM-TRC-034', 'something follows the last reference', 0);
    if (this.references === 0) throw noReferences(1, HINT);
  }

  private headerByte(byte: number, at: number): void {
    const { header } = this;
    if (this.headerRead < MAGIC.length && byte !== MAGIC.charCodeAt(this.headerRead)) {
      this.fail('MEM-TRC-035', 'not a PGT1 trace', at);
    }
    header[this.headerRead++] = byte;
    if (this.headerRead < HEADER_BYTES) return;
    const view = new DataView(header.buffer);
    this.flags = view.getUint8(4);
    this.pages = view.getUint32(5, true);
    this.references = view.getUint32(9, true);
    if (this.flags > (HAS_KINDS | HAS_TABLE)) this.fail('MEM-TRC-035', `unknown flags ${this.flags}`, at);
    if ((this.flags & HAS_TABLE) !== 0) this.table = new Float64Array(Math.min(this.pages, 1024));
  }

  private tableEntry(table: Float64Array, value: number, at: number): void {
    let room = table;
    if (this.tableRead === table.length) {
      room = new Float64Array(Math.min(this.pages, 2 * table.length));
      room.set(table);
      this.table = room;
    }
    this.page += unzigzag(value);
    if (value > ZIGZAG_MAX || this.page < 0 || this.page >= PAGE_END) this.fail('MEM-TRC-032', 'not a page number', at);
    room[this.tableRead++] = this.page;
  }

  private reference(value: number, at: number): void {
    if (this.read === this.references) {
      this.fail('MEM-TRC-034', `something follows the ${this.references} references`, at);
    }
    let kind: TraceKind = LOAD;
    let zigzag = value;
    if ((this.flags & HAS_KINDS) !== 0) {
      const code = value % 4;
      zigzag = (value - code) / 4;
      if (code === 3) this.fail('MEM-TRC-032', 'unknown kind of access 3', at);
      kind = KIND_OF[code]!;
    }
    const id = this.id + unzigzag(zigzag);
    if (id < 0 || id >= this.pages) this.fail('MEM-TRC-032', `no page has the number ${id} in this file`, at);
    this.id = id;
    this.read++;
    const page = this.table === null ? id : this.table[id]!;
    if (page < 0x1_0000_0000) this.sink.access(kind, 0, page, 1, this.read, 0);
    else this.sink.access(kind, Math.floor(page / 0x1_0000_0000), page % 0x1_0000_0000, 1, this.read, 0);
  }

  /** @param at in the chunk at hand */
  private fail(code: string, message: string, at: number): never {
    throw byteMistake(code, message, this.offset + at, HINT);
  }
}

const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);
const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1);

const BUFFER_BYTES = 1 << 16;
const VARINT_BYTES_MAX = 8;
const COUNT_MAX = 0xffff_ffff;

/** The references go out at once, the header and the table when all pages are known: they belong in front. */
class PgtWriter implements TraceWriter {
  private readonly out: ByteSink;
  private readonly hasKinds: boolean;
  private readonly numbering = new AddressPages();
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private used = 0;
  private references = 0;
  private id = 0;

  constructor(out: ByteSink, { kinds }: TraceShape) {
    this.out = out;
    this.hasKinds = kinds;
  }

  write({ kinds, highs, lows, processes, places }: ReferenceBatch, count: number): void {
    for (let at = 0; at < count; at++) {
      if (highs[at]! >= 0x10_0000) throw cannotHold('pgt', 'page numbers from 2^52 on', places[at]!);
      if (this.references === COUNT_MAX) throw cannotHold('pgt', 'more than 2^32 - 1 references', places[at]!);
      const id = this.numbering.idOf(processes[at]!, highs[at]!, lows[at]!);
      const delta = zigzag(id - this.id);
      this.id = id;
      this.references++;
      if (this.used + VARINT_BYTES_MAX > BUFFER_BYTES) this.flush();
      this.used = putVarint(
        this.buffer,
        this.used,
        this.hasKinds ? delta * 4 + CODE_OF[kinds[at] as TraceKind] : delta,
      );
    }
  }

  end(): Uint8Array {
    this.flush();
    const { numbering } = this;
    const table = this.table();
    const head = new Uint8Array(HEADER_BYTES + table.length);
    const view = new DataView(head.buffer);
    for (let at = 0; at < MAGIC.length; at++) head[at] = MAGIC.charCodeAt(at);
    head[4] = (this.hasKinds ? HAS_KINDS : 0) | (table.length > 0 ? HAS_TABLE : 0);
    view.setUint32(5, numbering.count, true);
    view.setUint32(9, this.references, true);
    head.set(table, HEADER_BYTES);
    return head;
  }

  /** Empty where there are several processes, whether or not they share page numbers: then only the ids tell pages apart. */
  private table(): Uint8Array {
    const { numbering } = this;
    const { count } = numbering;
    const bytes = new Uint8Array(count * VARINT_BYTES_MAX);
    let used = 0;
    let before = 0;
    for (let id = 0; id < count; id++) {
      if (numbering.processOf(id) !== numbering.processOf(0)) return new Uint8Array(0);
      const page = numbering.highOf(id) * 0x1_0000_0000 + numbering.lowOf(id);
      used = putVarint(bytes, used, zigzag(page - before));
      before = page;
    }
    return bytes.subarray(0, used);
  }

  private flush(): void {
    if (this.used > 0) this.out.write(this.buffer.subarray(0, this.used));
    this.used = 0;
  }
}

/** @returns where the next one goes */
function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let left = value;
  let place = at;
  while (left >= 128) {
    bytes[place++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  bytes[place] = left;
  return place + 1;
}

export const pgt: TraceFormat = {
  name: 'pgt',
  title: 'PGT1: this project’s compact page trace',
  unit: 'page',
  binary: true,
  headLast: true,
  carries: { kinds: 'no modify', sizes: false, processes: false },
  recognizes: (head) => head[0] === 80 && head[1] === 71 && head[2] === 84 && head[3] === 49,
  parser: (sink) => new PgtParser(sink),
  writer: (out, shape) => new PgtWriter(out, shape),
};
