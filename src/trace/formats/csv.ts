import { InputError } from '../../mmu/input-error.ts';
import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { MODIFY, type TraceKind, type TraceSink, type TraceUnit } from '../reference.ts';
import type { ParserOptions, TraceFormat } from './format.ts';
import { headLines } from './recognition.ts';
import { characters, SIZE_MAX, TextParser } from './text-parser.ts';
import { TextWriter } from './text-writer.ts';

/**
 * Tables: a header line that names the columns, then one reference a line. Commas, semicolons or tabs between the fields.
 *
 * ```
 *   kind,address,size,process         time;page
 *   load,0x7ffe10,8,1                 0.1;17
 *   store,0x7ffe18,8,1                0.2;18
 * ```
 *
 * Columns may stand in any order, and others beside them are passed over:
 *
 *   address addr vaddr                  a number; hexadecimal with 0x, else decimal
 *   page vpn id obj_id object key block the same, but counting pages: the format `csv-pages`
 *   kind op type rw access              l load r read 0 | s store w write 1 | i x fetch ifetch exec 2 | m modify 3
 *   size length len bytes obj_size      decimal, from 1; default 1
 *   process pid asid                    decimal; default 0
 *
 * Without a header line the columns have to be told (ParserOptions.columns).
 */
type Role = 'number' | 'kind' | 'size' | 'process' | 'other';

const NAMES: Readonly<Record<TraceUnit, readonly string[]>> = {
  address: ['address', 'addr', 'vaddr'],
  page: ['page', 'vpn', 'id', 'obj_id', 'object', 'key', 'block'],
};
const ROLE_NAMES: readonly (readonly [Role, readonly string[]])[] = [
  ['kind', ['kind', 'op', 'type', 'rw', 'access']],
  ['size', ['size', 'length', 'len', 'bytes', 'obj_size']],
  ['process', ['process', 'pid', 'asid']],
];
const KIND_WORDS: ReadonlyMap<string, TraceKind> = new Map([
  ...['l', 'load', 'r', 'read', '0'].map((word) => [word, LOAD] as const),
  ...['s', 'store', 'w', 'write', '1'].map((word) => [word, STORE] as const),
  ...['i', 'x', 'fetch', 'ifetch', 'exec', '2'].map((word) => [word, FETCH] as const),
  ...['m', 'modify', '3'].map((word) => [word, MODIFY] as const),
]);
const SEPARATORS = [',', ';', '\t'] as const;
/** Objects of a cache have sizes of their own. */
const PAGE_SIZE_MAX = 0xffff_ffff;
const PROCESS_MAX = 0xffff_ffff;
const ZERO = 48;
const QUOTE = 34;
const SPACE = 32;
const LF = 10;
const COMMA = 44;

class CsvParser extends TextParser {
  private readonly unit: TraceUnit;
  private roles: readonly Role[] | null;
  private separator: number;

  constructor(sink: TraceSink, unit: TraceUnit, { columns }: ParserOptions) {
    super(sink, `the first line names the columns, such as \`kind,${unit},size\``);
    this.unit = unit;
    this.separator = COMMA;
    this.roles = columns === undefined ? null : this.rolesOf(columns);
  }

  protected record(): void {
    if (this.roles === null) {
      this.header();
      return;
    }
    this.at = this.lineStart;
    const start = this.at;
    let kind: TraceKind = LOAD;
    let size = 1;
    let process = 0;
    let high = 0;
    let low = 0;
    let numberAt = -1;
    for (const role of this.roles) {
      const fieldStart = this.beginField();
      if (role === 'number') {
        this.number();
        high = this.high;
        low = this.low;
        numberAt = fieldStart;
      } else if (role === 'kind') kind = this.kind();
      else if (role === 'size') size = this.size(this.unit === 'address' ? SIZE_MAX : PAGE_SIZE_MAX, false);
      else if (role === 'process') process = this.process();
      this.endField(role === 'other');
    }
    if (this.at <= this.lineEnd) this.fail('MEM-TRC-032', 'more fields than columns', this.at);
    if (numberAt < 0) this.fail('MEM-TRC-032', 'fields are missing', start);
    this.high = high;
    this.low = low;
    if (this.unit === 'address') this.checkEnd(size, numberAt);
    this.emit(kind, size, process);
  }

  private header(): void {
    const text = characters(this.bytes, this.lineStart, this.lineEnd);
    const { names, separator } = columnNames(text);
    this.separator = separator.charCodeAt(0);
    this.roles = this.rolesOf(names);
  }

