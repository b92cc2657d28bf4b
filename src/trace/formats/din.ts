import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { MODIFY, type TraceKind } from '../reference.ts';
import type { TraceFormat } from './format.ts';
import { headLines, mostlyRecords } from './recognition.ts';
import { SIZE_MAX, TextParser } from './text-parser.ts';
import { TextWriter } from './text-writer.ts';

/**
 * Traces of the cache simulator Dinero: `label address`, the rest of a line is a remark.
 *
 * ```
 *   0 7fff5a8            traditional (din): 0 read, 1 write, 2 instruction fetch, 3 unknown (taken as a read), 4 flush
 *   2 430d70 anything    the address is hexadecimal; nobody says a size: 4 bytes, the word Dinero assumes
 *   r 7fff5a8 8          extended (xdin): r read, w write, i fetch, m miscellaneous (a read), c copy back, v invalidate;
 *   w 0x7fff5b0 10       the size is hexadecimal as well
 * ```
 *
 * [Dinero IV: dinfmt.c, xdinfmt.c]. Lines that move cache contents (4, c, v) reference nothing and are passed over.
 * Written is the extended kind, since it has sizes; a modify becomes its read and its write.
 */
const DIN_SIZE = 4;
/** By label: a kind, or -1 for what is no reference; undefined is no label. */
const LABELS: Readonly<Record<string, TraceKind | -1>> = {
  '0': LOAD,
  '1': STORE,
  '2': FETCH,
  '3': LOAD,
  '4': -1,
  r: LOAD,
  w: STORE,
  i: FETCH,
  m: LOAD,
  c: -1,
  v: -1,
};
const KIND = new Int8Array(256).fill(-2);
for (const [label, kind] of Object.entries(LABELS)) KIND[label.charCodeAt(0)] = kind;
const NINE = 57;

class DinParser extends TextParser {
  protected record(): void {
    const label = this.peek();
    const kind = KIND[label]!;
    const start = this.at;
    if (kind === -2) this.fail('MEM-TRC-032', 'not a Dinero record', start);
    this.at++;
    const afterLabel = this.at;
    this.skipBlanks();
    if (this.at === afterLabel) this.fail('MEM-TRC-032', 'not a Dinero record', start);
    const addressStart = this.at;
    if (this.hex() === 0) this.fail('MEM-TRC-033', 'a hexadecimal address belongs here', addressStart);
    const afterAddress = this.at;
    this.skipBlanks();
    if (this.at === afterAddress && this.at < this.lineEnd) {
      this.fail('MEM-TRC-033', 'a blank belongs after the address', this.at);
    }
    const size = label <= NINE ? DIN_SIZE : this.size(SIZE_MAX, true);
    if (kind < 0) return;
    this.checkEnd(size, addressStart);
    this.emit(kind as TraceKind, size, 0);
  }
}

const SPACE = 32;
const LF = 10;

class DinWriter extends TextWriter {
  protected line(kind: TraceKind, high: number, low: number, size: number): void {
    if (kind === MODIFY) this.line(LOAD, high, low, size);
    this.text(kind === FETCH ? 'i' : kind === LOAD ? 'r' : 'w');
    this.byte(SPACE);
    this.hex(high, low, 1);
    this.byte(SPACE);
    this.hex(0, size, 1);
    this.byte(LF);
  }
}

export const din: TraceFormat = {
  name: 'din',
  title: 'Dinero’s .din, traditional and extended',
  unit: 'address',
  carries: { kinds: 'no modify', sizes: true, processes: false },
  recognizes: (head, whole) => {
    const lines = headLines(head, whole);
    return mostlyRecords(lines, RECORD) || areLabelled(lines);
  },
  parser: (sink) =>
    new DinParser(
      sink,
      'a record looks like `0 7fff5a8` or `r 7fff5a8 8`: label, hexadecimal address; is it a list of pages? --format pages',
    ),
  writer: (out) => new DinWriter(out),
};

/** A traditional line by itself needs an address that cannot be taken for a page number: lists of pages look alike. */
const RECORD = /^\s*([0-4]\s+(0x[0-9a-f]+|[0-9a-f]{3,16})(\s+\D.*)?|[rwimcv]\s+(0x)?[0-9a-f]+\s+(0x)?[0-9a-f]+.*)$/i;
const TWO_NUMBERS = /^\s*\d+\s+(0x)?[0-9a-f]+\s*$/i;
const LABELLED = /^\s*[0-4]\s/;

/**
 * Lines of two numbers each, of which the first is mostly a label: taken for a list of pages, a wrong label would go for a
 * page, and nobody would know. A single line proves nothing.
 */
function areLabelled(lines: readonly string[] | null): boolean {
  if (lines === null || lines.length < 2 || !lines.every((line) => TWO_NUMBERS.test(line))) return false;
  return mostlyRecords(lines, LABELLED);
}