  /** @throws InputError MEM-TRC-035 without a column of numbers */
  private rolesOf(names: readonly string[]): readonly Role[] {
    const roles = names.map((name): Role => roleOf(name, this.unit));
    if (roles.filter((role) => role === 'number').length === 1) return roles;
    const message = roles.includes('number')
      ? 'two columns could be the address or page'
      : `no column is called ${NAMES[this.unit].join(', ')}`;
    if (this.line > 0) this.fail('MEM-TRC-035', message, this.lineStart);
    throw new InputError({ code: 'MEM-TRC-035', message, hint: this.hint });
  }

  private beginField(): number {
    if (this.at > this.lineEnd) this.fail('MEM-TRC-032', 'fields are missing', this.lineEnd);
    this.skipPadding();
    return this.at;
  }

  /** To the first byte behind the separator; one behind the line's end where there is none. */
  private endField(anything: boolean): void {
    if (anything) {
      while (this.at < this.lineEnd && this.bytes[this.at] !== this.separator) this.at++;
    }
    this.skipPadding();
    if (this.at < this.lineEnd && this.peek() !== this.separator) {
      this.fail('MEM-TRC-033', 'not a number (hexadecimal takes 0x)', this.at);
    }
    this.at++;
  }

  private skipPadding(): void {
    let byte = this.peek();
    while (byte === SPACE || byte === QUOTE) {
      this.at++;
      byte = this.peek();
    }
  }

  private number(): void {
    const start = this.at;
    const isHex = this.peek() === ZERO && (this.bytes[start + 1]! | 32) === 120 && start + 1 < this.lineEnd;
    const digits = isHex ? this.hex() : this.decimal();
    if (digits === 0) this.fail('MEM-TRC-033', 'a number belongs here', start);
  }

  private process(): number {
    const start = this.at;
    if (this.decimal() === 0) this.fail('MEM-TRC-033', 'a process number belongs here', start);
    const value = this.high * 0x1_0000_0000 + this.low;
    if (value > PROCESS_MAX) this.fail('MEM-TRC-033', 'the process number is above 2^32 - 1', start);
    return value;
  }

  private kind(): TraceKind {
    const start = this.at;
    while (this.at < this.lineEnd && this.bytes[this.at] !== this.separator && this.peek() !== QUOTE) this.at++;
    const word = String.fromCharCode(...this.bytes.subarray(start, Math.min(this.at, start + 16)));
    const kind = KIND_WORDS.get(word.trim().toLowerCase());
    if (kind === undefined) this.fail('MEM-TRC-032', 'not a kind of access (load, store, fetch, modify)', start);
    return kind;
  }
}

function columnNames(header: string): { readonly names: readonly string[]; readonly separator: string } {
  const separator = SEPARATORS.find((candidate) => header.includes(candidate)) ?? ',';
  const names = header.split(separator).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase(),
  );
  return { names, separator };
}

function roleOf(name: string, unit: TraceUnit): Role {
  const wanted = name.trim().toLowerCase();
  if (NAMES[unit].includes(wanted)) return 'number';
  return ROLE_NAMES.find(([, names]) => names.includes(wanted))?.[0] ?? 'other';
}

const KIND_NAMES = ['load', 'store', 'fetch', 'modify'] as const;

class CsvWriter extends TextWriter {
  private readonly unit: TraceUnit;
  private hasHeader = false;

  constructor(out: ConstructorParameters<typeof TextWriter>[0], unit: TraceUnit) {
    super(out);
    this.unit = unit;
  }

  protected line(kind: TraceKind, high: number, low: number, size: number, process: number): void {
    if (!this.hasHeader) {
      this.text(`kind,${this.unit},size,process\n`);
      this.hasHeader = true;
    }
    this.text(KIND_NAMES[kind]);
    this.byte(COMMA);
    if (this.unit === 'address') {
      this.text('0x');
      this.hex(high, low, 1);
    } else this.decimal64(high, low);
    this.byte(COMMA);
    this.decimal(size);
    this.byte(COMMA);
    this.decimal(process);
    this.byte(LF);
  }
}

const csvOf = (unit: TraceUnit): TraceFormat => ({
  name: unit === 'address' ? 'csv' : 'csv-pages',
  title: unit === 'address' ? 'CSV with a column of addresses' : 'CSV with a column of pages or object ids',
  unit,
  carries: { kinds: 'all', sizes: true, processes: true },
  recognizes: (head, whole) => {
    const first = headLines(head, whole)?.[0] ?? '';
    const { names } = columnNames(first);
    return names.length > 1 && names.some((name) => NAMES[unit].includes(name));
  },
  parser: (sink, options) => new CsvParser(sink, unit, options),
  writer: (out) => new CsvWriter(out, unit),
});

export const csv: TraceFormat = csvOf('address');
export const csvPages: TraceFormat = csvOf('page');
